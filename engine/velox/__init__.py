"""Velox: low-latency algorithmic trading for NSE India."""
