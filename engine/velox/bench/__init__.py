"""Measures the figures that the project states, each beside its target and what bounds it."""
