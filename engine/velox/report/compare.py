"""Results of back-tests side by side: what differs in figures, settings and data, and whether they can be compared."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from velox.errors import BadInput
from velox.rupees import counted, grouped, money, percent

__all__ = ["Comparison", "Row", "compare", "load_result"]

_RESULT = "the figures of `velox backtest --json`"
_NOTHING = "–"


class _Paper(msgspec.Struct):
    brokerage_rupees: float
    brokerage_pct: float


class _Settings(msgspec.Struct):
    paper: _Paper
    charges: str
    facts_as_of: str | None
    strategies: list[dict[str, Any]]


class _Account(msgspec.Struct):
    capital: float


class _Strategy(msgspec.Struct):
    name: str
    net_pnl: float


class _Result(msgspec.Struct):
    """What a result must hold to be compared."""

    first_day: str
    last_day: str
    days: int
    instruments: list[str]
    ticks: int
    bars: int
    orders: int
    fills: int
    round_trips: int
    rejected: int
    too_small: int
    gross_pnl: float
    charges: float
    net_pnl: float
    max_drawdown: float
    elapsed_s: float
    engine_ticks_per_s: float
    peak_rss_mib: float
    result_hash: str
    cold_starts: list[str]
    synthetic: bool
    accounts: list[_Account]
    strategies: list[_Strategy]
    notes: list[str]
    settings: _Settings


class Row(msgspec.Struct, frozen=True):
    """One line: what it tells, its value in each result, and the difference of each later one from the first."""

    name: str
    values: list[str]
    differences: list[str]


class Comparison(msgspec.Struct, frozen=True):
    """Everything that a comparison says."""

    names: list[str]
    is_same: bool  # every decision of all of them
    is_synthetic: bool  # one of them at least
    warnings: list[str]  # why the results are not comparable
    figures: list[Row]
    strategies: list[Row]
    settings: list[Row]  # those that differ alone


def load_result(path: Path) -> dict[str, Any]:
    """Read the figures of one back-test; what is none is refused."""
    try:
        read = path.read_bytes()
        msgspec.json.decode(read, type=_Result)
        figures: dict[str, Any] = msgspec.json.decode(read)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}; give {_RESULT}") from None
    except msgspec.ValidationError as error:
        raise BadInput(f"{path} is no result of a back-test: {error}; give {_RESULT}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is no JSON: {error}; give {_RESULT}") from None
    return figures


def compare(named: Sequence[tuple[str, Mapping[str, Any]]]) -> Comparison:
    """Compare results; the first is the one that the others differ from."""
    results = [figures for _, figures in named]
    return Comparison(
        names=[name for name, _ in named],
        is_same=len({figures["result_hash"] for figures in results}) == 1,
        is_synthetic=any(figures["synthetic"] for figures in results),
        warnings=_warnings(named),
        figures=[_figure(name, value, shown, results) for name, value, shown in _FIGURES],
        strategies=_strategies(results),
        settings=_settings(results),
    )


def _of(key: str) -> Callable[[Mapping[str, Any]], float]:
    return lambda figures: float(figures[key])


def _capital(figures: Mapping[str, Any]) -> float:
    return sum(float(account["capital"]) for account in figures["accounts"])


def _over(part: str, whole: Callable[[Mapping[str, Any]], float]) -> Callable[[Mapping[str, Any]], float]:
    def share(figures: Mapping[str, Any]) -> float:
        divisor = whole(figures)
        return float(figures[part]) / divisor if divisor else math.nan

    return share


def _plain(value: float) -> str:
    return grouped(value)


def _seconds(value: float) -> str:
    return f"{grouped(value, 1)} s" if math.isfinite(value) else _NOTHING


def _ratio(value: float) -> str:
    return grouped(value, 2)


_FIGURES: list[tuple[str, Callable[[Mapping[str, Any]], float], Callable[[float], str]]] = [
    ("Net P&L", _of("net_pnl"), money),
    ("Return on capital", _over("net_pnl", _capital), percent),
    ("Gross P&L", _of("gross_pnl"), money),
    ("Charges", _of("charges"), money),
    ("Max drawdown", _of("max_drawdown"), money),
    ("Net over drawdown", _over("net_pnl", _of("max_drawdown")), _ratio),
    ("Round trips", _of("round_trips"), _plain),
    ("Net a round trip", _over("net_pnl", _of("round_trips")), money),
    ("Orders", _of("orders"), _plain),
    ("Fills", _of("fills"), _plain),
    ("Refused", _of("rejected"), _plain),
    ("Too small", _of("too_small"), _plain),
    ("Days", _of("days"), _plain),
    ("Ticks", _of("ticks"), _plain),
    ("Candles", _of("bars"), _plain),
    ("Took", _of("elapsed_s"), _seconds),
    ("Ticks/s in the engine", _of("engine_ticks_per_s"), _plain),
    ("Memory at most, MiB", _of("peak_rss_mib"), _plain),
]


def _figure(
    name: str,
    value: Callable[[Mapping[str, Any]], float],
    shown: Callable[[float], str],
    results: Sequence[Mapping[str, Any]],
) -> Row:
    values = [value(figures) for figures in results]
    return _row(name, values, shown)


def _row(name: str, values: Sequence[float], shown: Callable[[float], str]) -> Row:
    def differs(value: float) -> str:
        change = value - values[0]
        if not math.isfinite(change):
            return _NOTHING
        text = shown(change)
        if text == shown(0.0):
            return "="
        return text if change < 0 else f"+{text}"

    return Row(name, [shown(value) for value in values], [differs(value) for value in values[1:]])


def _strategies(results: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Net by strategy; one that a result does not have is a dash there."""
    nets = [{told["name"]: float(told["net_pnl"]) for told in figures["strategies"]} for figures in results]
    names = dict.fromkeys(name for held in nets for name in held)
    return [_row(name, [held.get(name, math.nan) for held in nets], money) for name in names]


