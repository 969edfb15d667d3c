"""Operator commands: a Unix socket in the journal's folder, frames of a length and msgpack, one answer each."""

import asyncio
import contextlib
import getpass
import hashlib
import os
import socket
import tempfile
import threading
import uuid
from pathlib import Path
from typing import Any, Self

import msgspec

import velox_core
from velox.clock import monotonic_ns
from velox.errors import BadInput, Unknown
from velox.events import Command, CommandKind, Kind, encode

__all__ = ["CommandServer", "Reply", "Request", "Scope", "send", "socket_path"]

_NAME = "engine.sock"
_LOCK = "LOCK"  # as velox_core's journal/lock.rs calls it
_PROCESSES = Path("/proc")
_PATH_MAX = 100  # a Unix address holds some 107 bytes
_FRAME_MAX = 1 << 16
_REASON_MAX = 1000
_LENGTH = 4
_FLATTEN_WITHIN_S = 10.0
_LOOK_S = 0.01
_ANSWER_WITHIN_S = 30.0
_RETURN_WITHIN_NS = 6_000_000_000


class Scope(msgspec.Struct, frozen=True):
    """What a command is for, by name; "" is every one. A strategy is named alone."""

    account: str = ""
    instrument: str = ""
    strategy: str = ""

    def __str__(self) -> str:
        named = [f"{word} {name}" for word, name in msgspec.structs.asdict(self).items() if name]
        return " of ".join(reversed(named)) or "all"


_ALL = Scope()


class Request(msgspec.Struct, frozen=True):
    """What a client asks; the key makes the same request sent twice one command."""

    kind: int
    key: str
    actor: str
    reason: str = ""
    scope: Scope = _ALL


class Reply(msgspec.Struct, frozen=True):
    """What became of it, at which position of the journal."""

    state: str
    as_of: str
    sentence: str


def socket_path(journal: Path) -> Path:
    """Where an engine on this journal listens."""
    path = journal.resolve() / _NAME
    if len(os.fsencode(path)) <= _PATH_MAX:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"velox-{os.getuid()}-{name}.sock"


