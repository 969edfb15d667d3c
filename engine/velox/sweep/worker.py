"""A worker process of a sweep: reads jobs as lines of JSON, runs each, writes what came of it, until there are none."""

import faulthandler
import fcntl
import os
import signal
import sys
from pathlib import Path

import msgspec

from velox.sweep.held import open_arrays
from velox.sweep.job import Job, Setup
from velox.sweep.work import Desk

__all__ = ["main"]

_OWN_FD_MIN = 10  # above the low numbers that a strategy might close
_STDOUT, _STDERR = 1, 2


def main(folder: str) -> None:
    """Work on what the sweep in this folder gives; standard output leads to it alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the sweep itself ends its workers
    faulthandler.enable()
    out = fcntl.fcntl(_STDOUT, fcntl.F_DUPFD_CLOEXEC, _OWN_FD_MIN)
    os.dup2(_STDERR, _STDOUT)  # what a strategy prints is no answer
    setup = msgspec.json.decode((Path(folder) / "setup.json").read_bytes(), type=Setup)
    desk = Desk(setup, open_arrays(Path(folder)))
    jobs = msgspec.json.Decoder(Job)
    for line in sys.stdin.buffer:
        answer = msgspec.json.encode(desk.work(jobs.decode(line))) + b"\n"
        while answer:
            answer = answer[os.write(out, answer) :]


if __name__ == "__main__":
    main(sys.argv[1])
