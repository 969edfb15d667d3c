"""The parts of a page that are words and tables: headline, costs, groups, what was blocked, settings, data."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from velox.report import markup
from velox.report.blocked import Blocked
from velox.report.charts import LINE_NAMES
from velox.report.coverage import DayCoverage
from velox.report.keeper import Kept
from velox.report.markup import Html, card, details, element, sentence_list, table
from velox.report.ratios import Ratios
from velox.report.tables import Group, charges_by_line, grouped_by, slippage
from velox.report.timelines import local_time
from velox.rupees import grouped, money, percent

__all__ = [
    "actions",
    "blocked",
    "charges",
    "coverage",
    "groups",
    "headline_cards",
    "settings",
    "slipped",
    "span",
    "stamp",
]

_ONE = 100_000_000
_NOTHING = "–"
_FEW_DAYS = 20
_RATIO_DAYS_MIN = 10  # of fewer days a ratio is chance alone
_WHAT = {"refused": "refused by risk", "sized_down": "made smaller", "sized_up": "made one lot", "told": "not done"}


def span(figures: Mapping[str, Any]) -> str:
    """The days in words."""
    first, last = (_day(figures[name]) for name in ("first_day", "last_day"))
    return first if figures["days"] == 1 else f"{first} to {last}, {figures['days']} days"


def stamp(kept: Kept, figures: Mapping[str, Any]) -> Html:
    """The big warning on generated prices, or nothing."""
    if not figures["synthetic"]:
        return Html("")
    how = "; ".join(sorted({day.synthetic for day in kept.coverage if day.synthetic}))
    words = f"These prices were generated; the result says nothing about the strategies. {how}"
    return markup.stamp(words)


def headline_cards(figures: Mapping[str, Any], kept: Kept, judged: Ratios) -> Html:
    """The figures of the first screen."""
    capital, net = kept.capital / _ONE, figures["net_pnl"]
    drawdown = figures["max_drawdown"]
    largest = max((step.gross for step in kept.exposure), default=0) / _ONE
    days = len(kept.days)
    few = f"of {days} days, a year's worth" if days >= _RATIO_DAYS_MIN else f"needs {_RATIO_DAYS_MIN} days, has {days}"
    cards = [
        *_failed(figures),
        card("Net P&L", money(net), f"on {money(capital, 0)} of capital", _tone(net)),
        card("Return on capital", percent(net / capital), "after all charges", _tone(net)),
        card("Gross P&L", money(figures["gross_pnl"]), "", _tone(figures["gross_pnl"])),
        *_dividends(figures["dividends"]),
        card("Charges", money(figures["charges"]), _share(figures["charges"], figures["gross_pnl"])),
        card("Max drawdown", money(drawdown), f"{percent(drawdown / capital)} of capital", "down" if drawdown else ""),
        card("Sharpe", _number(judged.sharpe if days >= _RATIO_DAYS_MIN else None), few),
        card("Sortino", _number(judged.sortino if days >= _RATIO_DAYS_MIN else None), few),
        card("Profit factor", _number(judged.profit_factor), "won over lost, net"),
        card("Win rate", _nothing(percent, judged.win_rate), f"{judged.winners} won, {judged.losers} lost"),
        card("Expectancy", _nothing(money, judged.expectancy), "net a trade"),
        card("Average win / loss", _pair(judged.average_win, judged.average_loss), f"payoff {_number(judged.payoff)}"),
        card("Average R", _number(judged.average_r), "gross over first risk"),
        card("Average hold", _held(judged.average_hold_s), f"at most {judged.losses_in_a_row} losses in a row"),
        card(
            "Trades", grouped(judged.trades), f"{grouped(figures['orders'])} orders, {grouped(figures['fills'])} fills"
        ),
        card("Best / worst trade", _pair(judged.best, judged.worst), "net"),
        card("Largest exposure", money(largest, 0), f"{percent(largest / capital, 0)} of capital, at cost"),
        card("Too small", grouped(figures["too_small"]), "wishes below one unit", _warn(figures["too_small"])),
        card("Refused", grouped(figures["rejected"]), "orders, by risk", _warn(figures["rejected"])),
    ]
    return element("dl", Html("".join(cards)), class_="cards")


def _failed(figures: Mapping[str, Any]) -> list[Html]:
    names = ", ".join(told["name"] for told in figures["strategies"] if told["faulted"])
    return [card("Failed", names, "by its code, see Blocked and why", "down")] if names else []


def _dividends(received: float) -> list[Html]:
    return [card("Dividends", money(received), "part of the gross P&L", _tone(received))] if received else []


def actions(figures: Mapping[str, Any]) -> Html:
    """What corporate actions made of positions, line by line."""
    rows = [
        (
            _day(line["day"]),
            _day(line["ex"]),
            line["strategy"],
            line["instrument"],
            f"{line['new']} for {line['old']}",
            f"{line['before']:+,}",
            f"{line['after']:+,}",
            money(line["dividend"]),
            money(line["fraction"]),
        )
        for line in figures["corporate_actions"]
    ]
    heads = ["Booked", "Ex-date", "Strategy", "Instrument", "Shares", "Before", "After", "Dividend", "Part of a share"]
    return table(heads, rows, words=5)


def charges(kept: Kept) -> Html:
    """Charges by line."""
    lines = charges_by_line(kept.trades)
    total = sum(lines.values())
    rows: list[Sequence[object]] = [
        (LINE_NAMES[line], money(amount / _ONE), percent(amount / total) if total else _NOTHING)
        for line, amount in lines.items()
    ]
    rows.append((element("b", "All"), element("b", money(total / _ONE)), ""))
    return table(["Line", "Charged", "Share"], rows)


def slipped(kept: Kept) -> Html:
    """What slippage cost in all."""
    found = slippage(kept.trades)
    words = (
        f"Slippage cost {money(found.cost / _ONE)}: what orders at the market paid against the last price when they "
        "were made. It is part of the gross result already."
    )
    if found.unknown:
        words += f" {grouped(found.unknown)} fills at their own price, of targets and resting limits, have none."
    return element("p", words, class_="note")


def groups(kept: Kept) -> Html:
    """A table by instrument and one by strategy."""
    by_symbol = grouped_by(kept.trades, lambda trade: trade.instrument)
    by_strategy = grouped_by(kept.trades, lambda trade: trade.strategy)
    return Html(
        element("h3", "By instrument") + _groups("Instrument", by_symbol)
        + element("h3", "By strategy") + _groups("Strategy", by_strategy)
    )  # fmt: skip


def blocked(found: Sequence[Blocked]) -> Html:
    """What was wished and not done, the most frequent first."""
    if not found:
        return element("p", "Nothing was refused, made smaller or left undone.", class_="note")
    rows = [
        (
            group.strategy,
            _WHAT.get(group.what, group.what),
            element("code", group.code),
            _sentences(group),
            grouped(group.count),
            local_time(group.first_ns)[:16],
            local_time(group.last_ns)[:16],
        )
        for group in found
    ]
    return table(["Strategy", "What", "Code", "Why", "Times", "First", "Last"], rows, words=4)


def settings(kept: Kept, figures: Mapping[str, Any]) -> Html:
    """Parameters of each strategy, then every setting that decided the result."""
    held = dict(figures["settings"])
    plans = held.pop("strategies")
    of = dict(zip(dict.fromkeys(kept.strategies.values()), plans, strict=True))  # one of several symbols is one plan
    parts = []
    for name, values in kept.parameters.items():
        plan = of[kept.strategies[name]]
        told = [element("b" if key in plan["params"] else "span", f"{key} = {value}") for key, value in values.items()]
        parts.append((name, plan["target"], Html(", ".join(told))))
    rows = [(name, _shown(value)) for name, value in _flat("", held)]
    return Html(
        element("h3", "Strategies and their parameters")
        + table(["Strategy", "From", "Parameters, given ones bold"], parts, words=3)
        + element("h3", "Settings") + element("div", table(["Setting", "Value"], rows), class_="narrow")
    )  # fmt: skip


def coverage(kept: Kept, figures: Mapping[str, Any]) -> Html:
    """Which data was used, day by day, and what is missing in it."""
    days = kept.coverage
    notes = [f"Note: {note}" for note in figures["notes"]]
    notes += [f"{_day(day)} begins anew: the day before it is too long ago." for day in figures["cold_starts"]]
    notes += [f"{_day(day.date.isoformat())}: {line}" for day in days for line in day.left_out]
    stand_ins = sorted({day.facts_as_of for day in days if day.facts_as_of})
    notes += [f"Market facts of {date} stand in for days that are not covered." for date in stand_ins]
    gaps = sum(day.gap_candles for day in days)
    if gaps:
        notes.append(f"{grouped(gaps)} candles may miss ticks: the feed was silent or began late in them.")
    rows = [_coverage_row(day) for day in days]
    shown = table(["Day", "Instruments", "Rows", "Applied", "Not applied", "Candles", "With a gap"], rows)
    body = details(f"{len(days)} days, one by one", shown, is_open=len(days) <= _FEW_DAYS) if days else Html("")
    names = ", ".join(figures["instruments"])
    totals = f"{grouped(figures['ticks'])} ticks, {grouped(figures['bars'])} candles, traded: {names}."
    return Html(element("p", totals) + (sentence_list(notes) if notes else "") + body)


def _coverage_row(day: DayCoverage) -> tuple[object, ...]:
    refused = {name: count for name, count in day.verdicts.items() if name != "applied"}
    why = ", ".join(f"{name} {grouped(count)}" for name, count in refused.items())
    names = ", ".join(f"{name} {grouped(rows)}" for name, rows in day.rows.items())
    return (
        _day(day.date.isoformat()),
        element("span", str(len(day.rows)), title=names),
        grouped(sum(day.rows.values())),
        grouped(day.verdicts.get("applied", 0)),
        element("span", grouped(sum(refused.values())), title=why or "none"),
        grouped(day.candles),
        grouped(day.gap_candles),
    )


def _groups(heading: str, found: Mapping[str, Group]) -> Html:
    rows = [
        (
            name,
            grouped(group.trades),
            percent(group.winners / group.trades, 1),
            money(group.gross / _ONE),
            money(group.charges / _ONE),
            element("span", money(group.net / _ONE), class_=_tone(group.net)),
            money(group.net / group.trades / _ONE),
            money(group.slippage / _ONE),
        )
        for name, group in sorted(found.items(), key=lambda pair: -pair[1].net)
    ]
    return table([heading, "Trades", "Won", "Gross", "Charges", "Net", "Net a trade", "Slippage"], rows)


def _sentences(group: Blocked) -> Html:
    lines = [f"{sentence} ×{grouped(count)}" if len(group.sentences) > 1 else sentence
             for sentence, count in group.sentences.items()]  # fmt: skip
    if group.more:
        lines.append(f"and {grouped(group.more)} times in other numbers")
    return Html("<br>".join(element("span", line) for line in lines))


def _flat(before: str, value: Mapping[str, Any]) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for key, each in value.items():
        name = f"{before}.{key}" if before else key
        found += _flat(name, each) if isinstance(each, Mapping) else [(name, each)]
    return found


def _shown(value: object) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return grouped(value, 0 if float(value).is_integer() else 2)
    return str(value)


def _day(iso: str) -> str:
    return dt.date.fromisoformat(iso).strftime("%-d %b %Y")


def _number(value: float | None) -> str:
    return _NOTHING if value is None else grouped(value, 2)


def _nothing(shown: Any, value: float | None) -> str:
    return _NOTHING if value is None else str(shown(value))


def _pair(first: float | None, second: float | None) -> str:
    return f"{_nothing(_whole, first)} / {_nothing(_whole, second)}"


def _whole(value: float) -> str:
    return money(value, 0)


def _held(seconds: float | None) -> str:
    if seconds is None:
        return _NOTHING
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {left:02} s"


def _share(part: float, whole: float) -> str:
    return f"{percent(part / whole, 1)} of gross" if whole > 0 else "all lines"


def _tone(value: float) -> str:
    return "up" if value > 0 else "down" if value < 0 else ""


def _warn(count: int) -> str:
    return "warn" if count else ""
