"""The Rust core of Velox."""

from velox_core._core import DecodeError, FourIndicators, __version__, decode_smartapi, indicator_values

__all__ = ["DecodeError", "FourIndicators", "__version__", "decode_smartapi", "indicator_values"]
