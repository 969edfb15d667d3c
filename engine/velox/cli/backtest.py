"""`velox backtest`: strategies over the recorded days of a catalogue."""

import datetime as dt
import gc
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from velox.cli.account import AccountCall, account_words, listed, settings_of
from velox.cli.stopping import stopping
from velox.cli.words import DaySpanWord, actions_of, check_json, corporate_actions, data_kind, facts_as_of, watched

if TYPE_CHECKING:
    from velox.backtest.run import Result
    from velox.report.report import Report

__all__ = ["command"]


class _Call(AccountCall):
    strategies: list[str]
    catalog: Path
    instruments: str | None
    first: tuple[dt.date, dt.date] | None
    last: tuple[dt.date, dt.date] | None
    params: list[str]
    watched: str | None
    data: Literal["auto", "ticks", "candles"] | None
    facts_as_of: dt.date | None
    corporate_actions: Path | None
    journal: Path | None
    json_file: Path | None
    report_file: Path | None
    trades_file: Path | None


@click.command()
@click.argument("strategies", nargs=-1, required=True, metavar="FILE.py[:Class][@ACCOUNT]…")
@click.option("--catalog", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where the days are.")
@click.option("--instruments", metavar="A,B", help="Run each strategy on each of these; default: its own symbol.")
@click.option("--from", "first", type=DaySpanWord(), metavar="D", help="First day, or month as 2026-01.")
@click.option("--to", "last", type=DaySpanWord(), metavar="D", help="Last day, or month, inclusive.")
@click.option("-p", "params", multiple=True, metavar="k=v", help="A parameter, for every strategy that has it.")
@watched
@account_words
@data_kind
@facts_as_of
@corporate_actions
@click.option("--journal", type=click.Path(path_type=Path), metavar="DIR", help="Keep ticks and decisions here.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), metavar="F", help="Write figures to F."
)
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="F.html",
    help="Write one HTML page with everything to F; it opens without a network.",
)
@click.option(
    "--trades",
    "trades_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="F",
    help="Write one row a trade to F.csv or F.parquet.",
)
def command(**options: object) -> None:
    """Run strategies over the recorded days of a catalogue, by the same kernel as on paper.

    \b
    velox backtest ema_cross.py --catalog days --from 2026-07 --report ema.html
    velox backtest ema_cross.py --catalog days -p fast=12 --json fast12.json
    """
    from velox.backtest.choose import Ask, plans_on
    from velox.backtest.run import run
    from velox.cli.progress import days_bar
    from velox.market.lots import Lots
    from velox.settings import load as load_settings
    from velox.strategy.params import parse_assignments

    gc.freeze()  # modules live to the end of the process: no collection, the last one included, need look at them
    call = msgspec.convert(options, _Call)
    _check_files(call)
    configured = load_settings()
    params = parse_assignments(call.params)
    ask = Ask(
        plans=plans_on(call.strategies, params, listed(call.instruments), configured.accounts),
        catalog=call.catalog,
        first=call.first[0] if call.first else None,
        last=call.last[1] if call.last else None,
        data=call.data or "",
        facts_as_of=call.facts_as_of,
        charges=call.charges,
        journal=_journal(call.journal),
        actions=actions_of(call.corporate_actions),
        lots=Lots(configured.market.instrument_files),
        watched=listed(call.watched),
    )
    settings = settings_of(call, configured)
    report: Report | None = None
    with stopping(_stopped(call)), days_bar("back-test") as tell:
        if call.report_file is None and call.trades_file is None:
            result = run(ask, settings, tell)
        else:
            from velox.backtest.reported import backtest

            report = backtest(ask, settings, tell)
            result = report.result
    for line in _lines(result):
        click.echo(line)
    if call.json_file is not None:
        call.json_file.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
    if report is not None:
        _write(report, call)


def _stopped(call: _Call) -> str:
    kept = "nothing is kept of it: the same command runs it anew"
    if call.journal is not None:
        kept = f"the journal {call.journal} holds what ran until then: run it anew with another --journal"
    return f"the back-test was stopped and gives no result; {kept}"


def _journal(folder: Path | None) -> Path | None:
    if folder is None:
        return None
    from velox.runtime.run import open_journal

    return open_journal(folder)


def _check_files(call: _Call) -> None:
    """Refuse files that could not be written, before the work is done."""
    check_json(call.json_file)
    check_json(call.report_file, "--report")
    check_json(call.trades_file, "--trades")
    if call.trades_file is not None and call.trades_file.suffix not in (".csv", ".parquet"):
        raise click.BadParameter(f"{call.trades_file} must end in .csv or .parquet", param_hint="--trades")


def _write(report: "Report", call: _Call) -> None:
    if call.report_file is not None:
        click.echo(f"Report: {report.save(call.report_file)}")
    if call.trades_file is not None:
        report.save_trades(call.trades_file)
        click.echo(f"Trades: {call.trades_file}")


def _lines(result: "Result") -> list[str]:
    from velox.backtest.booked import action_sentence
    from velox.runtime.report import account_sentence, strategy_sentence
    from velox.rupees import money

    span = result.first_day if result.days == 1 else f"{result.first_day} to {result.last_day}, {result.days} days"
    read = f"{result.ticks:,} ticks" if result.data == "ticks" else f"{result.minutes:,} minutes of candles"
    if result.data == "mixed":
        read = f"{result.ticks:,} ticks and {read}"
    out = [f"{span}: {read}, {result.bars:,} candles."]
    out += [f"{day} begins anew: the day before it is too long ago." for day in result.cold_starts]
    out += [action_sentence(line) for line in result.corporate_actions]
    out += [strategy_sentence(msgspec.to_builtins(told)) for told in result.strategies]
    if len(result.accounts) > 1:
        out += [account_sentence(msgspec.to_builtins(told)) for told in result.accounts]
    out.append(
        f"Together: gross {money(result.gross_pnl)}, charges {money(result.charges)}, net {money(result.net_pnl)}; "
        f"deepest drawdown {money(result.max_drawdown)}; {result.rejected} refused, {result.too_small} too small."
    )
    rate = f" ({result.engine_ticks_per_s:,.0f} ticks/s)" if result.data == "ticks" else ""
    out.append(
        f"{result.elapsed_s:.1f} s in all, {result.engine_s:.1f} s of it in the engine{rate}, "
        f"{result.peak_rss_mib:,.0f} MiB at most; "
        f"result {result.result_hash[:16]}"
    )
    out += [f"Note: {note}" for note in result.notes]
    if result.synthetic:
        out.append("SYNTHETIC: these prices were generated; the result says nothing about the strategies.")
    return out
