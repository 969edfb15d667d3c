"""`velox halt`, `resume`, `flatten`: commands to the running engine; each answer names its place in the journal."""

from pathlib import Path

import click

from velox.events import CommandKind

__all__ = ["flatten", "halt", "resume"]


def _send(kind: CommandKind, journal: Path | None, reason: str) -> int:
    from velox.errors import ExitCode
    from velox.runtime.commands import send
    from velox.settings import load

    reply = send(journal or load().journal.dir, kind, reason)
    click.echo(f"{reply.state} at {reply.as_of}: {reply.sentence}")
    return ExitCode.DONE if reply.state in ("done", "flat") else ExitCode.NOT_FLAT


def _command(name: str, kind: CommandKind, help_text: str) -> click.Command:
    @click.command(name, help=help_text)
    @click.option("--journal", type=click.Path(path_type=Path), metavar="DIR", help="The journal of the engine.")
    @click.option("--reason", default="", help="Kept in the journal.")
    def command(journal: Path | None, reason: str) -> int:
        return _send(kind, journal, reason)

    return command


halt = _command("halt", CommandKind.HALT, "Stop every new risk of the running engine; positions keep their stops.")
resume = _command("resume", CommandKind.RESUME, "Allow new risk again after a halt.")
flatten = _command("flatten", CommandKind.FLATTEN, "Close every position of the running engine and prove it flat.")
