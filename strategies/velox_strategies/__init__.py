"""Strategies that ship with Velox, one a file."""
