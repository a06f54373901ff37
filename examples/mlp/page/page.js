"use strict";

const report = JSON.parse(document.getElementById("data").textContent);
const root = document.documentElement;

// An element with attributes and children; text is never read as HTML. A line never begins with "%".
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.map((child) => typeof child === "string" ? child.replaceAll(" %", "\u00a0%") : child));
  return made;
}

function findingItem(finding) {
  const mark = markOf(finding);
  return element("li", {}, mark, element("div", {}, finding.claim + ": ",
    element("span", { class: "measured" }, finding.measured), element("span", { class: "setting" }, finding.setting)));
}

function markOf(finding) {
  return element("span", { class: finding.holds ? "mark yes" : "mark no",
    title: finding.holds ? "reached its mark" : "did not reach its mark" }, finding.holds ? "\u2713" : "\u2717");
}

// On the first screen: the figure, the claim with its mark, the setting; a link to the chapter.
function findingCard(finding) {
  return element("a", { class: "card", href: "#" + finding.chapter },
    element("span", { class: "brief" }, markOf(finding), " " + finding.brief), element("span", { class: "claimed" }, finding.claim),
    element("span", { class: "setting" }, finding.setting));
}

function findingList(findings) {
  return element("ul", { class: "findings" }, ...findings.map(findingItem));
}

function promiseRow(promise) {
  const kinds = { "holds": "verdict holds", "does not hold": "verdict fails" };
  const verdict = element("div", { class: kinds[promise.verdict] || "verdict" }, promise.verdict);
  return element("div", { class: "promise" },
    element("div", {}, element("h3", {}, promise.promise), verdict),
    element("div", { class: "cards" }, ...promise.findings.map(findingCard)));
}

function table(columns, rows) {
  const cells = (tag, values) => element("tr", {}, ...values.map((value) => element(tag, {}, value)));
  return element("div", { class: "table", tabindex: "0" }, element("table", {},
    element("thead", {}, cells("th", columns)), element("tbody", {}, ...rows.map((row) => cells("td", row)))));
}

function figure(chart, id) {
  const canvas = element("canvas", { id, role: "img", "aria-label": chart.title + ": " + (chart.y || chart.x) });
  const room = element("div", { class: chart.bars ? "canvas bars" : "canvas" }, canvas);
  return element("figure", {}, element("h3", {}, chart.title), room);
}

function chapterSection(chapter, number) {
  const charts = element("div", { class: "charts" },
    ...chapter.charts.map((chart, i) => figure(chart, chapter.name + "-" + i)));
  const section = element("section", { class: "chapter", id: chapter.name },
    element("h2", {}, number + ". " + chapter.title), element("p", { class: "claim" }, chapter.claim), charts,
    findingList(chapter.findings), table(chapter.columns, chapter.rows),
    ...chapter.text.map((text) => element("p", {}, text)));
  if (chapter.code) section.append(element("pre", {}, element("code", {}, chapter.code)));
  section.append(element("p", { class: "limit" }, element("strong", {}, "The limit. "), chapter.limit),
    element("p", { class: "command" }, "Repeat it: ", element("code", {}, chapter.command)));
  return section;
}

// ---- Charts

const color = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
const short = (value) => Number(value.toPrecision(4)).toString();

// The line of a mean, after the two that bound its band.
function lineSets(line, index) {
  const tone = color(line.tone);
  const few = line.points.length < 25 && line.tone !== "reference";
  const common = { borderColor: tone, tension: 0, tone: line.tone };
  const bound = (key, fill) => ({ ...common, label: "", bound: true, fill, pointRadius: 0, pointHitRadius: 0,
    borderWidth: 0, backgroundColor: tone + "2e", data: line.points.map((point) => ({ x: point.x, y: point[key] })) });
  return [bound("least", false), bound("most", 3 * index),
    { ...common, label: line.name, fill: false, backgroundColor: tone, borderWidth: 2, pointRadius: few ? 3 : 0,
      pointHoverRadius: 5, borderDash: line.dashed ? [6, 4] : [], data: line.points }];
}

