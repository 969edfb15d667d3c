"""The running engine: a supervisor, an engine process on one loop, its sources of ticks and its command socket."""
