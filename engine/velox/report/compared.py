"""A comparison as lines for a terminal and as an HTML page."""

from collections.abc import Iterator, Sequence

from velox.report.compare import Comparison, Row
from velox.report.markup import Html, element, sentence_list, stamp, table
from velox.report.page import document

_GENERATED = "prices were generated; the results say nothing about the strategies."
_SAME = "Every decision is the same."

__all__ = ["comparison_lines", "comparison_page"]


def comparison_lines(told: Comparison) -> Iterator[str]:
    """What a terminal shows: warnings first, then a table as wide as its words."""
    yield from told.warnings
    if told.warnings:
        yield ""
    yield from _aligned(_headings(told), [_cells(row) for row in told.figures])
    yield ""
    yield from _aligned(_headings(told, "Net by strategy"), [_cells(row) for row in told.strategies])
    yield ""
    if told.is_same:
        yield _SAME
    if told.settings:
        rows = [[row.name, *row.values] for row in told.settings]
        yield from _aligned(["Settings that differ", *told.names], rows)
    else:
        yield "All settings and parameters are the same."
    if told.is_synthetic:
        yield f"SYNTHETIC: {_GENERATED}"


def comparison_page(told: Comparison) -> str:
    """The same as one HTML file."""
    warnings = (
        element("div", sentence_list(told.warnings), class_="warn")
        if told.warnings
        else element("p", "Same data, facts and charges.")
    )
    if told.is_same:
        warnings += element("p", _SAME)
    settings: Html = element("p", "All settings and parameters are the same.", class_="note")
    if told.settings:
        settings = table(["Setting", *told.names], [[row.name, *row.values] for row in told.settings])
    parts = [
        ("comparable", "Can they be compared?", warnings),
        ("figures", "Figures", table(_headings(told), [_cells(row) for row in told.figures])),
        ("strategies", "Net by strategy", table(_headings(told, "Strategy"), [_cells(row) for row in told.strategies])),
        ("settings", "Settings and parameters that differ", settings),
    ]
    body = "".join(element("section", element("h2", name) + content, id=key) for key, name, content in parts)
    title = " and ".join(told.names)
    return document(
        f"{title}: compared",
        header=element("h1", f"{title}, compared") + (stamp(_GENERATED.capitalize()) if told.is_synthetic else ""),
        links=[(key, key.capitalize()) for key, _, _ in parts],
        body=Html(body),
        data=None,
    )


def _headings(told: Comparison, first: str = "Figure") -> list[str]:
    base = told.names[0]
    return [first, *told.names, *(f"{name} − {base}" for name in told.names[1:])]


def _cells(row: Row) -> list[str]:
    return [row.name, *row.values, *row.differences]


def _aligned(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(line[at]) for line in (headings, *rows)) for at in range(len(headings))]
    for first, *others in (headings, *rows):
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells]).rstrip()
