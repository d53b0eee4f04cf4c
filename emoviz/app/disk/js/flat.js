// The picture of last resort, by a plain 2D canvas: where the browser has no WebGL2. Same interface as Renderer.

import { rgb } from "./colour.js";
import { project } from "./geometry.js";
import { gridLines } from "./lines.js";
import { pointStyle, strideOf } from "./renderer.js";

const MOST = 20_000; // points that a 2D canvas draws while one waits

export class FlatRenderer {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.count = 0;
  }

  setCloud(xy) {
    this.xy = xy;
    this.count = xy.length / 2;
    this.stride = strideOf(this.count);
    this.mask = null;
  }

  setEntries(entries) {
    this.entries = entries;
  }

  setPalette(palette) {
    this.palette = palette;
  }

  setLit(mask) {
    this.mask = mask;
  }

  busy() {
    return false;
  }

  draw({ camera, frame, theme, budget }) {
    const { pen, canvas, count } = this;
    const ratio = canvas.width / frame.width;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.globalAlpha = 1;
    pen.fillStyle = theme.background;
    pen.fillRect(0, 0, frame.width, frame.height);
    if (camera.model !== "half-plane") {
      pen.beginPath();
      pen.arc(frame.width / 2, frame.height / 2, frame.radius * camera.zoom, 0, 2 * Math.PI);
      pen.fillStyle = theme.disk;
      pen.fill();
      pen.strokeStyle = theme.rim;
      pen.stroke();
    }
    pen.strokeStyle = theme.grid;
    for (const line of gridLines(camera, frame)) {
      pen.beginPath();
      for (let i = 0; i < line.length; i += 2) pen.lineTo(line[i], line[i + 1]);
      pen.stroke();
    }
    const shown = Math.min(count, budget, MOST);
    const { radius, alpha } = pointStyle(count, shown, frame, camera.zoom);
    for (const litPass of this.mask ? [false, true] : [true]) {
      pen.globalAlpha = litPass ? alpha : alpha * 0.4;
      for (let k = 0, row = 0; k < shown; k++, row = (row + this.stride) % count) {
        if (this.mask && Boolean(this.mask[row]) !== litPass) continue;
        const [X, Y] = project(camera, frame, this.xy[2 * row], this.xy[2 * row + 1]);
        const entry = 4 * this.entries[row];
        const [r, g, b] = litPass ? this.palette.subarray(entry, entry + 3) : rgb(theme.dim);
        pen.fillStyle = `rgb(${r},${g},${b})`;
        pen.fillRect(X - radius, Y - radius, 2 * radius, 2 * radius);
      }
    }
    pen.globalAlpha = 1;
  }

  dispose() {}
}
