"""The compiled module; import from `velox_core` instead."""

from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = ["DecodeError", "FourIndicators", "__version__", "decode_smartapi", "indicator_values"]

__version__: str

@final
class DecodeError(ValueError):
    """A frame that is no packet: `position` is the first byte that is wrong or missing, `reason` says why."""

    def __new__(cls, position: int, reason: str) -> DecodeError: ...
    @property
    def position(self) -> int: ...
    @property
    def reason(self) -> str: ...

def decode_smartapi(frame: bytes) -> dict[str, object]:
    """Decode one SMART API WebSocket V2 frame; prices stay in wire units. Raises `DecodeError`."""

def indicator_values(kind: str, params: Sequence[float], *columns: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """An indicator's outputs over closed candles; `columns` are open, high, low, close and volume."""

@final
class FourIndicators:
    """EMA, SMA, RSI and MACD of one series of prices, updated and read by one call."""

    def __new__(cls, ema: int, sma: int, rsi: int, macd: tuple[int, int, int]) -> FourIndicators: ...
    def update(self, close: float) -> tuple[float, float, float, float, float, float]:
        """Take a closed price; gives (ema, sma, rsi, macd line, macd signal, macd histogram)."""
