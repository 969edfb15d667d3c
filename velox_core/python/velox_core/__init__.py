"""The Rust core of Velox."""

from velox_core._core import __version__

__all__ = ["__version__"]
