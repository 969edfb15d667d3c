"""The compiled module; import from `velox_core` instead."""

__version__: str
