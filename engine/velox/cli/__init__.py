"""The command line `velox COMMAND`: each command is a module of its own, imported only when it is called."""

import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from velox.errors import ExitCode, Fatal, Unknown, VeloxError
from velox.interrupts import stop_once, takes_interrupts

__all__ = ["main", "run"]

_STDERR = 2
# A sentence may name what a file or a broker said; a terminal would obey its control characters.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}

# name: (module:attribute, one line for `velox --help`, which then needs no import)
_COMMANDS = {
    "demo": ("velox.cli.demo:command", "Trade a whole day on paper here, now: simulator, engine and strategies."),
    "paper": ("velox.cli.paper:command", "Trade strategies on paper; started again, it goes on where it ended."),
    "halt": ("velox.cli.control:halt", "Stop every new risk of the running engine."),
    "resume": ("velox.cli.control:resume", "Allow new risk again after a halt."),
    "flatten": ("velox.cli.control:flatten", "Close every position of the running engine and prove it flat."),
    "simulate": ("velox.cli.simulate:command", "Play the broker: login, instruments, candles and live ticks."),
    "data": ("velox.cli.data:command", "Import, download, check and compute market data."),
    "decode": ("velox.cli.decode:command", "Decode broker frames: hex lines in, JSON lines out."),
    "backtest": ("velox.cli.backtest:command", "Run strategies over recorded days, as fast as the machine can."),
    "compare": ("velox.cli.compare:command", "Show what differs between results of back-tests."),
    "sweep": ("velox.cli.sweep:command", "Try many sets of parameters over the same days, on all cores."),
    "replay": ("velox.cli.replay:command", "Run a journal again and compare every decision."),
    "new": ("velox.cli.new:command", "Write a new strategy with its test and a README."),
    "check": ("velox.cli.check:command", "Judge a strategy file without running it."),
    "doctor": ("velox.cli.doctor:command", "Look at this machine and say what to mend."),
    "bench": ("velox.cli.bench:command", "Measure the figures that the README states."),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module_name, _, attribute = _COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module_name), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="velox-trading", prog_name="velox")
def _velox() -> None:
    """Algorithmic trading for NSE India: one journal, one Rust kernel, strategies in Python."""


def _say(error: Exception | str) -> None:
    click.echo(f"velox: {error}".translate(_CONTROLS), err=True)


def _say_usage(error: click.ClickException) -> None:
    _say(error.format_message())
    context = getattr(error, "ctx", None)
    if context is not None:
        click.echo(f"See `{context.command_path} --help`.", err=True)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; a command may return its own as an int."""
    try:
        # Not `_velox.main`: it would turn a reader that left into status 1.
        with _velox.make_context("velox", list(arguments)) as context:
            result = _velox.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except Fatal as error:
        _say(error)
        return error.exit_code
    except Unknown as error:
        _say(error)
        return ExitCode.OUTCOME_UNKNOWN
    except VeloxError as error:
        _say(error)
        return ExitCode.BAD_INPUT
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return ExitCode.BAD_INPUT
    except click.ClickException as error:
        _say_usage(error)
        return ExitCode.BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        from velox.cli.stopping import stopped

        words = [word for word in arguments[:2] if word in _COMMANDS or arguments[0] == "data"]
        _say(stopped(" ".join(["velox", *words])))
        return ExitCode.INTERRUPTED
    except OSError as error:
        return _output_failed(error)
    return result if isinstance(result, int) else ExitCode.DONE


def _output_failed(error: OSError) -> ExitCode:
    """Judge a failure to write to the standard streams; any other is no failure that was expected."""
    if error.filename is not None or error.errno not in (errno.EIO, errno.ENOSPC, errno.EPIPE):
        raise error
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what Python flushes at its exit must not fail again
    if error.errno == errno.EPIPE:
        return ExitCode.DONE  # the reader has seen enough (`velox … | head`)
    _say(f"the output cannot be written: {error.strerror}")
    return ExitCode.BAD_INPUT


def _hold_streams() -> None:
    """Open standard streams that the caller closed: a file opened later, even a journal, would take their number.

    What others print, a dying process of ours above all, would then be written into that file.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(number, True)
    os.close(number)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  it stays open


def main() -> NoReturn:
    """Run the command line of this process and end it."""
    _hold_streams()
    if takes_interrupts():  # not where `nohup` or a parent has had it ignored
        signal.signal(signal.SIGINT, stop_once)
    sys.exit(run(sys.argv[1:]))
