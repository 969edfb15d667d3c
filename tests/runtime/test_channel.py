"""The engine's lines to its supervisor never make it wait; a fault is told at the strategy's own line."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from velox.runtime.channel import Channel
from velox.runtime.plan import Said, Status, decode, encode
from velox.runtime.trading import TradingDay
from velox.strategy.load import load

_STATUS = Status({"words": "x" * 50_000}, [])


def test_a_supervisor_that_does_not_read_never_stops_the_engine() -> None:
    reading, writing = os.pipe()
    channel = Channel(writing)
    for number in range(100):  # more than a pipe holds; without a limit this would wait for ever
        channel.tell(_STATUS)
        channel.say(str(number))
    os.set_blocking(reading, False)
    read = bytearray()
    while True:
        channel.tell(_STATUS)
        try:
            read += os.read(reading, 1 << 20)
        except BlockingIOError:
            break
        if b'"99"' in read:
            break
    lines = [decode(line) for line in bytes(read).splitlines() if line.endswith(b"}")]
    said = [int(each.line) for each in lines if isinstance(each, Said)]
    assert said == list(range(100)), "what is said arrives whole and in order"
    assert 0 < sum(isinstance(each, Status) for each in lines) < 100, "pictures are left out while lines wait"
    os.close(reading)
    channel.say("nobody")
    assert channel.broken
    os.close(writing)


def test_a_fault_names_the_innermost_line_of_the_strategy_itself(tmp_path: Path) -> None:
    source = Path(__file__).with_name("busy.py").read_text()
    place = source.index("        self.turns = self.turns + 1")
    broken = source[:place] + '        import json; json.loads("{")\n' + source[place:]
    file = tmp_path / "mine.py"
    file.write_text(broken)
    cls: Any = load(str(file))
    day: Any = object.__new__(TradingDay)
    day.instances = [SimpleNamespace(id=0, spec=SimpleNamespace(name="Busy", file=str(file)))]
    with pytest.raises(json.JSONDecodeError) as raised:
        cls.on_bar(SimpleNamespace(), None)
    told = day._fault(0, raised.value)
    line = broken[:place].count("\n") + 1
    assert told.startswith(f"Busy: mine.py:{line}: JSONDecodeError: ")


def test_what_others_write_to_its_descriptor_is_no_message() -> None:
    (messages, words), (lines, said) = os.pipe(), os.pipe()
    channel = Channel.instead_of(words, said)
    os.write(words, b'{"type":"said","line":"forged"}\n')
    channel.say("ours")
    for fd in (words, said):
        os.close(fd)
    assert decode(os.read(messages, 1000)) == Said("ours")
    assert b"forged" in os.read(lines, 1000)
    for fd in (messages, lines):
        os.close(fd)


def test_messages_survive_the_way() -> None:
    said = Said("₹ and – are words too")
    assert decode(encode(said)) == said
