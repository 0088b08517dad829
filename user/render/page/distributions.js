// The charts without time.

function drawEmpty(id, text) {
  document.getElementById(id).append(element("p", { className: "empty" }, text));
}

// Fewer buckets: at most so many for a factor of two. [low, high, count], the upper end exclusive.
function coarser(buckets, steps) {
  const merged = new Map();
  for (const [low, high, count] of buckets) {
    const step = Math.floor(Math.log2(Math.max((low + high + 1) / 2, 1)) * steps + 1e-9);
    merged.set(step, (merged.get(step) ?? 0) + count);
  }
  return [...merged].sort((a, b) => a[0] - b[0]).map(([step, count]) => [2 ** (step / steps), 2 ** ((step + 1) / steps), count]);
}

function percentile(buckets, share) {
  const total = d3.sum(buckets, ([, , count]) => count);
  let left = Math.ceil(total * share);
  for (const [, high, count] of buckets) {
    left -= count;
    if (left <= 0)
      return high;
  }
  return 0;
}

function drawBars(group, buckets, x, height, name, format) {
  const total = d3.sum(buckets, ([, , count]) => count);
  const y = d3.scaleLinear([0, d3.max(buckets, ([, , count]) => count)], [0, height]);
  for (const [low, high, count] of buckets) {
    const width = Math.max(x(high) - x(low) - 0.6, 0.8);
    group.append("rect").attr("class", name).attr("x", x(low)).attr("width", width)
      .attr("y", height - Math.max(y(count), 1)).attr("height", Math.max(y(count), 1));
    group.append("rect").attr("class", "hit").attr("x", x(low)).attr("width", width).attr("height", height)
      .append("title").text(`${format(low)} to ${format(high)}: ${formatCount(count)} (${d3.format(".2~p")(count / total)})`);
  }
}

function setUpLatencyRows() {
  const rows = KINDS.map((kind, i) => ({ ...kind, buckets: data.latency[i] })).filter(({ buckets }) => buckets.length);
  if (!rows.length)
    return drawEmpty("chart-dist", "No allocation.");
  const low = d3.min(rows, ({ buckets }) => buckets[0][0]) || 1, high = d3.max(rows, ({ buckets }) => buckets[buckets.length - 1][1] + 1);
  document.getElementById("chart-dist").setAttribute("aria-label", rows.map(({ name, buckets }) =>
    `${name}: median ${formatDuration(percentile(buckets, 0.5))}, 99th percentile ${formatDuration(percentile(buckets, 0.99))}`).join("; "));
  return new Frame("chart-dist", { left: 10, right: 14, top: 4, bottom: 24 }, (frame) => {
    const x = d3.scaleLog([low / 1.2, high * 1.2], [0, frame.width]);
    const each = frame.height / rows.length;
    frame.axisBottom(x, formatTick, logTicks(x.domain()).filter((_, i, all) => all.length * 60 < frame.width || i % 2 === 0));
    rows.forEach((row, i) => {
      const height = Math.max(each - 26, 8);
      const group = frame.front.append("g").attr("transform", `translate(0,${i * each + 22})`);
      const [median, p99] = [percentile(row.buckets, 0.5), percentile(row.buckets, 0.99)];
      group.append("text").attr("class", "label").attr("y", -7).text(
        `${row.name}: p50 ${formatDuration(median)}, p99 ${formatDuration(p99)}` +
        (frame.width > 400 ? `, ${formatCount(d3.sum(row.buckets, (bucket) => bucket[2]))} in all` : ""));
      drawBars(group, coarser(row.buckets, 4), x, height, row.key, (ns) => formatDuration(ns, 2));
      for (const [value, name] of [[median, "mark-50"], [p99, "mark-99"]])
        group.append("line").attr("class", name).attr("x1", x(value)).attr("x2", x(value)).attr("y2", height);
    });
  });
}

