"""The page in a browser: every figure is drawn, choices work, nothing is fetched, nothing complains."""

import datetime as dt
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from tests.acceptance.test_feeds_agree import TURNS
from tests.report.test_page import SMALL

from velox.backtest.choose import Ask
from velox.backtest.reported import backtest
from velox.research.catalog import Catalog
from velox.research.days import SAMPLE_DIR
from velox.runtime.plan import StrategyPlan
from velox.rupees import money

_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --enable-logging=stderr --dump-dom "
    "--window-size=1280,9000 --virtual-time-budget=20000"
).split()

# Runs behind the page's own script: makes the choices that a reader may make, then writes down what is there.
_LOOK = """<script>
addEventListener("securitypolicyviolation", (event) => console.error("forbidden: " + event.blockedURI));
addEventListener("load", () => setTimeout(async () => {
  const pause = () => new Promise((done) => setTimeout(done, 300));
  const one = (selector) => document.querySelector(selector);
  const told = {};
  const canvas = one("#chart-figure");
  if (canvas) {
    told.days = [one("#chart-day").value];
    one("#chart-after").click();
    await pause();
    told.days.push(one("#chart-day").value);
    told.candles = canvas.data.find((trace) => trace.type === "candlestick").x.length;
    told.lines = canvas.data.map((trace) => trace.name);
  }
  const rows = () => [...document.querySelectorAll("#trades-table tbody tr")];
  const nets = () => rows().map((row) => row.children[14].textContent);
  if (one("#trades-table")) {
    told.rows = nets().length;
    one('#trades-table th[data-key="net"]').click();
    told.highest = nets()[0];
    one('#trades-table th[data-key="net"]').click();
    told.lowest = nets()[0];
    told.all = one("#trades-count").textContent;
    one("#trades-outcome").value = "won";
    one("#trades-outcome").dispatchEvent(new Event("input"));
    told.count = one("#trades-count").textContent;
  }
  one("#theme").click();
  await pause();
  const places = [...document.querySelectorAll(".figure")];
  told.figures = places.length;
  told.drawn = places.filter((place) => place.querySelector(".main-svg")).length;
  told.ink = one(".gtitle, .ytitle, .xtick text")?.style.fill ?? "";
  told.wide = document.documentElement.scrollWidth - innerWidth;
  told.fetched = performance.getEntriesByType("resource").map((entry) => entry.name);
  const place = document.createElement("script");
  place.type = "application/json";
  place.id = "told";
  place.textContent = JSON.stringify(told);
  document.body.append(place);
}, 1500));
</script></body>"""


def look(browser: str, page: str, folder: Path) -> dict[str, Any]:
    """Open a page, play with it, and tell what it showed; whatever the console said is a failure."""
    file = folder / "page.html"
    file.write_text(page.replace("</body>", _LOOK))
    command = [browser, *_FLAGS, f"--user-data-dir={folder / 'profile'}", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert not [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    found = re.search(r'<script type="application/json" id="told">(.*?)</script>', done.stdout, re.S)
    assert found is not None, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(found.group(1))
    return told


def days(folder: Path, *days_on: int) -> Path:
    """The generated day again on later days."""
    sample, kept = Catalog(SAMPLE_DIR), Catalog(folder)
    entry = next(e for e in sample.of_instrument("NSE:RELIANCE") if not e.candles)
    for n in days_on:
        ticks = sample.read(entry).with_columns(pl.col("ts_ns") + n * 86_400 * 1_000_000_000)
        kept.store(msgspec.structs.replace(entry, day=entry.day + dt.timedelta(days=n)), ticks)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_every_figure_is_drawn_and_nothing_is_fetched(browser: str, tmp_path: Path) -> None:
    busy = tmp_path / "busy.py"
    busy.write_text(TURNS.replace("SYMBOL", "NSE:RELIANCE"))
    plans = [StrategyPlan(str(busy))]
    report = backtest(Ask(plans=plans, catalog=days(tmp_path / "c", 0, 1, 6)))
    told = look(browser, report.html(), tmp_path)
    assert told["fetched"] == []
    assert told["drawn"] == told["figures"] >= 9
    assert told["days"] == ["2026-07-15", "2026-07-16"]
    assert told["candles"] > 300
    assert {"quick · EMA(5)", "strength · RSI(7)", "Stop", "Enter long", "Exit"} <= set(told["lines"])
    nets = report.trades["net"]
    assert told["rows"] == min(50, nets.len())
    assert [float(told[name].replace(",", "")) for name in ("highest", "lowest")] == pytest.approx(
        [nets.max(), nets.min()], abs=0.01
    )
    net = float(nets.sum())
    assert told["all"] == f"{nets.len()} of {nets.len()} trades, net {money(net)}"
    assert net < 0  # whose sign stands before the rupee, as everywhere else
    assert told["count"].startswith(f"{nets.gt(0).sum()} of {nets.len()} trades")
    assert told["wide"] <= 0, "the page is wider than its window"


@pytest.mark.slow
@pytest.mark.timeout(150)
@pytest.mark.parametrize("kind", ["no trade", "one figure"])
def test_small_pages_work_too(kind: str, browser: str, tmp_path: Path) -> None:
    if kind == "one figure":
        page = backtest(Ask(plans=[StrategyPlan("macd_trend")], catalog=SAMPLE_DIR)).plot("excursions").html
        page = page.replace("<main>", '<main><button id="theme"></button>')
    else:
        file = tmp_path / "small.py"
        file.write_text(SMALL)
        page = backtest(Ask(plans=[StrategyPlan(str(file))], catalog=SAMPLE_DIR)).html()
    told = look(browser, page, tmp_path)
    assert told["fetched"] == []
    assert told["drawn"] == told["figures"] == 1
