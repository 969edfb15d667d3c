"""`velox doctor`: looks at this machine and says, line by line, what is well and what to mend."""

import datetime as dt
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec

from velox import clock, settings
from velox.errors import ExitCode
from velox.market import calendar

__all__ = ["command"]

_FREE_GB_MIN = 2  # a full day of 1,000 instruments in snap-quote mode takes about that much journal
_OPEN_FILES_MIN = 1024
_SYNC_US_MAX = 20_000  # slower, and a burst of intents waits visibly for the disk
_SYNCS = 9
_FORGETFUL = {"tmpfs", "ramfs"}
_REMOTE = {"nfs", "nfs4", "cifs", "smb3", "9p", "drvfs", "fuse.sshfs", "vboxsf"}


class _Finding(msgspec.Struct, frozen=True):
    level: str  # ok, warn, bad
    what: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.level:<5} {self.what}" + (f"; {self.advice}" if self.advice else "")


@click.command()
def command() -> int:
    """Look at this machine and say what to mend."""
    loaded = settings.load()
    findings = [finding for check in _CHECKS for finding in check(loaded)]
    for finding in findings:
        click.echo(str(finding))
    bad = sum(finding.level == "bad" for finding in findings)
    warned = sum(finding.level == "warn" for finding in findings)
    click.echo(f"{len(findings)} looked at: {bad} to mend, {warned} to know about")
    return ExitCode.NOT_READY if bad else ExitCode.DONE


def _python(_: settings.Settings) -> Iterator[_Finding]:
    name = f"Python {platform.python_version()} ({platform.python_implementation()}, {platform.machine()})"
    yield _Finding("ok" if sys.version_info >= (3, 11) else "bad", name)


def _core(_: settings.Settings) -> Iterator[_Finding]:
    try:
        import velox_core
    except ImportError as error:
        yield _Finding("bad", f"the Rust core cannot be loaded ({error})", "run `make setup`")
        return
    profile = velox_core.BUILD_PROFILE
    name = f"Rust core {velox_core.__version__}, {profile} build"
    if profile == "release":
        yield _Finding("ok", name)
    else:
        yield _Finding("warn", name, "slower than a release; `make setup` builds that")


def _journal(loaded: settings.Settings) -> Iterator[_Finding]:
    folder = loaded.journal.dir.absolute()
    standing = next(path for path in (folder, *folder.parents) if path.is_dir())
    try:
        sync_us = _sync_us(standing)
    except OSError as error:
        advice = "set [journal] dir to a folder that can be written"
        yield _Finding("bad", f"journal folder {folder}: {error.strerror}", advice)
        return
    kind = _file_system(standing)
    name = f"journal folder {folder} on {kind}, a sync takes {sync_us:,} µs"
    if kind in _FORGETFUL:
        yield _Finding("warn", name, "a reboot loses it: set [journal] dir to a disk")
    elif kind in _REMOTE:
        yield _Finding("warn", name, "locks and syncs are unsafe there: set [journal] dir to a local disk")
    elif sync_us > _SYNC_US_MAX:
        yield _Finding("warn", name, "orders wait for it: a faster disk helps")
    else:
        yield _Finding("ok", name)
    free_gb = shutil.disk_usage(standing).free / 1e9
    enough = free_gb >= _FREE_GB_MIN
    yield _Finding(
        "ok" if enough else "warn",
        f"{free_gb:,.1f} GB free for it",
        "" if enough else f"a busy day needs about {_FREE_GB_MIN} GB",
    )


def _sync_us(folder: Path) -> int:
    """Median time of a 4 KB write with its sync, in the file system that will hold the journal."""
    taken: list[int] = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            start = clock.monotonic_ns()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            taken.append(clock.monotonic_ns() - start)
    return int(statistics.median(taken)) // 1000


def _file_system(folder: Path) -> str:
    """The type of the mount that holds a folder; "unknown" where the system does not list mounts."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return "unknown"
    rows = [line.split() for line in mounts.read_text().splitlines()]
    holding = [(len(row[1]), row[2]) for row in rows if folder.is_relative_to(row[1].replace("\\040", " "))]
    return max(holding, default=(0, "unknown"))[1]


def _priority(_: settings.Settings) -> Iterator[_Finding]:
    if _granted(_take_round_robin):
        yield _Finding("ok", "real-time priority (SCHED_RR) is granted")
    elif _granted(_take_nice):
        yield _Finding("ok", "nice -10 is granted (real-time priority is not)")
    else:
        advice = "allow `rtprio 1` for this user in /etc/security/limits.conf, or run nothing else beside it"
        yield _Finding("warn", "no priority is granted; busy neighbours can cost milliseconds", advice)


def _granted(take: Callable[[], None]) -> bool:
    try:
        take()
    except (AttributeError, OSError):  # macOS has no sched_setscheduler
        return False
    return True


def _take_round_robin() -> None:
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    os.sched_setscheduler(0, policy, parameters)


def _take_nice() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, -10)
    os.setpriority(os.PRIO_PROCESS, 0, before)


def _machine(_: settings.Settings) -> Iterator[_Finding]:
    cores = os.cpu_count() or 1
    yield _Finding("ok" if cores > 1 else "warn", f"{cores} cores", "" if cores > 1 else "engine and feed share it")
    source = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    if source.exists():
        name = source.read_text().strip()
        fast = name in ("tsc", "arch_sys_counter", "kvm-clock", "hyperv_clocksource_tsc_page")
        advice = "" if fast else "reading it is slow; boot with clocksource=tsc where the machine allows it"
        yield _Finding("ok" if fast else "warn", f"clock source {name}", advice)
    yield from _open_files()


def _open_files() -> Iterator[_Finding]:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = soft == resource.RLIM_INFINITY or soft >= _OPEN_FILES_MIN
    count = "any number of" if soft == resource.RLIM_INFINITY else f"{soft:,}"
    yield _Finding("ok" if enough else "warn", f"{count} open files allowed", "" if enough else "run `ulimit -n 4096`")


def _feed(loaded: settings.Settings) -> Iterator[_Finding]:
    smartapi = loaded.feed.smartapi
    if smartapi is None:
        yield _Finding("ok", "no feed is configured: `velox paper` uses the simulator")
        return
    yield _Finding("ok", f"feed smartapi for client {smartapi.client_code} at {smartapi.rest_url}")
    if smartapi.ca_file is not None and not smartapi.ca_file.is_file():
        yield _Finding("bad", f"[feed.smartapi] ca_file {smartapi.ca_file} does not exist", "name the CA's PEM file")


def _facts(_: settings.Settings) -> Iterator[_Finding]:
    today = dt.datetime.fromtimestamp(clock.wall_ns() / 1e9, calendar.IST).date()
    ranges = " and ".join(f"{known.since} to {known.until}" for known in calendar.covered_ranges())
    if calendar.covered(today):
        yield _Finding("ok", f"market facts cover today ({ranges})")
    else:
        advice = f"a day outside needs --facts-as-of {calendar.last_covered_date()}, named in every report"
        yield _Finding("warn", f"market facts cover {ranges}, not today", advice)


def _given_data(_: settings.Settings) -> Iterator[_Finding]:
    folder = os.environ.get("VELOX_SHARED")
    if folder is not None:
        there = Path(folder).is_dir()
        yield _Finding("ok" if there else "warn", f"given test data {'in' if there else 'missing from'} {folder}")


_CHECKS: list[Callable[[settings.Settings], Iterator[_Finding]]] = [
    _python,
    _core,
    _journal,
    _priority,
    _machine,
    _feed,
    _facts,
    _given_data,
]
