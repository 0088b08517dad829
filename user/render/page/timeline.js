// The two charts over time. They share the part of the recording that is in view.

const SPAN = Math.max(data.last - data.first, 1000);
const WHOLE = [data.first - SPAN * 0.01, data.last + SPAN * 0.01];
const LANE = 16; // px, above the ports: failures have no port
const LABELS = 12;
let view = [...WHOLE];
let band = null; // [lowest, highest] port in view; null: all
const timelines = [];

function timeFormat([from, to]) {
  const [unit, name] = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]]
    .find(([size]) => to - from >= size / 2) ?? [1, "ns"];
  const digits = d3.format(".12~g");
  return (time) => `${digits(time / unit)} ${name}`;
}

// The first mark at or after a time.
function firstAt(times, time) {
  return d3.bisectLeft(times, time);
}

function setView(from, to) {
  const width = Math.min(Math.max(to - from, 100), WHOLE[1] - WHOLE[0]);
  const begin = Math.min(Math.max(from, WHOLE[0]), WHOLE[1] - width);
  view = [begin, begin + width];
  timelines.forEach((timeline) => timeline.redraw());
}

const MOVES = {
  in: () => zoomBy(0.5),
  out: () => zoomBy(2),
  left: () => setView(view[0] - (view[1] - view[0]) / 4, view[1] - (view[1] - view[0]) / 4),
  right: () => setView(view[0] + (view[1] - view[0]) / 4, view[1] + (view[1] - view[0]) / 4),
  all: () => setView(...WHOLE),
};
const KEYS = { "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right", 0: "all", Escape: "all" };

function zoomBy(factor, middle = (view[0] + view[1]) / 2) {
  setView(middle - (middle - view[0]) * factor, middle + (view[1] - middle) * factor);
}

function portExtent() {
  const low = [], high = [];
  for (const range of data.ranges) {
    low.push(range.low);
    high.push(range.high);
  }
  if (data.chosen.bins.length) {
    low.push(data.chosen.first);
    high.push(Math.min(data.chosen.first + data.chosen.bins.length * data.chosen.width - 1, 65535));
  }
  return low.length ? [d3.min(low), d3.max(high)] : [1, 65535];
}

function ticksOfTime(frame, x) {
  frame.axisBottom(x, timeFormat(view));
}

// Ranges as bands, reserved ports hatched inside them, losses over the full height.
function drawBands(frame, x, y) {
  const clip = frame.back.append("g").attr("clip-path", `url(#${frame.clip})`);
  const hatch = frame.under.append("defs").append("pattern").attr("id", "hatch").attr("patternUnits", "userSpaceOnUse")
    .attr("width", 6).attr("height", 6).attr("patternTransform", "rotate(45)");
  hatch.append("line").attr("class", "hatch").attr("y2", 6);
  const box = (name, item, low, high) => clip.append("rect").attr("class", name)
    .attr("x", x(item.from)).attr("width", Math.max(x(item.to) - x(item.from), 1))
    .attr("y", y(high + 0.5)).attr("height", Math.max(y(low - 0.5) - y(high + 0.5), 1));
  for (const range of data.ranges) {
    const shown = { from: range.from <= data.first ? WHOLE[0] : range.from, to: range.to >= data.last ? WHOLE[1] : range.to };
    box("band", shown, range.low, range.high).attr("data-range", `${range.low}-${range.high}`);
    for (const port of [range.low - 0.5, range.high + 0.5])
      clip.append("line").attr("class", "band-edge").attr("x1", x(shown.from)).attr("x2", x(shown.to))
        .attr("y1", y(port)).attr("y2", y(port));
  }
  for (const reserved of data.reserved)
    for (const [low, high] of reserved.ports) {
      const to = reserved.to >= data.last ? WHOLE[1] : reserved.to;
      const from = reserved.from <= data.first ? WHOLE[0] : reserved.from;
      if (high >= y.domain()[0] && low <= y.domain()[1])
        box("reserved", { from, to }, low, high).attr("data-reserved", `${low}-${high}`);
    }
  for (const loss of data.losses)
    clip.append("rect").attr("class", "lost").attr("x", x(loss.from)).attr("height", frame.height)
      .attr("width", Math.max(x(loss.to) - x(loss.from), 2));
}

