"""What the operator is told of slow hooks."""

from typing import Any

from velox.runtime.hookwatch import HookWatch
from velox.settings import EngineSettings


class Quiet:
    """A core without trouble of its memory, and a channel that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def is_memory_full(self) -> bool:
        return False

    def say(self, line: str) -> None:
        self.lines.append(line)


def test_25_three_slow_hooks_are_told_once_and_two_are_not() -> None:
    quiet: Any = Quiet()
    watch = HookWatch(quiet, EngineSettings(hook_budget_us=2000), quiet)
    for overruns in (0, 2, 3, 9):
        slow = {"id": 0, "name": "Slow", "overruns": overruns, "longest_hook_us": 4500}
        watch.look([slow, {"id": 1, "name": "Quick", "overruns": 2, "longest_hook_us": 2100}])
    assert quiet.lines == ["Slow is slow: 3 hooks took more than 2,000 µs, the longest 4,500 µs."]
