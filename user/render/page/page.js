// Draws it all, and again when the size, the colour scheme or the medium changes.

async function start() {
  const root = document.documentElement;
  drawHead();
  drawTables();
  setUpTimelines(await readMarks());
  const charts = [...timelines, setUpLatencyRows(), setUpFill(), setUpChosen(), setUpReuse()].filter(Boolean);
  const redraw = () => charts.forEach((chart) => chart.redraw());
  redraw();
  // What tests, and who wonders, can read: the time from the opening of the page to the marks.
  root.dataset.loadMs = Math.round(performance.now());
  let width = root.clientWidth;
  new ResizeObserver(() => {
    if (root.clientWidth !== width) {
      width = root.clientWidth;
      redraw();
    }
  }).observe(root);
  for (const query of ["(prefers-color-scheme: dark)", "print"])
    window.matchMedia(query).addEventListener("change", redraw);
}

start().catch((error) => {
  document.getElementById("verdict").after(
    element("p", { className: "verdict bad" }, `This page could not be drawn: ${error.message}`));
  throw error;
});
