"""A page that shows a sweep over two of its parameters: one file that needs no network."""

import html
import math
import statistics
from collections.abc import Mapping, Sequence

import msgspec

from velox.errors import BadInput
from velox.rupees import grouped
from velox.strategy.params import nearest
from velox.sweep.job import Outcome
from velox.sweep.score import Metric
from velox.sweep.space import Axis

__all__ = ["Page", "cells", "neighbourhood", "page", "shown_axes"]

_CELL, _LEFT, _TOP = 34, 70, 26
_WORDS = 380  # what the line below a map takes
_WORST, _MIDDLE, _BEST = (178, 48, 56), (245, 245, 240), (28, 120, 84)

_Cells = Mapping[tuple[int, int], tuple[float, Outcome]]

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#222;background:#fff;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .3rem}p{margin:.4rem 0}
.stamp{background:#b23038;color:#fff;padding:.3rem .7rem;display:inline-block;font-weight:600}
.caution{border-left:4px solid #d9a400;padding:.3rem .8rem;background:#fdf8e6}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin-top:.4rem}
th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}
svg{max-width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#333}
.maps{display:flex;flex-wrap:wrap;gap:2rem}
dt{font-weight:600;float:left;clear:left;width:9rem}dd{margin:0 0 0 9.5rem;overflow-wrap:anywhere}
"""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says beside its maps."""

    title: str
    about: Mapping[str, str]
    caution: str
    synthetic: bool
    best: Sequence[Sequence[str]]  # lines of cells, the heading first


def shown_axes(swept: Sequence[Axis], asked: str | None) -> tuple[Axis, Axis] | None:
    """The two parameters of the map: those asked for as `a,b`, or the two with the most values; None for fewer."""
    if asked is None:
        widest = sorted(swept, key=lambda axis: -len(axis.texts))[:2]
        kept = [axis for axis in swept if axis in widest]
        return (kept[0], kept[1]) if len(kept) == 2 else None
    by_name = {axis.name: axis for axis in swept}
    names = [name.strip() for name in asked.split(",")]
    for name in names:
        if name not in by_name:
            raise BadInput(f"--map {asked}: {name} is not swept: {nearest(name, by_name)}")
    if len(names) != 2 or names[0] == names[1]:
        raise BadInput(f"--map {asked} must name two parameters, as in --map fast,slow")
    return by_name[names[0]], by_name[names[1]]


def cells(
    outcomes: Sequence[Outcome], across: Axis, down: Axis, metric: Metric
) -> dict[tuple[int, int], tuple[float, Outcome]]:
    """The best value for each pair of values, whatever the other parameters are, with the set that made it."""
    columns = {text: place for place, text in enumerate(across.texts)}
    rows = {text: place for place, text in enumerate(down.texts)}
    found: dict[tuple[int, int], tuple[float, Outcome]] = {}
    for outcome in outcomes:
        value = metric.of(outcome.figures) if outcome.figures and not outcome.figures.faulted else None
        if value is None:
            continue
        at = columns[outcome.job.params[across.name]], rows[outcome.job.params[down.name]]
        if at not in found or value > found[at][0]:
            found[at] = value, outcome
    return found


def neighbourhood(of: _Cells) -> dict[tuple[int, int], tuple[float, Outcome]]:
    """Each value's mean with its neighbours': what is left of a peak when the parameters are a little off."""
    return {
        (column, row): (
            statistics.fmean(
                of[near][0]
                for near in ((column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1))
                if near in of
            ),
            outcome,
        )
        for (column, row), (_, outcome) in of.items()
    }


def page(told: Page, outcomes: Sequence[Outcome], axes: tuple[Axis, Axis] | None, metric: Metric) -> str:
    """The whole page."""
    said = [f"<h1>{html.escape(told.title)}</h1>"]
    if told.synthetic:
        said.append('<p class="stamp">SYNTHETIC: these prices were generated</p>')
    said.append(f'<p class="caution">{html.escape(told.caution)}</p>')
    if axes is None:
        said.append("<p>A map needs two parameters with several values each.</p>")
    else:
        found = cells(outcomes, *axes, metric)
        hint = "The best over all other parameters. Point at a field to see its set."
        maps = (
            (metric.title, hint, found),
            (f"{metric.title}: mean with the neighbours", "A peak that vanishes here is luck.", neighbourhood(found)),
        )
        said.append('<div class="maps">')
        said += [f"<div><h2>{html.escape(name)}</h2><p>{note}</p>{_map(of, *axes)}</div>" for name, note, of in maps]
        said.append("</div>")
    said += ["<h2>The best sets</h2>", _table(told.best), "<h2>What was run</h2><dl>"]
    said += [f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in told.about.items()]
    head = f'<meta charset="utf-8"><title>{html.escape(told.title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(said)}</dl></body></html>\n'


def _map(of: _Cells, across: Axis, down: Axis) -> str:
    values = sorted(value for value, _ in of.values())
    middle = statistics.median(values) if values else 0.0
    if values and values[0] < 0 < values[-1]:
        middle = 0.0  # a loss is red, however common losses are
    bounds = (values[0], middle, values[-1]) if values else (0.0, 0.0, 0.0)
    width, height = _LEFT + _CELL * len(across.texts), _TOP + _CELL * len(down.texts)
    box = max(width + 10, _LEFT + _WORDS)
    drawn = [f'<svg viewBox="0 0 {box} {height + 40}" width="{box}" height="{height + 40}" role="img">']
    drawn.append(f'<text x="{_LEFT}" y="14">{html.escape(down.name)} down, {html.escape(across.name)} across</text>')
    best = max(of, key=lambda at: of[at][0], default=None)
    for (column, row), (value, outcome) in sorted(of.items(), key=lambda each: (each[0] == best, each[0])):
        x, y = _LEFT + column * _CELL, _TOP + row * _CELL
        edge = ' stroke="#111" stroke-width="2.5"' if (column, row) == best else ' stroke="#fff"'
        params = " ".join(f"{name}={text}" for name, text in outcome.job.params.items())
        drawn.append(
            f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{_colour(value, bounds)}"{edge}>'
            f"<title>{html.escape(params)}: {grouped(value, 2)}</title></rect>"
        )
    drawn += [
        f'<text x="{_LEFT - 6}" y="{_TOP + row * _CELL + 21}" text-anchor="end">{html.escape(text[:10])}</text>'
        for row, text in enumerate(down.texts)
    ]
    drawn += [
        f'<text x="{_LEFT + column * _CELL + _CELL // 2}" y="{height + 14}" text-anchor="middle">'
        f"{html.escape(text[:10])}</text>"
        for column, text in enumerate(across.texts)
    ]
    scale = f"red to {grouped(bounds[0], 2)} · white {grouped(bounds[1], 2)} · green to {grouped(bounds[2], 2)}"
    drawn.append(f'<text x="{_LEFT}" y="{height + 32}">{scale}</text></svg>')
    return "".join(drawn)


def _colour(value: float, bounds: tuple[float, float, float]) -> str:
    """From the worst over the middle to the best."""
    low, middle, high = bounds
    if value < middle:
        share, ends = (middle - value) / (middle - low), (_MIDDLE, _WORST)
    else:
        share, ends = (value - middle) / (high - middle) if high > middle else 0.0, (_MIDDLE, _BEST)
    share = min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(*ends, strict=True))


def _table(lines: Sequence[Sequence[str]]) -> str:
    head, *body = lines or [[]]
    rows = ["<tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in head) + "</tr>"]
    rows += ["<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>" for line in body]
    return f"<table>{''.join(rows)}</table>"
