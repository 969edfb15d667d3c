"""Drives the broker's own Python client, unchanged, in a process of its own and prints what it received as JSON.

Only its two addresses are set. On import it looks up this machine's public address somewhere outside: that is blocked.
"""

import json
import sys
import threading
from typing import Any

import pyotp
import requests

from velox.clock import wall_ns

_WITHIN_S = 20


def _no_look_up(*_words: object, **_named: object) -> object:
    raise ConnectionError("nobody outside is asked")


def _session(given: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    from SmartApi import SmartConnect

    client: Any = SmartConnect(api_key=given["api_key"], root=given["rest_url"])
    totp = pyotp.TOTP(given["totp_secret"]).at(wall_ns() // 1_000_000_000)
    return client, client.generateSession(given["client_code"], given["pin"], totp)


def _quotes(given: dict[str, Any], jwt: str, feed_token: str) -> list[dict[str, Any]]:
    from SmartApi.smartWebSocketV2 import SmartWebSocketV2

    socket: Any = SmartWebSocketV2(jwt, given["api_key"], given["client_code"], feed_token, max_retry_attempt=0)
    socket.ROOT_URI = given["ws_url"]
    quotes: list[dict[str, Any]] = []
    complete = threading.Event()

    def on_data(_: object, quote: dict[str, Any]) -> None:
        quotes.append(quote)
        if len(quotes) == given["count"]:
            complete.set()

    groups = [{"exchangeType": 1, "tokens": [given["token"]]}]
    socket.on_open = lambda _: socket.subscribe("abcde12345", SmartWebSocketV2.SNAP_QUOTE, groups)
    socket.on_data = on_data
    threading.Thread(target=socket.connect, daemon=True).start()
    assert complete.wait(_WITHIN_S), f"only {len(quotes)} quotes came"
    return quotes


def main() -> None:
    """Log in, ask for everything that a strategy would, receive quotes."""
    given = json.loads(sys.argv[1])
    client, session = _session(given)
    told: dict[str, Any] = {"session": session}
    if session["status"]:
        wanted = {"exchange": "NSE", "symboltoken": given["token"], "interval": "ONE_MINUTE"}
        told["profile"] = client.getProfile(session["data"]["refreshToken"])
        told["funds"] = client.rmsLimit()
        told["candles"] = client.getCandleData(wanted | {"fromdate": "2021-04-20 09:15", "todate": "2021-04-26 15:30"})
        told["search"] = client.searchScrip("NSE", "RELIANCE")
        told["market"] = client.getMarketData("LTP", {"NSE": [given["token"]]})
        told["quotes"] = _quotes(given, session["data"]["jwtToken"], client.getfeedToken())
        told["ltp"] = client.ltpData("NSE", "RELIANCE-EQ", given["token"])
        told["logout"] = client.terminateSession(given["client_code"])
    print(json.dumps(told))  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    requests.get = _no_look_up  # type: ignore[assignment]
    main()
