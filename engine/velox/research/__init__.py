"""Recorded and generated market data: reading it, keeping it, merging it into days and computing bars from it."""