const rangeChanges = data.ranges.filter((range) => range.from > data.first &&
  (range.old_low !== undefined || data.ranges.some((other) => other.netns === range.netns && other.to === range.from)));

function changeText(change) {
  const before = change.old_low !== undefined ? `${change.old_low}–${change.old_high} → ` : "→ ";
  return `${before}${change.low}–${change.high}`;
}

function drawChanges(frame, x, labels) {
  const shown = rangeChanges.filter((change) => change.from >= view[0] && change.from <= view[1]);
  shown.forEach((change, i) => {
    const at = x(change.from);
    frame.front.append("line").attr("class", "change").attr("x1", at).attr("x2", at)
      .attr("y1", labels ? -LANE : 0).attr("y2", frame.height);
    if (!labels || shown.length > LABELS)
      return;
    const left = at > frame.width / 2;
    const room = (left ? at : frame.width - at) / 7; // characters
    const text = [changeText(change), `→ ${change.low}–${change.high}`].find(({ length }) => length < room);
    if (!text)
      return;
    frame.front.append("text").attr("class", "label change-label").attr("x", at + (left ? -6 : 6))
      .attr("y", 15 + (i % 4) * 16).attr("text-anchor", left ? "end" : "start").text(text);
  });
}

// Failures: a lane of triangles at the upper edge, one for each pixel where there is any.
function drawFailures(frame, marks, x) {
  const columns = new Set();
  const end = firstAt(marks.time, view[1]);
  for (let i = marks.kind.indexOf(FAILED, firstAt(marks.time, view[0])); i >= 0 && i < end; i = marks.kind.indexOf(FAILED, i + 1))
    columns.add(Math.round(x(marks.time[i])));
  frame.front.append("line").attr("class", "lane").attr("x2", frame.width).attr("y1", 0).attr("y2", 0);
  if (!data.kinds[FAILED])
    return;
  frame.back.append("text").attr("class", "label").attr("x", -8).attr("y", -4).attr("text-anchor", "end").text("failed");
  let path = "";
  const half = columns.size > frame.width / 4 ? 1.5 : 4;
  for (const at of columns)
    path += `M${at - half},${-LANE + 3}h${2 * half}L${at},-1z`;
  frame.front.append("path").attr("class", "failed").attr("data-failures", columns.size).attr("d", path);
}

// Calls dot(i) or cell(i) for what is in view, through the pixels of the canvas.
function drawMarks(frame, marks, x, heights, kinds) {
  const density = new Density(frame);
  const { ratio } = frame;
  const from = firstAt(marks.time, view[0] - marks.tick), to = firstAt(marks.time, view[1]);
  const size = Math.round(markSize(to - from) * ratio);
  const stamps = KINDS.map((_, kind) => stamp(kind, size));
  const scale = ratio * frame.width / (view[1] - view[0]);
  for (let i = from; i < to; i++) {
    const kind = marks.kind[i];
    if (!kinds(kind))
      continue;
    const px = (marks.time[i] - view[0]) * scale;
    if (marks.weight)
      density.rectangle(kind, px, px + marks.tick * scale, ...heights.cell(i).map((y) => y * ratio), marks.weight[i]);
    else
      density.dot(kind, Math.floor(px), Math.floor(heights.dot(i) * ratio), stamps[kind]);
  }
  density.paint();
}