def _settings(results: Sequence[Mapping[str, Any]]) -> list[Row]:
    flat = [dict(_flat("", figures["settings"])) for figures in results]
    keys = dict.fromkeys(key for held in flat for key in held)
    rows = [(key, [held.get(key, _NOTHING) for held in flat]) for key in keys]
    return [Row(key, values, ["" for _ in values[1:]]) for key, values in rows if len(set(values)) > 1]


def _flat(before: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        parts = [(str(key), each) for key, each in value.items()]
    elif isinstance(value, list):
        parts = [(str(at + 1), each) for at, each in enumerate(value)]
    else:
        return [(before, _NOTHING if value is None else str(value))]
    return [pair for key, each in parts for pair in _flat(f"{before}.{key}" if before else key, each)]


def _warnings(named: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Why differences may come from something else than the strategies and their parameters."""
    found = []
    for what, value in _COMPARABLE:
        values = [value(figures) for _, figures in named]
        if any(each != values[0] for each in values[1:]):
            told = "; ".join(f"{name}: {each}" for (name, _), each in zip(named, values, strict=True))
            found.append(f"Not comparable: {what} differ ({told}).")
    return found


def _list(values: Sequence[str]) -> str:
    return ", ".join(values) or "none"


_COMPARABLE: list[tuple[str, Callable[[Mapping[str, Any]], str]]] = [
    ("the days", lambda f: f"{f['first_day']} to {f['last_day']}, {counted(f['days'], 'day')}"),
    ("the instruments", lambda f: _list(f["instruments"])),
    ("the ticks", lambda f: grouped(f["ticks"])),
    ("generated and recorded prices", lambda f: "SYNTHETIC" if f["synthetic"] else "recorded"),
    ("the days that begin anew", lambda f: _list(f["cold_starts"])),
    ("the market's facts", lambda f: str(f["settings"]["facts_as_of"] or "of their own days")),
    ("the charges", lambda f: str(f["settings"]["charges"])),
    (
        "the brokerages",
        lambda f: (
            f"min(₹{f['settings']['paper']['brokerage_rupees']:g}, {f['settings']['paper']['brokerage_pct']:g} %)"
        ),
    ),
    ("the notes on the data", lambda f: _list(f["notes"])),
    ("the capitals", lambda f: money(_capital(f), 0)),
]
