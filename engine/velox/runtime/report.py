"""The end of a day: a sentence a strategy, what interrupted it, and the figures as JSON."""

from typing import TYPE_CHECKING, Any

import msgspec

from velox.runtime.account import PAPER
from velox.rupees import money

if TYPE_CHECKING:
    from velox.runtime.supervisor import Outcome

__all__ = ["account_sentence", "as_json", "lines", "strategy_sentence"]


def lines(outcome: "Outcome", synthetic: bool) -> list[str]:
    """What the operator reads last."""
    summary, done = outcome.done.summary, outcome.done
    verdicts = ", ".join(f"{count:,} {name}" for name, count in summary["verdicts"].items() if count)
    ticks = f"{summary['ticks']:,} tick{'' if summary['ticks'] == 1 else 's'}"
    out = [f"{ticks} journalled ({verdicts or 'none'}), {summary['candles']:,} candles."]
    if done.elapsed_s > 0 and done.sent:
        out.append(f"Sent {done.sent:,}; {_rate(outcome):,.0f} ticks a second over {done.elapsed_s:.1f} s.")
    out += [strategy_sentence(s) for s in summary["strategies"]] or [
        "No strategy ran: the day holds nothing that can be traded."
    ]
    if len(summary["accounts"]) > 1:
        told = ({**a, "net_pnl": a["equity"] - a["capital"]} for a in summary["accounts"])
        out += [account_sentence(account) for account in told]
    for each in outcome.interruptions:
        lost = f" Hooks that were in flight and did not run again: {', '.join(each.lost)}." if each.lost else ""
        back = f"back after {each.back_after_s:.1f} s" if each.back_after_s else "the day was over by then"
        out.append(f"Interrupted at record {each.seq} ({each.reason}); {back}: {each.measures}.{lost}")
    if outcome.simulator_restarts:
        out.append(f"The simulator died {outcome.simulator_restarts} times and was started again.")
    if summary["skipped_ticks"] or any(a["skipped"] for a in summary["accounts"]):
        out.append("ALARM: a record was skipped because it killed the engine twice: look at it before the next day.")
    for name, h in summary["histograms"].items():
        out.append(
            f"{name}: p50 {h['p50_ns']:,} ns, p99 {h['p99_ns']:,} ns, p99.9 {h['p999_ns']:,} ns (1 tick in 256 timed)."
        )
    out += [f"Note: {note}" for note in summary["notes"] or []]
    if synthetic:
        out.append("SYNTHETIC: these prices were generated; the result says nothing about the strategies.")
    out.append("The day is finished." if done.finished else "The day was stopped before its end.")
    return out


def strategy_sentence(s: dict[str, Any]) -> str:
    """What a strategy did; without a `quantity` nothing is said of what it holds."""
    trips = f"{s['round_trips']} round trip{'' if s['round_trips'] == 1 else 's'}"
    end = f" It still holds {s['quantity']:+d}." if s.get("quantity") else ""
    state = " It was quarantined: its code failed." if s["faulted"] else ""
    paid = f" (dividends {money(s['dividends'])})" if s["dividends"] else ""
    return (
        f"{s['name']} on {s['instrument']}{_of_account(s)}: {s['orders']} orders, {s['fills']} fills, {trips}; "
        f"gross {money(s['gross_pnl'])}{paid}, charges {money(s['charges'])}, net {money(s['net_pnl'])}.{end}{state}"
    )


def _of_account(s: dict[str, Any]) -> str:
    return f" (account {s['account']})" if s["account"] != PAPER else ""


def account_sentence(account: dict[str, Any]) -> str:
    """What an account made of its capital."""
    return (
        f"Account {account['name']}: capital {money(account['capital'])}, charges {money(account['charges'])}, "
        f"net {money(account['net_pnl'])}."
    )


def _rate(outcome: "Outcome") -> float:
    done = outcome.done
    return done.taken / done.elapsed_s if done.elapsed_s > 0 else 0.0


def as_json(outcome: "Outcome", synthetic: bool) -> bytes:
    """The figures of a run."""
    summary, done = outcome.done.summary, outcome.done
    keys = (
        "name",
        "account",
        "instrument",
        "quantity",
        "orders",
        "fills",
        "round_trips",
        "gross_pnl",
        "dividends",
        "charges",
        "net_pnl",
        "faulted",
        "trading",
        "kill",
    )
    report = {
        "sent": done.sent,
        "journalled": summary["ticks"] + summary["skipped_ticks"],
        "verdicts": summary["verdicts"],
        "candles": summary["candles"],
        "ticks_per_s": round(_rate(outcome), 1),
        "elapsed_s": round(done.elapsed_s, 6),
        "finished": done.finished,
        "decisions": summary["decisions"],
        "decisions_hash": summary["decisions_hash"],
        "session_date": summary["session_date"],
        "synthetic": synthetic,
        "strategies": [{key: s[key] for key in keys} for s in summary["strategies"]],
        "accounts": summary["accounts"],
        "interruptions": outcome.interruptions,
        "simulator_restarts": outcome.simulator_restarts,
        "notes": summary["notes"],
        "histograms": summary["histograms"],
    }
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
