"""The page: what it says without its script, and that no text of a strategy can become part of it."""

import re
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.acceptance.product import velox

from velox.backtest.choose import Ask
from velox.backtest.reported import backtest
from velox.errors import BadInput
from velox.report.blocked import Blocked
from velox.report.markup import Html, element, text
from velox.report.payload import embedded
from velox.report.report import Report
from velox.report.sections import blocked
from velox.research.days import SAMPLE_DIR
from velox.runtime.plan import StrategyPlan

SMALL = """
from velox import Bar, Bars, Param, Strategy, intraday, risk_rupees


class Small(Strategy):
    \"\"\"Wishes for less than one share.\"\"\"

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "5m")
    session = intraday("09:20", last_entry="14:45", flat="auto")

    def on_bar(self, bar: Bar) -> None:
        self.go_long(stop=bar.low - 50, size=risk_rupees(1))
"""


GROUP = """
from velox import Bar, Bars, Param, Strategy, Symbols


class Group(Strategy):
    \"\"\"Fails at the second candle of one of its symbols.\"\"\"

    symbol = Symbols(["NSE:INFY", "NSE:HDFCBANK"])
    size = Param(3)
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        if bar.n == 2 and self.symbol == "NSE:INFY":
            raise ValueError("second")
"""


@pytest.fixture(scope="module")
def report() -> Report:
    plans = [StrategyPlan("ema_cross", {"fast": "12"}), StrategyPlan("macd_trend")]
    return backtest(Ask(plans=plans, catalog=SAMPLE_DIR))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Report:
    file = tmp_path_factory.mktemp("small") / "small.py"
    file.write_text(SMALL)
    return backtest(Ask(plans=[StrategyPlan(str(file))], catalog=SAMPLE_DIR))


def _card(html: str, label: str) -> str:
    found = re.search(rf'<dt>{re.escape(label)}</dt><dd class="[^"]*">([^<]*)</dd>', html)
    assert found is not None, label
    return found.group(1)


def test_the_first_screen_has_the_figures_and_the_stamp(report: Report) -> None:
    html = report.html()
    assert html.index("SYNTHETIC") < html.index("Net P&amp;L")
    assert _card(html, "Trades") == str(report.trades.height)
    wins = sum(net > 0 for net in report.trades["net"])
    assert _card(html, "Win rate") == f"{wins / report.trades.height * 100:.2f} %"
    assert _card(html, "Sharpe") == "–"  # of one day there is none


def test_wishes_that_were_too_small_are_counted_on_the_first_screen_and_explained(small: Report) -> None:
    html = small.html()
    assert int(_card(html, "Too small")) == small.figures["too_small"] > 0
    assert "<code>too_small</code>" in html and "one lot of 1" in html


def test_all_parameters_and_settings_are_told(report: Report) -> None:
    html = report.html()
    for words in ("<b>fast = 12</b>", "slow = 21", "paper.slippage_ticks", "limits.daily_loss_pct", "guard.gap_s"):
        assert words in html


