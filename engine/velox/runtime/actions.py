"""What has befallen the instruments of a core since its last session, told to it before the first price of the day."""

import datetime as dt

import velox_core
from velox.errors import BadInput
from velox.events import CorporateAction, Kind, encode
from velox.market.amounts import ONE
from velox.market.corporate_actions import Actions, Due
from velox.market.records import date_number, date_of

__all__ = ["Befallen"]


class Befallen:
    """The corporate actions between the last session of a core and a day."""

    def __init__(self, core: velox_core.Core, actions: Actions, day: dt.date) -> None:
        self._core = core
        self._actions = actions
        self._day = day
        told = core.summary()
        is_begun = told["session_date"] == date_number(day)
        self._since = told["date_before"] if is_begun else told["session_date"]

    def name(self, name: str) -> str:
        """What an instrument of the last session is called on the day."""
        return name if self._since is None else self._actions.called_on(name, date_of(self._since), self._day)

    def strategy(self, name: str) -> str:
        """The name of an instance of the last session, which ends with its share's where its strategy has several."""
        group, colon, symbol = name.partition(":")
        return f"{group}:{self.name(f'NSE:{symbol}').removeprefix('NSE:')}" if colon else name

    def tell(self) -> None:
        """Journal what takes effect on the day, less what an interrupted beginning has journalled already."""
        if self._since is None or not len(self._actions):
            return
        booked = set(map(tuple, self._core.summary()["acted"]))
        for number, market in enumerate(self._core.markets()):
            for due in self._actions.due(market["name"], date_of(self._since), self._day):
                if (number, date_number(due.ex)) not in booked:
                    _check(due, market["last"])
                    self._core.input(Kind.CORPORATE_ACTION, encode(_record(number, due)))


def _check(due: Due, last: float | None) -> None:
    if last is not None and last > 0 and due.dividend >= round(last * ONE):
        raise BadInput(
            f"the dividend of {due.name} on {due.ex} is not less than its last price of {last:,.2f}: mend its amount"
        )


def _record(number: int, due: Due) -> CorporateAction:
    shares = due.shares
    return CorporateAction(
        number, date_number(due.ex), shares.numerator, shares.denominator, due.dividend, due.was, due.source
    )
