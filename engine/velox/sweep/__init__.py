"""Sweeps: one strategy with many sets of parameters over the same days, on all cores or on a Ray cluster."""
