// What stands above the charts: title, verdict, key figures.

function endpoint(address, port) {
  const host = address?.includes(":") ? `[${address}]` : address ?? "?";
  return port === undefined || port === null ? host : `${host}:${port}`;
}

function figureTuple(prefix) {
  const source = figureValue(`${prefix}_saddr`), dest = figureValue(`${prefix}_daddr`);
  if (!dest)
    return null;
  const port = figureValue(`${prefix}_dport`);
  return `${source ?? "?"} to ${endpoint(dest, port)}`;
}

// Title, the figure itself, what is said below it; a figure that is not there has no box.
function keyFigures() {
  const text = figureText;
  const list = (names) => names.filter((name) => figureValue(name))
    .map((name) => `${name.replaceAll("_", " ")} ${text(name)}`).join(", ");
  const low = figureValue("range_low");
  return [
    ["Allocations", text("allocations"), list(["connect", "bind", "listen", "autobind", "explicit"]),
      text("rate") && `${text("rate")}, peak ${text("rate_peak") ?? "?"}`],
    ["Failed", text("errors"), list(["eaddrnotavail", "eaddrinuse", "eagain", "other_errors"]).toUpperCase(),
      figureValue("first_failure_ns") !== undefined ? `first after ${text("first_failure_ns")}` : null,
      "alarm", figureValue("errors") > 0],
    ["Range", low === undefined ? null : `${low}–${figureValue("range_high")}`,
      [`${text("range_ports")} ports`, figureValue("usable") !== undefined && `${text("usable")} usable`].filter(Boolean).join(", "),
      figureValue("ranges") > 1 ? `${text("ranges")} ranges in all` : null],
    ["Knee", text("knee") && `${text("knee")} ports`,
      figureValue("knee_crossed") ? `crossed after ${text("knee_crossed_ns")}` :
        figureValue("knee_crossed") === 0 ? "not crossed" : null,
      text("second_pass_pct") && `second pass ${text("second_pass_pct")}`],
    ["Peak to one destination", text("peak_used"),
      text("peak_used_pct") && `${text("peak_used_pct")} of the usable ports`, figureTuple("peak")],
    ["Search latency, p99", text("latency_p99_ns"),
      `median ${text("latency_p50_ns")}, max ${text("latency_max_ns")}`,
      text("latency_share_pct") && `${text("latency_share_pct")} of the time`],
    ["Examined, p99", text("examined_p99"),
      text("examined_mean") && `mean ${text("examined_mean")}, max ${text("examined_max")}`],
    ["Distinct ports", text("ports_distinct"),
      text("ports_reused") && `${text("ports_reused")} choices again`,
      text("reuse_interval_p50_ns") && `after ${text("reuse_interval_p50_ns")} (median)`],
    ["Not recorded", figureValue("lost") ? text("lost") : null, "allocations were lost", null, "alarm", true],
  ];
}

function drawHead() {
  document.title = data.title;
  document.getElementById("title").textContent = data.title;
  document.getElementById("about").textContent = data.about
    .filter(([name]) => !name.startsWith("_")).map(([name, value]) => `${name} ${value}`).join(" · ");
  const verdict = document.getElementById("verdict");
  const bottleneck = figureValue("bottleneck");
  verdict.classList.add(bottleneck === 1 ? "bad" : bottleneck === 0 ? "good" : "unknown");
  const sign = bottleneck === 1 ? "✕ " : bottleneck === 0 ? "✓ " : "? ";
  verdict.append(element("span", { ariaHidden: "true" }, sign), data.verdict);
  const figures = document.getElementById("figures");
  for (const [name, value, more, most, mark, marked] of keyFigures()) {
    if (value === null || value === undefined || value === "not known")
      continue;
    const box = element("div", { className: mark && marked ? mark : "" },
      element("dt", {}, name), element("dd", {}, value));
    for (const line of [more, most])
      if (line)
        box.append(element("dd", { className: "more" }, line));
    figures.append(box);
  }
  const rows = element("tbody");
  for (const name of Object.keys(data.figures)) {
    const text = figureText(name);
    rows.append(element("tr", {}, element("td", {}, name), element("td", { className: "number" }, text ?? "–")));
  }
  document.getElementById("all-figures").append(
    element("div", { className: "table" }, element("table", {}, rows)));
  document.getElementById("footer").textContent =
    `Made by ephemport ${data.version}. Drawn with D3 (© Mike Bostock, BSD licence). ` +
    "The page holds all its data and loads nothing.";
}
