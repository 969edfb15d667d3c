"""The paper account and its limits as the kernel wants them, from the settings and the day's rates."""

import msgspec

from velox.events import AccountDef, ClockMode, FactsLoaded, LimitsSet
from velox.events import Settings as Thresholds
from velox.settings import LevelLimits, Settings

__all__ = ["account_def", "level_limits", "limits_lines", "limits_set", "thresholds", "with_brokerage"]

_ONE = 100_000_000  # a rupee at 1e-8
_SHARE = 100_000_000  # a percent at 1e-10
_MS = 1_000_000
_S = 1_000_000_000


def account_def(settings: Settings) -> AccountDef:
    """The one paper account."""
    paper = settings.paper
    return AccountDef(
        id=0,
        name="paper",
        owner="",
        venue="paper",
        capital=round(paper.capital_rupees * _ONE),
        mis_margin=round(paper.mis_margin_pct * _SHARE),
        slippage_ticks=paper.slippage_ticks,
        latency_ns=paper.latency_ms * _MS,
        partial=paper.partial,
    )


def limits_set(settings: Settings) -> LimitsSet:
    """Limits of the account, and what each of its instances begins with."""
    limits = settings.limits
    return LimitsSet(
        account=0,
        instance=-1,
        instrument=-1,
        order_value=round(limits.order_value_rupees * _ONE),
        position_value=round(limits.position_value_rupees * _ONE),
        order_quantity=limits.order_quantity,
        position_quantity=limits.position_quantity,
        trade_risk=round(limits.trade_risk_pct * _SHARE),
        instance_open_orders=limits.instance_open_orders,
        account_open_orders=limits.account_open_orders,
        intents=limits.intents,
        refusals=limits.refusals,
        sends=limits.sends,
        trades=limits.trades,
        account_trades=limits.account_trades,
        daily_loss=round(limits.daily_loss_pct * _SHARE),
        drawdown=round(limits.drawdown_pct * _SHARE),
        fat_finger=round(limits.fat_finger_pct * _SHARE),
        duplicate_ns=limits.duplicate_ms * _MS,
    )


def level_limits(limits: LevelLimits, *, instance: int = -1, instrument: int = -1) -> LimitsSet:
    """Limits of one instance or of one instrument, besides those of the account."""
    return LimitsSet(
        account=0,
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
    """The day's facts with the account's own brokerage for intraday shares."""
    paper = settings.paper
    rate = round(paper.brokerage_pct * _SHARE)
    # To the kernel a rate of 0 is a flat fee, to a user the lesser of an amount and nothing.
    cap = round(paper.brokerage_rupees * _ONE) if rate else 0
    rates = [
        msgspec.structs.replace(each, brokerage_rate=rate, brokerage_cap=cap) if each.name == "cash-intraday" else each
        for each in facts.charges
    ]
    return msgspec.structs.replace(facts, charges=rates)


def limits_lines(settings: Settings) -> list[str]:
    """The paper account and its limits in plain words."""
    p, r = settings.paper, settings.limits
    return [
        f"Paper account: ₹{p.capital_rupees:,.0f} capital, margin {p.mis_margin_pct:g} % of value, "
        f"slippage {p.slippage_ticks} tick, latency {p.latency_ms} ms, brokerage min(₹{p.brokerage_rupees:g}, "
        f"{p.brokerage_pct:g} %) an order.",
        f"Limits: order and position ₹{r.order_value_rupees:,.0f} and ₹{r.position_value_rupees:,.0f}, "
        f"{r.trades} round trips a day, daily loss {r.daily_loss_pct:g} %, drawdown {r.drawdown_pct:g} %, "
        f"{r.sends} orders in any 1.1 s.",
    ]
