"""What a sweep found: a table for the terminal, a file of all sets, and figures as JSON."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from velox.research.catalog import write_parquet
from velox.rupees import grouped, money
from velox.sweep.job import Outcome
from velox.sweep.prepare import Prepared
from velox.sweep.run import Swept, WindowOutcome
from velox.sweep.score import Metric, caution, ranked, sharpe

__all__ = ["aligned", "as_json", "best_sets", "frame", "walk_lines", "walk_summary", "write_results"]

_FIGURES = (
    "net_pnl",
    "gross_pnl",
    "charges",
    "max_drawdown",
    "orders",
    "fills",
    "round_trips",
    "rejected",
    "too_small",
)


def frame(swept: Swept) -> pl.DataFrame:
    """One row a set, or a set and window: parameters, days, figures, and why there are none."""
    outcomes = [*swept.outcomes, *(each.tested for each in swept.windows if each.tested is not None)]
    names = list(outcomes[0].job.params)
    columns: dict[str, pl.Series] = {
        name: _typed(name, [outcome.job.params[name] for outcome in outcomes]) for name in names
    }
    columns[_free("first", names)] = pl.Series([outcome.job.first for outcome in outcomes], dtype=pl.Date)
    columns[_free("last", names)] = pl.Series([outcome.job.last for outcome in outcomes], dtype=pl.Date)
    if swept.windows:
        parts = ["choice"] * len(swept.outcomes) + ["test"] * (len(outcomes) - len(swept.outcomes))
        columns[_free("part", names)] = pl.Series(parts)
    for figure in _FIGURES:
        columns[_free(figure, names)] = pl.Series([getattr(each.figures, figure, None) for each in outcomes])
    ratios = [sharpe(each.figures.daily_pnl) if each.figures else None for each in outcomes]
    columns[_free("sharpe", names)] = pl.Series(ratios, dtype=pl.Float64)
    columns[_free("faulted", names)] = pl.Series([each.figures.faulted if each.figures else None for each in outcomes])
    columns[_free("result_hash", names)] = pl.Series(
        [each.figures.result_hash if each.figures else None for each in outcomes], dtype=pl.String
    )
    columns[_free("failed", names)] = pl.Series([each.failed for each in outcomes], dtype=pl.String)
    return pl.DataFrame(columns)


def write_results(swept: Swept, folder: Path) -> None:
    """Write results.parquet and results.csv."""
    found = frame(swept)
    write_parquet(found, folder / "results.parquet")
    with (folder / "results.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(found.columns)
        writer.writerows(found.iter_rows())


def best_sets(outcomes: Sequence[Outcome], metric: Metric, top: int, swept: Sequence[str]) -> list[list[str]]:
    """The best sets as cells under a heading; parameters that all sets share are left out. Empty where none ran."""
    best = ranked(outcomes, metric)[:top]
    if not best:
        return []
    names = list(swept) or list(best[0].job.params)
    extra = [] if metric.name in ("net_pnl", "sharpe", "max_drawdown") else [metric.name]
    lines = [["", *names, *extra, "net P&L ₹", "drawdown ₹", "charges ₹", "trips", "Sharpe"]]
    for place, outcome in enumerate(best, 1):
        told = outcome.figures
        assert told is not None, "ranked sets have figures"
        own = [_number(metric.of(told))] if extra else []
        lines.append(
            [
                str(place),
                *(outcome.job.params[name] for name in names),
                *own,
                *(grouped(amount, 2) for amount in (told.net_pnl, told.max_drawdown, told.charges)),
                str(told.round_trips),
                _number(sharpe(told.daily_pnl)),
            ]
        )
    return lines


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Lines of cells as text, each column as wide as it must be."""
    if not lines:
        return ["No set ran to its end."]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def walk_summary(swept: Swept) -> dict[str, Any]:
    """The days that no choice has seen, joined, beside those that sets were chosen on; money in rupees."""
    pairs = [
        (each.chosen.figures, each.tested.figures)
        for each in swept.windows
        if each.chosen is not None and each.tested is not None and each.chosen.figures and each.tested.figures
    ]
    inside = [value for chosen, _ in pairs for value in chosen.daily_pnl]
    outside = [value for _, tested in pairs for value in tested.daily_pnl]
    equity, peak, deepest = 0.0, 0.0, 0.0
    for value in outside:
        equity += value
        peak = max(peak, equity)
        deepest = max(deepest, peak - equity)
    a_day_inside, a_day_outside = _mean(inside), _mean(outside)
    is_known = a_day_inside is not None and a_day_outside is not None and a_day_inside > 0
    return {
        "windows": len(swept.windows),
        "days": len(outside),
        "net_pnl": sum(tested.net_pnl for _, tested in pairs),
        "charges": sum(tested.charges for _, tested in pairs),
        "round_trips": sum(tested.round_trips for _, tested in pairs),
        "max_drawdown_of_closes": deepest,
        "sharpe": sharpe(outside),
        "daily_pnl": outside,
        "net_a_day_in_sample": a_day_inside,
        "net_a_day_out_of_sample": a_day_outside,
        "out_of_in_sample": a_day_outside / a_day_inside if is_known else None,  # type: ignore[operator]
    }


