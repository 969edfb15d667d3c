"""The command line's frame: what fails, fails with one sentence and the right status."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from velox import cli
from velox.errors import BadInput, ExitCode, Fatal, Refused, Unknown

NAMES = "demo paper halt resume flatten simulate data decode replay new check doctor bench".split()


Plant = Callable[[BaseException | int], None]


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Replace every command by one that raises or returns what the test plants."""

    def _plant(outcome: BaseException | int) -> None:
        def body() -> int:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr(cli._LazyGroup, "get_command", lambda self, ctx, name: click.Command(name, callback=body))

    return _plant


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0
    out = capsys.readouterr().out
    assert [name for name in NAMES if f"\n  {name} " in out] == NAMES


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from velox import cli; cli.run(['--help']); print([m for m in sys.modules if 'velox.cli.' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_command_shows_the_help_with_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 2
    assert capsys.readouterr().err.startswith("Usage: velox ")


def test_a_terminal_gets_no_control_characters_of_what_a_sentence_names(
    plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(BadInput("no column among \x1b[2Ja, b\x9b1m: ₹5 …\n  and more"))
    assert cli.run(["check"]) == 2
    assert capsys.readouterr().err == "velox: no column among \\x1b[2Ja, b\\x9b1m: ₹5 …\n  and more\n"


def test_unknown_command_is_named_with_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["no-such-command"]) == 2
    captured = capsys.readouterr()
    assert "no-such-command" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("the day is a holiday"), 2),
        (BadInput("--speed fast is no number"), 2),
        (click.UsageError("no such option"), 2),
        (Fatal(ExitCode.DAMAGED, "segment 3 is damaged at 4096"), 72),
        (Unknown("the answer to `flatten` is missing"), 75),
    ],
)
def test_error_becomes_one_sentence_and_its_status(
    error: Exception, status: int, plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(error)
    assert cli.run(["demo"]) == status
    assert capsys.readouterr().err.startswith(f"velox: {error}\n")


def test_interrupt_ends_with_130_and_no_traceback(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    plant(KeyboardInterrupt())
    assert cli.run(["demo"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_command_may_return_its_status(plant: Plant) -> None:
    plant(71)
    assert cli.run(["replay"]) == 71


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_lead_to_nowhere_and_change_no_status(closed: str) -> None:
    command = f'"{sys.executable}" -c "from velox.cli import main; main()"'
    for words, status in (("--help", 0), ("nonsense", 2)):
        done = subprocess.run(["sh", "-c", f"{command} {words} {closed}"], capture_output=True, text=True, check=False)
        assert done.returncode == status
        assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_said() -> None:
    command = [sys.executable, "-c", "from velox.cli import main; main()", "--help"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "velox: the output cannot be written: No space left on device\n")


def test_reader_that_left_is_no_failure() -> None:
    code = "from velox import cli; cli.main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_standard_streams_that_are_closed_stay_out_of_the_way() -> None:
    """Nothing is read or printed there, and no file that is opened later gets their numbers."""
    code = "from velox import cli; cli._hold_streams(); print(open('/dev/null').fileno(), file=open(STATUS, 'w'))"
    with tempfile.NamedTemporaryFile("r") as status:
        told = code.replace("STATUS", repr(status.name))
        subprocess.run([sys.executable, "-c", told], close_fds=True, preexec_fn=_close_streams, check=True)
        assert int(status.read()) > 2
    command = [sys.executable, "-c", "from velox.cli import main; main()", "decode", "--protocol"]
    ended = subprocess.run([*command, "angel_smartstream_v2"], preexec_fn=_close_streams, check=False)
    assert ended.returncode == 0


def _close_streams() -> None:
    for number in range(3):
        os.close(number)