// Whiskers from the least to the most, over a bar of the mean.
const whiskers = {
  id: "whiskers",
  afterDatasetsDraw(chart) {
    chart.data.datasets.forEach((set, i) => {
      if (!set.spread) return;
      const context = chart.ctx;
      chart.getDatasetMeta(i).data.forEach((bar, j) => {
        const [least, most] = set.spread[j].map((value) => chart.scales.x.getPixelForValue(value));
        context.save();
        context.strokeStyle = color("ink");
        context.beginPath();
        context.moveTo(least, bar.y);
        context.lineTo(most, bar.y);
        for (const end of [least, most]) { context.moveTo(end, bar.y - 4); context.lineTo(end, bar.y + 4); }
        context.stroke();
        context.restore();
      });
    });
  },
};

function barSets(chart) {
  const points = chart.lines.map((line) => line.points[0]);
  return [{ label: chart.x, data: points.map((point) => point.y), spread: points.map((point) => [point.least, point.most]),
    backgroundColor: chart.lines.map((line) => color(line.tone) + "cc"), barPercentage: 0.6, points }];
}

function tooltipText(item) {
  const point = item.dataset.points ? item.dataset.points[item.dataIndex] : item.raw;
  const spread = point.least === point.most ? "" : " [" + short(point.least) + ".." + short(point.most) + "]";
  return (item.dataset.points ? "" : item.dataset.label + ": ") + short(point.y) + spread;
}

const plain = (value) => (value === 0 || (value >= 1e-3 && value < 1e5) ? short(value) : value.toExponential(0));

// So many different places are few enough for a tick at each.
const FEW = 16;

// The ticks of a logarithmic axis: where the data are, or else at powers of ten.
function logTicks(values) {
  const places = [...new Set(values)].sort((a, b) => a - b);
  if (places.length <= FEW) return places;
  const [first, last] = [places[0], places[places.length - 1]].map((value) => Math.log10(value));
  const stride = Math.max(1, Math.ceil((last - first) / 8));
  const powers = [];
  for (let power = Math.ceil(first / stride) * stride; power <= last; power += stride) powers.push(10 ** power);
  return powers.length > 1 ? powers : [places[0], places[places.length - 1]];
}

// Labels for these ticks that leave each other room on an axis of so many pixels; others stay empty.
function roomyLabels(ticks, length, horizontal) {
  const decades = Math.log10(ticks[ticks.length - 1] / ticks[0]) || 1;
  let end = -Infinity;
  return ticks.map((value) => {
    const text = plain(value);
    const half = horizontal ? 3.5 * text.length + 2 : 8;
    const at = Math.log10(value / ticks[0]) / decades * length;
    if (at - half < end) return "";
    end = at + half;
    return text;
  });
}

function logAxis(values) {
  const places = logTicks(values);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = (most / least) ** 0.02;
  return {
    min: least / room, max: most * room,
    afterBuildTicks: (scale) => {
      const length = scale.isHorizontal() ? scale.chart.width - 80 : scale.chart.height - 110;
      const labels = roomyLabels(places, length, scale.isHorizontal());
      scale.ticks = places.map((value, i) => ({ value, text: labels[i] }));
    },
  };
}

function axis(title, values) {
  const made = { title: { display: title !== "", text: title, color: color("soft") }, grid: { color: color("rule") },
    border: { color: color("rule") }, ticks: { color: color("soft"), maxRotation: 0 } };
  made.type = values ? "logarithmic" : "linear";
  if (values) {
    Object.assign(made, logAxis(values));
    Object.assign(made.ticks, { callback: (value, i, ticks) => ticks[i].text, autoSkip: false });
  }
  return made;
}

// The lines of the legend, dashed as those of the chart are, which Chart.js forgets.
function dashedLabels(chart) {
  return Chart.defaults.plugins.legend.labels.generateLabels(chart).map((label) => ({ ...label,
    lineDash: chart.data.datasets[label.datasetIndex].borderDash || [] }));
}

const pointsOf = (charts) => charts.flatMap((chart) => chart.lines.flatMap((line) => line.points));

