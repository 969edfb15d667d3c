"""The paper accounts and their limits as the kernel wants them, from the settings and the day's rates."""

from collections.abc import Sequence
from typing import Any

import msgspec

from velox.events import AccountDef, ChargeRates, ClockMode, FactsLoaded, LimitsSet, SameInstrument
from velox.events import Settings as Thresholds
from velox.rupees import money
from velox.settings import AccountSettings, LevelLimits, Settings

__all__ = [
    "PAPER",
    "account_def",
    "level_limits",
    "limits_lines",
    "limits_set",
    "shared_accounts",
    "thresholds",
    "with_brokerage",
]

PAPER = "paper"  # the account of those who name none
_ONE = 100_000_000  # a rupee at 1e-8
_SHARE = 100_000_000  # a percent at 1e-10
_MS = 1_000_000
_S = 1_000_000_000


def account_def(settings: Settings, name: str = PAPER, number: int = 0) -> AccountDef:
    """A paper account of the settings under its number in the journal."""
    paper, own = settings.paper, settings.accounts.get(name, AccountSettings())

    def chosen(word: str) -> Any:
        value = getattr(own, word)
        return getattr(paper, word) if value is None else value

    return AccountDef(
        id=number,
        name=name,
        owner="",
        venue="paper",
        capital=round(chosen("capital_rupees") * _ONE),
        mis_margin=round(chosen("mis_margin_pct") * _SHARE),
        slippage_ticks=chosen("slippage_ticks"),
        latency_ns=chosen("latency_ms") * _MS,
        partial=chosen("partial"),
        fno_margin=round(chosen("fno_margin_pct") * _SHARE),
        same_instrument=SameInstrument[chosen("same_instrument").upper()],
    )


def shared_accounts(settings: Settings) -> list[str]:
    """Accounts on which several strategies may trade one instrument."""
    names = (PAPER, *settings.accounts)
    return [name for name in names if account_def(settings, name).same_instrument != SameInstrument.REFUSE]


def limits_set(settings: Settings, name: str = PAPER, number: int = 0) -> LimitsSet:
    """Limits of an account, and what each of its instances begins with."""
    limits, own = settings.limits, settings.accounts.get(name, AccountSettings()).limits
    return LimitsSet(
        account=number,
        instance=-1,
        instrument=-1,
        order_value=round((own.order_value_rupees or limits.order_value_rupees) * _ONE),
        position_value=round((own.position_value_rupees or limits.position_value_rupees) * _ONE),
        order_quantity=own.order_quantity or limits.order_quantity,
        position_quantity=own.position_quantity or limits.position_quantity,
        trade_risk=round((own.trade_risk_pct or limits.trade_risk_pct) * _SHARE),
        instance_open_orders=limits.instance_open_orders,
        account_open_orders=own.open_orders or limits.account_open_orders,
        intents=own.intents or limits.intents,
        refusals=limits.refusals,
        sends=limits.sends,
        trades=limits.trades,
        account_trades=own.trades or limits.account_trades,
        daily_loss=round((own.daily_loss_pct or limits.daily_loss_pct) * _SHARE),
        drawdown=round((own.drawdown_pct or limits.drawdown_pct) * _SHARE),
        fat_finger=round((own.fat_finger_pct or limits.fat_finger_pct) * _SHARE),
        duplicate_ns=limits.duplicate_ms * _MS,
    )


def level_limits(limits: LevelLimits, account: int, *, instance: int = -1, instrument: int = -1) -> LimitsSet:
    """Limits of one instance or of one instrument, besides those of the account."""
    return LimitsSet(
        account=account,
        instance=instance,
        instrument=instrument,
        order_value=round(limits.order_value_rupees * _ONE),
        position_value=round(limits.position_value_rupees * _ONE),
        order_quantity=limits.order_quantity,
        position_quantity=limits.position_quantity,
        trade_risk=round(limits.trade_risk_pct * _SHARE),
        instance_open_orders=limits.open_orders,
        account_open_orders=limits.open_orders,
        intents=limits.intents,
        refusals=0,
        sends=0,
        trades=limits.trades,
        account_trades=limits.trades,
        daily_loss=round(limits.daily_loss_pct * _SHARE),
        drawdown=round(limits.drawdown_pct * _SHARE),
        fat_finger=round(limits.fat_finger_pct * _SHARE),
        duplicate_ns=0,
    )


def thresholds(settings: Settings, clock: ClockMode) -> Thresholds:
    """When data counts as late, missing or old."""
    engine = settings.engine
    return Thresholds(
        clock=clock,
        grace_ns=engine.grace_ms * _MS,
        gap_ns=engine.gap_s * _S,
        stale_ns=engine.stale_s * _S,
        ahead_ns=engine.ahead_s * _S,
        late_ns=engine.late_s * _S,
    )


def with_brokerage(facts: FactsLoaded, settings: Settings) -> FactsLoaded:
    """The day's facts with the account's own brokerage, which is none for shares that are delivered."""
    paper = settings.paper
    rate, most = round(paper.brokerage_pct * _SHARE), round(paper.brokerage_rupees * _ONE)

    def own(rates: ChargeRates) -> ChargeRates:
        if rates.name == "options":  # a flat fee, whatever the premium
            return msgspec.structs.replace(rates, brokerage_rate=0, brokerage_cap=most)
        if rates.name not in ("cash-intraday", "futures"):
            return rates
        # To the kernel a rate of 0 is a flat fee, to a user the lesser of an amount and nothing.
        return msgspec.structs.replace(rates, brokerage_rate=rate, brokerage_cap=most if rate else 0)

    return msgspec.structs.replace(facts, charges=[own(rates) for rates in facts.charges])


def limits_lines(settings: Settings, accounts: Sequence[str] = (PAPER,)) -> list[str]:
    """The paper accounts and their limits in plain words."""
    p = settings.paper
    lines = []
    for name in accounts:
        d, r = account_def(settings, name), limits_set(settings, name)
        head = "Paper account" if name == PAPER else f"Paper account {name}"
        lines += [
            f"{head}: {money(d.capital / _ONE, 0)} capital, margin {d.mis_margin / _SHARE:g} % of value "
            f"({d.fno_margin / _SHARE:g} % of futures), "
            f"slippage {d.slippage_ticks} tick, latency {d.latency_ns // _MS} ms, brokerage min(₹"
            f"{p.brokerage_rupees:g}, {p.brokerage_pct:g} %) an order.",
            f"Limits: order and position {money(r.order_value / _ONE, 0)} and {money(r.position_value / _ONE, 0)}, "
            f"{r.trades} round trips a day, daily loss {r.daily_loss / _SHARE:g} %, drawdown "
            f"{r.drawdown / _SHARE:g} %, {r.sends} orders in any 1.1 s.",
        ]
    return lines
