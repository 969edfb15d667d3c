"""Bringing recordings into the catalogue, file by file, with an account of what was and was not taken."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from velox.errors import BadInput
from velox.research.catalog import Catalog, Entry
from velox.research.nse_ticks import Recording, read_recording

__all__ = ["Outcome", "import_recordings"]


class Outcome(msgspec.Struct, frozen=True):
    """What became of one file: stored as `entry`, or left out because of `fault`."""

    path: Path
    rejects: int
    entry: Entry | None = None
    fault: str = ""


def import_recordings(
    files: Sequence[Path], catalog: Catalog, done: Callable[[Path], None] = lambda _: None
) -> list[Outcome]:
    """Read and store files; only when not one of them has a valid row is the whole import refused."""
    outcomes: list[Outcome] = []
    stored: dict[tuple[str, object], Path] = {}
    for path in files:
        outcomes.append(_import_one(read_recording(path), catalog, stored))
        done(path)
    if not stored:
        first = outcomes[0]
        more = f" (and none of the other {len(files) - 1} files has one)" if len(files) > 1 else ""
        raise BadInput(f"nothing was imported: {first.path} {first.fault}{more}")
    return outcomes


def _import_one(recording: Recording, catalog: Catalog, stored: dict[tuple[str, object], Path]) -> Outcome:
    if recording.day is None:
        return Outcome(recording.path, recording.rejects, fault=recording.fault)
    key = (recording.instrument, recording.day)
    if key in stored:
        # Taking the second would silently lose the first; joining two recorders' files would make a third truth.
        return Outcome(
            recording.path,
            recording.rejects,
            fault=f"left out: {recording.instrument} of {recording.day} was already taken from {stored[key]}",
        )
    entry = Entry(
        instrument=recording.instrument,
        day=recording.day,
        is_index=recording.is_index,
        source=recording.source,
        rejects=recording.rejects,
    )
    stored[key] = recording.path
    return Outcome(recording.path, recording.rejects, entry=catalog.store(entry, recording.ticks))
