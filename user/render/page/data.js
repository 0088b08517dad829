// What the program put into the page: JSON, and columns as deflated planes of bytes in base64.

const KINDS = [
  { name: "first pass", key: "first" },
  { name: "second pass", key: "second" },
  { name: "found, pass not known", key: "other" },
  { name: "failed", key: "failed" },
];
const FAILED = 3;

const data = JSON.parse(document.getElementById("data").textContent);

async function inflate(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++)
    bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Numbers of several bytes, the lowest first.
function joinPlanes(planes, Type) {
  const column = new Type(planes[0].length);
  planes.forEach((plane, number) => {
    const shift = 8 * number;
    for (let i = 0; i < column.length; i++)
      column[i] |= plane[i] << shift;
  });
  return column;
}

// The columns of an element, by their names; times in ns since the first record, in order.
async function readColumns(id) {
  const shape = data.columns[id];
  const planes = await inflate(document.getElementById(id).textContent);
  const table = { count: shape.count, tick: shape.tick, unit: shape.unit };
  let at = 0;
  for (const [name, bytes] of shape.columns) {
    const plane = (number) => planes.subarray(at + number * shape.count, at + (number + 1) * shape.count);
    table[name] = plane(0);
    if (bytes > 1)
      table[name] = joinPlanes(d3.range(bytes).map(plane), bytes > 2 ? Uint32Array : Uint16Array);
    at += bytes * shape.count;
  }
  const times = new Float64Array(shape.count);
  for (let i = 0, time = 0; i < shape.count; i++)
    times[i] = time += table.time[i] * shape.tick;
  table.time = times;
  document.getElementById(id).textContent = "";
  return table;
}

// Marks of the two charts over time; each dot weighs 1 where they have no weights.
async function readMarks() {
  if (!data.merged) {
    const dots = await readColumns("dots");
    return { ports: dots, latencies: dots };
  }
  return { ports: await readColumns("ports"), latencies: await readColumns("latencies") };
}

// The inverse of latency_code().
function latencyOf(code) {
  return code ? 2 ** ((code - 1) / data.latency_steps) : 0;
}

const formatCount = d3.format(",");

// Also as d3 calls a format: with the number of the tick and all of them behind the value.
function formatTick(ns) {
  return formatDuration(ns);
}

function formatDuration(ns, digits = 3) {
  const units = [["ns", 1], ["µs", 1e3], ["ms", 1e6], ["s", 1e9]];
  if (!(ns > 0))
    return "0";
  let unit = units[0];
  for (const next of units)
    if (ns >= next[1] * 0.9995)
      unit = next;
  return `${Number((ns / unit[1]).toPrecision(digits))} ${unit[0]}`;
}

// A figure as { value, unit, bound, unknown }, in words; null where there is nothing to tell.
function figureText(name) {
  const figure = data.figures[name];
  if (!figure || (figure.value === undefined && !figure.unknown))
    return null;
  if (figure.unknown)
    return "not known";
  const bound = figure.bound === "<" ? "≤ " : figure.bound === ">" ? "≥ " : "";
  switch (figure.unit) {
  case "text": return figure.value;
  case "flag": return figure.value ? "yes" : "no";
  case "ns": return bound + formatDuration(figure.value);
  case "percent": return `${bound}${Number(figure.value.toPrecision(3))} %`;
  case "rate": return `${bound}${formatCount(Number(figure.value.toPrecision(3)))}/s`;
  case "number": return bound + formatCount(Number(figure.value.toPrecision(3)));
  default: return bound + formatCount(figure.value);
  }
}

function figureValue(name) {
  return data.figures[name]?.value;
}

function element(tag, options = {}, ...children) {
  const made = document.createElement(tag);
  Object.assign(made, options);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}
