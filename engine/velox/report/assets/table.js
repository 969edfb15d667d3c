"use strict";
// The table of trades: sorted by a click on a heading, narrowed by words, strategy and outcome, in pages.
function tradeTable(trades) {
  const place = document.getElementById("trades-table");
  if (!place) return;
  const PAGE_ROWS = 50;
  const grouping = (digits) =>
    new Intl.NumberFormat("en-IN", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const whole = grouping(0), exact = grouping(2);
  const money = (value) => (value === null ? "–" : exact.format(value));
  const held = (seconds) => {
    if (seconds === null) return "open";
    const hours = Math.floor(seconds / 3600), minutes = Math.floor((seconds % 3600) / 60);
    const pad = (value) => String(value).padStart(2, "0");
    return `${hours}:${pad(minutes)}:${pad(seconds % 60)}`;
  };
  const columns = [
    ["number", "#", (v) => whole.format(v)], ["strategy", "Strategy"], ["instrument", "Instrument"], ["side", "Side"],
    ["quantity", "Units", (v) => whole.format(v)], ["opened", "Opened"], ["closed", "Closed", (v) => v.slice(11) || "–"],
    ["hold_s", "Held", held], ["entry", "Entry", money], ["exit", "Exit", money], ["exit_role", "By", (v) => v || "–"],
    ["stop", "First stop", money], ["gross", "Gross", money], ["charges", "Charges", money], ["net", "Net", money],
    ["r", "R", (v) => (v === null ? "–" : v.toFixed(2))], ["slippage", "Slippage", money],
    ["adverse", "MAE", money], ["favourable", "MFE", money],
  ];
  const isWords = new Set(["strategy", "instrument", "side", "opened", "closed", "exit_role"]);
  const state = { key: "number", up: true, page: 0 };
  const words = document.getElementById("trades-words");
  const strategy = document.getElementById("trades-strategy");
  const outcome = document.getElementById("trades-outcome");
  const pages = document.getElementById("trades-pages");
  const count = document.getElementById("trades-count");

  const option = (select, value, label) => select.add(new Option(label, value));
  option(strategy, "", "All strategies");
  for (const name of [...new Set(trades.map((trade) => trade.strategy))].sort()) option(strategy, name, name);
  for (const [value, label] of [["", "All outcomes"], ["won", "Winners"], ["lost", "Losers"], ["open", "Still open"]]) {
    option(outcome, value, label);
  }

  function fits(trade) {
    const text = [trade.number, trade.strategy, trade.instrument, trade.side, trade.opened, trade.exit_role]
      .join(" ").toLowerCase();
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const came = { "": true, won: trade.net > 0, lost: trade.net <= 0, open: trade.closed === "" };
    return (!strategy.value || trade.strategy === strategy.value) && came[outcome.value]
      && asked.every((word) => text.includes(word));
  }

  function before(a, b) {
    const [x, y] = [a[state.key], b[state.key]];
    if (x === y) return a.number - b.number;
    if (x === null || x === "") return 1; // what is not known stands last, whichever way
    if (y === null || y === "") return -1;
    return (x < y ? -1 : 1) * (state.up ? 1 : -1);
  }

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function heading([key, label]) {
    const cell = element("th", label, isWords.has(key) ? "w" : "n");
    cell.dataset.key = key;
    if (key === state.key) cell.setAttribute("aria-sort", state.up ? "ascending" : "descending");
    cell.addEventListener("click", () => {
      state.up = key === state.key ? !state.up : isWords.has(key) || key === "number";
      state.key = key;
      state.page = 0;
      show();
    });
    return cell;
  }

  function row(trade) {
    const line = element("tr");
    for (const [key, , shown] of columns) {
      const tone = key === "net" || key === "gross" ? (trade[key] > 0 ? " up" : trade[key] < 0 ? " down" : "") : "";
      const value = shown ? shown(trade[key]) : trade[key];
      line.append(element("td", value, (isWords.has(key) ? "w" : "n") + tone));
    }
    return line;
  }

  function show() {
    const found = trades.filter(fits).sort(before);
    const last = Math.max(0, Math.ceil(found.length / PAGE_ROWS) - 1);
    state.page = Math.min(state.page, last);
    const table = element("table"), head = element("thead"), body = element("tbody"), top = element("tr");
    top.append(...columns.map(heading));
    head.append(top);
    body.append(...found.slice(state.page * PAGE_ROWS, (state.page + 1) * PAGE_ROWS).map(row));
    table.append(head, body);
    place.replaceChildren(table);
    const net = found.reduce((sum, trade) => sum + trade.net, 0);
    const rupees = `${net < 0 ? "-" : ""}₹${exact.format(Math.abs(net))}`;
    count.textContent = `${whole.format(found.length)} of ${whole.format(trades.length)} trades, net ${rupees}`;
    const step = (label, to) => {
      const button = element("button", label);
      button.disabled = to < 0 || to > last;
      button.addEventListener("click", () => { state.page = to; show(); });
      return button;
    };
    const told = element("span", `page ${state.page + 1} of ${last + 1}`, "note");
    pages.replaceChildren(...(last ? [step("‹", state.page - 1), told, step("›", state.page + 1)] : []));
  }

  for (const input of [words, strategy, outcome]) {
    input.addEventListener("input", () => { state.page = 0; show(); });
  }
  show();
}
