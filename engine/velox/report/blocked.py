"""What strategies wished and did not get, and why: grouped, counted, with the sentences that were said."""

from collections import Counter

import msgspec

from velox import events

__all__ = ["Blocked", "BlockedShelf"]

_SENTENCES_MAX = 5
# What a strategy's owner is told that is no obstacle.
_PLAIN = frozenset({"first_candle", "stopped"})


class Blocked(msgspec.Struct, kw_only=True):
    """One reason for one strategy; `what` is refused, sized down or up, or told."""

    strategy: str
    what: str
    code: str
    first_ns: int
    last_ns: int
    count: int = 0
    sentences: dict[str, int] = {}
    more: int = 0  # times that it was said in other words, beyond the sentences kept


class BlockedShelf:
    """Counts decisions against a wish as they come."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str], Blocked] = {}

    def refuse(self, at_ns: int, strategy: str, verdict: events.RiskVerdict) -> None:
        """Risk refused an order, or sized it otherwise than its wish came to."""
        sentence = verdict.sentence
        if verdict.verdict in ("sized_down", "sized_up"):
            sentence = f"{sentence} ({verdict.limit} of {verdict.value} units)"
        self._count(at_ns, strategy, (verdict.verdict, verdict.code), sentence)

    def tell(self, at_ns: int, strategy: str, event: events.StrategyEvent) -> None:
        """The kernel told the strategy's owner of something that did not go its way."""
        if event.code not in _PLAIN:
            self._count(at_ns, strategy, ("told", event.code), event.sentence)

    def groups(self) -> list[Blocked]:
        """The most frequent first."""
        return sorted(self._groups.values(), key=lambda group: (-group.count, group.strategy, group.code))

    def by_code(self) -> Counter[str]:
        """How often each code came."""
        counts: Counter[str] = Counter()
        for group in self._groups.values():
            counts[group.code] += group.count
        return counts

    def _count(self, at_ns: int, strategy: str, why: tuple[str, str], sentence: str) -> None:
        key = (strategy, *why)
        if key not in self._groups:
            self._groups[key] = Blocked(strategy=strategy, what=why[0], code=why[1], first_ns=at_ns, last_ns=at_ns)
        group = self._groups[key]
        group.count += 1
        group.last_ns = at_ns
        if sentence in group.sentences or len(group.sentences) < _SENTENCES_MAX:
            group.sentences[sentence] = group.sentences.get(sentence, 0) + 1
        else:
            group.more += 1
