// Tables that sort by any column: the headings are buttons, aria-sort says how it is sorted.

const ROWS_SHOWN = 15;

const COMMON_COLUMNS = [
  { name: "Allocations", key: "count", format: (value) => formatCount(value) },
  { name: "Failed", key: "failed", format: (v, row) => v ? `${formatCount(v)} ${row.errno}` : "0", alarm: (v) => v > 0 },
  { name: "Second pass", key: "second", format: (value) => formatCount(value) },
  { name: "Distinct ports", key: "distinct", format: (value) => formatCount(value) },
  { name: "Latency, mean", key: "mean", format: formatTick },
  { name: "Latency, max", key: "max", format: formatTick },
  { name: "Examined, max", key: "examined", format: (value) => formatCount(value) },
].map((column) => ({ ...column, number: true }));

const TABLES = {
  tuples: [
    { name: "Destination", key: "to" },
    { name: "From", key: "saddr" },
    { name: "Protocol", key: "proto" },
    { name: "Namespace", key: "netns", number: true, format: String },
  ],
  commands: [{ name: "Command", key: "comm" }],
  namespaces: [{ name: "Namespace", key: "netns", number: true, format: String }],
};

function compareBy(key, direction) {
  return (a, b) => {
    const x = a[key], y = b[key];
    if (x === undefined || y === undefined)
      return (x === undefined) - (y === undefined);
    return direction * (typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y);
  };
}

function drawTable(name) {
  const { rows, total, left_out: leftOut } = data[name];
  const place = document.getElementById(`table-${name}`);
  const columns = [...TABLES[name], ...COMMON_COLUMNS]
    .filter((column) => rows.some((row) => row[column.key] !== undefined));
  const body = element("tbody");
  let shown = ROWS_SHOWN;
  if (!rows.length) {
    place.append(element("p", { className: "note" }, "None."));
    return;
  }
  const fill = () => {
    body.replaceChildren(...rows.slice(0, shown).map((row) => element("tr", {}, ...columns.map((column) => {
      const value = row[column.key];
      const text = value === undefined ? "–" : column.format ? column.format(value, row) : value;
      return element("td", {
        className: `${column.number ? "number" : ""} ${column.alarm?.(value) ? "alarm" : ""}`,
      }, text);
    }))));
  };
  const heads = columns.map((column) => {
    const button = element("button", { type: "button" }, column.name);
    const head = element("th", { scope: "col", className: column.number ? "number" : "" }, button);
    button.addEventListener("click", () => {
      const ascending = head.ariaSort ? head.ariaSort !== "ascending" : !column.number;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      rows.sort(compareBy(column.key, ascending ? 1 : -1));
      fill();
    });
    return head;
  });
  fill();
  place.append(element("table", {}, element("thead", {}, element("tr", {}, ...heads)), body));
  if (rows.length > shown) {
    const more = element("button", { type: "button", className: "more-rows" }, `Show all ${formatCount(rows.length)}`);
    more.addEventListener("click", () => {
      shown = rows.length;
      fill();
      more.remove();
    });
    place.after(more);
  }
  if (total > rows.length || leftOut)
    place.after(element("p", { className: "note" },
      `The first ${formatCount(rows.length)} of ${formatCount(total)}${leftOut ? ` and more (${formatCount(leftOut)} allocations are in none)` : ""}: those with failures, then those with the most allocations.`));
}

function drawTables() {
  for (const row of data.tuples.rows)
    row.to = row.daddr === undefined ? "not known" : endpoint(row.daddr, row.dport);
  Object.keys(TABLES).forEach(drawTable);
}
