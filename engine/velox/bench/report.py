"""Figures as a table for people."""

from collections.abc import Iterator, Mapping

from velox.bench.figure import Figure
from velox.bench.machine import Provenance

__all__ = ["lines", "peers_told"]


def lines(origin: Provenance, figures: Mapping[str, Figure], missing: Mapping[str, str]) -> Iterator[str]:
    """Where the figures come from, then a line for each and, below it, what stands beside it; then missing peers."""
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
        yield from peers_told(figure)
        kept = {name: fact for name, fact in figure.facts.items() if name in ("output_hash", "file_system")}
        for name, fact in kept.items():
            yield f"{'':<20} {name.replace('_', ' ')}: {fact}"
    for name, reason in missing.items():
        yield f"{name}: not available, {reason}"


def peers_told(figure: Figure) -> Iterator[str]:
    """A line for each peer, then the ratios and whether all gave the same orders."""
    for name, peer in figure.peers.items():
        shown = {field: peer.fields[field] for field in figure.median}
        note = ", compiled: no hook in Python" if peer.compiled else ""
        note += ", and a book once a minute" if peer.sparse else ""
        yield f"{'':<20} {name} {peer.facts['version']}: {_fields(shown)}{note}"
    if figure.peers:
        verdict, target = "met" if figure.ratio_met else "missed", ", ".join(figure.ratio_target)
        yield f"{'':<20} to the best of them: {_fields(figure.ratio)}; {verdict}, target {target}"
        yield f"{'':<20} same orders as Velox: {figure.facts['orders_agree']}"


def _verdict(figure: Figure) -> str:
    if figure.met_by_worst:
        return "met"
    return "met by the median" if figure.met else "missed"


def _fields(fields: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {_number(value)}" for name, value in fields.items())


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:,.1f}" if value >= 10 else f"{value:.2f}"
