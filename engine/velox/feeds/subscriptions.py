"""What a feed is subscribed to, kept beside the link so that every new link begins with all of it."""

from collections.abc import Iterable

import msgspec

from velox.errors import BadInput
from velox.feeds.packets import DEPTH_20, NSE_CM, PACKETS

__all__ = ["DEPTH_TOKENS_MAX", "Subscriptions", "TOKENS_MAX"]

TOKENS_MAX = 1000
DEPTH_TOKENS_MAX = 50


class Subscriptions:
    """The tokens of each mode; the broker counts token x mode and allows a thousand a socket."""

    def __init__(self) -> None:
        self._wanted: dict[int, dict[tuple[int, str], None]] = {}
        self._messages = 0

    def __len__(self) -> int:
        return sum(len(tokens) for tokens in self._wanted.values())

    def add(self, mode: int, tokens: Iterable[tuple[int, str]]) -> bytes | None:
        """Take tokens in and return the message that asks for them, None when all were there already."""
        if mode not in PACKETS:
            raise BadInput(f"{mode} is no mode of the feed: it has {', '.join(str(known) for known in PACKETS)}")
        known = self._wanted.get(mode, {})
        new = [token for token in dict.fromkeys(tokens) if token not in known]
        if mode == DEPTH_20 and any(exchange != NSE_CM for exchange, _ in new):
            raise BadInput("depth of 20 levels exists for the NSE cash market alone")
        if mode == DEPTH_20 and len(known) + len(new) > DEPTH_TOKENS_MAX:
            raise BadInput(f"depth of 20 levels is limited to {DEPTH_TOKENS_MAX} instruments")
        if len(self) + len(new) > TOKENS_MAX:
            raise BadInput(f"one socket takes {TOKENS_MAX} subscriptions, not {len(self) + len(new)}: watch fewer")
        self._wanted.setdefault(mode, {}).update(dict.fromkeys(new))
        return self._message(1, mode, new) if new else None

    def remove(self, mode: int, tokens: Iterable[tuple[int, str]]) -> bytes | None:
        """Drop tokens and return the message that says so, None when there were none."""
        known = self._wanted.get(mode, {})
        gone = [token for token in dict.fromkeys(tokens) if token in known]
        for token in gone:
            del known[token]
        return self._message(0, mode, gone) if gone else None

    def messages(self) -> list[bytes]:
        """One message for each mode, which together ask for everything."""
        return [self._message(1, mode, tokens) for mode, tokens in self._wanted.items() if tokens]

    def _message(self, action: int, mode: int, tokens: Iterable[tuple[int, str]]) -> bytes:
        by_exchange: dict[int, list[str]] = {}
        for exchange, token in tokens:
            by_exchange.setdefault(exchange, []).append(token)
        groups = [{"exchangeType": exchange, "tokens": own} for exchange, own in by_exchange.items()]
        self._messages += 1
        return msgspec.json.encode(
            {
                "correlationID": f"velox{self._messages % 100_000:05}",
                "action": action,
                "params": {"mode": mode, "tokenList": groups},
            }
        )
