"""Other engines at the same work on the same ticks: programs in `benchmarks/peers`, in environments of their own."""

import functools
import json
import os
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from velox.bench import cross
from velox.bench.backtests import SYMBOL, Size, backtest, dates, measured, walk
from velox.bench.figure import Fact, Figure, Goal, PeerFigure
from velox.errors import BadInput
from velox.market.amounts import PAISA
from velox.market.facts import load
from velox.research.merge import group_number

__all__ = ["PEERS", "Peer", "Peers", "beside", "programs"]

_NS_PER_MINUTE = 60 * 1_000_000_000


class Peer(msgspec.Struct, frozen=True):
    """One way to run another engine; `data` is what makes its own files of the columns, once and untimed."""

    name: str
    program: str
    environment: str
    data: str = ""
    compiled: bool = False  # its strategy is machine code: no hook in Python is called
    sparse: bool = False  # it cannot fill at each tick's own price, as the work asks: less to do


PEERS = (
    Peer("nautilus_rust", "nautilus_rust.py", "nautilus", "nautilus"),
    Peer("nautilus_node", "nautilus_node.py", "nautilus", "nautilus"),
    Peer("nautilus_v1", "nautilus_v1.py", "nautilus"),
    Peer("raptorbt", "raptorbt_ticks.py", "numeric"),
    Peer("hftbacktest", "hft_ticks.py", "numeric", "hftbacktest", compiled=True),
    Peer("hftbacktest_sparse", "hft_ticks.py", "numeric", "hftbacktest_sparse", compiled=True, sparse=True),
)
_MAKERS = {"nautilus": "nautilus_data.py", "hftbacktest": "hft_data.py", "hftbacktest_sparse": "hft_data.py"}
# Key of the figure: what the peers run for it.
_HOOKS = {
    "backtest_on_bar_ticks_per_s": "on_bar",
    "backtest_on_tick_ticks_per_s": "on_tick",
    "backtest_peak_rss_mib": "on_bar",
}


def programs() -> Path:
    """The folder of the peers' programs, which only a checkout has."""
    folder = Path(__file__).resolve().parents[3] / "benchmarks" / "peers"
    if not folder.is_dir():
        raise BadInput("--peers needs a checkout of the project: the peers' programs are no part of the package")
    return folder


class Peers:
    """The peers on a machine; a folder keeps what they read, which is made when it is first needed."""

    def __init__(
        self,
        folder: Path,
        size: Size,
        tell: Callable[[str], None],
        peers: Sequence[Peer] = PEERS,
        home: Path | None = None,
    ) -> None:
        self._folder = folder
        self._size = size
        self._tell = tell
        self._peers = peers
        self._home = home or programs()
        self._told: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.missing: dict[str, str] = {}

    def run(self, key: str, number: int) -> None:
        """Run every peer once for a key; a run that another key has made already is not made again for memory."""
        hook = _HOOKS.get(key)
        for peer in self._peers if hook else ():
            runs = self._told.setdefault((peer.name, hook or ""), [])
            if peer.name in self.missing or (key == "backtest_peak_rss_mib" and len(runs) >= number):
                continue
            self._tell(f"{key}: {peer.name}, run {number}")
            try:
                runs.append(self._once(peer, hook or ""))
            except _Absent as absent:
                self.missing[peer.name] = str(absent)

    def figures(self, key: str) -> dict[str, PeerFigure]:
        """The medians of every peer that ran for a key."""
        found = {}
        for peer in self._peers:
            runs = self._told.get((peer.name, _HOOKS.get(key, "")), [])
            if runs and peer.name not in self.missing:
                fields = {name: statistics.median(run[name] for run in runs) for name in ("engine", "process", "peak")}
                facts = {name: runs[-1][name] for name in ("version", "ticks", "bars", "orders")}
                found[peer.name] = PeerFigure(fields, facts, peer.compiled, peer.sparse)
        return found

    @functools.cached_property
    def orders(self) -> int:
        """Velox's own orders of the same work behind the first day, on which peers only warm their averages."""
        whole, first = (
            backtest(self._folder, cross.CrossOnBar, Size(days, self._size.ticks)) for days in (self._size.days, 1)
        )
        return int(whole["orders"] - first["orders"])

    def _once(self, peer: Peer, hook: str) -> dict[str, Any]:
        self._prepare(peer)
        process_s, text = self._call(peer, peer.program, str(self._folder), hook, peer.data)
        told: dict[str, Any] = json.loads(text.splitlines()[-1])
        ticks = self._size.days * self._size.ticks
        rates = {"engine": ticks / told["engine_s"], "process": ticks / process_s}
        return told | rates | {"peak": told["peak_rss_mib"], "ticks": ticks}

    def _prepare(self, peer: Peer) -> None:
        columns = self._folder / "columns"
        if not columns.is_dir():
            _write_columns(columns, self._size)
        own = self._folder / peer.data
        if peer.data and not own.exists():
            self._tell(f"{peer.name}: making its data")
            self._call(peer, _MAKERS[peer.data], str(columns), str(own))

    def _call(self, peer: Peer, program: str, *words: str) -> tuple[float, str]:
        python = self._home / f".venv-{peer.environment}" / "bin" / "python"
        if not python.exists():
            raise _Absent("its environment is not there: run benchmarks/peers/setup")
        quiet = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        try:
            return measured([str(python), "-W", "ignore", str(self._home / program), *words], quiet)
        except subprocess.CalledProcessError as error:
            lines = str(error.stderr).strip().splitlines() or [f"{program} ended with status {error.returncode}"]
            raise _Absent(lines[-1]) from None