class CommandServer:
    """Answers commands while it is entered; the socket is the owner's alone."""

    def __init__(self, core: velox_core.Core, journal: Path) -> None:
        self._core = core
        self._path = socket_path(journal)
        self._server: asyncio.Server | None = None
        self._sent: dict[str, tuple[CommandKind, Scope]] = {}  # by the keys that this engine was sent

    async def __aenter__(self) -> Self:
        self._path.unlink(missing_ok=True)  # the journal's lock is held: a socket here is a dead engine's
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self._path))
        finally:
            os.umask(old)
        return self

    async def __aexit__(self, *raised: object) -> None:
        assert self._server is not None
        self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            length = int.from_bytes(await reader.readexactly(_LENGTH), "big")
            if length <= _FRAME_MAX:
                writer.write(_framed(await self._answer(await reader.readexactly(length))))
                await writer.drain()
        writer.close()

    async def _answer(self, body: bytes) -> Reply:
        try:
            request = msgspec.msgpack.decode(body, type=Request)
            kind = CommandKind(request.kind)
        except (msgspec.DecodeError, ValueError) as error:
            return Reply("refused", "", f"the request cannot be read: {error}")
        try:
            account, strategy, instrument = self._numbers(request.scope)
        except BadInput as error:
            return Reply("refused", "", str(error))
        if self._sent.setdefault(request.key, (kind, request.scope)) != (kind, request.scope):
            return Reply("refused", "", f"the key {request.key} was another command's: send this one with its own")
        if self._core.command_state(request.key) is None:  # else it was sent twice: one command, one record
            asked = (kind, request.actor, request.key, request.key, "unix", account, request.reason)
            self._core.input(Kind.COMMAND, encode(Command(*asked, strategy, instrument)))
        run, seq = self._core.as_of()
        await self._synced(seq)
        state = self._core.command_state(request.key) or "done"
        if kind == CommandKind.FLATTEN:
            state = await self._flattened(request.key)
        return Reply(state, f"{run}:{seq}", self._sentence(request, kind, state))

    def _numbers(self, scope: Scope) -> tuple[int, int, int]:
        """Account, strategy and instrument as the kernel counts them, -1 for every one."""
        if scope.strategy and (scope.account or scope.instrument):
            raise BadInput("a strategy is named alone: leave --account and --instrument out")
        summary = self._core.summary()
        accounts = [account["name"] for account in summary["accounts"]]
        strategies = {strategy["name"]: strategy["id"] for strategy in summary["strategies"]}
        instruments = [market["name"] for market in self._core.markets()]
        return (
            _number("account", scope.account, {name: number for number, name in enumerate(accounts)}),
            _number("strategy", scope.strategy, strategies),
            _number("instrument", scope.instrument, {name: number for number, name in enumerate(instruments)}),
        )

    async def _synced(self, seq: int) -> None:
        """An acknowledged command is durable."""
        self._core.request_sync()
        while (stats := self._core.journal_stats()) is not None and stats["synced"] < seq:
            await asyncio.sleep(_LOOK_S / 10)

    async def _flattened(self, key: str) -> str:
        loop = asyncio.get_running_loop()
        until = loop.time() + _FLATTEN_WITHIN_S
        while (state := self._core.command_state(key)) == "working" and loop.time() < until:
            await asyncio.sleep(_LOOK_S)
        return state or "working"

    def _sentence(self, request: Request, kind: CommandKind, state: str) -> str:
        summary = self._core.summary()
        held = [s for s in _scoped(summary, request.scope) if s["quantity"]]
        told = self._core.command_sentence(request.key) or ""
        if kind == CommandKind.FLATTEN:
            return self._flattened_words(summary, held, state, told)
        blocked = any(_is_blocked(summary, s) for s in _scoped(summary, request.scope))
        blocked |= any(a["kill"] or a["skipped"] for a in summary["accounts"] if request.scope == _ALL)
        if kind == CommandKind.RESUME and told.startswith("Resumed, but"):
            return told
        if blocked != (kind == CommandKind.HALT):  # the same command sent twice, and others between
            return f"It was carried out before; since then positions may {'not ' if blocked else ''}be opened."
        where = "" if request.scope == _ALL else f" for {request.scope}"
        if kind == CommandKind.HALT:
            keeps = "1 position keeps its stop" if len(held) == 1 else f"{len(held)} positions keep their stops"
            return f"Nothing is opened from now on{where}; {keeps}."
        return f"Positions may be opened again{where}."

    def _flattened_words(self, summary: dict[str, Any], held: list[dict[str, Any]], state: str, told: str) -> str:
        """The kernel's report of what was closed at what, with what a person should know besides."""
        names = ", ".join(f"{s['name']} {s['quantity']:+d} {s['instrument']}" for s in held) or "no position"
        told, others, strange = told.partition(" Others hold: ")
        report = told.partition(" Closed: ")[2]
        closed = f" Closed: {report}" if report else ""
        if state == "flat":
            return f"Every position is closed, and nothing is opened until `velox resume`.{closed}{others}{strange}"
        if state == "not_flat":
            parts = closed.partition(" Left: ")[0] + others + strange
            return f"Not flat: the session is closed for it, or a limit refuses the exit; still held: {names}.{parts}"
        if not summary["open_orders"]:
            return f"Not flat: no exit can work while the session is closed; still held: {names}."
        return f"Not flat yet: {names}; exits go on, nothing is opened."


def _scoped(summary: dict[str, Any], scope: Scope) -> list[dict[str, Any]]:
    """The strategies that a command is for."""
    wanted = {"name": scope.strategy, "instrument": scope.instrument, "account": scope.account}
    return [s for s in summary["strategies"] if all(s[word] == name for word, name in wanted.items() if name)]


