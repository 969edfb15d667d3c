"use strict";
// Draws figures in the colours of the page; a figure is drawn when it comes near the window.
const Charts = (() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const drawn = new Map(); // element -> function that gives its figure

  Plotly.register({
    moduleType: "locale",
    name: "en-IN",
    dictionary: {},
    format: { decimal: ".", thousands: ",", grouping: [3, 2, 2, 2, 2, 2], currency: ["₹", ""] },
  });

  function colours() {
    const style = getComputedStyle(document.body);
    const of = (name) => style.getPropertyValue(`--${name}`).trim();
    return {
      "@up": of("up"), "@down": of("down"), "@accent": of("accent"), "@muted": of("muted"), "@warn": of("warn"),
      "@diverging": [[0, of("heat-low")], [0.5, of("heat-mid")], [1, of("heat-high")]],
      ink: of("ink"), soft: of("soft"), grid: of("grid"), panel: of("panel"), rule: of("rule"),
    };
  }

  function coloured(value, palette) {
    if (typeof value === "string") return value.startsWith("@") && value in palette ? palette[value] : value;
    if (Array.isArray(value)) return value.map((each) => coloured(each, palette));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, coloured(each, palette)]));
    }
    return value;
  }

  function dressed(figure) {
    const palette = colours();
    const { data: traces, layout } = coloured(figure, palette);
    const dress = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
      font: { color: palette.ink, size: 12, family: getComputedStyle(document.body).fontFamily },
      margin: { l: 70, r: 20, t: 24, b: 44 },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: palette.soft, activecolor: palette.accent },
      hoverlabel: { bgcolor: palette.panel, bordercolor: palette.rule, font: { color: palette.ink } },
      ...layout,
    };
    for (const key of Object.keys({ xaxis: 1, yaxis: 1, ...layout })) {
      if (/^[xy]axis\d*$/.test(key)) {
        dress[key] = {
          gridcolor: palette.grid, linecolor: palette.rule, zerolinecolor: palette.rule, automargin: true,
          ...(dress[key] || {}),
        };
      }
    }
    return { traces, layout: dress, config: figure.config };
  }

  function draw(element) {
    const figure = drawn.get(element)();
    const { traces, layout, config } = dressed(figure);
    return Plotly.react(element, traces, layout, {
      responsive: true, displaylogo: false, showSendToCloud: false, plotlyServerURL: "", displayModeBar: "hover", locale: "en-IN", scrollZoom: false,
      modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"], ...config,
    });
  }

  function place(element, figure) {
    const isNew = !drawn.has(element);
    drawn.set(element, figure);
    if (!isNew) {
      if (element.dataset.drawn) draw(element);
      return;
    }
    const watcher = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        watcher.disconnect();
        element.dataset.drawn = "yes";
        draw(element);
      }
    }, { rootMargin: "400px" });
    watcher.observe(element);
  }

  function again() {
    for (const element of drawn.keys()) if (element.dataset.drawn) draw(element);
  }

  return { data, place, again };
})();
