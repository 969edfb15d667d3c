"use strict";
// Puts figures into their places and lets the reader choose the candles and the day of the chart.
(() => {
  const { data, place, again } = Charts;

  for (const element of document.querySelectorAll("[data-figure]")) {
    const figure = data.figures[element.dataset.figure];
    if (figure) place(element, () => figure);
    else element.remove();
  }
  tradeTable(data.trades);
  chart();

  document.getElementById("theme")?.addEventListener("click", () => {
    const isDark = document.body.dataset.theme
      ? document.body.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    document.body.dataset.theme = isDark ? "light" : "dark";
    again();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);

  function chart() {
    const canvas = document.getElementById("chart-figure");
    if (!canvas) return;
    const pick = document.getElementById("chart-series"), days = document.getElementById("chart-day");
    const back = document.getElementById("chart-before"), forth = document.getElementById("chart-after");
    const length = (seconds) => (seconds % 3600 === 0 ? `${seconds / 3600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`);
    const title = (series) => `${series.instrument} ${length(series.seconds)}${series.without_preopen ? " without the pre-open" : ""}`;
    data.series.forEach((series, at) => pick.add(new Option(title(series), at)));

    function fill() {
      const held = days.value;
      days.replaceChildren(...data.series[pick.value].days.map((day) => new Option(day.date, day.date)));
      if ([...days.options].some((option) => option.value === held)) days.value = held;
    }

    function show() {
      back.disabled = days.selectedIndex <= 0;
      forth.disabled = days.selectedIndex >= days.options.length - 1;
      const series = data.series[pick.value];
      place(canvas, () => candles(series, series.days[days.selectedIndex]));
    }

    const step = (by) => { days.selectedIndex += by; show(); };
    pick.addEventListener("change", () => { fill(); show(); });
    days.addEventListener("change", show);
    back.addEventListener("click", () => step(-1));
    forth.addEventListener("click", () => step(1));
    fill();
    show();
  }

  function clock(date, seconds) {
    const part = (value) => String(value).padStart(2, "0");
    return `${date} ${part(Math.floor(seconds / 3600))}:${part(Math.floor(seconds / 60) % 60)}:${part(seconds % 60)}`;
  }

  function candles(series, day) {
    const x = day.t.map((seconds) => clock(day.date, seconds));
    const panes = [...new Set(series.lines.map((line) => line.pane).filter(Boolean))].slice(0, 4);
    const traces = [
      {
        type: "candlestick", name: series.instrument, x, open: day.open, high: day.high, low: day.low, close: day.close,
        increasing: { line: { color: "@up", width: 1 } }, decreasing: { line: { color: "@down", width: 1 } },
        showlegend: false,
      },
      { type: "bar", name: "Volume", x, y: day.volume, yaxis: "y2", marker: { color: "@muted", opacity: 0.6 }, showlegend: false },
    ];
    const inks = ["@accent", "@warn", "#8e5bb5", "#2a9fb0", "#b0578d", "#6b8e23"];
    let shown = 0;
    series.lines.forEach((line, at) => {
      const pane = line.pane ? panes.indexOf(line.pane) : -1;
      if (line.is_hidden || (line.pane && pane < 0) || !day.values[at]) return;
      traces.push({
        type: "scatter", mode: "lines", name: line.name, x, y: day.values[at],
        yaxis: pane < 0 ? "y" : `y${pane + 3}`, line: { width: 1.4, color: inks[shown++ % inks.length] },
      });
    });
    traces.push(...marks(series, day));
    return { data: traces, layout: layout(series, day, x, panes) };
  }

  function layout(series, day, x, panes) {
    const below = Math.min(0.5, 0.17 * panes.length), volume = 0.1, gap = 0.03;
    const axes = {
      yaxis: { domain: [below + volume + 2 * gap, 1], tickformat: ",.2~f" },
      yaxis2: { domain: [below + gap, below + gap + volume], tickformat: "~s", title: { text: "Vol" }, nticks: 3 },
    };
    panes.forEach((name, at) => {
      const each = below / panes.length, top = below - at * each;
      axes[`yaxis${at + 3}`] = {
        domain: [top - each + 0.01, top - gap], nticks: 4, title: { text: name.split(" · ")[0], font: { size: 11 } },
      };
    });
    return {
      ...axes,
      xaxis: {
        type: "date", rangeslider: { visible: false }, anchor: panes.length ? `y${panes.length + 2}` : "y2",
        range: [clock(day.date, day.t[0] - series.seconds), clock(day.date, day.t[day.t.length - 1] + 2 * series.seconds)],
        tickformat: "%H:%M", hoverformat: "%H:%M:%S",
      },
      hovermode: "closest", showlegend: true, bargap: 0.2,
      legend: { orientation: "h", y: 1.01, yanchor: "bottom", x: 0, font: { size: 11 } },
      margin: { l: 70, r: 20, t: 40, b: 36 }, uirevision: `${series.instrument} ${day.date}`,
    };
  }

  function marks(series, day) {
    const money = (value) => new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
    const ofDay = data.trades.filter((trade) => trade.instrument === series.instrument
      && (trade.opened.startsWith(day.date) || trade.closed.startsWith(day.date)));
    const told = (trade) => `#${trade.number} ${trade.strategy}, ${trade.side} ${trade.quantity}`;
    const won = ofDay.filter((trade) => trade.net > 0), lost = ofDay.filter((trade) => trade.net <= 0);
    const traces = [[won, "@up", "Won"], [lost, "@down", "Lost"]].filter(([half]) => half.length).map(([half, color, name]) => ({
      type: "scatter", mode: "lines", name, hoverinfo: "skip", line: { color, width: 1.2, dash: "dot" },
      x: half.flatMap((trade) => [trade.opened, trade.closed || trade.opened, null]),
      y: half.flatMap((trade) => [trade.entry, trade.exit ?? trade.entry, null]),
    }));
    traces.push(...stops(series, day));
    const left = ofDay.filter((trade) => trade.closed.startsWith(day.date) && trade.closed);
    if (left.length) {
      traces.push({
        type: "scatter", mode: "markers", name: "Exit", x: left.map((trade) => trade.closed),
        y: left.map((trade) => trade.exit),
        text: left.map((trade) => `${told(trade)}<br>out by ${trade.exit_role}, net ${trade.net < 0 ? "-" : ""}₹${money(Math.abs(trade.net))}`),
        hovertemplate: "%{text}<br>at %{y:,.2f}, %{x|%H:%M:%S}<extra></extra>",
        marker: { symbol: "x", color: "@muted", size: 9, line: { color: "#ffffff", width: 1 } },
      });
    }
    for (const [side, symbol, color] of [["long", "triangle-up", "@up"], ["short", "triangle-down", "@down"]]) {
      const half = ofDay.filter((trade) => trade.side === side && trade.opened.startsWith(day.date));
      if (half.length) {
        traces.push({
          type: "scatter", mode: "markers", name: `Enter ${side}`, x: half.map((trade) => trade.opened),
          y: half.map((trade) => trade.entry), text: half.map(told),
          hovertemplate: "%{text}<br>in at %{y:,.2f}, %{x|%H:%M:%S}<extra></extra>",
          marker: { symbol, color, size: 11, line: { color: "#ffffff", width: 1 } },
        });
      }
    }
    return traces;
  }

  function stops(series, day) {
    const x = [], y = [];
    const names = [...new Set(data.exits.map((line) => line.strategy))];
    for (const strategy of names) {
      const lines = data.exits.filter((line) => line.strategy === strategy && line.instrument === series.instrument
        && line.at.startsWith(day.date));
      lines.forEach((line, at) => {
        const until = lines[at + 1]?.at ?? clock(day.date, day.t[day.t.length - 1] + series.seconds);
        if (line.stop && line.what !== "disarmed") {
          x.push(line.at, until, null);
          y.push(line.stop, line.stop, null);
        }
      });
    }
    if (!x.length) return [];
    return [{
      type: "scatter", mode: "lines", name: "Stop", x, y, line: { color: "@warn", width: 1.4, dash: "4px,3px" },
      hovertemplate: "stop %{y:,.2f}<extra></extra>",
    }];
  }
})();
