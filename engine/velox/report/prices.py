"""The prices that an instrument went through on a day: what a decision saw, and how far a trade went each way.

A place is how many rows of the day the kernel had seen, the one that brought a decision about included.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

__all__ = ["PricePath"]

_Ints = npt.NDArray[np.int64]


class PricePath(msgspec.Struct, frozen=True):
    """The applied prices of one instrument at 1e-8 rupees, by the ascending number of their row in the day."""

    row: _Ints
    price: _Ints

    @classmethod
    def of(cls, rows: npt.NDArray[np.intp], price: _Ints, refused: Sequence[int]) -> "PricePath":
        """The instrument's rows of a day's prices, less those that the guard refused."""
        kept = np.setdiff1d(rows, np.asarray(refused, dtype=np.int64), assume_unique=True)
        return cls(kept, price[kept])

    def before(self, place: int) -> int | None:
        """The last price that a decision at a place had seen."""
        count = int(np.searchsorted(self.row, place))
        return int(self.price[count - 1]) if count else None

    def between(self, after: int, before: int) -> tuple[int, int] | None:
        """Lowest and highest price behind a decision's row and before the row of a later one; None where none was."""
        first = int(np.searchsorted(self.row, after))
        last = int(np.searchsorted(self.row, before - 1))
        if first >= last:
            return None
        seen = self.price[first:last]
        return int(seen.min()), int(seen.max())