// What a search cost by how full the tuple was before it: counts as density, the median as a line.
function setUpFill() {
  const examined = data.fill_examined.length > 0;
  const cells = examined ? data.fill_examined : data.fill_latency;
  const words = examined ? "candidates examined" : "latency";
  document.getElementById("note-fill").textContent =
    "How full: the ports of the range in force that the recording has already seen chosen for the same namespace, " +
    "protocol, source, destination and port, in per cent of the range, before each connect(); a port that was given back since still " +
    `counts. Up: ${words} (log scale)${examined ? "" : ", as the backend did not know what was examined"}. The line is the median. ` +
    "Knee: at half of the range the first pass is used up.";
  if (!cells.length)
    return drawEmpty("chart-fill", "No connect() to a known destination.");
  const high = d3.max(cells, (cell) => cell[2] + 1), low = Math.max(d3.min(cells, (cell) => cell[1]), 1);
  const levels = d3.nest().key((cell) => cell[0]).entries(cells)
    .map(({ key, values }) => ({ level: Number(key) + 0.5, median: percentile(values.map((cell) => cell.slice(1)), 0.5) }));
  const format = examined ? d3.format(",") : formatTick;
  document.getElementById("chart-fill").setAttribute("aria-label",
    `Median of ${words} by fill level: ${levels.filter((_, i) => i % 10 === 0).map(({ level, median }) => `${Math.floor(level)} %: ${format(median)}`).join(", ")}`);
  return new Frame("chart-fill", { left: 56, right: 14, top: 22, bottom: 24 }, (frame) => {
    const x = d3.scaleLinear([0, 101], [0, frame.width]);
    const y = d3.scaleLog([low / 1.2, high * 1.2], [frame.height, 0]);
    frame.axisBottom(x, (level) => `${level} %`);
    frame.axisLeft(y, format, logTicks(y.domain()));
    const density = new Density(frame);
    for (const [level, from, to, count] of cells)
      density.rectangle(0, x(level) * frame.ratio, x(level + 1) * frame.ratio,
        y(Math.max(to + 0.9, 1)) * frame.ratio, y(Math.max(from, 0.9)) * frame.ratio, count * 100);
    density.paint();
    frame.title(examined ? "candidates examined" : "latency");
    frame.front.append("line").attr("class", "knee").attr("x1", x(50)).attr("x2", x(50)).attr("y2", frame.height);
    frame.front.append("text").attr("class", "label knee-label").attr("x", x(50) - 6).attr("y", 12).attr("text-anchor", "end").text("knee");
    frame.front.append("path").attr("class", "median").attr("d", d3.line()
      .x(({ level }) => x(level)).y(({ median }) => y(Math.max(median, 1))).defined(({ median }) => median > 0)(levels));
    for (const { level, median } of levels)
      frame.front.append("rect").attr("class", "hit").attr("x", x(level - 0.5)).attr("width", x(1)).attr("height", frame.height)
        .append("title").text(`${Math.floor(level)} % used: median ${format(median)}`);
  });
}

function setUpChosen() {
  const { first, width, bins } = data.chosen;
  const evens = d3.sum(bins, (bin) => bin[0]), odds = d3.sum(bins, (bin) => bin[1]);
  document.getElementById("note-chosen").textContent =
    `How often${width > 1 ? `, ${width} ports to a bar` : ""}; light: even ports (${formatCount(evens)}), strong: odd ones (${formatCount(odds)}). ` +
    "connect() takes those of the parity of the range’s low end first, bind() the others.";
  document.getElementById("chart-chosen").setAttribute("aria-label",
    `Chosen ports from ${first}: ${formatCount(evens)} times an even one, ${formatCount(odds)} times an odd one`);
  if (!bins.length)
    return drawEmpty("chart-chosen", "No port was chosen.");
  return new Frame("chart-chosen", { left: 56, right: 14, top: 8, bottom: 24 }, (frame) => {
    const x = d3.scaleLinear([first, first + bins.length * width], [0, frame.width]);
    const y = d3.scaleLinear([0, d3.max(bins, ([even, odd]) => even + odd)], [frame.height, 0]).nice();
    frame.axisBottom(x, d3.format("d"));
    frame.axisLeft(y, d3.format("~s"), y.ticks(4).filter(Number.isInteger));
    const each = frame.width / bins.length;
    bins.forEach(([even, odd], i) => {
      for (const [count, below, opacity] of [[odd, 0, 1], [even, odd, 0.5]])
        if (count)
          frame.front.append("rect").attr("class", "first").attr("fill-opacity", opacity)
            .attr("x", i * each).attr("width", Math.max(each - (each > 3 ? 0.6 : 0), 0.6))
            .attr("y", y(below + count)).attr("height", frame.height - y(count));
      frame.front.append("rect").attr("class", "hit").attr("x", i * each).attr("width", each).attr("height", frame.height)
        .append("title").text(`${first + i * width}${width > 1 ? `–${first + (i + 1) * width - 1}` : ""}: ${formatCount(even)} even, ${formatCount(odd)} odd`);
    });
  });
}

const TIME_WAIT = 60e9;

function setUpReuse() {
  const buckets = coarser(data.reuse, 4);
  if (!buckets.length)
    return drawEmpty("chart-reuse", "No port was chosen twice.");
  document.getElementById("chart-reuse").setAttribute("aria-label",
    `Reuse interval: median ${formatDuration(percentile(data.reuse, 0.5))}, shortest ${formatDuration(data.reuse[0][0])}`);
  return new Frame("chart-reuse", { left: 10, right: 14, top: 20, bottom: 24 }, (frame) => {
    const x = d3.scaleLog([buckets[0][0] / 1.2, buckets[buckets.length - 1][1] * 1.2], [0, frame.width]);
    frame.axisBottom(x, formatTick, logTicks(x.domain()).filter((_, i, all) => all.length * 60 < frame.width || i % 2 === 0));
    drawBars(frame.front, buckets, x, frame.height, "first", (ns) => formatDuration(ns, 2));
    if (TIME_WAIT > x.domain()[0] && TIME_WAIT < x.domain()[1]) {
      frame.front.append("line").attr("class", "knee").attr("x1", x(TIME_WAIT)).attr("x2", x(TIME_WAIT)).attr("y2", frame.height);
      frame.front.append("text").attr("class", "label knee-label").attr("x", x(TIME_WAIT)).attr("y", -6).attr("text-anchor", "middle").text("60 s: TIME_WAIT");
    }
  });
}
