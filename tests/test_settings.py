"""Settings: typed, every fault at once with its place, secrets never shown."""

import copy
import json
import logging
import pickle
import traceback
from pathlib import Path

import msgspec
import pytest

from velox import cli, settings
from velox.secret import Secret
from velox.settings import BadSettings

CANARY = "c4n4ry-0f-a-secret"
SMARTAPI = f"""
[feed.smartapi]
client_code = "A123"
api_key = "{CANARY}"
pin = "{CANARY}"
totp_secret = "{CANARY}"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "velox.toml").write_text(text)
    return folder


def faults(folder: Path, **environ: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        settings.load(folder, environ)
    return caught.value.faults


def test_limits_of_a_strategy_and_of_an_instrument_are_sections_by_their_names(tmp_path: Path) -> None:
    text = '[limits.strategies.EmaCross]\ntrades = 5\n[limits.instruments."NSE:INFY"]\norder_value_rupees = 1e5\n'
    limits = settings.load(write(tmp_path, text), {}).limits
    assert limits.strategies == {"EmaCross": settings.LevelLimits(trades=5)}
    assert limits.instruments == {"NSE:INFY": settings.LevelLimits(order_value_rupees=100_000)}


def test_faults_of_a_named_section_are_told_with_their_place(tmp_path: Path) -> None:
    text = "[limits.strategies.EmaCross]\ntrade = 5\ndaily_loss_pct = 101\n[limits]\ninstruments = 3\n"
    told = faults(write(tmp_path, text))
    assert told[0].startswith("velox.toml: [limits.strategies.EmaCross] trade is unknown; did you mean trades?")
    assert told[1].startswith("velox.toml: [limits.strategies.EmaCross] daily_loss_pct: ")
    assert told[2] == "velox.toml: [limits] instruments must hold sections, one a name, not a value"


def test_nothing_written_means_the_defaults(tmp_path: Path) -> None:
    loaded = settings.load(tmp_path, {})
    assert loaded == settings.Settings()
    assert (loaded.paper.capital_rupees, loaded.limits.daily_loss_pct, loaded.feed.smartapi) == (1_000_000, 3, None)


def test_environment_overrides_the_file(tmp_path: Path) -> None:
    write(tmp_path, "[paper]\nlatency_ms = 5\nslippage_ticks = 2\npartial = true\n")
    environ = {"VELOX_PAPER__LATENCY_MS": "7", "VELOX_PAPER__PARTIAL": "false", "HOME": "/"}
    paper = settings.load(tmp_path, environ).paper
    assert (paper.latency_ms, paper.slippage_ticks, paper.partial) == (7, 2, False)


def test_file_named_by_velox_config_is_read_instead_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "[paper]\nlatency_ms = 5\n")
    other = tmp_path / "other.toml"
    other.write_text("[paper]\nlatency_ms = 6\n")
    assert settings.load(tmp_path, {"VELOX_CONFIG": str(other)}).paper.latency_ms == 6
    assert "absent.toml" in faults(tmp_path, VELOX_CONFIG=str(tmp_path / "absent.toml"))[0]


def test_every_fault_is_listed_with_its_place(tmp_path: Path) -> None:
    write(
        tmp_path,
        "[engine]\nno_such_key = 1\n[paper]\nlatency_ms = -1\npartial = 1\ncapital_rupees = inf\n"
        "[limit]\nx = 1\n[feed.smartapi]\nclient_code = 3\npin = 1234\n",
    )
    listed = faults(tmp_path, VELOX_PAPER__SLIPPAGE_TICKS="many", VELOX_PAPERS__X="1")
    wanted = [
        ("velox.toml: [engine] no_such_key", "unknown"),
        ("velox.toml: [paper] latency_ms", ">= 0"),
        ("velox.toml: [paper] partial", "bool"),
        ("velox.toml: [paper] capital_rupees", "<="),
        ("VELOX_PAPER__SLIPPAGE_TICKS", "'many'"),
        ("VELOX_PAPERS__X", "no setting"),
        ("velox.toml: [limit]", "did you mean limits"),
        ("velox.toml: [feed.smartapi] client_code", "str"),
        ("velox.toml: [feed.smartapi] pin", "text"),
        ("velox.toml: [feed.smartapi] api_key", "VELOX_FEED__SMARTAPI__API_KEY"),
        ("velox.toml: [feed.smartapi] totp_secret", "missing"),
    ]
    for place, word in wanted:
        assert [fault for fault in listed if fault.startswith(place) and word in fault], (place, word, listed)
    assert len(listed) == len(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "paper = 1\n",
        "[paper\n",
        '[paper]\ncapital_rupees = "a lot"\n',
        "[paper]\ncapital_rupees = nan\n",
        "[limits]\ndrawdown_pct = nan\n",
    ],
)
def test_what_is_no_settings_file_is_refused(tmp_path: Path, text: str) -> None:
    assert "velox.toml" in faults(write(tmp_path, text))[0]


@pytest.mark.parametrize(
    ("key", "url", "good"),
    [
        ("rest_url", "http://127.0.0.1:8080", True),
        ("rest_url", "http://localhost:8080", True),
        ("ws_url", "ws://[::1]:9000/ws", True),
        ("rest_url", "https://broker.example", True),
        ("rest_url", "http://broker.example", False),
        ("ws_url", "ws://localhost.example/ws", False),
        ("ws_url", "https://broker.example", False),
        ("rest_url", "https://user:word@broker.example", False),
        ("rest_url", "https://", False),
        ("rest_url", "http://[", False),
    ],
)
def test_plain_text_links_lead_only_to_this_machine(tmp_path: Path, key: str, url: str, good: bool) -> None:
    write(tmp_path, f'{SMARTAPI}{key} = "{url}"\n')
    if good:
        assert getattr(settings.load(tmp_path, {}).feed.smartapi, key) == url
    else:
        assert key in faults(tmp_path)[0]


def test_no_way_of_showing_a_secret_shows_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loaded = settings.load(write(tmp_path, SMARTAPI), {})
    assert loaded.feed.smartapi is not None
    secret = loaded.feed.smartapi.pin
    logging.getLogger("canary").warning("%s %r %s", loaded, secret, secret)
    shown = [
        repr(loaded),
        str(loaded),
        f"{secret} {secret!r} {secret:>40}",
        f"{secret}",
        str(vars(type(secret))),
        caplog.text,
    ]
    for encode in (
        json.dumps,
        msgspec.json.encode,
        msgspec.msgpack.encode,
        msgspec.to_builtins,
        pickle.dumps,
        copy.deepcopy,
    ):
        for value in (secret, loaded, {"pin": secret}):
            try:
                shown.append(str(encode(value)))
            except TypeError as error:
                shown.append("".join(traceback.format_exception(error)))
    assert not [text for text in shown if CANARY in text]
    assert secret.reveal() == CANARY


def test_faults_beside_a_secret_do_not_show_it(tmp_path: Path) -> None:
    write(tmp_path, SMARTAPI.replace(f'pin = "{CANARY}"', f'pin = ["{CANARY}"]') + "no_such_key = 1\n")
    listed = faults(tmp_path, VELOX_FEED__SMARTAPI__API_KEY=CANARY, VELOX_FEED__SMARTAPI__PINS=CANARY)
    assert len(listed) == 3
    assert CANARY not in str(listed)


def test_secret_is_no_text_by_accident() -> None:
    secret = Secret(CANARY)
    assert not isinstance(secret, str)
    assert not hasattr(secret, "__dict__")


def test_bad_settings_end_a_command_with_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VELOX_CONFIG", str(write(tmp_path, "[engine]\nno_such_key = 1\n") / "velox.toml"))
    assert cli.run(["doctor"]) == 2
    assert "no_such_key" in capsys.readouterr().err