def test_each_instance_is_told_with_the_file_and_the_parameters_of_its_own_strategy(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.py" for name in ("group", "small")}
    for name, text_of in (("group", GROUP), ("small", SMALL)):
        files[name].write_text(text_of)
    plans = [StrategyPlan(str(files["group"]), {"size": "4"}), StrategyPlan(str(files["small"]))]
    html = backtest(Ask(plans=plans, catalog=SAMPLE_DIR)).html()
    told = {}
    for row in re.findall(r"<tr>(.*?)</tr>", html):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
        if len(cells) == 3 and cells[1].endswith(".py"):
            told[cells[0]] = (Path(cells[1]).stem, "<b>size = 4</b>" in cells[2])
    assert told == {"Group:INFY": ("group", True), "Group:HDFCBANK": ("group", True), "Small": ("small", False)}
    assert "<h1>Group, Small</h1>" in html
    assert _card(html, "Failed") == "Group:INFY"


def test_nothing_failed_where_no_code_did(report: Report) -> None:
    assert "<dt>Failed</dt>" not in report.html()


def test_a_page_asks_for_nothing_outside_itself(report: Report) -> None:
    html = report.html()
    assert "default-src 'none'" in html
    own = re.sub(r"<script>/\*\*.*?</script>", "", html, count=1, flags=re.S)  # less the library
    assert len(own) < len(html) / 2
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//|url\(|@import""", own)


def test_a_notebook_sees_the_headline_and_pictures_that_are_framed(report: Report, tmp_path: Path) -> None:
    assert "SYNTHETIC" in report._repr_html_() and "<script" not in report._repr_html_()
    assert report.plot()._repr_html_().startswith("<iframe srcdoc=")
    assert report.plot("hours").save(tmp_path / "hours.html").stat().st_size > 1_000_000
    with pytest.raises(BadInput, match=r"no figure 'nothing'.*charges, days, equity"):
        report.plot("nothing")


def test_a_report_without_a_trade_says_so_and_has_empty_frames(small: Report) -> None:
    assert small.html().count("There was no trade.") >= 4
    assert small.trades.height == 0 and small.trades["net"].dtype == pl.Float64
    with pytest.raises(BadInput, match="it has none"):
        small.plot()


def test_the_frames_are_the_trades_and_the_equity(report: Report) -> None:
    trades = report.trades
    assert trades["net"].sum() == pytest.approx(report.figures["net_pnl"])
    gaps = trades.select(pl.col("gross") - pl.col("charges") - pl.col("net")).to_series()
    assert gaps.to_list() == pytest.approx([0.0] * trades.height, abs=1e-6)
    assert report.equity["equity"][-1] == pytest.approx(1_000_000 + report.figures["net_pnl"])
    assert str(trades["opened"][0])[:10] == "2026-07-15"


def test_the_notebook_example_of_the_documents_runs(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", (root / "docs" / "report.md").read_text(), re.M | re.S)
    (tmp_path / "days").symlink_to(SAMPLE_DIR)
    monkeypatch.chdir(tmp_path)
    exec(block, {})  # noqa: S102 - the example is what is tested
    assert (tmp_path / "report.html").exists()


def test_text_never_becomes_markup() -> None:
    evil = '</script><img src=x onerror=alert(1)>"'
    assert "<img" not in element("p", evil, title=evil)
    assert "<img" not in Html("<b>") + evil
    assert "<" not in embedded({"name": evil + "<!--"})
    assert text(Html("<b>")) == "<b>"
    group = Blocked(strategy=evil, what="told", code=evil, first_ns=0, last_ns=0, count=1, sentences={evil: 1})
    assert "<img" not in blocked([group])


def test_the_command_writes_page_and_trades(tmp_path: Path) -> None:
    words = ["backtest", "ema_cross", "--catalog", SAMPLE_DIR]
    plain = velox(*words, "--json", tmp_path / "plain.json")
    told = velox(*words, "--report", tmp_path / "r.html", "--trades", tmp_path / "t.csv", "--json", tmp_path / "r.json")
    assert (plain.returncode, told.returncode) == (0, 0), told.stderr
    assert f"Report: {tmp_path / 'r.html'}" in told.stdout
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    assert velox(*words, "--trades", tmp_path / "t.parquet").returncode == 0
    csv, parquet = pl.read_csv(tmp_path / "t.csv"), pl.read_parquet(tmp_path / "t.parquet")
    assert_frame_equal(csv.select("number", "net", "r"), parquet.select("number", "net", "r"))
    assert csv.height > 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain.json", "r.html", "r.json", "t.csv", "t.parquet"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--report", "no/such/r.html"], "--report: the folder of no/such/r.html does not exist"),
        (["--trades", "no/such/t.csv"], "--trades: the folder of no/such/t.csv does not exist"),
        (["--trades", "t.xlsx"], "t.xlsx must end in .csv or .parquet"),
    ],
)
def test_files_that_cannot_be_are_refused_before_the_work(words: list[str], sentence: str) -> None:
    told = velox("backtest", "ema_cross", "--catalog", SAMPLE_DIR, *words)
    assert told.returncode == 2
    assert sentence in told.stderr and told.stdout == ""
