"""`velox simulate` from outside."""

import select
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from velox.cli import run
from velox.simulator.smartapi import INSTRUMENT_FILE

_WITHIN_S = 30
_ROWS = ["timestamp,ltp,volume", *(f"2021-04-26 09:15:{s:02},{100 + s / 20},{s * 10}" for s in range(60))]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "RELIANCE_26_April.csv"
    path.write_text("\n".join(_ROWS) + "\n")
    return path


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def _simulate(*words: str) -> list[str]:
    return [sys.executable, "-c", "from velox.cli import main; main()", "simulate", *words]


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _WITHIN_S)
    assert ready
    return process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_what_a_client_needs_and_ends_cleanly(
    recording: Path, started: list[subprocess.Popen[str]], number: signal.Signals
) -> None:
    words = _simulate("--broker", "smartapi", "--port", "0", "--day", str(recording), "--speed", "max")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    started.append(process)
    line = _first_line(process)
    told = tomllib.loads(line)["smartapi"]
    assert set(told) == {"client_code", "api_key", "pin", "totp_secret", "rest_url", "ws_url"}
    assert "2021-04-26, 1 instruments, 60 rows, as fast as the client reads" in line
    rows = httpx.get(told["rest_url"] + INSTRUMENT_FILE, trust_env=False).json()
    assert [row["name"] for row in rows] == ["RELIANCE"]
    process.send_signal(number)
    out, err = process.communicate(timeout=_WITHIN_S)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_ends_with_the_process_that_asked_for_it(recording: Path, started: list[subprocess.Popen[str]]) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True)
    started.append(parent)
    words = _simulate("--broker", "smartapi", "--day", str(recording), "--parent-pid", str(parent.pid))
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    started.append(process)
    assert _first_line(process)
    parent.kill()
    parent.communicate()
    assert process.wait(_WITHIN_S) == 0


def test_a_seed_plays_a_generated_day_and_says_so(started: list[subprocess.Popen[str]]) -> None:
    words = _simulate("--broker", "smartapi", "--seed", "3", "--from", "10:00:00", "--speed", "20")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    started.append(process)
    line = _first_line(process)
    assert tomllib.loads(line)["smartapi"]["client_code"]
    assert "SYNTHETIC" in line
    assert "seed 3" in line
    assert "20 x real time" in line
    process.terminate()
    assert process.wait(_WITHIN_S) == 0


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--broker", "kite"], "kite"),
        (["--broker", "smartapi", "--port", "70000"], "70000"),
        (["--broker", "smartapi", "--port", "many"], "many"),
        (["--broker", "smartapi", "--speed", "0"], "'0'"),
        (["--broker", "smartapi", "--speed", "fast"], "fast"),
        (["--broker", "smartapi", "--speed", "nan"], "nan"),
        (["--broker", "smartapi", "--from", "25:00:00"], "25:00:00"),
        (["--broker", "smartapi", "--from", "9"], "'9'"),
        (["--broker", "smartapi", "--from", "23:00:00", "--day", "DAY"], "23:00:00"),
        (["--broker", "smartapi", "--day", "nowhere"], "nowhere"),
        (["--broker", "smartapi", "--day", "DAY", "--seed", "1"], "--seed 1"),
        (["--broker", "smartapi", "--seed", "x"], "'x'"),
        (["--broker", "smartapi", "--day", "DAY", "--instruments", "nofile.json"], "nofile.json"),
        (["--port", "0"], "--broker"),
    ],
)
def test_wrong_words_end_with_one_sentence_that_names_them(
    words: list[str], named: str, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(recording) if word == "DAY" else word for word in words]
    assert run(["simulate", *given]) == 2
    told = capsys.readouterr()
    assert named in told.err
    assert told.out == ""


def test_a_taken_port_is_named(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run(["simulate", "--broker", "smartapi", "--port", port, "--day", str(recording)]) == 2
    told = capsys.readouterr().err
    assert port in told
    assert told.count("\n") == 1