function describe(dots, i) {
  const tuple = data.tuples.rows.find((row) => row.row === dots.tuple[i]);
  const command = data.commands.rows.find((row) => row.row === dots.command[i]);
  const clock = new Date(data.begin_ms + dots.time[i] / 1e6).toISOString().slice(11, 23);
  return [
    dots.error[i] ? `${data.errors[dots.error[i]]} (no port)` : `port ${dots.port[i]}, ${KINDS[dots.kind[i]].name}`,
    `${formatDuration(dots.time[i], 7)} after the start, ${clock} UTC`,
    tuple && `${data.paths[dots.path[i]]} to ${tuple.to}`,
    `search ${formatDuration(latencyOf(dots.latency[i]), 2)}${dots.examined[i] ? `, ${formatCount(dots.examined[i])} examined` : ""}`,
    command && `by ${command.comm}`,
  ].filter(Boolean).join("\n");
}

// The nearest dot within a few pixels; cells have no dots.
function nearest(frame, marks, x, heights, [px, py]) {
  let best = -1, distance = 12 * 12;
  if (data.merged)
    return best;
  const near = firstAt(marks.time, x.invert(px - 12)), end = firstAt(marks.time, x.invert(px + 12));
  for (let i = near; i < Math.min(end, near + 50000); i++) {
    const dx = x(marks.time[i]) - px, dy = heights.dot(i) - py;
    if (dx * dx + dy * dy < distance) {
      distance = dx * dx + dy * dy;
      best = i;
    }
  }
  return best;
}

// Drag: zoom to what was selected. The pointer: what is below it.
function interact(frame, marks, x, heights) {
  const brush = d3.brushX().touchable(false).extent([[0, 0], [frame.width, frame.height]]).on("end", () => {
    if (d3.event.selection && d3.event.sourceEvent) {
      const [from, to] = d3.event.selection.map(x.invert);
      setView(from, to);
    }
  });
  const area = frame.front.append("g").call(brush);
  area.on("dblclick", MOVES.all).on("mousemove.tip click.tip", () => {
    const i = nearest(frame, marks, x, heights, d3.mouse(area.node()));
    showTip(d3.event, i < 0 ? "" : describe(marks, i));
  }).on("mouseleave.tip", () => showTip(null, ""));
}

function drawPorts(marks) {
  return (frame) => {
    const extent = band ?? portExtent();
    const padding = Math.max((extent[1] - extent[0]) * 0.04, 2);
    const x = d3.scaleLinear(view, [0, frame.width]);
    const y = d3.scaleLinear([Math.max(extent[0] - padding, 0), Math.min(extent[1] + padding, 65536)], [frame.height, 0]);
    const heights = {
      dot: (i) => marks.kind[i] === FAILED ? -LANE / 2 : y(marks.port[i]),
      cell: (i) => [y((marks.port[i] + 1) * marks.unit), y(marks.port[i] * marks.unit)],
    };
    frame.axisLeft(y, d3.format("d"));
    ticksOfTime(frame, x);
    drawBands(frame, x, y);
    drawMarks(frame, marks, x, heights, (kind) => kind !== FAILED);
    drawChanges(frame, x, true);
    drawFailures(frame, marks, x);
    interact(frame, marks, x, heights);
  };
}

function drawLatencies(marks) {
  const codes = marks.latency;
  let low = Infinity, high = 0;
  for (let i = 0; i < marks.count; i++) {
    low = Math.min(low, codes[i]);
    high = Math.max(high, codes[i]);
  }
  const extent = marks.count ? [latencyOf(low * marks.unit) || 1, latencyOf((high + 1) * marks.unit) || 2] : [1, 1e6];
  return (frame) => {
    const x = d3.scaleLinear(view, [0, frame.width]);
    const y = d3.scaleLog([extent[0] / 1.3, extent[1] * 1.3], [frame.height, 0]);
    const lines = d3.range(high + 1).map((code) => y(latencyOf(code) || 1));
    const heights = {
      dot: (i) => lines[codes[i]],
      cell: (i) => [y(latencyOf((codes[i] + 1) * marks.unit)), y(latencyOf(codes[i] * marks.unit) || 1)],
    };
    frame.axisLeft(y, formatTick, logTicks(y.domain()));
    ticksOfTime(frame, x);
    drawMarks(frame, marks, x, heights, () => true);
    drawChanges(frame, x, false);
    interact(frame, marks, x, heights);
  };
}

