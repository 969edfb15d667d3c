"""The words by which a back-test and a sweep are told of the account, and the instruments that both list alike."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click
import msgspec

from velox.errors import BadInput
from velox.sections import CapitalRupees, LatencyMs, SlippageTicks, bounds

if TYPE_CHECKING:
    from velox.settings import Settings

__all__ = ["AccountCall", "account_words", "listed", "settings_of"]

_F = TypeVar("_F", bound=Callable[..., Any])


def _number(ctx: click.Context, param: click.Parameter, amount: float | None) -> float | None:
    if amount is not None and math.isnan(amount):  # no bound finds it
        raise click.BadParameter(f"{amount} is no amount in rupees", ctx, param)
    return amount


_WORDS = (
    click.option(
        "--capital",
        type=click.FloatRange(*bounds(CapitalRupees)),
        callback=_number,
        metavar="RUPEES",
        help="Of the account; default: as on paper.",
    ),
    click.option(
        "--slippage",
        type=click.IntRange(*bounds(SlippageTicks)),
        metavar="TICKS",
        help="Against you on marketable orders.",
    ),
    click.option(
        "--latency", type=click.IntRange(*bounds(LatencyMs)), metavar="MS", help="From an intent to a live order."
    ),
    click.option(
        "--charges",
        type=click.Choice(["discount", "statutory", "none"]),
        default="discount",
        show_default=True,
        help="All; without brokerage; nothing.",
    ),
)


class AccountCall(msgspec.Struct):
    """What a command line says of the account; None is as on paper."""

    capital: float | None
    slippage: int | None
    latency: int | None
    charges: Literal["discount", "statutory", "none"]


def account_words(command: _F) -> _F:
    """Give a command the options of `AccountCall`."""
    for word in reversed(_WORDS):
        command = word(command)
    return command


def settings_of(call: AccountCall, settings: "Settings") -> "Settings":
    """The settings with what the command line says instead."""
    from velox.backtest.charges import costs

    return costs(settings, call.charges, capital=call.capital, slippage=call.slippage, latency=call.latency)


def listed(text: str | None) -> list[str]:
    """The names in `A,B`, each once."""
    names = [name.strip() for name in text.split(",") if name.strip()] if text is not None else []
    if text is not None and not names:
        raise BadInput(f"{text!r} names no instrument: write NSE:RELIANCE,NSE:INFY, or leave the option out")
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise BadInput(f"{twice} is named twice: name it once")
    return names
