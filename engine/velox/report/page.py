"""The report as one HTML file: its script, its style and its data are inside, and its policy forbids any request."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from velox.errors import BadInput
from velox.report import sections
from velox.report.charts import figures as drawn_figures
from velox.report.keeper import Kept
from velox.report.markup import Html, element, text
from velox.report.payload import TRADES_MAX, embedded, payload
from velox.report.ratios import Ratios
from velox.rupees import grouped

__all__ = ["document", "headline", "one_figure", "page"]

_HERE = Path(__file__).parent
# Whatever a text of the report contained, a browser would fetch nothing for it.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def page(figures: Mapping[str, Any], kept: Kept, judged: Ratios) -> str:
    """The whole page."""
    names = list(dict.fromkeys(kept.strategies.values()))
    title = f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''}"
    parts = [
        ("summary", "Summary", sections.headline_cards(figures, kept, judged)),
        ("equity", "Equity and drawdown", _place("equity", 400) if kept.trades else _no_trade()),
        ("calendar", "Calendar", _calendar(kept)),
        ("chart", "Chart of trades", _chart(kept)),
        ("analysis", "How trades went", _analysis(kept)),
        ("costs", "Costs", _costs(kept)),
        ("groups", "By instrument and strategy", sections.groups(kept) if kept.trades else _no_trade()),
        ("trades", "Trades", _trades(kept)),
        ("blocked", "Blocked and why", sections.blocked(kept.blocked)),
        ("settings", "Settings", sections.settings(kept, figures)),
        ("data", "Data", sections.coverage(kept, figures)),
    ]
    if figures["corporate_actions"]:
        parts.insert(-2, ("actions", "Corporate actions", sections.actions(figures)))
    body = Html("".join(element("section", element("h2", name) + content, id=key) for key, name, content in parts))
    head = Html(element("h1", title) + element("p", sections.span(figures), class_="span"))
    return document(
        f"{title}: back-test",
        header=Html(head + sections.stamp(kept, figures)),
        links=[(key, key.capitalize()) for key, _, _ in parts],
        body=Html(body + _foot(figures)),
        data=payload(kept),
    )


def headline(figures: Mapping[str, Any], kept: Kept, judged: Ratios) -> str:
    """The first screen alone, for a notebook."""
    inner = sections.stamp(kept, figures) + sections.headline_cards(figures, kept, judged)
    style = element("style", Html(_asset("page.css")))
    return Html(style + element("div", Html(inner), class_="velox-report"))


def one_figure(figures: Mapping[str, Any], kept: Kept, name: str) -> str:
    """A page of one figure; a name that is none is refused with those that are."""
    drawn = drawn_figures(kept)
    if name not in drawn:
        raise BadInput(f"there is no figure {name!r} in this report: it has {', '.join(sorted(drawn)) or 'none'}")
    body = Html(sections.stamp(kept, figures) + _place(name, 420))
    data = {"figures": {name: drawn[name]}, "trades": [], "series": [], "exits": []}
    return document(name, header=Html(""), links=[], body=body, data=data)


def document(
    title: str, *, header: Html, links: list[tuple[str, str]], body: Html, data: Mapping[str, Any] | None
) -> str:
    """A page around its parts; without data it has no script."""
    nav = "".join(element("a", name, href=f"#{key}") for key, name in links)
    button = element("button", "Dark / light", id="theme", type="button") if data is not None else ""
    top = element("nav", Html(nav + button)) if links else ""
    scripts = "" if data is None else _scripts(data)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<link rel="icon" href="data:,">'
        f"<title>{text(title)}</title><style>{_asset('page.css')}</style></head>"
        f'<body class="velox-report"><header>{header}</header>{top}<main>{body}</main>{scripts}</body></html>\n'
    )


def _scripts(data: Mapping[str, Any]) -> str:
    from plotly.offline import get_plotlyjs

    own = "".join(f"<script>{_asset(name)}</script>" for name in ("charts.js", "table.js", "page.js"))
    told = f'<script type="application/json" id="report-data">{embedded(data)}</script>'
    return f"{told}<script>{get_plotlyjs()}</script>{own}"


@functools.cache
def _asset(name: str) -> str:
    return (_HERE / "assets" / name).read_text(encoding="utf-8")


def _place(name: str, height: int) -> Html:
    return element("div", "", class_="figure", data_figure=name, style=f"height:{height}px")


def _beside(*columns: tuple[str, Html]) -> Html:
    return element(
        "div", Html("".join(element("div", element("h3", name) + each) for name, each in columns)), class_="beside"
    )


def _no_trade() -> Html:
    return element("p", "There was no trade.", class_="note")


def _calendar(kept: Kept) -> Html:
    if not kept.trades:
        return _no_trade()
    years = len({day.date.year for day in kept.days})
    parts = Html(element("h3", "Net by month") + _place("months", 44 + 44 * years))
    parts += element("h3", "Net by hour of entry") + _place("hours", 290)
    return Html(parts + element("h3", "Net by day") + _place("days", 240))


def _chart(kept: Kept) -> Html:
    if not kept.series:
        return element("p", "No strategy watches candles and nothing was traded.", class_="note")
    choices = Html(
        element("label", Html("Candles " + element("select", "", id="chart-series")))
        + element("button", "‹", id="chart-before", type="button", title="the day before")
        + element("label", Html("Day " + element("select", "", id="chart-day")))
        + element("button", "›", id="chart-after", type="button", title="the day after")
    )
    words = (
        "Triangles are entries, crosses exits, dashes the stop; a trailing stop moves with the price and is not drawn."
    )
    if kept.candle_days_left_out:
        words += f" {grouped(kept.candle_days_left_out)} days of candles are left out to keep the page small."
    canvas = element("div", "", id="chart-figure", class_="figure", style="height:620px")
    return Html(element("div", choices, class_="choices") + canvas + element("p", words, class_="note"))


def _analysis(kept: Kept) -> Html:
    if not kept.trades:
        return _no_trade()
    return Html(
        element("h3", "How far trades went against and with their entry")
        + _place("excursions", 340)
        + _beside(("Holding time", _place("holds", 300)), ("Exposure", _place("exposure", 300)))
    )


def _costs(kept: Kept) -> Html:
    if not kept.trades:
        return _no_trade()
    charged = element("h3", "Charges by line") + sections.charges(kept)
    slipped = element("h3", "Slippage a trade") + _place("slippage", 230)
    columns = element("div", charged) + element("div", element("h3", "In rupees") + _place("charges", 280))
    return Html(element("div", columns, class_="beside") + slipped + sections.slipped(kept))


def _trades(kept: Kept) -> Html:
    if not kept.trades:
        return _no_trade()
    choices = Html(
        element("input", "", id="trades-words", type="search", placeholder="Search, such as INFY stop")
        + element("select", "", id="trades-strategy")
        + element("select", "", id="trades-outcome")
        + element("span", "", id="trades-count", class_="note")
    )
    parts = element("div", choices, class_="choices") + element("div", "", id="trades-table", class_="scroll")
    parts += element("div", "", id="trades-pages", class_="choices")
    if len(kept.trades) > TRADES_MAX:
        parts += element("p", f"The first {grouped(TRADES_MAX)} of {grouped(len(kept.trades))} trades.", class_="note")
    return Html(parts)


def _foot(figures: Mapping[str, Any]) -> Html:
    words = (
        f"Result {figures['result_hash'][:16]} · {grouped(figures['ticks'])} ticks in {figures['elapsed_s']:.1f} s · "
        "A result of the past promises nothing."
    )
    return element("footer", words)
