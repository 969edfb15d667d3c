"""Which strategies run on which instruments of a day; every mistake is told before anything is started."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from velox.errors import BadInput
from velox.market.facts import Facts
from velox.market.instruments import InstrumentBook, why_not_tradable
from velox.research.days import Day
from velox.runtime.account import PAPER, shared_accounts
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings
from velox.strategy.compile import compile_members
from velox.strategy.load import load

__all__ = ["SHIPPED", "book_of", "check_strategies", "check_symbols", "plan_of", "shipped_on"]

SHIPPED = ("ema_cross", "rsi_reversal", "macd_trend")


def book_of(day: Day | None) -> InstrumentBook:
    """The instruments known offline: the shipped list and those of the day; a live day has a broker's file."""
    book = InstrumentBook.offline(lots_come_later=True) if day is None else InstrumentBook.offline(lots=day.lots)
    for item in day.instruments if day is not None else []:
        book.adopt(item.name, index=item.is_index)
    return book


def shipped_on(day: Day) -> list[StrategyPlan]:
    """The shipped strategies, each on its own instrument: the first tradable ones of the day by alphabet."""
    book = book_of(day)
    tradable = [i.name for i in day.instruments if why_not_tradable(book[i.name]) is None]
    return [StrategyPlan(target, {"symbol": name}) for target, name in zip(SHIPPED, tradable, strict=False)]


def plan_of(text: str, params: Mapping[str, str], accounts: Collection[str]) -> StrategyPlan:
    """A strategy as the user names it, `FILE.py[:Class][@ACCOUNT]`; accounts are those of the settings."""
    target, at, account = text.rpartition("@")
    if not at:
        return StrategyPlan(text, dict(params))
    if account == PAPER or account in accounts:
        return StrategyPlan(target, dict(params), account)
    file = text.partition(":")[0]
    if len(target) < len(file) and Path(file).exists():
        return StrategyPlan(text, dict(params))  # an @ of the file's own name
    account, colon, name = account.partition(":")
    if colon:
        raise BadInput(f"{text}: the account stands at the end: write {target}:{name}@{account}")
    known = ", ".join(sorted({PAPER, *accounts}))
    raise BadInput(f"{text}: there is no account {account or '(no name)'}; there are {known}: add [accounts.NAME]")


def check_strategies(
    targets: Sequence[str], params: Mapping[str, str], facts: Facts, day: Day | None, settings: Settings
) -> list[StrategyPlan]:
    """Strategies named by the user, with the same parameters for each; raises with every fault."""
    plans = [plan_of(target, params, settings.accounts) for target in targets]
    names = {i.name for i in day.instruments} if day is not None else None
    check_symbols(plans, facts, book_of(day), names, "which the day does not hold", shared_accounts(settings))
    return plans


def check_symbols(
    plans: Sequence[StrategyPlan],
    facts: Facts,
    book: InstrumentBook,
    names: Collection[str] | None,
    absent: str,
    shared: Collection[str],
) -> set[str]:
    """What the plans trade, each instrument by one alone on an account, and what they watch; all among `names`.

    On accounts that are `shared` several may trade one.
    """
    held: dict[tuple[str, str], str] = {}
    watched: set[str] = set()
    for plan in plans:
        for spec in compile_members(load(plan.target), plan.params, facts, book):
            watched |= spec.symbols
            if names is not None and (missing := spec.symbols.difference(names)):
                symbol = min(missing)
                verb = "trades" if symbol == spec.symbol else "watches"
                shown = ", ".join(sorted(names)[:8]) + (" …" if len(names) > 8 else "")
                raise BadInput(f"{plan.target} {verb} {symbol}, {absent}; it holds {shown}")
            place = (plan.account, spec.symbol)
            if place in held and plan.account not in shared:
                raise BadInput(
                    f"{plan.target} and {held[place]} would both trade {spec.symbol} on one account: "
                    "give each its own instrument (-p symbol=…) or account (FILE.py@ACCOUNT), or let the account keep "
                    'their orders apart: same_instrument = "wait" in [paper] or [accounts.NAME]'
                )
            held[place] = plan.target
    return watched