class _Absent(Exception):
    """A peer cannot run here."""


def beside(figure: Figure, peers: Peers, key: str, goals: Sequence[Goal]) -> Figure:
    """A figure with the peers' medians and the ratios to the best of them, held against the goals for ratios."""
    told = peers.figures(key)
    if not told:
        return figure
    fields = {goal.field.removesuffix("_compiled"): goal.least for goal in goals}
    ratio = {}
    for name, least in fields.items():
        for suffix, *kind in (("", False, False), ("_compiled", True, False), ("_sparse", True, True)):
            values = [peer.fields[name] for peer in told.values() if [peer.compiled, peer.sparse] == kind]
            if values:
                best = max(values) if least else min(values)
                ratio[name + suffix] = round(figure.median[name] / best, 3)
    orders: dict[str, Fact] = {"orders_after_first_day": peers.orders}
    differ = [name for name, peer in told.items() if peer.facts["orders"] != peers.orders]
    orders["orders_agree"] = f"no: {', '.join(differ)}" if differ else "yes"
    return msgspec.structs.replace(
        figure,
        peers=told,
        ratio=ratio,
        ratio_target=[str(goal) for goal in goals],
        ratio_met=all(goal.field in ratio and goal.holds(ratio[goal.field]) for goal in goals),
        facts=figure.facts | orders,
    )


def _write_columns(folder: Path, size: Size) -> None:
    """The days as plain arrays, and when each may be entered, for programs that know no Parquet."""
    folder.mkdir(parents=True)
    at_ns, price, volume = walk(size.ticks)
    columns = {"price_paise": price // PAISA, "size": np.diff(volume, prepend=0)}
    days: list[Mapping[str, object]] = []
    for date in dates(size.days):
        facts = load(date)
        for name, values in (columns | {"ts_ns": at_ns + facts.loaded.open_ns}).items():
            np.save(folder / f"{date}-{name}.npy", values)
        start_ns, last_entry_ns = (_clock_ns(text) + facts.loaded.day_start_ns for text in cross.ENTRIES)
        group = facts.loaded.groups[group_number(facts, SYMBOL, is_index=False)]
        days.append(
            {
                "date": str(date),
                "open_ns": facts.loaded.open_ns,
                "start_ns": start_ns,
                "last_entry_ns": last_entry_ns,
                "flat_ns": group.flat_auto_ns,
                "end_ns": facts.loaded.end_ns,
            }
        )
    (folder / "days.json").write_text(json.dumps(days))


def _clock_ns(text: str) -> int:
    hours, minutes = text.split(":")
    return (int(hours) * 60 + int(minutes)) * _NS_PER_MINUTE
