"""Watches what strategies' hooks cost the engine: slow ones are told, a leaking one is quarantined."""

import os
from collections.abc import Sequence
from typing import Any, NoReturn

import velox_core
from velox.errors import ExitCode
from velox.events import Kind, StrategyStopped, encode
from velox.runtime.channel import Channel
from velox.runtime.fence import fence
from velox.settings import EngineSettings

__all__ = ["HookWatch"]

_BREAK_AFTER_MS = 50
_OVERRUNS_ALERT = 3


class HookWatch:
    """Ties the core's watch over hooks to the operator."""

    def __init__(self, core: velox_core.Core, settings: EngineSettings, channel: Channel) -> None:
        self._core = core
        self._settings = settings
        self._channel = channel
        self._told_slow: set[int] = set()

    def start(self) -> None:
        """Watch the hooks of this thread from now on; before the first of them."""
        settings = self._settings
        self._core.start_watchdog(_BREAK_AFTER_MS, settings.hook_limit_ms, overrun_us=settings.hook_budget_us)
        fence(self._core.in_hook)

    def settle(self) -> None:
        """Count the process' growth from here on."""
        self._core.on_memory(self._settings.memory_headroom_mb, self._end_leak)

    def look(self, strategies: Sequence[dict[str, Any]]) -> None:
        """Look whether something must be told; `strategies` is that part of the core's summary."""
        if self._core.is_memory_full():
            self._end_leak()
        budget_us = self._settings.hook_budget_us
        for s in strategies:
            if s["overruns"] >= _OVERRUNS_ALERT and s["id"] not in self._told_slow:
                self._told_slow.add(s["id"])
                self._channel.say(
                    f"{s['name']} is slow: {s['overruns']} hooks took more than {budget_us:,} µs, "
                    f"the longest {s['longest_hook_us']:,} µs."
                )

    def _end_leak(self) -> NoReturn:
        """A strategy that leaks is quarantined, and a new process gives the memory back."""
        culprit = self._core.memory_culprit()
        if culprit is None:
            line = "The engine used too much memory, and no strategy can be shown to have taken it."
        else:
            instance, grown = culprit
            reason = f"leaked {grown >> 20} MiB: quarantined"
            self._core.input(Kind.STRATEGY_STOPPED, encode(StrategyStopped(instance, True, reason)))
            line = f"{self._core.instances()[instance][1]} {reason}."
        self._core.close()
        self._channel.say(line)
        self._channel.finish()
        os._exit(ExitCode.POISONED)
