"""A broker's candles come into the catalogue whole, checked, and once: here from the simulator, over HTTP."""

import asyncio
import datetime as dt
import shutil
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.feeds.recorder import QUICK, run, settings_for

from velox import cli
from velox.errors import BadInput, ExitCode, Refused
from velox.feeds.history import HistoryLimits, SmartapiHistory, history_source
from velox.feeds.smartapi_rest import HistoryCandle, SmartapiRest
from velox.research.catalog import Catalog
from velox.research.days import open_day
from velox.research.download import Download, Downloaded, download, requests_of
from velox.research.inspection import Ask, inspect
from velox.settings import FeedSettings
from velox.simulator.server import Options, Simulator
from velox.simulator.session import Plan, generate

Out = pytest.CaptureFixture[str]
D = dt.date
NAME = "NSE:INFY"
OPEN_NS = 1_619_408_700_000_000_000  # 2021-04-26 09:15 IST


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three generated days of ticks from 15 to 17 July 2026."""
    folder = tmp_path_factory.mktemp("days")
    generate(Plan(days=3, warmup_days=0, instruments=(NAME,)), Catalog(folder))
    return folder


class Store:
    """A scripted source: candles at the open of each day it knows; keeps what it was asked."""

    name = "store"
    limits = HistoryLimits({60: 3})

    def __init__(self, *known: D) -> None:
        self.known = known
        self.asked: list[tuple[str, D, D]] = []
        self.fails_after = 99

    async def candles(self, instrument: str, length_s: int, first: D, last: D) -> list[HistoryCandle]:
        if len(self.asked) >= self.fails_after:
            raise asyncio.CancelledError
        self.asked.append((instrument, first, last))
        return [
            HistoryCandle(OPEN_NS + (day - D(2021, 4, 26)).days * 86_400 * 10**9, ONE, ONE, ONE, ONE, 1)
            for day in self.known
            if first <= day <= last
        ]

    async def close(self) -> None:
        """Nothing is held."""


def take(store: Store, catalog: Path, first: D, last: D, **options: Any) -> list[Downloaded]:
    wanted = Download(instruments=["NSE:A"], first=first, last=last, length_s=60, **options)
    into = Catalog(catalog)
    work: Coroutine[Any, Any, list[Downloaded]] = download(wanted, store, into, requests_of(wanted, store, into))
    return asyncio.run(work)


ONE = 100_000_000
WEEK = [D(2021, 4, day) for day in (19, 20, 22, 23, 26, 27)]  # the 21st was a holiday


def test_requests_are_as_long_as_the_broker_allows_and_only_of_trading_days(tmp_path: Path) -> None:
    store = Store(*WEEK)
    (outcome,) = take(store, tmp_path, D(2021, 4, 17), D(2021, 4, 27))
    assert [(first.day, last.day) for _, first, last in store.asked] == [(19, 20), (22, 23), (26, 27)]
    assert (outcome.taken, outcome.rows, outcome.kept) == (WEEK, 6, 0)
    assert outcome.findings == []


def test_an_interrupted_download_goes_on_with_the_missing_days(tmp_path: Path) -> None:
    store = Store(*WEEK)
    store.fails_after = 1
    with pytest.raises(asyncio.CancelledError):
        take(store, tmp_path, WEEK[0], WEEK[-1])
    assert [e.day for e in Catalog(tmp_path).entries()] == WEEK[:2]
    again = Store(*WEEK)
    (outcome,) = take(again, tmp_path, WEEK[0], WEEK[-1])
    assert (again.asked[0][1], outcome.taken, outcome.kept) == (WEEK[2], WEEK[2:], 2)
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
    last = Store(*WEEK)
    (outcome,) = take(last, tmp_path, WEEK[0], WEEK[-1])
    assert (last.asked, outcome.kept) == ([], 6)
    assert take(last, tmp_path, WEEK[0], WEEK[-1], again=True)[0].taken == WEEK


def test_days_without_candles_are_told(tmp_path: Path) -> None:
    (outcome,) = take(Store(WEEK[0]), tmp_path, WEEK[0], WEEK[-1])
    assert outcome.sentence == "NSE:A: 1 day, 1 candle; nothing of 5 days (2021-04-20 to 2021-04-27)"


def test_what_a_broker_gives_is_checked_as_a_file_is(tmp_path: Path) -> None:
    class Bad(Store):
        async def candles(self, instrument: str, length_s: int, first: D, last: D) -> list[HistoryCandle]:
            good = HistoryCandle(OPEN_NS, 100, 100, 100, 100, 1)
            early = HistoryCandle(OPEN_NS - 7 * 60 * 10**9, 100, 100, 100, 100, 1)
            low = HistoryCandle(OPEN_NS + 60 * 10**9, 100, 99, 98, 99, 1)
            return [early, good, good, low]

    (outcome,) = take(Bad(), tmp_path, WEEK[4], WEEK[4])
    assert outcome.rows == 1
    assert [(f.what, f.line) for f in outcome.findings if f.rejected] == [
        ("outside of the continuous session", 1),
        ("given twice", 3),
        ("high is below open, low or close", 4),
    ]


def test_what_cannot_be_asked_for_is_refused(tmp_path: Path) -> None:
    store = Store()
    wanted = Download(instruments=["NSE:A"], first=WEEK[1], last=WEEK[0], length_s=60)
    with pytest.raises(BadInput, match="--from must not be later than --to"):
        requests_of(wanted, store, Catalog(tmp_path))
    with pytest.raises(BadInput, match="store has no candles of 5m, only of 1m"):
        requests_of(
            Download(instruments=["NSE:A"], first=D(2021, 4, 1), last=D(2021, 4, 1), length_s=300),
            store,
            Catalog(tmp_path),
        )
    with pytest.raises(BadInput, match="no candles can be downloaded from 'zerodha'; available: smartapi"):
        history_source("zerodha", FeedSettings())
    with pytest.raises(BadInput, match=r"write its account under \[feed.smartapi\]"):
        history_source("smartapi", FeedSettings())


@pytest.mark.parametrize("length_s", [60, 300])
def test_candles_from_the_simulator_are_those_of_its_ticks(days: Path, tmp_path: Path, length_s: int) -> None:
    """What came over HTTP, kept beside the ticks, is equal to what the kernel makes of them."""
    copy = tmp_path / "cat"
    shutil.copytree(days, copy)

    async def work() -> None:
        async with Simulator(open_day(f"{days}@2026-07-17"), Options()) as simulator:
            source = SmartapiHistory(settings_for(simulator), SmartapiRest(settings_for(simulator), QUICK))
            wanted = Download(instruments=[NAME], first=D(2026, 7, 15), last=D(2026, 7, 16), length_s=length_s)
            catalog = Catalog(copy)
            (outcome,) = await download(wanted, source, catalog, requests_of(wanted, source, catalog))
            await source.close()
            assert (outcome.taken, outcome.empty) == ([D(2026, 7, 15), D(2026, 7, 16)], [])

    run(work())
    (found,) = inspect(Catalog.open(copy), Ask()).instruments
    assert [(p.day, p.equal) for p in found.parities] == [(D(2026, 7, 15), True), (D(2026, 7, 16), True)]
    kept = [e for e in Catalog.open(copy).entries() if e.candles]
    assert [(e.source, e.length_s) for e in kept] == [("smartapi", length_s)] * 2


def test_the_command_reads_the_account_from_the_settings(
    days: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    words = ["data", "download", "--broker", "smartapi", "--instruments", NAME, "--catalog", str(tmp_path / "cat")]
    span = ["--from", "2026-07-15", "--to", "2026-07-16"]

    async def work() -> None:
        async with Simulator(open_day(f"{days}@2026-07-17"), Options()) as simulator:
            account = settings_for(simulator)
            lines = [
                f'{key} = "{value}"'
                for key, value in (("client_code", account.client_code), ("rest_url", account.rest_url))
            ]
            lines += [f'{key} = "{getattr(account, key).reveal()}"' for key in ("api_key", "pin", "totp_secret")]
            (tmp_path / "velox.toml").write_text("\n".join(["[feed.smartapi]", *lines]) + "\n")
            monkeypatch.setenv("VELOX_CONFIG", str(tmp_path / "velox.toml"))
            assert await asyncio.to_thread(cli.run, [*words, *span]) == ExitCode.DONE
            unknown = [*words[:5], "NSE:NOBODY", *words[6:], *span]
            assert await asyncio.to_thread(cli.run, unknown) == ExitCode.BAD_INPUT

    run(work())
    told = capsys.readouterr()
    assert told.out.splitlines()[0].startswith(f"{NAME}: 2 days, 75")
    assert "'NSE:NOBODY' is not a known instrument" in told.err
    day = open_day(f"{days}@2026-07-17")
    got = np.concatenate(
        [Catalog.open(tmp_path / "cat").read(e)["close"] for e in Catalog.open(tmp_path / "cat").entries()]
    )
    assert np.array_equal(got, day.history(NAME, 60)["close"])


def test_the_command_refuses_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["data", "download", "--instruments", NAME, "--catalog", "cat", "--from", "2026-07-15"]
    for more, said in [
        (["--broker", "icici", "--to", "2026-07-15"], "no candles can be downloaded from 'icici'; available: smartapi"),
        (["--broker", "smartapi", "--to", "2026-07-15"], "smartapi is not set up"),
        (["--broker", "smartapi", "--to", "2126-07-15"], "2126-07-15 is not over yet"),
        (["--broker", "smartapi", "--to", "2026-07-15", "--timeframe", "30s"], "candles of 30s are not kept"),
    ]:
        assert cli.run([*words, *more]) == ExitCode.BAD_INPUT
        assert said in capsys.readouterr().err
    assert not (tmp_path / "cat").exists()


def test_a_refused_login_is_told_as_the_broker_says_it(days: Path, tmp_path: Path) -> None:
    async def work() -> None:
        async with Simulator(open_day(f"{days}@2026-07-17"), Options()) as simulator:
            settings = settings_for(simulator, client_code="NOBODY")
            source = SmartapiHistory(settings, SmartapiRest(settings, QUICK))
            with pytest.raises(Refused, match="the broker refused"):
                await source.candles(NAME, 60, D(2026, 7, 15), D(2026, 7, 15))
            await source.close()

    run(work())