def _is_blocked(summary: dict[str, Any], strategy: dict[str, Any]) -> bool:
    """Whether some switch keeps a strategy from opening."""
    account = next(a for a in summary["accounts"] if a["name"] == strategy["account"])
    own = strategy["kill"] or strategy["instrument"] in account["blocked"]
    return bool(own or account["kill"] or account["skipped"])


def _number(word: str, name: str, known: dict[str, int]) -> int:
    if not name:
        return -1
    if name not in known:
        raise BadInput(f"there is no {word} {name}; there are {', '.join(sorted(known)) or 'none'}")
    return known[name]


def send(journal: Path, kind: CommandKind, reason: str = "", *, key: str | None = None, scope: Scope = _ALL) -> Reply:
    """Send one command to the engine that runs on a journal and wait for its answer.

    An engine that begins has no socket yet, one that died is started again by its supervisor: for some seconds the same
    command, with the same key, is offered again, so that a kill switch is not lost in between.
    """
    path = socket_path(journal)
    if not path.exists() and not _holder(journal):
        raise _nobody(journal)
    request = Request(kind, key or uuid.uuid4().hex, _actor(), _judged(reason), scope)
    until_ns = monotonic_ns() + _RETURN_WITHIN_NS
    sent = False
    while True:
        try:
            return _ask(path, request)
        except _NoAnswer as lost:
            sent = sent or lost.sent
        if monotonic_ns() >= until_ns:
            break
        threading.Event().wait(_LOOK_S * 5)  # nothing tells when a socket appears
    if not sent:
        raise _nobody(journal, _holder(journal))
    raise Unknown(f"the engine on {journal} gave no answer: look at its state before you try again")


def _judged(reason: str) -> str:
    if len(reason) > _REASON_MAX or not reason.isprintable():
        raise BadInput(f"a reason is one line of at most {_REASON_MAX} characters: shorten it")
    return reason


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in a container
        return str(os.getuid())


class _NoAnswer(Exception):
    """The link failed; `sent` says whether the engine may have taken the command."""

    def __init__(self, sent: bool) -> None:
        super().__init__()
        self.sent = sent


def _holder(journal: Path) -> str:
    """What holds the journal, in words; empty where nothing does. To try the lock could keep an engine out.

    The lock names the engine that took it last, whose number may be another program's by now: it is named only while it
    has the lock's file open, and where a system does not tell that, nobody is.
    """
    lock = journal / _LOCK
    try:
        pid = int(lock.read_text())
        os.kill(pid, 0)
        if not (_PROCESSES / "self/fd").is_dir():  # as on macOS
            return "it may be that an engine"
        opened = [*(_PROCESSES / str(pid) / "fd").iterdir()]
    except (OSError, ValueError):
        return ""
    return f"process {pid}" if any(_is_same(each, lock) for each in opened) else ""


def _is_same(opened: Path, file: Path) -> bool:
    try:
        return opened.samefile(file)
    except OSError:  # closed meanwhile
        return False


def _nobody(journal: Path, holder: str = "") -> BadInput:
    if holder:
        return BadInput(
            f"{holder} holds the journal {journal} and takes no commands yet: an engine that begins warms up first; "
            "nothing was ordered, send it again"
        )
    return BadInput(f"no engine runs on the journal {journal}: start one, or name its --journal")


def _ask(path: Path, request: Request) -> Reply:
    sent = False
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(_ANSWER_WITHIN_S)
        try:
            link.connect(str(path))
            sent = True
            link.sendall(_framed(request))
            return msgspec.msgpack.decode(_read(link), type=Reply)
        except (OSError, msgspec.DecodeError):
            raise _NoAnswer(sent) from None


def _framed(message: msgspec.Struct) -> bytes:
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(_LENGTH, "big") + body


def _read(link: socket.socket) -> bytes:
    length = int.from_bytes(_exactly(link, _LENGTH), "big")
    return _exactly(link, min(length, _FRAME_MAX))


def _exactly(link: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = link.recv(length - len(data))
        if not part:
            raise ConnectionError("the link ended early")
        data += part
    return data
