#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Looks at pages of 'ephemport report' in a headless Chromium, as a reader does.

usage: report_page.py check PAGE TRUTH        marks where TRUTH says, in the colours of the scheme
       report_page.py load PAGE MILLISECONDS  drawn in at most so many of the page's thread
       report_page.py safe PAGE WORD...       harmless, and shows each WORD as text
       report_page.py sort PAGE TABLE COLUMN  sorts the table by a click and by a key, prints it
       report_page.py zoom PAGE               keys and buttons move the time of both charts
       report_page.py hover PAGE SECONDS PORT WORD...  the mark there tells each WORD
       report_page.py shot PAGE FILE [WIDTH] [dark|print]

TRUTH is a JSON file: "dots": [[seconds, port, "first"|"second"|"other"], ...], "empty": [[seconds,
port], ...], "failed": [seconds, ...], "bands": [[seconds, low, high], ...].
"""

import json
import sys

from browser import Browser

UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1}

# Where a value lies on an axis, told by the labels that a reader sees: two of them make a scale.
AXIS = """
(chart, axis) => {
  const ticks = [...document.querySelectorAll(`#${chart} .axis.${axis} .tick`)].map((tick) => {
    const line = tick.querySelector("line").getBoundingClientRect();
    return [parseFloat(tick.textContent), axis === "x" ? line.left : line.top, tick.textContent];
  });
  return [ticks[0], ticks[ticks.length - 1]];
}
"""

# The colours of the canvas around a place of the window: [red, green, blue, alpha] of a square.
PIXELS = """
(x, y, size) => {
  const canvas = document.querySelector("#chart-ports canvas");
  const box = canvas.getBoundingClientRect();
  const scale = canvas.width / box.width;
  window.image ??= canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const left = Math.round((x - box.left) * scale), top = Math.round((y - box.top) * scale);
  const pixels = [];
  for (let py = top - size; py <= top + size; py++)
    for (let px = left - size; px <= left + size; px++)
      if (px >= 0 && px < canvas.width && py >= 0 && py < canvas.height)
        pixels.push([...window.image.data.slice(4 * (py * canvas.width + px), 4 * (py * canvas.width + px + 1))]);
  return pixels;
}
"""

COLOURS = """
Object.fromEntries(["first", "second", "other", "failed"].map((name) => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(--${name})`;
  const rgb = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
  probe.remove();
  return [name, rgb];
}))
"""


def fail(message):
    sys.exit(f"report_page.py: {message}")


class Chart:
    def __init__(self, browser):
        self.browser = browser
        browser.evaluate("document.getElementById('chart-ports').scrollIntoView()")
        self.x = self.scale("x")
        self.y = self.scale("y")
        self.colours = browser.evaluate(COLOURS)

    def scale(self, axis):
        (a, at_a, text), (b, at_b, _) = self.browser.evaluate(f"({AXIS})('chart-ports', '{axis}')")
        unit = UNITS[text.split()[1]] if axis == "x" else 1
        return lambda value: at_a + (value / unit - a) * (at_b - at_a) / (b - a)

    def near(self, seconds, port, size):
        return self.browser.evaluate(f"({PIXELS})({self.x(seconds)}, {self.y(port)}, {size})")

    def has(self, seconds, port, kind, size=2):
        colour = self.colours[kind]
        # What is transparent is kept with less precision.
        return any(alpha > 0 and all(abs(a - b) < 4 for a, b in zip(pixel, colour))
                   for *pixel, alpha in self.near(seconds, port, size))

    def is_empty(self, seconds, port):
        return not any(alpha for *_, alpha in self.near(seconds, port, 3))

    def failures(self, seconds):
        """Whether a mark of a failure is drawn in the lane at that time."""
        return self.browser.evaluate(f"""(() => {{
          const path = document.querySelector("#chart-ports path.failed");
          if (!path)
            return false;
          const point = path.ownerSVGElement.createSVGPoint();
          const matrix = path.getScreenCTM().inverse();
          point.x = {self.x(seconds)};
          point.y = path.getBoundingClientRect().top + 3;
          return path.isPointInFill(point.matrixTransform(matrix));
        }})()""")

    def has_band(self, seconds, low, high):
        top, bottom, at = self.y(high + 0.5), self.y(low - 0.5), self.x(seconds)
        return self.browser.evaluate(f"""[...document.querySelectorAll("#chart-ports .band")].some((band) => {{
          const box = band.getBoundingClientRect();
          return box.left <= {at} && box.right >= {at} && Math.abs(box.top - {top}) < 2 &&
            Math.abs(box.bottom - {bottom}) < 2;
        }})""")


def check_scheme(browser, page, truth, dark):
    browser.open(page, dark=dark)
    chart = Chart(browser)
    scheme = "dark" if dark else "light"
    for seconds, port, kind in truth.get("dots", []):
        if not chart.has(seconds, port, kind):
            fail(f"{scheme}: no mark '{kind}' at {seconds} s, port {port}")
    for seconds, port in truth.get("empty", []):
        if not chart.is_empty(seconds, port):
            fail(f"{scheme}: a mark at {seconds} s, port {port}, where there is none to be")
    for seconds in truth.get("failed", []):
        if not chart.failures(seconds):
            fail(f"{scheme}: no failure at {seconds} s")
    for seconds in truth.get("not_failed", []):
        if chart.failures(seconds):
            fail(f"{scheme}: a failure at {seconds} s, where there is none to be")
    for seconds, low, high in truth.get("bands", []):
        if not chart.has_band(seconds, low, high):
            fail(f"{scheme}: no band {low}-{high} at {seconds} s")
    return chart.colours


def check(browser, page, truth_file):
    with open(truth_file, encoding="utf-8") as file:
        truth = json.load(file)
    if check_scheme(browser, page, truth, False) == check_scheme(browser, page, truth, True):
        fail("light and dark have the same colours")
    browser.open(page, width=360)
    wide = browser.evaluate("document.documentElement.scrollWidth")
    if wide > 360:
        fail(f"at 360 px the page is {wide} px wide")


def load(browser, page, most):
    """On a machine that does other work the time says little: what counts is the processor's."""
    browser.call("Performance.enable")
    browser.open(page)
    metrics = {each["name"]: each["value"] for each in browser.call("Performance.getMetrics")["metrics"]}
    busy = round(1000 * metrics["ThreadTime"])
    took = browser.evaluate("document.documentElement.dataset.loadMs")
    print(f"drawn after {took} ms, {busy} ms of them on the processor")
    if busy > int(most):
        fail(f"drawing took {busy} ms of the page's thread, not {most}")


def safe(browser, page, *words):
    browser.open(page)
    text = browser.evaluate("document.body.innerText")
    for word in words:
        if word not in text:
            fail(f"'{word}' is not shown")
    strange = browser.evaluate("document.querySelectorAll('img, iframe, object, embed, link').length")
    if strange:
        fail("the page has elements that came with the data")


def table(browser, name):
    return browser.evaluate(
        f"[...document.querySelectorAll('#table-{name} tbody tr')].map((row) => [...row.cells].map((cell) => cell.innerText))")


def sort(browser, page, name, column):
    browser.open(page)
    head = f"[...document.querySelectorAll('#table-{name} th')].find((th) => th.innerText.trim() === {json.dumps(column)})"
    browser.evaluate(f"{head}.querySelector('button').click()")
    first = browser.evaluate(f"{head}.ariaSort")
    print(json.dumps({"sort": first, "rows": table(browser, name)}))
    browser.evaluate(f"{head}.querySelector('button').focus()")
    press(browser, "Enter", 13, "\r")
    print(json.dumps({"sort": browser.evaluate(f"{head}.ariaSort"), "rows": table(browser, name)}))


def press(browser, key, code, text=None):
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code,
                     **({"text": text} if text and kind == "keyDown" else {}))


def seconds_in_view(browser, chart):
    """From the labels of the axis: the seconds of its whole width."""
    (a, at_a, _), (b, at_b, _) = browser.evaluate(f"({AXIS})('{chart}', 'x')")
    return (b - a) / (at_b - at_a) * browser.evaluate(f"document.querySelector('#{chart} canvas').clientWidth")


def zoom(browser, page):
    browser.open(page)
    charts = ("chart-ports", "chart-latency")
    whole = seconds_in_view(browser, charts[0])
    if not 10 < whole < 10.5:
        fail(f"{whole} s are in view, of a recording of 10 s")
    browser.evaluate("document.getElementById('chart-latency').focus()")
    steps = [
        (lambda: press(browser, "+", 187, "+"), whole / 2),
        (lambda: browser.evaluate("document.querySelector('[data-zoom=in]').click()"), whole / 4),
        (lambda: press(browser, "ArrowRight", 39), whole / 4),
        (lambda: browser.evaluate("document.querySelector('[data-zoom=out]').click()"), whole / 2),
        (lambda: press(browser, "0", 48, "0"), whole),
    ]
    for number, (step, expected) in enumerate(steps, 1):
        step()
        for chart in charts:
            now = seconds_in_view(browser, chart)
            if abs(now - expected) > 0.05:
                fail(f"after step {number} {chart} shows {now} s, not {expected}")


def hover(browser, page, seconds, port, *words):
    """The pointer on a mark tells what it is."""
    browser.open(page)
    chart = Chart(browser)
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=chart.x(float(seconds)) + 2,
                 y=chart.y(float(port)) + 2)
    text = browser.evaluate("document.getElementById('tip').hidden ? '' : document.getElementById('tip').innerText")
    for word in words:
        if word not in text:
            fail(f"'{word}' is not in '{text}'")
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=chart.x(float(seconds)) + 100, y=chart.y(float(port)))
    if not browser.evaluate("document.getElementById('tip').hidden"):
        fail("beside the mark the tip is still there")


def shot(browser, page, file, width="1200", mode=""):
    browser.open(page, width=int(width), dark=mode == "dark", media="print" if mode == "print" else "")
    browser.screenshot(file)


def main():
    commands = {"check": check, "load": load, "safe": safe, "sort": sort, "zoom": zoom, "hover": hover, "shot": shot}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    with Browser() as browser:
        commands[sys.argv[1]](browser, *sys.argv[2:])
        if browser.said:
            fail(f"the console says: {browser.said}")
        strangers = [url for url in browser.requests if not url.startswith("file:///")]
        if strangers or len(set(browser.requests)) > 1:
            fail(f"the page loads {strangers or browser.requests}")


if __name__ == "__main__":
    main()
