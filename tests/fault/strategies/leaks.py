"""Keeps what it should let go, a lot at once or little by little."""

from velox import Bars, Param, Strategy, Tick

_kept: list[bytes] = []


class Leaking(Strategy):
    """Keep a megabyte a tick."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        _kept.append(b"x" * (1 << 20))


class Dripping(Strategy):
    """Keep small things, many a tick."""

    symbol = Param("NSE:TCS")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        _kept.extend(str(i).encode() * 8 for i in range(3_000))