def walk_lines(swept: Swept, names: Sequence[str]) -> list[str]:
    """A line a window, and what the days that no choice has seen made together."""
    lines = []
    for each in swept.windows:
        span = f"{each.window.test_first} to {each.window.test_last}"
        if each.chosen is None or each.chosen.figures is None:
            lines.append(f"{span}: no set could be chosen, since none has a figure to be ranked by.")
            continue
        chosen = " ".join(f"{name}={each.chosen.job.params[name]}" for name in names)
        before = money(each.chosen.figures.net_pnl)
        tested = each.tested.figures if each.tested else None
        after = money(tested.net_pnl) if tested else f"failed: {each.tested.failed if each.tested else ''}"
        lines.append(f"{span}: {chosen}; chosen with net {before}, then {after}")
    told = walk_summary(swept)
    ratio = told["out_of_in_sample"]
    kept = "the days of choice made nothing to compare it with"
    if ratio is not None:
        kept = f"a day made {ratio:.0%} of what one of the days of choice made"
    lines.append(
        f"Out of sample: net {money(told['net_pnl'])} in {told['days']} days, Sharpe {_number(told['sharpe'])}; {kept}."
    )
    return lines


def as_json(prepared: Prepared, swept: Swept, metric: Metric, top: int) -> bytes:
    """All that the sweep says, for programs."""
    ran = [each for each in swept.outcomes if each.figures is not None]
    best = [] if swept.windows else ranked(swept.outcomes, metric)[:top]
    tree = {
        "sweep": prepared.about,
        "metric": metric.name,
        "sets": len(prepared.space.sets),
        "left_out": prepared.space.left_out,
        "ran": len(ran),
        "faulted": sum(each.figures.faulted for each in ran if each.figures),
        "failed": [{"params": each.job.params, "why": each.failed} for each in swept.outcomes if each.figures is None],
        "known_before": swept.stint.known,
        "workers": swept.stint.workers,
        "workers_busy": swept.stint.busy if swept.stint.run else None,
        "elapsed_s": swept.stint.elapsed_ns / 1e9,
        "synthetic": prepared.synthetic,
        "caution": None if swept.windows else caution(swept.outcomes),
        "best": [
            {"params": each.job.params, "metric": metric.of(each.figures), **_told(each)}
            for each in best
            if each.figures
        ],
    }
    if swept.windows:
        tree["walk_forward"] = walk_summary(swept) | {"each": [_window(each) for each in swept.windows]}
    return msgspec.json.format(msgspec.json.encode(tree), indent=2) + b"\n"


def _window(each: WindowOutcome) -> dict[str, Any]:
    return {
        "days": msgspec.to_builtins(each.window),
        "params": each.chosen.job.params if each.chosen else None,
        "chosen": _told(each.chosen) if each.chosen else None,
        "tested": _told(each.tested) if each.tested else None,
    }


def _told(outcome: Outcome) -> dict[str, Any]:
    if outcome.figures is None:
        return {"failed": outcome.failed}
    told: dict[str, Any] = msgspec.to_builtins(outcome.figures)
    return told | {"sharpe": sharpe(outcome.figures.daily_pnl)}


def _typed(name: str, texts: Sequence[str]) -> pl.Series:
    for kind in (int, float):
        try:
            values = [kind(text) for text in texts]
        except ValueError:
            continue
        if all(map(math.isfinite, values)):
            return pl.Series(name, values)
    return pl.Series(name, texts)


def _free(name: str, taken: Sequence[str]) -> str:
    """A figure's column; a parameter of the same name keeps it."""
    return f"{name}_result" if name in taken else name


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _number(value: float | None) -> str:
    return "–" if value is None else grouped(value, 2)
