"""What the death of an engine means for the next one: go on, skip a record, quarantine a strategy or give up."""

import signal
from typing import Any

import msgspec

from velox.errors import ExitCode, Fatal
from velox.runtime.plan import Plan

__all__ = ["Deaths", "Interruption", "Verdict"]

_FRUITLESS_MAX = 10
_UNEXPLAINED_MAX = 20
_OWN_DEATHS = (ExitCode.POISONED, -signal.SIGABRT)
_SKIP_AFTER = 2
# Inside a hook also a fault of its code's memory is its own, and any status: it left the process.
_FAULTS = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)


class Interruption(msgspec.Struct, frozen=True):
    """One death of the engine and what was done about it."""

    status: int
    seq: int
    doing: str
    back_after_s: float  # 0 until the engine is back, which it need not be once the day is over
    measures: str
    lost: list[str] = []  # hooks that were in flight and did not run again

    @property
    def reason(self) -> str:
        """How the process ended, in words."""
        status = self.status
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"


class Verdict(msgspec.Struct, frozen=True):
    """The plan of the next engine, and the entry for the report."""

    plan: Plan
    interruption: Interruption


class Deaths:
    """Counts deaths; those by a signal from outside never count against a record or a strategy."""

    def __init__(self) -> None:
        self._own_at: dict[int, int] = {}
        self._furthest = -1
        self._fruitless = 0
        self._unexplained = 0

    def judge(self, plan: Plan, status: int, doing: dict[str, Any] | None, names: dict[int, str]) -> Verdict:
        """Decide what the next engine does differently; raises `Fatal` when there have been too many deaths."""
        doing = doing or {"seq": 0, "phase": "idle", "instance": 0}
        seq, phase, instance = doing["seq"], doing["phase"], doing["instance"]
        self._count(seq)
        measures = "it goes on where its journal ends"
        if status in _OWN_DEATHS and phase == "applying":
            self._own_at[seq] = self._own_at.get(seq, 0) + 1
            if self._own_at[seq] >= _SKIP_AFTER:
                plan = msgspec.structs.replace(plan, skip=sorted({*plan.skip, seq}))
                measures = f"it skips record {seq}, at which it died twice: positions can only be reduced"
        elif (status >= 0 or -status in _FAULTS) and phase == "hook":
            plan = msgspec.structs.replace(plan, quarantine=sorted({*plan.quarantine, instance}))
            measures = f"{names.get(instance, f'instance {instance}')}, whose hook ended it, is quarantined"
        elif status >= 0:
            self._count_unexplained(status)
        return Verdict(plan, Interruption(status, seq, phase, 0.0, measures))

    def _count_unexplained(self, status: int) -> None:
        """Give up on an engine that keeps ending by itself, whatever it gets done in between."""
        self._unexplained += 1
        if self._unexplained > _UNEXPLAINED_MAX:
            raise Fatal(
                ExitCode.GAVE_UP,
                f"the engine ended by itself {self._unexplained} times (status {status}), and neither a record nor a "
                "strategy is to blame: it is not started again",
            )

    def _count(self, seq: int) -> None:
        """Give up on an engine that dies again and again without getting any further."""
        self._fruitless = 0 if seq > self._furthest else self._fruitless + 1
        self._furthest = max(self._furthest, seq)
        if self._fruitless >= _FRUITLESS_MAX:
            raise Fatal(
                ExitCode.GAVE_UP,
                f"the engine died {_FRUITLESS_MAX + 1} times and did not get beyond record {self._furthest}: "
                "it is not started again",
            )
