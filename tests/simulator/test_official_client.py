"""The broker's own Python client against the simulator."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.simulator.days import OPEN_NS, SECOND, StubDay, make_rows

from velox.secret import Secret
from velox.simulator.accounts import DEFAULT_ACCOUNT
from velox.simulator.server import Options, Simulator

_SCRIPT = Path(__file__).with_name("official_client.py")
_WITHIN_S = 50
_QUOTES = 1000


async def _drive(simulator: Simulator, folder: Path, **changes: str) -> dict[str, Any]:
    """Run the client in a folder of its own, for it writes logs into the current one."""
    account = {name: _of(name).reveal() for name in ("api_key", "pin", "totp_secret")}
    given = account | {
        "client_code": DEFAULT_ACCOUNT.client_code,
        "rest_url": simulator.rest_url,
        "ws_url": simulator.ws_url,
        "token": simulator.exchange.listings[0].token,
        "count": _QUOTES,
    }
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_SCRIPT),
        json.dumps(given | changes),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(client.communicate(), _WITHIN_S)
    finally:
        if client.returncode is None:
            client.kill()
            await client.wait()
    assert client.returncode == 0, err.decode()
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    return told


def _of(name: str) -> Secret:
    secret = getattr(DEFAULT_ACCOUNT, name)
    assert isinstance(secret, Secret)
    return secret


def _day() -> StubDay:
    day = StubDay(make_rows(2 * _QUOTES, 2, depth=True), prev_close=9_900_000_000)
    prices = [price * 100_000_000 for price in (100, 105, 99, 101)]
    day.earlier["NSE:RELIANCE"] = [(OPEN_NS - 86_400 * SECOND, *prices, 77, 9)]
    return day


def test_the_official_client_logs_in_reads_candles_and_decodes_quotes(tmp_path: Path) -> None:
    async def work() -> None:
        async with Simulator(_day(), Options(limits={})) as simulator:
            told = await _drive(simulator, tmp_path)
            token = simulator.exchange.listings[0].token
            assert told["session"]["data"]["clientcode"] == DEFAULT_ACCOUNT.client_code
            assert told["profile"]["data"]["name"] == DEFAULT_ACCOUNT.name
            assert told["funds"]["data"]["net"] == "1000000.0000"
            assert told["candles"]["data"] == [["2021-04-25T09:15:00+05:30", 100.0, 105.0, 99.0, 101.0, 77]]
            assert told["search"]["data"][0]["symboltoken"] == token
            assert told["market"]["data"]["unfetched"][0]["symbolToken"] == token
            assert told["logout"]["status"] is True
            rows = simulator.exchange.rows
            assert rows.depth is not None
            own = [i for i in range(len(rows)) if rows.inst[i] == 0]
            quotes = told["quotes"][:_QUOTES]
            assert [q["sequence_number"] for q in quotes] == [i + 1 for i in own]
            assert [q["last_traded_price"] for q in quotes] == [rows.price[i] // 1_000_000 for i in own]
            assert [q["volume_trade_for_the_day"] for q in quotes] == rows.volume[own].tolist()
            assert {q["token"] for q in quotes} == {token}
            assert {q["closed_price"] for q in quotes} == {9900}
            for side, levels in (("best_5_buy_data", slice(0, 5)), ("best_5_sell_data", slice(5, 10))):
                prices = [level["price"] for level in quotes[0][side]]
                assert prices == (rows.depth[own[0], levels, 0] // 1_000_000).tolist()
            assert told["ltp"]["data"]["ltp"] == quotes[-1]["last_traded_price"] / 100

    asyncio.run(work())


def test_the_official_client_sees_the_brokers_no(tmp_path: Path) -> None:
    async def work() -> None:
        async with Simulator(_day(), Options(limits={})) as simulator:
            told = await _drive(simulator, tmp_path, pin="0000")
            assert told["session"]["status"] is False
            assert told["session"]["errorcode"] == "AB1007"

    asyncio.run(work())
