"""Figures as a table for people."""

from collections.abc import Iterator, Mapping

from velox.bench.figure import Figure
from velox.bench.machine import Provenance

__all__ = ["lines"]


def lines(origin: Provenance, figures: Mapping[str, Figure]) -> Iterator[str]:
    """Where the figures come from, then a line for each and, below it, what stands beside it."""
    here = origin.machine
    yield (
        f"{origin.build_profile} build of {origin.commit}, {origin.date}; {here.cpu}, {here.cores} cores, "
        f"{here.kernel}, {here.python}, load {here.load_before:g} at the start"
    )
    for key, figure in figures.items():
        target = ", ".join(figure.target)
        yield f"{key:<20} {_number(figure.value):>12} {figure.unit:<8} {_verdict(figure):<17} target {target}"
        yield f"{'':<20} {_fields(figure.median)}; worst of {len(figure.runs)}: {_fields(figure.worst)}"
        if figure.beside:
            yield f"{'':<20} beside it: {_fields(figure.beside)}"
        kept = {name: fact for name, fact in figure.facts.items() if name in ("output_hash", "file_system")}
        for name, fact in kept.items():
            yield f"{'':<20} {name.replace('_', ' ')}: {fact}"


def _verdict(figure: Figure) -> str:
    if figure.met_by_worst:
        return "met"
    return "met by the median" if figure.met else "missed"


def _fields(fields: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {_number(value)}" for name, value in fields.items())


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:,.1f}" if value >= 10 else f"{value:.2f}"
