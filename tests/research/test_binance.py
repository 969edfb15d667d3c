"""Messages of Binance become the ticks and candles that exact decimals give."""

import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from velox import cli
from velox.errors import BadInput, ExitCode
from velox.research.bars import compute_bars
from velox.research.binance import import_messages
from velox.research.catalog import Catalog
from velox.research.days import open_day

Out = pytest.CaptureFixture[str]
NAME = "BINANCE:BTCUSDT"
MIDNIGHT_MS = 1_723_075_200_000  # 2024-08-08 00:00 UTC
DAY = dt.date(2024, 8, 8)


def trade(number: int, ms: int, price: str = "61837.63000000", quantity: str = "0.02000000") -> str:
    body = {"e": "trade", "E": MIDNIGHT_MS + ms, "s": "BTCUSDT", "t": number, "p": price, "q": quantity}
    return json.dumps({**body, "T": MIDNIGHT_MS + ms, "m": True, "M": True})


def quote(bid: str, ask: str) -> str:
    return json.dumps(
        {"stream": "btcusdt@bookTicker", "data": {"u": 1, "s": "BTCUSDT", "b": bid, "B": "3", "a": ask, "A": "4"}}
    )


def write(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n")
    return folder / name


def columns(catalog: Path, *names: str) -> list[tuple[Any, ...]]:
    opened = Catalog.open(catalog)
    return opened.read(opened.of_instrument(NAME)[0]).select(names).rows()


def test_trades_carry_the_best_quote_before_them_and_the_running_volume(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.jsonl",
        trade(1, 0, quantity="0.00000001"),
        f"1723075200123456789 {quote('61837.62000000', '61837.63000000')}",
        f"1723075200223456789 {trade(2, 5, '0.07000000')}",
        json.dumps({"stream": "btcusdt@depth", "data": {"e": "depthUpdate", "b": [["1", "2"]], "a": []}}),
        trade(3, 6),
    )
    (outcome,) = import_messages([path], Catalog(tmp_path / "cat"))
    assert outcome.entry is not None and (outcome.entry.quantity_decimals, outcome.findings) == (8, [])
    assert columns(
        tmp_path / "cat", "ts_ns", "price", "volume", "last_qty", "bid", "ask", "bid_qty_1", "ask_qty_1"
    ) == [
        (MIDNIGHT_MS * 10**6, 6_183_763_000_000, 1, 1, 0, 0, 0, 0),
        (
            (MIDNIGHT_MS + 5) * 10**6,
            7_000_000,
            2_000_001,
            2_000_000,
            6_183_762_000_000,
            6_183_763_000_000,
            3 * 10**8,
            4 * 10**8,
        ),
        (
            (MIDNIGHT_MS + 6) * 10**6,
            6_183_763_000_000,
            4_000_001,
            2_000_000,
            6_183_762_000_000,
            6_183_763_000_000,
            3 * 10**8,
            4 * 10**8,
        ),
    ]


def test_missing_ids_repeats_and_broken_lines_are_told(tmp_path: Path) -> None:
    lines = [trade(5, 0), trade(6, 1), trade(6, 1), trade(9, 2), "{", trade(8, 3), trade(10, 4, "x")]
    (outcome,) = import_messages([write(tmp_path, "a.jsonl", *lines)], Catalog(tmp_path / "cat"))
    assert [(f.what, f.count, f.line, f.rejected) for f in outcome.findings] == [
        ("a trade given twice", 1, 3, True),
        ("the line is no message", 1, 5, True),
        ("price is no number of at most 8 decimals", 1, 7, True),
        ("trade ids are missing (2 trades)", 1, 4, False),
        ("a trade after one of a later id; the guard judges its time", 1, 6, False),
    ]
    assert outcome.findings[3].shown == "9 after 6"
    assert outcome.entry is not None and (outcome.entry.rows, outcome.entry.rejects) == (4, 3)


def test_files_of_a_day_are_joined_by_trade_ids(tmp_path: Path) -> None:
    late = write(tmp_path, "a.jsonl", trade(3, 3), trade(4, 4))
    early = write(tmp_path, "b.jsonl", trade(1, 1), trade(2, 2), trade(3, 3))
    (outcome,) = import_messages([late, early], Catalog(tmp_path / "cat"))
    assert [row[0] - MIDNIGHT_MS * 10**6 for row in columns(tmp_path / "cat", "ts_ns")] == [
        n * 10**6 for n in (1, 2, 3, 4)
    ]
    assert [f.what for f in outcome.findings] == ["a trade given twice"]


def test_quantities_too_many_for_eight_decimals_keep_fewer_exactly(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", *(trade(n, n, "0.1", "9000000000.5") for n in (1, 2)))
    (outcome,) = import_messages([path], Catalog(tmp_path / "cat"))
    assert outcome.entry is not None and outcome.entry.quantity_decimals == 4
    assert columns(tmp_path / "cat", "volume") == [(90_000_000_005_000,), (180_000_000_010_000,)]
    worse = write(tmp_path, "b.jsonl", *(trade(n, n, "0.1", "9000000000.00000001") for n in (1, 2)))
    with pytest.raises(BadInput, match="more digits than can be kept exactly"):
        import_messages([worse], Catalog(tmp_path / "cat"))


def test_a_file_without_a_trade_is_refused(tmp_path: Path, capsys: Out) -> None:
    path = write(tmp_path, "a.jsonl", quote("1", "2"), "nonsense")
    words = ["data", "import", str(path), "--format", "binance", "--catalog", str(tmp_path / "cat")]
    assert cli.run(words) == ExitCode.BAD_INPUT
    assert "holds no trade of Binance: 1 other messages, 1 broken lines" in capsys.readouterr().err
    assert not (tmp_path / "cat").exists()


def _expected(path: Path, seconds: int) -> dict[int, list[Any]]:
    """Candles of all trades by plain decimal arithmetic: open, high, low, close, volume, trades."""
    candles: dict[int, list[Any]] = {}
    with gzip.open(path, "rt") as file:
        for line in file:
            data = json.loads(line[line.index("{") :]).get("data", {})
            if data.get("e") != "trade":
                continue
            begin = data["T"] // (seconds * 1_000) * seconds
            price, quantity = Decimal(data["p"]), Decimal(data["q"])
            candle = candles.setdefault(begin, [price, price, price, price, Decimal(0), 0])
            candle[1], candle[2], candle[3] = max(candle[1], price), min(candle[2], price), price
            candle[4] += quantity
            candle[5] += 1
    return candles


@pytest.mark.parametrize("seconds", [1, 60])
def test_candles_of_a_recording_equal_decimal_arithmetic(shared: Path, tmp_path: Path, seconds: int) -> None:
    path = shared / "data/binance_spot_2024/spot_btcusdt_20240808.gz"
    outcomes = import_messages([path], Catalog(tmp_path))
    assert [(o.entry.day, o.entry.rows, o.findings) for o in outcomes if o.entry] == [
        (DAY, 9_738, []),
        (dt.date(2024, 8, 9), 19, []),
    ]
    frame = compute_bars(Catalog.open(tmp_path), NAME, seconds)
    expected = _expected(path, seconds)
    assert frame["ts_open"].to_list() == [begin * 10**9 for begin in expected]
    for row, candle in zip(frame.iter_rows(named=True), expected.values(), strict=True):
        names = ("open", "high", "low", "close", "volume", "ticks")
        assert [row[name] for name in names] == [*(float(value) for value in candle[:5]), candle[5]]


def test_it_is_read_and_shown_but_not_traded(shared: Path, tmp_path: Path, capsys: Out) -> None:
    """Orders are of whole units of rupee instruments: whoever asks for more is told so before anything runs."""
    import_messages([shared / "data/binance_spot_2024/spot_btcusdt_20240808.gz"], Catalog(tmp_path))
    assert cli.run(["data", "coverage", "--catalog", str(tmp_path)]) == ExitCode.DONE
    assert "first=2024-08-08T23:54:15Z last=2024-08-09T00:00:01Z" in capsys.readouterr().out
    strategy = Path(__file__).parents[2] / "strategies/velox_strategies/ema_cross.py"
    words = ["backtest", str(strategy), "--catalog", str(tmp_path), "-p", f"symbol={NAME}"]
    assert cli.run(words) == ExitCode.BAD_INPUT
    assert f"{NAME} cannot be traded yet" in capsys.readouterr().err
    with pytest.raises(BadInput, match="holds no ticks of any day that could be played"):
        open_day(tmp_path)