// The axis of a chart's values, the same for all charts that show the same.
function valueAxis(chart, charts) {
  const points = pointsOf(charts.filter((other) => other.y === chart.y && other.log_y === chart.log_y));
  const values = points.flatMap((point) => [point.least, point.most]);
  if (chart.log_y) return axis(chart.y, values.filter((value) => value > 0));
  return { ...axis(chart.y), suggestedMin: Math.min(...values), suggestedMax: Math.max(...values) };
}

function placeAxis(chart) {
  return { ...axis(chart.x, chart.log_x ? pointsOf([chart]).map((point) => point.x) : null), bounds: "data" };
}

function settingsOf(chart, charts) {
  const shown = (item) => !item.dataset.bound;
  const plugins = {
    legend: { display: !chart.bars, position: "bottom",
      labels: { color: color("ink"), usePointStyle: true, pointStyle: "line", pointStyleWidth: 30, generateLabels: dashedLabels,
        filter: (item, data) => !data.datasets[item.datasetIndex].bound } },
    tooltip: { filter: shown, callbacks: { label: tooltipText, title: (items) => items.length === 0 ? "" :
      chart.bars ? items[0].label : chart.x + " " + short(items[0].parsed.x) } },
  };
  const common = { responsive: true, maintainAspectRatio: false, animation: false, plugins };
  if (chart.bars) {
    const categories = { grid: { display: false }, ticks: { color: color("ink") } };
    return { type: "bar", data: { labels: chart.lines.map((line) => line.name), datasets: barSets(chart) }, plugins: [whiskers],
      options: { ...common, indexAxis: "y", scales: { x: { ...axis(chart.x), beginAtZero: true,
        suggestedMax: Math.max(...chart.lines.map((line) => line.points[0].most)) }, y: categories } } };
  }
  return { type: "line", data: { datasets: chart.lines.flatMap(lineSets) },
    options: { ...common, interaction: { mode: "x", intersect: false },
      scales: { x: placeAxis(chart), y: valueAxis(chart, charts) } } };
}

let drawn = [];

function drawCharts() {
  drawn.forEach((chart) => chart.destroy());
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawn = report.chapters.flatMap((chapter) => chapter.charts.map((chart, i) =>
    new Chart(document.getElementById(chapter.name + "-" + i), settingsOf(chart, chapter.charts))));
}

// ---- Theme

function setTheme(theme) {
  root.dataset.theme = theme;
  document.getElementById("theme").textContent = theme === "dark" ? "Light" : "Dark";
  drawCharts();
}

function followTheme() {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const preferred = () => (system.matches ? "dark" : "light");
  setTheme(preferred());
  system.addEventListener("change", () => setTheme(preferred()));
  document.getElementById("theme").addEventListener("click", () =>
    setTheme(root.dataset.theme === "dark" ? "light" : "dark"));
  // Paper is light.
  let before = "";
  window.addEventListener("beforeprint", () => { before = root.dataset.theme; setTheme("light"); });
  window.addEventListener("afterprint", () => setTheme(before));
}

// ---- The page

function fillPage() {
  document.getElementById("made").append(
    report.networks.toLocaleString("en") + " small networks, trained in " + Math.round(report.seconds) +
    " s of training time on " + report.data + ". " + report.machine + "; " + report.program + "; " + report.date + ". ",
    element("code", {}, report.command));
  document.getElementById("promise-list").append(...report.promises.map(promiseRow));
  document.getElementById("contents").append(...report.chapters.map((chapter, i) =>
    element("a", { href: "#" + chapter.name }, (i + 1) + ". " + chapter.title)));
  document.getElementById("chapters").append(...report.chapters.map((chapter, i) => chapterSection(chapter, i + 1)));
  if (report.missing.length > 0) {
    document.getElementById("contents").after(element("p", { class: "limit" },
      "Stopped before these chapters had all of their results: " + report.missing.join(", ") + "."));
  }
  document.getElementById("footer").append(
    "Figures are means over the seeds, with the least and the most of them: 97.8 [97.2..98.2]. Where learning rates are chosen, " +
    "images set aside for that choose them, not the test images; an exception says so. Charts by Chart.js, MIT licence.");
}

fillPage();
followTheme();
