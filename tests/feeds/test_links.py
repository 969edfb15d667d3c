"""TLS of both links, and where none is needed."""

import ssl
from pathlib import Path

import pytest
import trustme
from tests.feeds.recorder import QUICK, Recorder, run, settings_for
from tests.simulator.days import StubDay, make_rows

from velox.errors import BadInput, Refused
from velox.feeds.links import check_url
from velox.feeds.packets import SNAP_QUOTE
from velox.feeds.smartapi import SmartapiFeed
from velox.feeds.smartapi_rest import BrokerRefused, SmartapiRest
from velox.simulator.server import Options, Simulator


class _Authority:
    def __init__(self, folder: Path, name: str, host: str) -> None:
        authority = trustme.CA()
        self.file = folder / f"{name}.pem"
        authority.cert_pem.write_to_path(str(self.file))
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(host).configure_cert(self.context)


@pytest.fixture
def own(tmp_path: Path) -> _Authority:
    return _Authority(tmp_path, "own", "127.0.0.1")


@pytest.fixture
def other(tmp_path: Path) -> _Authority:
    return _Authority(tmp_path, "other", "127.0.0.1")


@pytest.fixture
def misnamed(tmp_path: Path) -> _Authority:
    return _Authority(tmp_path, "misnamed", "elsewhere.example")


def _simulator(authority: _Authority) -> Simulator:
    return Simulator(StubDay(make_rows(3000, 2)), Options(limits={}), tls=authority.context)


def test_both_links_work_under_a_ca_of_ones_own(own: _Authority) -> None:
    async def work() -> None:
        async with _simulator(own) as simulator:
            assert simulator.rest_url.startswith("https://")
            recorder = Recorder()
            feed = SmartapiFeed(settings_for(simulator, own.file), recorder, resume=0, timings=QUICK)
            feed.subscribe(SNAP_QUOTE, [(1, listing.token) for listing in simulator.exchange.listings])
            await feed.connect()
            await recorder.until(lambda: recorder.told("end"))
            assert len(recorder.frames) == 3000
            await feed.close()

    run(work())


@pytest.mark.parametrize("trusted", [True, False])
def test_a_wrong_ca_is_refused_on_both_links(own: _Authority, other: _Authority, trusted: bool) -> None:
    async def work() -> None:
        ca_file = other.file if trusted else None
        async with _simulator(own) as simulator:
            rest = SmartapiRest(settings_for(simulator, ca_file), QUICK)
            with pytest.raises(BrokerRefused, match=r"certificate of 127\.0\.0\.1 is not trusted"):
                await rest.tokens()
            await rest.close()
            async with Simulator(StubDay(make_rows(10, 2)), Options(limits={})) as plain:
                settings = settings_for(simulator, ca_file, rest_url=plain.rest_url)
                feed = SmartapiFeed(settings, Recorder(), resume=0, timings=QUICK)
                with pytest.raises(Refused, match="is not trusted"):
                    await feed.connect()
                await feed.close()
            assert not simulator.sessions._by_jwt

    run(work())


def test_a_certificate_for_another_name_is_refused(misnamed: _Authority) -> None:
    async def work() -> None:
        async with (
            _simulator(misnamed) as simulator,
            Simulator(StubDay(make_rows(10, 2)), Options(limits={})) as plain,
        ):
            settings = settings_for(simulator, misnamed.file, rest_url=plain.rest_url)
            feed = SmartapiFeed(settings, Recorder(), resume=0, timings=QUICK)
            with pytest.raises(Refused, match="is not trusted"):
                await feed.connect()
            await feed.close()

    run(work())


@pytest.mark.parametrize(
    "url",
    [
        "https://broker.example",
        "https://broker.example:8443/x",
        "http://127.0.0.1:1",
        "http://localhost",
        "http://[::1]:8",
    ],
)
def test_an_address_that_is_safe_is_taken(url: str) -> None:
    check_url(url, "https", "http")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://broker.example", "unencrypted"),
        ("http://127.0.0.1.broker.example", "unencrypted"),
        ("http://10.0.0.1", "unencrypted"),
        ("ftp://broker.example", "must begin with https://"),
        ("broker.example", "must begin with https://"),
        ("https://", "must begin with https://"),
        ("https://user:word@broker.example", "must not carry"),
        ("https://[::1", "is no address"),
        ("https://broker.example:port", "is no address"),
    ],
)
def test_an_address_that_would_leak_is_refused(url: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as refused:
        check_url(url, "https", "http")
    assert "word" not in str(refused.value).replace("password", "")


def test_settings_that_were_not_read_from_a_file_are_checked_too() -> None:
    settings = settings_for(None)
    with pytest.raises(BadInput, match="unencrypted"):
        SmartapiFeed(settings_for(None, ws_url="ws://broker.example"), Recorder())
    with pytest.raises(BadInput, match="unencrypted"):
        SmartapiRest(settings_for(None, rest_url="http://broker.example"))
    with pytest.raises(BadInput, match=r"nofile\.pem"):
        SmartapiRest(settings_for(None, Path("nofile.pem"), rest_url=settings.rest_url))


def test_a_ca_file_without_a_certificate_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(BadInput, match=r"empty\.pem"):
        SmartapiRest(settings_for(None, empty))
