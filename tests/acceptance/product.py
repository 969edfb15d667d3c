"""The product as its users run it, in processes of its own, and what its journals say afterwards."""

import hashlib
import json
import struct
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

import velox_core
from velox.events import InstrumentDef, Kind, NodeAdded, UserValue, Watch
from velox.runtime.plan import Done, Plan, decode

__all__ = ["Node", "Run", "Told", "demo", "engine", "replayed", "told_by", "velox"]

_WITHIN_S = 280
_CANDLE = struct.Struct("<IIqqqqqqIIH")
_FIELDS: tuple[str, ...] = ("ts_open", "open", "high", "low", "close", "volume", "ticks", "flags")
_BOOKKEEPING = (Kind.TICK_VERDICT, Kind.OUTPUT_HASH)
_FIRST_DECISION = 128

Node = tuple[str, tuple[int, ...]]
Series = tuple[str, int]


class Run(msgspec.Struct, frozen=True):
    """A run that came to its end: its figures and its journal."""

    figures: dict[str, Any]
    journal: Path
    said: str = ""

    @property
    def decisions_hash(self) -> str:
        """What the run decided, in one number."""
        return str(self.figures["decisions_hash"])


def velox(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command."""
    command = [sys.executable, "-c", "from velox.cli import main; main()", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=_WITHIN_S, check=False)


def demo(journal: Path, day: Path | None = None, **options: str | int | Path) -> Run:
    """Run `velox demo` as fast as it goes, unless `speed` says otherwise."""
    words: list[object] = ["demo", "--journal", journal, "--json", journal.with_suffix(".json")]
    words += [] if day is None else ["--day", day]
    for name, value in {"speed": "max", **options}.items():
        words += [f"--{name}", value]
    ended = velox(*words, cwd=journal.parent)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return Run(json.loads(journal.with_suffix(".json").read_bytes()), journal, ended.stdout)


def engine(plan: Plan) -> Run:
    """Run the engine process alone on a plan, which may hold more strategies than a command line does."""
    command = [sys.executable, "-m", "velox.runtime.engine"]
    words = msgspec.json.encode(plan)
    ended = subprocess.run(command, input=words, capture_output=True, timeout=_WITHIN_S, check=False)
    messages = [decode(line) for line in ended.stdout.splitlines()]
    done = messages[-1]
    assert isinstance(done, Done), (done, ended.stderr)
    assert done.finished
    return Run(done.summary | {"sent": done.sent}, Path(plan.journal))


def replayed(journal: Path) -> str:
    """Run a journal again with every decision compared; the hash that comes out."""
    ended = velox("replay", journal, "--verify", "--json")
    assert ended.returncode == 0, ended.stderr
    return str(json.loads(ended.stdout)["decisions_hash"])


class Told(msgspec.Struct):
    """A journal's own words: candles and indicator values by (instrument, seconds), lines that strategies kept."""

    candles: dict[Series, dict[str, npt.NDArray[np.int64]]]
    nodes: dict[Series, list[Node]]
    values: dict[Series, npt.NDArray[np.float64]]
    lines: dict[int, list[str]]
    verdicts: int
    decisions: str


def told_by(journal: Path) -> Told:
    """Read a journal record by record; `decisions` digests all of them but the verdicts over ticks."""
    names: dict[int, str] = {}
    series: list[Series] = []
    nodes: dict[Series, list[Node]] = defaultdict(list)
    rows: dict[Series, list[tuple[int, ...]]] = defaultdict(list)
    values: dict[Series, list[npt.NDArray[np.float64]]] = defaultdict(list)
    lines: dict[int, list[str]] = defaultdict(list)
    digest, verdicts = hashlib.sha256(), 0
    for _, _, ts, kind, _, payload in velox_core.JournalReader(journal):
        match kind:
            case Kind.TICK_VERDICT:
                verdicts += 1
            case Kind.CANDLE_CLOSED:
                instrument, seconds, *candle, count = _CANDLE.unpack_from(payload)
                rows[names[instrument], seconds].append(tuple(candle))
                values[names[instrument], seconds].append(np.frombuffer(payload, "<f8", count, _CANDLE.size))
            case Kind.INSTRUMENT_DEF:
                defined = msgspec.msgpack.decode(payload, type=InstrumentDef)
                names[defined.id] = defined.name
            case Kind.WATCH:
                watch = msgspec.msgpack.decode(payload, type=Watch)
                series.append((names[watch.instrument], watch.seconds))
            case Kind.NODE_ADDED:
                node = msgspec.msgpack.decode(payload, type=NodeAdded)
                nodes[series[node.series]].append((node.kind, tuple(map(int, node.params))))
            case Kind.USER_VALUE:
                kept = msgspec.msgpack.decode(payload, type=UserValue)
                lines[kept.instance].append(kept.text)
            case _:
                pass
        if kind >= _FIRST_DECISION and kind not in _BOOKKEEPING:
            digest.update(struct.pack("<Iq", kind, ts) + payload)
    columns = {key: dict(zip(_FIELDS, np.array(found, dtype=np.int64).T, strict=True)) for key, found in rows.items()}
    stacked = {key: np.stack(found) for key, found in values.items()}
    return Told(columns, dict(nodes), stacked, dict(lines), verdicts, digest.hexdigest())
