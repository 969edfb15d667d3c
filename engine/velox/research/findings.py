"""What is wrong with rows, counted by kind and named by the first line of each."""

from collections.abc import Iterable

import msgspec
import polars as pl

__all__ = ["Finding", "Findings"]


class Finding(msgspec.Struct, frozen=True):
    """One kind of fault: how often, where first, and whether such rows were left out."""

    what: str
    count: int
    line: int
    shown: str
    rejected: bool

    @property
    def sentence(self) -> str:
        """For a report, e.g. `rejected 2: high below low, first in line 17 (12.5 < 13)`."""
        verb = "rejected" if self.rejected else "noted"
        return f"{verb} {self.count:,}: {self.what}, first in line {self.line}" + (
            f" ({self.shown})" if self.shown else ""
        )


class Findings:
    """The faults of one table."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, bool], Finding] = {}

    def add(self, what: str, lines: Iterable[tuple[int, str]], *, rejected: bool = True) -> None:
        """Count rows, given as their line and what to show of it, under one kind."""
        rows = list(lines)
        if not rows:
            return
        known = self._found.get((what, rejected))
        line, shown = min(rows)
        if known is not None and known.line < line:
            line, shown = known.line, known.shown
        count = len(rows) + (known.count if known else 0)
        self._found[what, rejected] = Finding(what, count, line, shown, rejected)

    def take_over(self, others: "Findings", name: str) -> None:
        """Add what was found in a file; of a kind that an earlier file had too the first line stays that file's."""
        for found in others.all:
            key = (found.what, found.rejected)
            if (known := self._found.get(key)) is not None:
                self._found[key] = msgspec.structs.replace(known, count=known.count + found.count)
            else:
                shown = f"of {name}: {found.shown}" if found.shown else f"of {name}"
                self._found[key] = msgspec.structs.replace(found, shown=shown)

    def take_out(self, frame: pl.DataFrame, bad: pl.Expr, what: str, show: str = "shown") -> pl.DataFrame:
        """Reject the rows for which `bad` holds and return the others; `show` is the column that names a row."""
        judged = frame.select(bad.fill_null(True)).to_series()
        self.add(what, frame.filter(judged).select("line", show).iter_rows())
        return frame.filter(~judged)

    def note(self, frame: pl.DataFrame, odd: pl.Expr, what: str, show: str = "shown") -> None:
        """Count rows that stay."""
        self.add(what, frame.filter(odd.fill_null(False)).select("line", show).iter_rows(), rejected=False)

    @property
    def all(self) -> list[Finding]:
        """Rejected kinds first, each group by its first line."""
        return sorted(self._found.values(), key=lambda f: (not f.rejected, f.line, f.what))

    @property
    def rejects(self) -> int:
        """How many rows were left out."""
        return sum(f.count for f in self._found.values() if f.rejected)
