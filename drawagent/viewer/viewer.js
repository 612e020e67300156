// The offline viewer: orbit, zoom, stroke-by-stroke replay, part names. Canvases of one group share a camera.
// Frame: right-handed, +x right, +y away from the viewer, +z up, as in the library.
"use strict";

const SAMPLES = 24;

class SharedCamera {
  constructor() { this.azimuth = -0.5; this.elevation = 0.44; this.zoom = 1; this.watchers = []; }
  watch(redraw) { this.watchers.push(redraw); }
  changed() { for (const redraw of this.watchers) redraw(); }
  turn(dx, dy) {
    this.azimuth += dx * 0.01;
    this.elevation = Math.max(-1.55, Math.min(1.55, this.elevation + dy * 0.01));
    this.changed();
  }
  scale(factor) { this.zoom = Math.max(0.3, Math.min(6, this.zoom * factor)); this.changed(); }
  reset() { this.azimuth = -0.5; this.elevation = 0.44; this.zoom = 1; this.changed(); }
}

function curvePoints(stroke) {
  const points = [];
  for (let i = 0; i <= SAMPLES; i += 1) {
    const t = i / SAMPLES, s = 1 - t;
    const w = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
    points.push([0, 1, 2].map((axis) => w.reduce((sum, weight, k) => sum + weight * stroke[k][axis], 0)));
  }
  return points;
}

class SketchView {
  constructor(canvas, sketch, camera) {
    this.canvas = canvas;
    this.camera = camera;
    this.names = sketch.names;
    this.curves = sketch.strokes.map(curvePoints);
    this.shown = this.curves.length;
    this.marked = null;
    this.fit();
    camera.watch(() => this.draw());
    this.listen();
    new ResizeObserver(() => this.draw()).observe(canvas);
    this.draw();
  }

  fit() {
    const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
    for (const curve of this.curves) for (const point of curve) for (let a = 0; a < 3; a += 1) {
      low[a] = Math.min(low[a], point[a]);
      high[a] = Math.max(high[a], point[a]);
    }
    this.centre = low.map((value, a) => (this.curves.length ? (value + high[a]) / 2 : 0));
    let farthest = 0;
    for (const curve of this.curves) for (const point of curve) {
      farthest = Math.max(farthest, Math.hypot(...point.map((value, a) => value - this.centre[a])));
    }
    this.unit = farthest > 1e-9 ? 1.4 / farthest : 1;
  }

  listen() {
    let last = null;
    this.canvas.addEventListener("pointerdown", (e) => { last = [e.clientX, e.clientY]; this.canvas.setPointerCapture(e.pointerId); });
    this.canvas.addEventListener("pointermove", (e) => {
      if (!last) return;
      this.camera.turn(e.clientX - last[0], e.clientY - last[1]);
      last = [e.clientX, e.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => { last = null; });
    this.canvas.addEventListener("wheel", (e) => { e.preventDefault(); this.camera.scale(Math.exp(-e.deltaY * 0.001)); }, { passive: false });
    this.canvas.addEventListener("dblclick", () => this.camera.reset());
    this.canvas.addEventListener("keydown", (e) => {
      const turns = { ArrowLeft: [-12, 0], ArrowRight: [12, 0], ArrowUp: [0, -12], ArrowDown: [0, 12] };
      if (turns[e.key]) { this.camera.turn(...turns[e.key]); e.preventDefault(); }
      if (e.key === "+") this.camera.scale(1.1);
      if (e.key === "-") this.camera.scale(1 / 1.1);
    });
  }

  project(point, size) {
    const { azimuth, elevation, zoom } = this.camera;
    const [x, y, z] = point.map((value, a) => (value - this.centre[a]) * this.unit);
    const ca = Math.cos(azimuth), sa = Math.sin(azimuth), ce = Math.cos(elevation), se = Math.sin(elevation);
    const right = ca * x - sa * y, away = sa * x + ca * y;
    const up = ce * z + se * away, depth = 7 + ce * away - se * z;
    const scale = size * 0.31 * zoom * 7 / Math.max(0.5, depth);
    return [size / 2 + right * scale, size / 2 - up * scale, depth];
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    const size = this.canvas.clientWidth || 300;
    if (this.canvas.width !== Math.round(size * ratio)) { this.canvas.width = this.canvas.height = Math.round(size * ratio); }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, size, size);
    pen.lineCap = pen.lineJoin = "round";
    const order = this.curves.slice(0, this.shown).map((curve, index) => {
      const projected = curve.map((point) => this.project(point, size));
      return { index, projected, depth: projected.reduce((sum, p) => sum + p[2], 0) / projected.length };
    }).sort((a, b) => b.depth - a.depth);
    for (const { index, projected, depth } of order) {
      const near = Math.max(0, Math.min(1, (8.2 - depth) / 2.4));
      const marked = this.marked !== null && (this.marked === index || this.names[index] === this.marked);
      const ink = Math.round(150 - 150 * near);
      pen.strokeStyle = marked ? "#D55E00" : `rgb(${ink},${ink},${ink})`;
      pen.lineWidth = marked ? 3.5 : 1.1 + 1.1 * near;
      pen.beginPath();
      projected.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.stroke();
    }
  }
}

function partList(view, holder) {
  const names = [...new Set(view.names.filter((name) => name !== null))];
  for (const name of names) {
    const button = document.createElement("button");
    const count = view.names.filter((other) => other === name).length;
    button.textContent = `${name} (${count})`;
    button.type = "button";
    button.dir = "auto";
    const mark = (value) => () => { view.marked = value; view.draw(); };
    button.addEventListener("pointerenter", mark(name));
    button.addEventListener("pointerleave", mark(null));
    button.addEventListener("focus", mark(name));
    button.addEventListener("blur", mark(null));
    holder.append(button);
  }
}

function replayBar(view, holder) {
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: 0, max: view.curves.length, value: view.curves.length });
  slider.setAttribute("aria-label", "strokes shown");
  const play = document.createElement("button");
  play.type = "button";
  play.textContent = "Replay";
  const count = document.createElement("span");
  const show = (n) => { view.shown = n; slider.value = n; count.textContent = `${n} of ${view.curves.length} strokes`; view.draw(); };
  let timer = null;
  play.addEventListener("click", () => {
    clearInterval(timer);
    let n = 0;
    show(0);
    timer = setInterval(() => { n += 1; show(n); if (n >= view.curves.length) clearInterval(timer); }, 180);
  });
  slider.addEventListener("input", () => { clearInterval(timer); show(Number(slider.value)); });
  holder.append(play, slider, count);
  show(view.curves.length);
}

document.addEventListener("DOMContentLoaded", () => {
  const sketches = JSON.parse(document.getElementById("sketches").textContent);
  const cameras = new Map();
  for (const figure of document.querySelectorAll("figure[data-sketch]")) {
    const group = figure.dataset.camera || figure.dataset.sketch;
    if (!cameras.has(group)) cameras.set(group, new SharedCamera());
    const view = new SketchView(figure.querySelector("canvas"), sketches[figure.dataset.sketch], cameras.get(group));
    const bar = figure.querySelector(".replay"), parts = figure.querySelector(".parts");
    if (bar) replayBar(view, bar);
    if (parts) partList(view, parts);
  }
  document.documentElement.dataset.ready = "yes";
});
