"""What can go wrong, by what it means for the caller.

VeloxError
├── Refused             a definite no: nothing happened, the sentence says what to change
│   └── BadInput        the user's words were wrong (argument, file, setting, strategy)
├── Unknown             the outcome is not known: look it up, never repeat it blindly
└── Fatal(exit_code)    the process cannot go on: stop trading and end with that status
"""

import enum

__all__ = ["BadInput", "ExitCode", "Fatal", "Refused", "Unknown", "VeloxError"]


class ExitCode(enum.IntEnum):
    """The status with which a command ends; from 70 on each names one failure."""

    DONE = 0
    BAD_INPUT = 2
    POISONED = 70  # the kernel panicked, or a hook never came back
    DIFFERENT = 71  # a replay gave another Decision
    DAMAGED = 72  # a journal has a bad record with valid ones after it
    SECOND_ENGINE = 73  # another engine holds the journal
    JOURNAL_STOPPED = 74  # the disk is full or a sync failed
    OUTCOME_UNKNOWN = 75  # an action was sent and its answer is missing
    NOT_FLAT = 76  # positions are left that could not be closed
    GAVE_UP = 77  # the engine kept dying and is not started again
    NOT_READY = 78  # `velox doctor` found what must be mended first
    FAULTY_DATA = 79  # `velox data check --strict` found something
    INTERRUPTED = 130


class VeloxError(Exception):
    """Base of everything that Velox raises on purpose."""


class Refused(VeloxError):
    """A definite no; its text is one sentence: what was wrong, where, and what to do."""


class BadInput(Refused):
    """What the user gave cannot be used."""


class Unknown(VeloxError):
    """The outcome of an action is not known; repeating it could do it twice."""


class Fatal(VeloxError):
    """The process must end; `exit_code` says why."""

    def __init__(self, exit_code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.exit_code = ExitCode(exit_code)
