"""`velox backtest`: strategies over the recorded days of a catalogue."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from velox.cli.words import DaySpanWord, check_json, facts_as_of

if TYPE_CHECKING:
    from velox.backtest.run import Result

__all__ = ["command"]


class _Call(msgspec.Struct):
    strategies: list[str]
    catalog: Path
    instruments: str | None
    first: tuple[dt.date, dt.date] | None
    last: tuple[dt.date, dt.date] | None
    params: list[str]
    capital: float | None
    slippage: int | None
    latency: int | None
    charges: Literal["discount", "statutory", "none"]
    facts_as_of: dt.date | None
    journal: Path | None
    json_file: Path | None


@click.command()
@click.argument("strategies", nargs=-1, required=True, metavar="FILE.py[:Class]…")
@click.option("--catalog", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where the days are.")
@click.option("--instruments", metavar="A,B", help="Run each strategy on each of these; default: its own symbol.")
@click.option("--from", "first", type=DaySpanWord(), metavar="D", help="First day, or month as 2026-01.")
@click.option("--to", "last", type=DaySpanWord(), metavar="D", help="Last day, or month, inclusive.")
@click.option("-p", "params", multiple=True, metavar="k=v", help="A parameter, for every strategy that has it.")
@click.option("--capital", type=click.FloatRange(1), metavar="RUPEES", help="Of the account; default: as on paper.")
@click.option("--slippage", type=click.IntRange(0), metavar="TICKS", help="Against you on marketable orders.")
@click.option("--latency", type=click.IntRange(0), metavar="MS", help="From an intent to a live order.")
@click.option(
    "--charges",
    type=click.Choice(["discount", "statutory", "none"]),
    default="discount",
    show_default=True,
    help="All; without brokerage; nothing.",
)
@facts_as_of
@click.option("--journal", type=click.Path(path_type=Path), metavar="DIR", help="Keep ticks and decisions here.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), metavar="F", help="Write figures to F."
)
def command(**options: object) -> None:
    """Run strategies over the recorded days of a catalogue, by the same kernel as on paper."""
    from velox.backtest.charges import costs
    from velox.backtest.choose import Ask, plans_on
    from velox.backtest.run import run
    from velox.cli.progress import days_bar
    from velox.runtime.run import open_journal
    from velox.settings import load as load_settings
    from velox.strategy.params import parse_assignments

    call = msgspec.convert(options, _Call)
    check_json(call.json_file)
    ask = Ask(
        plans=plans_on(call.strategies, parse_assignments(call.params), _names(call.instruments)),
        catalog=call.catalog,
        first=call.first[0] if call.first else None,
        last=call.last[1] if call.last else None,
        facts_as_of=call.facts_as_of,
        charges=call.charges,
        journal=open_journal(call.journal) if call.journal else None,
    )
    with days_bar("back-test") as tell:
        settings = costs(
            load_settings(), call.charges, capital=call.capital, slippage=call.slippage, latency=call.latency
        )
        result = run(ask, settings, tell)
    for line in _lines(result):
        click.echo(line)
    if call.json_file is not None:
        call.json_file.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")


def _names(listed: str | None) -> list[str]:
    return [name.strip() for name in (listed or "").split(",") if name.strip()]


def _lines(result: "Result") -> list[str]:
    from velox.runtime.report import strategy_sentence
    from velox.runtime.view import rupees

    span = result.first_day if result.days == 1 else f"{result.first_day} to {result.last_day}, {result.days} days"
    out = [f"{span}: {result.ticks:,} ticks, {result.bars:,} candles."]
    out += [f"{day} begins anew: the day before it is too long ago." for day in result.cold_starts]
    out += [strategy_sentence(msgspec.to_builtins(told)) for told in result.strategies]
    out.append(
        f"Together: gross {rupees(result.gross_pnl)}, charges {rupees(result.charges)}, net {rupees(result.net_pnl)}; "
        f"deepest drawdown {rupees(result.max_drawdown)}; {result.rejected} refused, {result.too_small} too small."
    )
    out.append(
        f"{result.elapsed_s:.1f} s in all, {result.engine_s:.1f} s of it in the engine "
        f"({result.engine_ticks_per_s:,.0f} ticks/s), {result.peak_rss_mib:,.0f} MiB at most; "
        f"result {result.result_hash[:16]}"
    )
    out += [f"Note: {note}" for note in result.notes]
    if result.synthetic:
        out.append("SYNTHETIC: these prices were generated; the result says nothing about the strategies.")
    return out
