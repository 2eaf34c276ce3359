// The console's small script: draws the charts, keeps the title, and says so when the page is out of date.
// Everything else works without it. It runs after htmx and uPlot, which lie beside it.
"use strict";

(() => {
  const REFRESH = 10000;
  const STALE = 15000;
  const WINDOW = 3600;
  const SHORTEST = 300;
  const SIZES = [[2 ** 30, "GB"], [2 ** 20, "MB"], [2 ** 10, "kB"]];

  const stale = document.getElementById("stale");
  const box = document.getElementById("charts");
  if (!stale) return;

  // A page that no longer hears anything must not look calm.
  let heard = Date.now();
  let loggedOut = false;

  const clock = (moment) =>
    moment.toLocaleTimeString("en-GB", { timeZone: "Asia/Taipei", hour12: false });

  const judge = () => {
    const asks = document.querySelector("[hx-trigger]") !== null;
    const late = asks && Date.now() - heard > STALE;
    if (late || loggedOut) {
      const text = stale.dataset.text.replace("{time}", clock(new Date(heard)));
      stale.querySelector("span").textContent = loggedOut ? stale.dataset.login + " " + text : text;
    }
    stale.querySelector("a").hidden = !loggedOut;
    stale.hidden = !(late || loggedOut);
  };

  document.body.addEventListener("htmx:afterRequest", (event) => {
    const status = event.detail.xhr ? event.detail.xhr.status : 0;
    if (status === 200 || status === 204) {
      heard = Date.now();
      loggedOut = false;
    } else if (status === 401) {
      loggedOut = true;
    }
    judge();
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    const verdict = document.querySelector(".verdict[data-title]");
    if (verdict) document.title = verdict.dataset.title;
  });
  setInterval(judge, 1000);

  if (!box) return;

  // Numbers as the server writes them.
  const figure = (value, unit) => {
    if (value === null || value === undefined) return "–";
    if (unit === "bytes") {
      for (const [least, name] of SIZES) {
        if (value >= least) return (value / least).toFixed(1) + " " + name;
      }
      return value.toFixed(0) + " B";
    }
    if (unit === "seconds") {
      if (value < 1) return (value * 1000).toFixed(0) + " ms";
      return (value < 100 ? value.toFixed(1) : value.toFixed(0)) + " s";
    }
    if (unit === "percent") return value.toFixed(1) + " %";
    return unit === "count" || value >= 100 ? value.toFixed(0) : value.toFixed(1);
  };

  // On an axis there is room for little, and steps below one need their digits.
  const tick = (value, unit) => {
    if (unit === "bytes") return figure(value, unit).replace(".0 ", " ");
    if (unit === "seconds") return figure(value, unit);
    const text = Number(value.toPrecision(3)).toString();
    return unit === "percent" ? text + " %" : text;
  };

  // Steps of an axis: whole people and events, and round sizes.
  const steps = (unit) => {
    const round = [1, 2, 5, 10, 20, 50, 100, 200, 500];
    if (unit === "count") return [1, 1e3, 1e6].flatMap((base) => round.map((step) => step * base));
    if (unit === "bytes") return [2 ** 10, 2 ** 20, 2 ** 30].flatMap((base) => round.map((step) => step * base));
    return undefined;
  };

  const plots = new Map();

  const colour = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();

  const show = (holder, chart, index) => {
    for (const line of chart.lines) {
      const cell = holder.querySelector('[data-line="' + line.name + '"]');
      const at = index === null || index === undefined ? line.values.length - 1 : index;
      if (cell) cell.textContent = figure(at < 0 ? null : line.values[at], chart.unit);
    }
  };

  const span = (times) => {
    const now = Date.now() / 1000;
    const last = times.length ? times[times.length - 1] : now;
    const first = times.length ? times[0] : now;
    return [Math.max(last - WINDOW, Math.min(first, last - SHORTEST)), last];
  };

  const highest = (chart) => {
    const values = chart.lines.flatMap((line) => line.values).filter((value) => value !== null);
    const top = Math.max(0, ...values);
    const whole = chart.unit === "count" ? 4 : chart.unit === "percent" ? 1 : chart.unit === "seconds" ? 0.02 : 1;
    return top > 0 ? Math.max(top * 1.15, whole / 4) : whole;
  };

  const build = (holder, chart) => {
    const target = holder.querySelector(".plot");
    const axis = {
      stroke: colour(holder, "--muted"),
      font: "11px " + getComputedStyle(document.body).fontFamily,
      grid: { stroke: colour(holder, "--grid"), width: 1 },
      ticks: { show: false },
    };
    const options = {
      width: Math.max(120, target.clientWidth),
      height: target.clientHeight || 118,
      padding: [8, 6, 0, 0],
      legend: { show: false },
      cursor: { y: false, sync: { key: "charts" }, drag: { x: false, y: false } },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Asia/Taipei"),
      scales: {
        x: { time: true, range: () => span(plots.get(chart.name).chart.times) },
        y: { range: () => [0, highest(plots.get(chart.name).chart)] },
      },
      axes: [
        { ...axis, size: 22, space: 70, grid: { show: false }, values: (_, all) => all.map((at) => clock(new Date(at * 1000)).slice(0, 5)) },
        { ...axis, size: 52, space: 28, incrs: steps(chart.unit), values: (_, all) => all.map((value) => tick(value, chart.unit)) },
      ],
      series: [
        {},
        ...chart.lines.map((line) => {
          const key = holder.querySelector(".line-" + CSS.escape(line.name));
          const limit = line.name === "limit";
          return {
            label: line.label,
            stroke: colour(key, "--c") || colour(key, "--c1"),
            width: limit ? 1 : 1.75,
            dash: limit ? [4, 4] : undefined,
            spanGaps: false,
            points: { show: chart.times.length < 3, size: 4 },
          };
        }),
      ],
      hooks: {
        setCursor: [
          (plot) => {
            const kept = plots.get(chart.name);
            if (kept) show(holder, kept.chart, plot.cursor.idx);
          },
        ],
      },
    };
    const entry = { chart, plot: null, holder };
    plots.set(chart.name, entry);
    entry.plot = new uPlot(options, data(chart), target);
  };

  const data = (chart) => [chart.times, ...chart.lines.map((line) => line.values)];

  const draw = (chart) => {
    const holder = box.querySelector('[data-chart="' + chart.name + '"]');
    if (!holder) return;
    const entry = plots.get(chart.name);
    if (!entry) {
      build(holder, chart);
    } else {
      entry.chart = chart;
      entry.plot.setData(data(chart));
    }
    show(holder, chart, plots.get(chart.name).plot.cursor.idx);
  };

  const load = async () => {
    const note = document.getElementById("charts-note");
    try {
      const answer = await fetch(box.dataset.source, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      const document_ = await answer.json();
      document_.charts.forEach(draw);
      box.dataset.points = String(document_.charts.length ? document_.charts[0].times.length : 0);
      note.textContent = "";
    } catch {
      note.textContent = box.dataset.failed;
    }
  };

  const redraw = () => {
    const charts = [...plots.values()];
    plots.clear();
    for (const entry of charts) {
      entry.plot.destroy();
      build(entry.holder, entry.chart);
    }
  };

  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 150);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  load();
  // At first the memory fills quickly, and a new page should not look empty.
  setTimeout(load, 3000);
  setTimeout(load, 6000);
  setInterval(load, REFRESH);
})();