function drawLegend() {
  const legend = d3.select("#legend");
  const shapes = [
    (g) => g.append("circle").attr("r", 4),
    (g) => g.append("rect").attr("x", -4).attr("y", -4).attr("width", 8).attr("height", 8),
    (g) => g.append("path").attr("d", "M0,-5L5,0L0,5L-5,0z"),
    (g) => g.append("path").attr("d", "M-5,-5h10L0,5z"),
  ];
  const entry = (text, draw, name) => {
    const span = legend.append("span");
    draw(span.append("svg").attr("width", 16).attr("height", 14).attr("aria-hidden", "true")
      .append("g").attr("transform", "translate(8,7)")).attr("class", name);
    span.append("span").text(text);
  };
  const box = (g) => g.append("rect").attr("x", -8).attr("y", -6).attr("width", 16).attr("height", 12);
  KINDS.forEach((kind, i) => data.kinds[i] && entry(`${kind.name} (${formatCount(data.kinds[i])})`, shapes[i], kind.key));
  entry("range in force", box, "band");
  if (data.reserved.some((reserved) => reserved.ports.length))
    entry("reserved", box, "reserved");
}

function drawChangeList() {
  const place = document.getElementById("changes");
  if (!rangeChanges.length)
    return;
  place.append(element("ul", { className: "note" }, ...rangeChanges.map((change) => element("li", {},
    `${formatDuration(change.from, 5)}: ${changeText(change)}, namespace ${change.netns}` +
    (change.comm ? `, by ${change.comm} (pid ${change.pid})` : "")))));
}

function bandChoices() {
  const names = new Map(data.ranges.map((range) => [`${range.low}–${range.high}`, [range.low, range.high]]));
  if (names.size < 2)
    return;
  const select = document.getElementById("band");
  select.append(element("option", { value: "" }, "all"), ...[...names.keys()].slice(0, 50).map((name) => element("option", {}, name)));
  select.addEventListener("change", () => {
    band = names.get(select.value) ?? null;
    timelines.forEach((timeline) => timeline.redraw());
  });
  document.getElementById("band-label").hidden = false;
}

function setUpTimelines(marks) {
  const margin = { left: 56, right: 14, top: LANE + 6, bottom: 24 };
  timelines.push(new Frame("chart-ports", margin, drawPorts(marks.ports)));
  timelines.push(new Frame("chart-latency", { ...margin, top: 8 }, drawLatencies(marks.latencies)));
  document.getElementById("chart-ports").setAttribute("aria-label",
    `Ports over time: ${formatCount(data.allocations)} allocations in ${formatDuration(SPAN)}, ${formatCount(data.kinds[FAILED])} failed; ` +
    `${rangeChanges.length} changes of the range: ${rangeChanges.slice(0, LABELS).map(changeText).join("; ")}`);
  document.getElementById("chart-latency").setAttribute("aria-label", "Latency of the port search over time, log scale");
  document.getElementById("note-ports").textContent = (data.merged ?
    "There are too many allocations to draw each: the darker, the more. " :
    "Each allocation is a mark at the port that the kernel chose. ") +
    "Drag or press + to look closer at a time, 0 for all of it.";
  for (const timeline of timelines) {
    timeline.place.addEventListener("keydown", (event) => {
      const move = !event.ctrlKey && !event.metaKey && !event.altKey && KEYS[event.key];
      if (move) {
        MOVES[move]();
        event.preventDefault();
      }
    });
    timeline.place.addEventListener("wheel", (event) => {
      if (!event.ctrlKey)
        return;
      const x = event.clientX - timeline.place.getBoundingClientRect().left - timeline.margin.left;
      zoomBy(event.deltaY > 0 ? 1.25 : 0.8, view[0] + (view[1] - view[0]) * x / timeline.width);
      event.preventDefault();
    }, { passive: false });
  }
  for (const button of document.querySelectorAll("[data-zoom]"))
    button.addEventListener("click", MOVES[button.dataset.zoom]);
  drawLegend();
  drawChangeList();
  bandChoices();
}
