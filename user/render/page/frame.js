// A chart's frame: an SVG below (axes, bands), a canvas with the marks, an SVG above (lines, labels).

let frames = 0;

class Frame {
  constructor(id, margin, draw) {
    this.place = document.getElementById(id);
    this.margin = margin;
    this.draw = draw;
    this.under = d3.select(this.place).append("svg").attr("class", "under").attr("aria-hidden", "true");
    this.canvas = this.place.appendChild(element("canvas", { ariaHidden: "true" }));
    this.over = d3.select(this.place).append("svg").attr("aria-hidden", "true");
    this.clip = `clip-${frames++}`;
  }

  // Takes the size that the page gives, empties everything and draws.
  redraw() {
    const { margin } = this;
    const width = this.place.clientWidth, height = this.place.clientHeight;
    this.width = Math.max(width - margin.left - margin.right, 10);
    this.height = Math.max(height - margin.top - margin.bottom, 10);
    for (const svg of [this.under, this.over])
      svg.attr("width", width).attr("height", height).selectAll("*").remove();
    this.over.append("clipPath").attr("id", this.clip).append("rect")
      .attr("width", this.width).attr("height", this.height);
    const group = (svg) => svg.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
    this.back = group(this.under);
    this.front = group(this.over);
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.canvas.width = Math.round(this.width * this.ratio);
    this.canvas.height = Math.round(this.height * this.ratio);
    Object.assign(this.canvas.style, {
      left: `${margin.left}px`, top: `${margin.top}px`, width: `${this.width}px`, height: `${this.height}px`,
    });
    this.draw(this);
  }

  axisBottom(scale, format, values) {
    const axis = d3.axisBottom(scale).ticks(Math.max(2, this.width / 90)).tickSizeOuter(0);
    if (format)
      axis.tickFormat(format);
    if (values)
      axis.tickValues(values);
    this.back.append("g").attr("class", "axis x").attr("transform", `translate(0,${this.height})`).call(axis);
  }

  axisLeft(scale, format, values) {
    const axis = d3.axisLeft(scale).ticks(Math.max(2, this.height / 50)).tickSizeOuter(0);
    const grid = d3.axisLeft(scale).ticks(Math.max(2, this.height / 50)).tickSize(-this.width).tickFormat("");
    if (format)
      axis.tickFormat(format);
    if (values) {
      axis.tickValues(values);
      grid.tickValues(values);
    }
    this.back.append("g").attr("class", "grid").call(grid);
    this.back.append("g").attr("class", "axis y").call(axis);
  }

  title(text) {
    this.front.append("text").attr("class", "label").attr("x", -this.margin.left + 2).attr("y", -8).text(text);
  }
}

// Powers of ten, or of two where there are few, inside the domain of a log scale.
function logTicks([low, high]) {
  const tens = d3.range(Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9) + 1).map((e) => 10 ** e);
  if (tens.length > 2)
    return tens;
  return [...new Set(tens.flatMap((ten) => [ten / 5, ten / 2, ten, 2 * ten, 5 * ten]))]
    .concat(tens.length ? [] : [low, high]).filter((value) => value >= low && value <= high);
}

// [red, green, blue] of a custom property, as it is now.
function colour(name) {
  const { r, g, b } = d3.rgb(getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return [r, g, b];
}

// Offsets, x and y in turn, of the pixels of a mark: a dot, a square, a diamond, a cross. They differ in shape, not in colour alone.
function stamp(kind, size) {
  const offsets = [];
  const middle = (size - 1) / 2;
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const dx = Math.abs(x - middle), dy = Math.abs(y - middle);
      const inside = size < 4 ||
        [dx * dx + dy * dy <= (size / 2) ** 2, true, dx + dy <= size / 2, Math.abs(dx - dy) < size / 6][kind];
      if (inside)
        offsets.push(x - Math.floor(middle), y - Math.floor(middle));
    }
  return offsets;
}

// How large a mark is drawn when so many are in view.
function markSize(count) {
  return count < 300 ? 9 : count < 3000 ? 5 : count < 20000 ? 3 : count < 150000 ? 2 : 1;
}

/*
 * Draws marks by counting them for each pixel, so that their number hardly matters: the more there are,
 * the less transparent it is, on a log scale. A pixel where several kinds meet has the colour of one of
 * them, by lot and by their shares: a mean would be a colour that no kind has.
 */
class Density {
  constructor(frame) {
    this.frame = frame;
    this.width = frame.canvas.width;
    this.height = frame.canvas.height;
    this.counts = KINDS.map(() => null);
  }

  plane(kind) {
    return this.counts[kind] ??= new Float32Array(this.width * this.height);
  }

  dot(kind, x, y, offsets) {
    const plane = this.plane(kind);
    const { width, height } = this;
    for (let i = 0; i < offsets.length; i += 2) {
      const px = x + offsets[i], py = y + offsets[i + 1];
      if (px >= 0 && px < width && py >= 0 && py < height)
        plane[py * width + px]++;
    }
  }

  rectangle(kind, x0, x1, y0, y1, weight) {
    const plane = this.plane(kind);
    const left = Math.max(Math.floor(x0), 0), right = Math.min(Math.max(Math.ceil(x1), left + 1), this.width);
    const top = Math.max(Math.floor(y0), 0), bottom = Math.min(Math.max(Math.ceil(y1), top + 1), this.height);
    const each = weight / (Math.max(Math.ceil(x1 - x0), 1) * Math.max(Math.ceil(y1 - y0), 1));
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++)
        plane[y * this.width + x] += each;
  }

  paint() {
    const image = new ImageData(this.width, this.height);
    const pixels = image.data;
    const kinds = d3.range(KINDS.length).filter((kind) => this.counts[kind]);
    const planes = kinds.map((kind) => this.counts[kind]);
    const colours = kinds.map((kind) => colour(KINDS[kind].key));
    const totals = new Float32Array(this.width * this.height);
    for (const plane of planes)
      for (let i = 0; i < totals.length; i++)
        totals[i] += plane[i];
    const scale = 0.55 / Math.log1p(Math.max(d3.max(totals), 1));
    for (let i = 0; i < totals.length; i++) {
      if (totals[i] === 0)
        continue;
      let lot = (Math.imul(i, 0x9e3779b1) >>> 8) / 0x1000000 * totals[i], k = 0;
      while (k < planes.length - 1 && (lot -= planes[k][i]) >= 0)
        k++;
      pixels.set(colours[k], 4 * i);
      pixels[4 * i + 3] = 255 * (0.45 + scale * Math.log1p(totals[i]));
    }
    this.frame.canvas.getContext("2d").putImageData(image, 0, 0);
  }
}

const tip = document.getElementById("tip");

function showTip(event, text) {
  tip.hidden = !text;
  if (!text)
    return;
  tip.textContent = text;
  const box = tip.getBoundingClientRect();
  const x = Math.min(event.clientX + 14, window.innerWidth - box.width - 6);
  const y = event.clientY + 16 + box.height > window.innerHeight ? event.clientY - box.height - 10 : event.clientY + 16;
  tip.style.transform = `translate(${Math.max(x, 4)}px,${Math.max(y, 4)}px)`;
}
