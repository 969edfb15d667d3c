"""The prices that an instrument went through on a day: what a decision saw, and how far a trade went each way."""

from collections import Counter
from collections.abc import Iterable

import msgspec
import numpy as np
import numpy.typing as npt

__all__ = ["PricePath"]

_Ints = npt.NDArray[np.int64]


class PricePath(msgspec.Struct, frozen=True):
    """Prices at 1e-8 rupees by ascending kernel time in ns."""

    at_ns: _Ints
    price: _Ints

    @classmethod
    def of(cls, at_ns: _Ints, price: _Ints, exch_ns: _Ints, refused: Iterable[tuple[int, int]]) -> "PricePath":
        """The rows less those that the guard refused, told by exchange time and price.

        Where the same time and price also came as a row that was applied, the price was seen and stays.
        """
        counts = Counter(refused)
        rows = np.flatnonzero(np.isin(exch_ns, np.fromiter((row[0] for row in counts), dtype=np.int64)))
        pairs = list(zip(exch_ns[rows].tolist(), price[rows].tolist(), strict=True))
        held = Counter(pairs)
        keep = price > 0
        keep[[row for row, pair in zip(rows, pairs, strict=True) if held[pair] <= counts[pair]]] = False
        return cls(at_ns[keep], price[keep])

    def before(self, at_ns: int) -> int | None:
        """The last price up to a time, that time included."""
        place = int(np.searchsorted(self.at_ns, at_ns, side="right"))
        return int(self.price[place - 1]) if place else None

    def between(self, after_ns: int, before_ns: int) -> tuple[int, int] | None:
        """Lowest and highest price strictly between two times; None where there was none."""
        first = int(np.searchsorted(self.at_ns, after_ns, side="right"))
        last = int(np.searchsorted(self.at_ns, before_ns, side="left"))
        if first >= last:
            return None
        seen = self.price[first:last]
        return int(seen.min()), int(seen.max())
