"""What trades cost, line by line: the rates of a date, and the plain computation that the kernel is tested against.

Each line of a fill is value x rate, rounded half to even at 1e-8 rupees. An order's brokerage is min(cap, rate x value)
of all that it has filled so far; a fill bears what that rises by. GST is taken on the fill's own brokerage,
transaction charge and regulator's fee.
"""

import datetime as dt

import msgspec

from velox.market.amounts import ONE, PAISA, RATE_ONE, mul_div, scaled
from velox.market.dated import Dated, one_in_force, table
from velox.market.records import ChargeRates

__all__ = ["ChargeLines", "OrderCharges", "PRODUCTS", "charge_rates", "contract_note", "exercise_rate", "loaded_rates"]

PRODUCTS = ("cash-intraday", "cash-delivery", "futures", "options")
_FILE = "charges.toml"
_PERCENT_ONE = RATE_ONE // 100


class _Rate(Dated, frozen=True, kw_only=True):
    line: str
    products: list[str]
    percent: str
    side: str = "both"


class _Brokerage(Dated, frozen=True, kw_only=True):
    plan: str
    products: list[str]
    cap: str
    percent: str = "0"


class ChargeLines(msgspec.Struct, frozen=True):
    """Charges by line, at 1e-8 rupees."""

    brokerage: int = 0
    stt: int = 0
    transaction: int = 0
    sebi: int = 0
    stamp: int = 0
    gst: int = 0

    @property
    def total(self) -> int:
        """All lines together."""
        return self.brokerage + self.stt + self.transaction + self.sebi + self.stamp + self.gst

    def __add__(self, other: "ChargeLines") -> "ChargeLines":
        return ChargeLines(*(getattr(self, f) + getattr(other, f) for f in self.__struct_fields__))


def charge_rates(product: str, day: dt.date, plan: str = "discount") -> ChargeRates | None:
    """The rates of a product on `day`, or None when one of its lines is not known."""
    stt, stt_side = _rate("stt", product, day)
    stamp, _ = _rate("stamp", product, day)
    transaction, sebi, gst = (_rate(line, product, day)[0] for line in ("transaction", "sebi", "gst"))
    offers = [b for b in table(_FILE, "brokerage", _Brokerage) if product in b.products and b.plan == plan]
    brokerage = one_in_force(offers, day)
    if stt is None or stamp is None or transaction is None or sebi is None or gst is None or brokerage is None:
        return None
    return ChargeRates(
        name=product,
        stt_buy=stt if stt_side == "both" else 0,
        stt_sell=stt,
        transaction=transaction,
        sebi=sebi,
        stamp_buy=stamp,
        gst=gst,
        brokerage_rate=scaled(brokerage.percent, _PERCENT_ONE),
        brokerage_cap=scaled(brokerage.cap, ONE),
    )


def loaded_rates(day: dt.date) -> list[ChargeRates]:
    """The rates of every product whose lines are known on `day`, in the order of `PRODUCTS`."""
    found = (charge_rates(product, day) for product in PRODUCTS)
    return [rates for rates in found if rates is not None]


def exercise_rate(day: dt.date) -> int | None:
    """The tax on the intrinsic value of an option that is exercised, at 1e-10; None where it is not known."""
    return _rate("exercise", "options", day)[0]


def _rate(line: str, product: str, day: dt.date) -> tuple[int | None, str]:
    entries = [r for r in table(_FILE, "rate", _Rate) if r.line == line and product in r.products]
    entry = one_in_force(entries, day)
    return (None, "both") if entry is None else (scaled(entry.percent, _PERCENT_ONE), entry.side)


class OrderCharges:
    """The charges of one order, accrued with each of its fills."""

    def __init__(self, rates: ChargeRates, *, buy: bool) -> None:
        self._rates = rates
        self._buy = buy
        self._value = 0
        self._brokerage = 0
        self.lines = ChargeLines()

    def fill(self, price: int, quantity: int) -> ChargeLines:
        """What this fill adds; price at 1e-8 rupees, both positive."""
        rates, value = self._rates, price * quantity
        self._value += value
        due = rates.brokerage_cap
        if rates.brokerage_rate:
            due = min(due, mul_div(self._value, rates.brokerage_rate, RATE_ONE))
        brokerage = due - self._brokerage
        self._brokerage = due
        transaction = mul_div(value, rates.transaction, RATE_ONE)
        sebi = mul_div(value, rates.sebi, RATE_ONE)
        lines = ChargeLines(
            brokerage=brokerage,
            stt=mul_div(value, rates.stt_buy if self._buy else rates.stt_sell, RATE_ONE),
            transaction=transaction,
            sebi=sebi,
            stamp=mul_div(value, rates.stamp_buy if self._buy else 0, RATE_ONE),
            gst=mul_div(brokerage + transaction + sebi, rates.gst, RATE_ONE),
        )
        self.lines += lines
        return lines


def contract_note(lines: ChargeLines, *, paise: bool = True) -> ChargeLines:
    """The lines as a contract note shows them: taxes of the state to the rupee and, unless told otherwise, the rest to
    the paisa; halves go up. Give it the sum of one contract and day."""
    rest = PAISA if paise else 1
    return ChargeLines(
        brokerage=_nearest(lines.brokerage, rest),
        stt=_nearest(lines.stt, ONE),
        transaction=_nearest(lines.transaction, rest),
        sebi=_nearest(lines.sebi, rest),
        stamp=_nearest(lines.stamp, ONE),
        gst=_nearest(lines.gst, rest),
    )


def _nearest(amount: int, unit: int) -> int:
    return (2 * amount + unit) // (2 * unit) * unit
