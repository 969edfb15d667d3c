"""What is between the kernel and a broker as Python reads it: requests are decisions, replies are inputs."""

from pathlib import Path

import msgspec
from tests.journal import made

from velox import events, journal
from velox.events import Kind

ACCEPTED, REJECTED, FILLED = 1, 2, 3


class BrokerDay(made.MadeDay):
    """The made-up day with its account at a broker that has said nothing yet."""

    def put(self, kind: Kind, record: msgspec.Struct) -> int:
        if isinstance(record, events.AccountDef):
            record = msgspec.structs.replace(record, venue="broker")
        return super().put(kind, record)


def _fed(folder: Path) -> BrokerDay:
    day = BrokerDay(folder, 200)
    day.define()
    day.feed()
    return day


def _first_request(folder: Path) -> events.BrokerRequest:
    """What the day asks first; the same day again asks the same."""
    day = _fed(folder)
    day.core.close()
    assert not list(journal.records(day.path, {Kind.FILL})), "no tick fills what is at a broker"
    return _requests(day)[0]


def _requests(day: made.MadeDay) -> list[events.BrokerRequest]:
    payloads = [record.payload for record in journal.records(day.path, {Kind.BROKER_REQUEST})]
    return [payload for payload in payloads if isinstance(payload, events.BrokerRequest)]


def _about(request: events.BrokerRequest, kind: int, filled: int = 0) -> events.BrokerReply:
    price = request.limit if filled else 0
    place = (request.account, "B1", request.instrument, request.side, filled, price)
    return events.BrokerReply(kind, *place, request.order, request.ask, "", "")


def test_a_request_asks_for_what_its_order_is_and_a_reply_fills_it(tmp_path: Path) -> None:
    entry = _first_request(tmp_path / "asked")
    day = _fed(tmp_path / "answered")
    assert (entry.what, entry.ask, entry.id, entry.trigger, entry.order.child) == ("place", 1, "", 0, 0)
    day.put(Kind.BROKER_REPLY, _about(entry, ACCEPTED))
    day.put(Kind.BROKER_REPLY, _about(entry, FILLED, entry.quantity))
    day.core.close()
    (fill,) = [record.payload for record in journal.records(day.path, {Kind.FILL})]
    assert isinstance(fill, events.Fill)
    assert (fill.order, fill.side, fill.quantity, fill.price) == (entry.order, entry.side, entry.quantity, entry.limit)
    stop = _requests(day)[-1]
    assert (stop.what, stop.side, stop.quantity, stop.order.child) == ("place", -entry.side, entry.quantity, 1)
    assert stop.trigger > 0
    assert (stop.limit - stop.trigger) * stop.side > 0, "beyond its trigger"
    for record in journal.records(day.path, {Kind.BROKER_REQUEST, Kind.BROKER_REPLY}):
        assert isinstance(record.payload, events.BrokerRequest | events.BrokerReply)


def test_the_words_of_a_rejection_reach_the_journal(tmp_path: Path) -> None:
    asked = _first_request(tmp_path / "asked")
    day = _fed(tmp_path / "answered")
    reply = msgspec.structs.replace(_about(asked, REJECTED), code="AB1010", text="no funds")
    day.put(Kind.BROKER_REPLY, reply)
    day.core.close()
    told = [record.payload for record in journal.records(day.path, {Kind.STRATEGY_EVENT})]
    sentences = [
        event.sentence for event in told if isinstance(event, events.StrategyEvent) and event.code == "rejected"
    ]
    assert sentences == ["The broker refused: AB1010 no funds"]
