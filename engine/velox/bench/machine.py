"""What a figure must name to mean something: machine, build, commit and date."""

import datetime as dt
import os
import platform
import subprocess
from pathlib import Path

import msgspec

from velox import clock
from velox_core import BUILD_PROFILE, __version__

__all__ = ["Machine", "Provenance", "file_system", "provenance"]


class Machine(msgspec.Struct):
    """The machine as its system describes it."""

    cpu: str
    cores: int
    kernel: str
    python: str
    memory_gib: float
    load_before: float


class Provenance(msgspec.Struct):
    """Where figures come from."""

    date: str
    commit: str
    version: str
    build_profile: str
    machine: Machine


def provenance() -> Provenance:
    """What can be said before the first measurement."""
    date = dt.datetime.fromtimestamp(clock.wall_ns() // 1_000_000_000, dt.UTC)
    return Provenance(date.isoformat(), _commit(), __version__, BUILD_PROFILE, _machine())


def file_system(folder: Path) -> str:
    """The type of the mount that holds a folder; "unknown" where the system does not list mounts."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return "unknown"
    rows = [line.split() for line in mounts.read_text().splitlines()]
    full = folder.resolve()
    holding = [(len(row[1]), row[2]) for row in rows if full.is_relative_to(row[1].replace("\\040", " "))]
    return max(holding, default=(0, "unknown"))[1]


def _machine() -> Machine:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        kernel=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        memory_gib=round(pages / 2**30, 1),
        load_before=round(os.getloadavg()[0], 2),
    )


def _cpu() -> str:
    source = Path("/proc/cpuinfo")
    if source.exists():
        for line in source.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    """The checkout's commit, with a mark when files differ from it; "unknown" outside a checkout."""
    root = Path(__file__).resolve().parents[3]
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    if not commit or not (root / "velox_core").is_dir():
        return "unknown"
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+changes" if changed else commit


def _git(root: Path, *arguments: str) -> str:
    try:
        told = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout.strip()
