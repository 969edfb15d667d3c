"""Sweeps: one strategy with many sets of parameters over the same days, on all cores or on a Ray cluster."""

from velox.sweep.signals import sweep_signals

__all__ = ["sweep_signals"]
