"""`velox halt`, `resume`, `flatten`: commands to the running engine; each answer names its place in the journal."""

from pathlib import Path

import click
import msgspec

from velox.cli.stopping import stopping
from velox.events import CommandKind

__all__ = ["flatten", "halt", "resume"]


class _Call(msgspec.Struct):
    journal: Path | None
    reason: str
    strategy: str
    instrument: str
    account: str
    everything: bool
    key: str | None


def _send(kind: CommandKind, call: _Call) -> int:
    from velox.errors import BadInput, ExitCode
    from velox.runtime.commands import Scope, send
    from velox.settings import load

    scope = Scope(call.account, call.instrument, call.strategy)
    if call.everything and scope != Scope():
        raise BadInput("--all is every account, instrument and strategy: leave the other scopes out")
    if call.strategy and (call.account or call.instrument):
        raise BadInput("--strategy names one alone: leave --account and --instrument out")
    journal = call.journal or load().journal.dir
    with stopping(
        "stopped before the answer came: whether it was carried out is not known; sent again it does no harm"
    ):
        reply = send(journal, kind, call.reason, key=call.key, scope=scope)
    if reply.state == "refused":
        raise BadInput(reply.sentence)
    click.echo(f"{reply.state} at {reply.as_of}: {reply.sentence}")
    return ExitCode.DONE if reply.state in ("done", "flat") else ExitCode.NOT_FLAT


def _command(name: str, kind: CommandKind, help_text: str) -> click.Command:
    example = f"\b\nExamples:\n  velox {name}\n  velox {name} --strategy EmaCross\n"
    example += f"  velox {name} --instrument NSE:RELIANCE --account paper"

    @click.command(name, help=f"{help_text}\n\n{example}")
    @click.option("--journal", type=click.Path(path_type=Path), metavar="DIR", help="The journal of the engine.")
    @click.option("--strategy", default="", metavar="NAME", help="For one strategy alone.")
    @click.option("--instrument", default="", metavar="NAME", help="For one instrument.")
    @click.option("--account", default="", metavar="NAME", help="For one account.")
    @click.option("--all", "everything", is_flag=True, help="For everything, as without a scope.")
    @click.option("--key", metavar="TEXT", help="Names the command: sent twice with one key it is carried out once.")
    @click.option("--reason", default="", help="Kept in the journal.")
    def command(**options: object) -> int:
        return _send(kind, msgspec.convert(options, _Call))

    return command


halt = _command("halt", CommandKind.HALT, "Stop every new risk of the running engine; positions keep their stops.")
resume = _command("resume", CommandKind.RESUME, "Allow new risk again after a halt.")
flatten = _command("flatten", CommandKind.FLATTEN, "Close positions of the running engine, prove it flat and report.")
