"""Back-tests: the engine's own kernel over recorded days of a catalogue, as fast as rows can be read."""
