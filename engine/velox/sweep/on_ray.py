"""Workers on a Ray cluster: an actor each, over columns that lie in the cluster's object store once a node."""

import importlib.util
import logging
import os
import re
import secrets
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

import velox_core
from velox.errors import BadInput, Refused
from velox.market.dated import digest as facts_digest
from velox.strategy.load import FILE_MODULE, load
from velox.sweep.crew import Answer, Crew, Event, Gone
from velox.sweep.held import Arrays
from velox.sweep.job import Job, Outcome, Setup
from velox.sweep.prepare import Prepared
from velox.sweep.run import cores
from velox.sweep.work import Desk, file_digest

__all__ = ["RayCrew", "check_address", "ray_crew"]

_INSTALL = "uv pip install 'ray[client]>=2.50'"
_LOCAL = "ray"
_CLUSTER = re.compile(r"ray://(\[[\da-fA-F:]+\]|[^\s/:\[\]]+):\d{1,5}")


class _Seat:
    """What runs on a node: a desk of its own, with the strategy's file as it was where the sweep began."""

    def __init__(self, setup: bytes, source: bytes | None, arrays: Arrays) -> None:
        told = msgspec.json.decode(setup, type=Setup)
        if source is None:
            file = load(told.target).__velox__.file
            told = msgspec.structs.replace(told, file=file)
        else:
            copy = Path(tempfile.mkdtemp(prefix="velox-sweep-")) / Path(told.file).name
            copy.write_bytes(source)
            told = msgspec.structs.replace(told, file=str(copy), target=f"{copy}:{told.class_name}")
        self._desk = Desk(told, arrays)

    def work(self, job: bytes) -> bytes:
        """Run a set; jobs and outcomes travel as they do to a process."""
        return msgspec.json.encode(self._desk.work(msgspec.json.decode(job, type=Job)))


def _versions() -> tuple[str, str]:
    """What must be the same on every node."""
    return velox_core.__version__, facts_digest()


class RayCrew:
    """Actors of a cluster that `ray` is connected to."""

    def __init__(self, ray: Any, prepared: Prepared) -> None:
        self._ray = ray
        setup = prepared.setup
        self._setup = msgspec.json.encode(setup)
        is_file = load(setup.target).__module__.startswith(FILE_MODULE)
        self._source = Path(setup.file).read_bytes() if is_file else None
        if self._source is not None and file_digest(setup.file) != setup.file_digest:
            raise Refused(f"{setup.file} was changed while the sweep began: start it again")
        self._seat = ray.remote(_Seat)
        self._arrays = ray.put(dict(prepared.arrays))
        self._actors: dict[int, Any] = {}
        self._pending: dict[Any, tuple[int, Job]] = {}
        self._hired = 0

    def hire(self) -> int:
        """Start an actor on a core of its own."""
        number = self._hired
        self._hired += 1
        options = self._seat.options(num_cpus=1, max_restarts=0, max_task_retries=0)
        self._actors[number] = options.remote(self._setup, self._source, self._arrays)
        return number

    def give(self, worker: int, job: Job) -> None:
        """Queue a call; an actor takes its calls in turn."""
        call = self._actors[worker].work.remote(msgspec.json.encode(job))
        self._pending[call] = worker, job

    def events(self) -> Sequence[Event]:
        """Wait for one call to end."""
        ready, _ = self._ray.wait(list(self._pending), num_returns=1)
        found: list[Event] = []
        for call in ready:
            worker, job = self._pending.pop(call)
            try:
                outcome = msgspec.json.decode(self._ray.get(call), type=Outcome)
            except self._ray.exceptions.RayActorError as error:
                self._pending = {other: held for other, held in self._pending.items() if held[0] != worker}
                del self._actors[worker]
                found.append(Gone(worker, _reason(error)))
            except self._ray.exceptions.RayTaskError as error:
                found.append(Answer(worker, Outcome(job=job, failed=f"{type(error.cause).__name__}: {error.cause}")))
            else:
                found.append(Answer(worker, outcome))
        return found

    def close(self) -> None:
        """End all actors."""
        for actor in self._actors.values():
            self._ray.kill(actor)
        self._actors.clear()


def check_address(address: str) -> None:
    """Refuse what is no address of a cluster, and any where Ray is not installed."""
    if address != _LOCAL and not _CLUSTER.fullmatch(address):
        raise BadInput(f"--on {address} is not understood: write --on ray://HOST:PORT, or --on ray for this machine")
    if importlib.util.find_spec("ray") is None:
        raise Refused(f"--on {address} needs Ray, which is not installed here: {_INSTALL}")


@contextmanager
def ray_crew(address: str, prepared: Prepared) -> Iterator[tuple[Callable[[], Crew], int]]:
    """Connect to `ray://HOST:PORT`, or start a Ray of this machine for `ray`; gives a way to hire and the cores."""
    check_address(address)
    ray = _connected(address)
    try:
        _judge(ray, address)
        yield lambda: RayCrew(ray, prepared), max(1, int(ray.cluster_resources().get("CPU", 1)))
    except ConnectionError as error:
        raise Refused(
            f"the Ray cluster at {address} is lost: {_first_line(error)}; the same command goes on"
        ) from error
    finally:
        ray.shutdown()


def _connected(address: str) -> Any:
    """The library, once it has found the cluster."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing about a sweep is sent to strangers
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == _LOCAL:
        # Loopback alone, and a word of its own that only these processes know.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        if "RAY_AUTH_MODE" not in os.environ:
            os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
        quiet |= {"num_cpus": cores(), "include_dashboard": False}
    ray: Any = importlib.import_module("ray")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong is told in one sentence
            try:
                ray.init(address="local" if address == _LOCAL else address, **quiet)
            except ConnectionError as error:
                if "Initialization failure" not in str(error):
                    raise
                ray.init(address=address, **quiet)  # it is there, and only took too long to begin
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise Refused(
            f"no Ray cluster can be reached at {address}: {_first_line(error)}; is it there, and if it asks for a "
            "token, are RAY_AUTH_MODE=token and RAY_AUTH_TOKEN set here?"
        ) from error
    return ray


def _judge(ray: Any, address: str) -> None:
    """Refuse a cluster that has no Velox or another one."""
    how = "install the same version there"
    try:
        there = ray.get(ray.remote(_versions).remote())
    except (ray.exceptions.RayError, ImportError) as error:
        raise Refused(f"the nodes of {address} cannot run Velox ({_first_line(error)}): {how}") from error
    if tuple(there) != _versions():
        raise Refused(f"the nodes of {address} run Velox {there[0]} with other market facts or code: {how}")


def _reason(error: Exception) -> str:
    """What Ray says of a dead actor, in a sentence."""
    text = str(error)
    _, _, detail = text.partition("Worker exit detail:")
    detail = detail.strip().partition(". ")[0].splitlines()[0] if detail.strip() else _first_line(error)
    return f"its Ray worker died: {detail}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
