"""A recorded day beside the run over it."""

from pathlib import Path

import msgspec
from tests.acceptance.product import Run, Told
from tests.acceptance.truth import instrument_name

__all__ = ["SAMPLED", "Recorded"]

SAMPLED = ("NSE:BAJAJ-AUTO", "NSE:HDFCBANK", "NSE:RELIANCE", "NSE:M&M", "NSE:TCS")


class Recorded(msgspec.Struct, frozen=True):
    """A folder of recordings and the run over it."""

    folder: Path
    run: Run
    told: Told

    @property
    def files(self) -> dict[str, Path]:
        """The recording of each instrument."""
        return {instrument_name(path): path for path in sorted(self.folder.glob("*/*.csv.gz"))}
