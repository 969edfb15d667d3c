"""A sweep on Ray: the results of this machine's own workers, retries, refusals. A real Ray runs on loopback."""

import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.acceptance.product import velox
from tests.runtime.processes import until
from tests.sweep.test_sweep import assert_equal_alone

from velox.sweep.job import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: uv sync --inexact --extra ray"
)
# Loopback alone, and a token of the tests' own: what runs programs for whoever asks must ask who it is.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "150",  # processes start slowly where many work
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a Ray head of two cores; its process group ends with the tests."""
    folder = Path(tempfile.mkdtemp(prefix="vr"))  # sockets lie in it, whose paths must be short
    port, client = _free_port(), _free_port()
    words = [
        *(sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", "--head", "--block"),
        *("--node-ip-address=127.0.0.1", f"--port={port}", f"--ray-client-server-port={client}", "--num-cpus=2"),
        *("--include-dashboard=false", "--disable-usage-stats", "--object-store-memory=100000000"),
        f"--temp-dir={folder}",
    ]
    with (folder / "said.txt").open("wb") as said:
        head = subprocess.Popen(
            words, stdout=said, stderr=said, env=os.environ | _ENVIRONMENT, start_new_session=True, cwd=folder
        )

    def listens() -> bool:
        assert head.poll() is None, (folder / "said.txt").read_text()
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", client)) == 0

    try:
        until(listens, "Ray to listen", within_s=180)
        yield f"ray://127.0.0.1:{client}"
    finally:
        head.send_signal(signal.SIGTERM)
        try:
            head.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(head.pid, signal.SIGKILL)
            head.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _swept(
    cross: Path, catalog: Path, out: Path, *words: object
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    told = velox("sweep", cross, "--catalog", catalog, "--out", out, "--json", out.with_suffix(".json"), *words)
    assert told.returncode == 0, told.stderr + told.stdout
    figures: dict[str, Any] = json.loads(out.with_suffix(".json").read_bytes())
    return told, figures


def _outcomes(out: Path) -> list[Outcome]:
    lines = (out / "outcomes.jsonl").read_bytes().splitlines()
    found = [msgspec.json.decode(line, type=Outcome) for line in lines]
    return [msgspec.structs.replace(each, worked_ns=0) for each in sorted(found, key=lambda each: each.job.number)]


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command needs to be let into the cluster."""
    for name, value in _ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@needs_ray
@pytest.mark.usefixtures("token")
def test_a_cluster_gives_what_the_own_workers_give(cluster: str, cross: Path, three_days: Path, tmp_path: Path) -> None:
    words = ["-p", "fast=2:5", "-p", "slow=9,12"]
    _swept(cross, three_days, tmp_path / "here", *words)
    _, figures = _swept(cross, three_days, tmp_path / "there", *words, "--on", cluster)
    assert figures["workers"] == 2
    assert _outcomes(tmp_path / "there") == _outcomes(tmp_path / "here")
    assert_equal_alone(cross, three_days, _outcomes(tmp_path / "there")[:2])


@needs_ray
@pytest.mark.usefixtures("token")
@pytest.mark.fault
def test_a_set_that_dies_there_is_tried_once_more_and_told(
    cluster: str, cross: Path, three_days: Path, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    words = ["-p", "fast=2:6", "-p", "how=kill", "-p", f"note={note}", "--on", cluster]
    told, figures = _swept(cross, three_days, tmp_path / "out", *words)
    assert note.read_text() == "xx"
    assert "its Ray worker died" in told.stdout
    assert [each["params"]["fast"] for each in figures["failed"]] == ["4"] and figures["ran"] == 4


@needs_ray
def test_a_ray_of_this_machine_walks_forward_as_the_own_workers_do(
    cross: Path, three_days: Path, tmp_path: Path
) -> None:
    words = ["-p", "fast=2:3", "--walk-forward", "train=1,test=1"]
    _, here = _swept(cross, three_days, tmp_path / "here", *words)
    _, there = _swept(cross, three_days, tmp_path / "there", *words, "--on", "ray")
    assert here["walk_forward"] == there["walk_forward"]


@needs_ray
def test_a_cluster_that_is_not_there_is_refused(cross: Path, three_days: Path, tmp_path: Path) -> None:
    words = ["-p", "fast=2:3", "--out", tmp_path / "out", "--on", f"ray://127.0.0.1:{_free_port()}"]
    told = velox("sweep", cross, "--catalog", three_days, *words)
    assert told.returncode == 2
    assert "no Ray cluster can be reached at ray://" in told.stderr and "Traceback" not in told.stderr
    assert not (tmp_path / "out").exists()


def test_without_ray_the_command_that_installs_it_is_named(cross: Path, three_days: Path, tmp_path: Path) -> None:
    without = "import sys; sys.modules['ray'] = None; from velox.cli import main; main()"
    words = ["sweep", cross, "--catalog", three_days, "-p", "fast=2:3", "--out", tmp_path / "out", "--on", "ray"]
    told = subprocess.run(
        [sys.executable, "-c", without, *map(str, words)], capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == 2
    assert "needs Ray, which is not installed here: uv pip install 'ray[client]" in told.stderr
    assert not (tmp_path / "out").exists()
