// All tracks on one canvas, over one axis of time: ruler, words, emotions of each modality, conflict, sound, pitch.

import { clamp, clockTime } from "./dom.js";
import { before, between, rowAt } from "./series.js";
import { faint } from "./theme.js";

const HEIGHTS = { ruler: 20, words: 26, band: 38, fused: 34, conflict: 54, sound: 46 };
const GAP = 7;
const SMALL_WORD = 14; // pixels below which a word is only a mark
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
const CONFLICT = "#d6455d";
const PITCH = "#e08a1e";

/** Which tracks there are, from top to bottom. */
export function rowsOf(view) {
  const rows = [{ kind: "ruler", title: "" }];
  if (view.words.length) rows.push({ kind: "words", title: "Transcript" });
  for (const band of view.bands) rows.push({ kind: band.fused ? "fused" : "band", title: band.title, band });
  if (view.conflict) rows.push({ kind: "conflict", title: "Conflict" });
  if (view.waveform) rows.push({ kind: "sound", title: view.pitch ? "Sound, pitch" : "Sound" });
  let top = 0;
  for (const row of rows) {
    row.top = top;
    row.height = HEIGHTS[row.kind];
    top += row.height + (row.kind === "ruler" ? 2 : GAP);
  }
  return rows;
}

export class Tracks {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.span = [0, 1];
    this.rows = [];
  }

  show(view) {
    const fresh = this.view?.clip !== view.clip || this.view.seconds !== view.seconds;
    this.view = view;
    this.rows = rowsOf(view);
    if (fresh) this.span = [0, view.seconds];
    const last = this.rows[this.rows.length - 1];
    this.height = last.top + last.height;
    this.canvas.style.height = `${this.height}px`;
  }

  x(time) {
    return ((time - this.span[0]) / (this.span[1] - this.span[0])) * this.width;
  }

  time(x) {
    return clamp(this.span[0] + (x / this.width) * (this.span[1] - this.span[0]), 0, this.view.seconds);
  }

  rowAt(y) {
    return this.rows.find(({ top, height }) => y >= top && y < top + height);
  }

  /** Shows less or more of the clip, with `time` staying where it is. */
  zoom(factor, time) {
    const { seconds } = this.view;
    const wide = clamp((this.span[1] - this.span[0]) * factor, Math.min(0.5, seconds), seconds);
    const share = (time - this.span[0]) / (this.span[1] - this.span[0]);
    this.moveTo(time - share * wide, wide);
  }

  moveTo(from, wide = this.span[1] - this.span[0]) {
    const start = clamp(from, 0, this.view.seconds - wide);
    this.span = [start, start + wide];
  }

  /** So that a time is in sight. */
  follow(time) {
    const [from, to] = this.span;
    if (time < from || time > to) this.moveTo(time - 0.1 * (to - from));
  }

  draw(theme, loop) {
    const { canvas, context, view } = this;
    const ratio = globalThis.devicePixelRatio || 1;
    this.width = canvas.clientWidth;
    if (!this.width || !view) return;
    canvas.width = Math.round(this.width * ratio);
    canvas.height = Math.round(this.height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    this.theme = theme;
    this.pixel = (this.span[1] - this.span[0]) / this.width;
    for (const row of this.rows) {
      context.save();
      context.translate(0, row.top);
      context.beginPath();
      context.rect(0, 0, this.width, row.height);
      context.clip();
      this[row.kind](row);
      context.restore();
    }
    if (loop) this.loop(loop);
  }

  ruler({ height }) {
    const { context, theme } = this;
    const room = 58;
    const step = STEPS.find((s) => s / this.pixel >= room) ?? 1200;
    context.font = `11px ${theme.font}`;
    context.textBaseline = "middle";
    for (let n = Math.ceil(this.span[0] / step - 1e-6); n * step <= this.span[1] + 1e-6; n++) {
      const x = this.x(n * step);
      faint(context, theme.text, 0.25, () => context.fillRect(Math.round(x), height - 4, 1, 4));
      context.textAlign = x < 12 ? "left" : x > this.width - 16 ? "right" : "center";
      faint(context, theme.text, 0.62, () => context.fillText(clockTime(n * step, step < 1 ? 1 : 0), x, height / 2 - 2));
    }
  }

  words({ height }) {
    const { context, theme, view } = this;
    this.ground(height);
    context.font = `12.5px ${theme.font}`;
    context.textAlign = "left";
    context.textBaseline = "middle";
    for (const word of view.words) {
      const [left, right] = [this.x(word.start), this.x(word.end)];
      if (right < 0 || left > this.width) continue;
      const wide = Math.max(right - left - 2, 1.5);
      faint(context, theme.text, word.timed ? 0.13 : 0.07, () => {
        context.beginPath();
        context.roundRect(left + 1, 3, wide, height - 6, 4);
        context.fill();
      });
      if (wide < SMALL_WORD) continue;
      context.save();
      context.beginPath();
      context.rect(left + 3, 0, wide - 4, height);
      context.clip();
      faint(context, theme.text, word.timed ? 1 : 0.75, () => context.fillText(word.text, Math.max(left, 0) + 6, height / 2 + 0.5));
      context.restore();
    }
  }

  band({ band, height }) {
    const { context, theme, view } = this;
    this.ground(height);
    if (!band.time.length) return this.say(band.note || "nothing read", height);
    const labels = view.labels;
    context.globalAlpha = band.muted ? 0.22 : 1;
    for (let x = 0; x < this.width; x++) {
      const row = rowAt(band, labels.length, this.time(x + 0.5));
      if (!row) continue;
      let y = height;
      for (let k = 0; k < labels.length; k++) {
        const tall = row[k] * height;
        context.fillStyle = labels[k].colour;
        context.fillRect(x, y - tall, 1.02, tall + 0.3);
        y -= tall;
      }
    }
    context.globalAlpha = 1;
    if (band.muted) this.say(band.muted, height, theme.text);
    else if (!view.reading) this.gaps(band, height);
  }

  fused(row) {
    this.band(row);
  }

  /** Where a modality shows nothing for a while, that is said. */
  gaps(band, height) {
    const edges = [];
    let from = null;
    for (let x = 0; x < this.width + 3; x += 3) {
      const empty = x < this.width && !rowAt(band, this.view.labels.length, this.time(x));
      if (empty && from === null) from = x;
      if (!empty && from !== null) {
        if (x - from > 70) edges.push([from, x]);
        from = null;
      }
    }
    for (const [a, b] of edges) this.say(band.gap, height, this.theme.text, (a + b) / 2);
  }

  conflict({ height }) {
    const { context, theme, view } = this;
    const { conflict } = view;
    this.ground(height);
    const top = Math.max(conflict.most, conflict.floor * 1.5, 0.05) * 1.12;
    const y = (value) => height - (value / top) * height;
    for (let x = 0; x < this.width; x++) {
      const row = rowAt(conflict, 1, this.time(x + 0.5));
      if (!row) continue;
      const [value] = row;
      faint(context, theme.text, 0.24, () => context.fillRect(x, y(Math.min(value, conflict.floor)), 1.02, height));
      if (value > conflict.floor) {
        faint(context, CONFLICT, 0.85, () => context.fillRect(x, y(value), 1.02, y(conflict.floor) - y(value)));
      }
    }
    const line = Math.round(y(conflict.floor)) + 0.5;
    faint(context, theme.text, 0.65, () => {
      context.setLineDash([4, 3]);
      context.beginPath();
      context.moveTo(0, line);
      context.lineTo(this.width, line);
      context.stroke();
      context.setLineDash([]);
    });
    context.font = `10.5px ${theme.font}`;
    context.textAlign = "right";
    context.textBaseline = line > 16 ? "bottom" : "top";
    faint(context, theme.text, 0.62, () => context.fillText("noise floor", this.width - 4, line + (line > 16 ? -1 : 2)));
    this.moments(y);
  }

  moments(y) {
    const { context, theme, view } = this;
    view.moments.forEach((moment, place) => {
      const [left, right] = [this.x(moment.start), this.x(moment.end)];
      faint(context, CONFLICT, 0.95, () => context.fillRect(left, 0, Math.max(right - left, 2), 2.5));
      const x = clamp(this.x(moment.time), 9, this.width - 9);
      const at = clamp(y(moment.strength) - 11, 13, y(0) - 11);
      context.beginPath();
      context.arc(x, at, 8, 0, 7);
      context.fillStyle = theme.paper;
      context.fill();
      context.lineWidth = 1.5;
      context.strokeStyle = CONFLICT;
      context.stroke();
      context.font = `600 11px ${theme.font}`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillStyle = theme.text;
      context.fillText(String(place + 1), x, at + 0.5);
      context.lineWidth = 1;
    });
  }

  sound({ height }) {
    const { context, theme, view } = this;
    this.ground(height);
    const { time, low, high } = view.waveform;
    const middle = height / 2;
    faint(context, theme.text, 0.42, () => {
      for (let x = 0; x < this.width; x++) {
        const found = between(time, low, high, this.time(x), this.time(x + 1));
        if (!found) continue;
        const [a, b] = found.map((value) => clamp((value / view.waveform.most) * middle * 0.96, -middle, middle));
        context.fillRect(x, middle - b, 1.02, Math.max(b - a, 0.8));
      }
    });
    if (view.pitch) this.pitch(view.pitch, height);
  }

  pitch(pitch, height) {
    const { context, theme } = this;
    const [low, high] = pitch.range.map(Math.log2);
    const y = (hertz) => height - 4 - ((Math.log2(hertz) - low) / (high - low)) * (height - 8);
    faint(context, PITCH, 1, () => {
      context.lineWidth = 2;
      context.beginPath();
      let drawing = false;
      const first = Math.max(before(pitch.time, this.span[0]) - 1, 0);
      for (let i = first; i < pitch.time.length && pitch.time[i] <= this.span[1]; i++) {
        const known = !Number.isNaN(pitch.values[i]);
        if (known && drawing) context.lineTo(this.x(pitch.time[i]), y(pitch.values[i]));
        else if (known) {
          context.moveTo(this.x(pitch.time[i]), y(pitch.values[i]));
          context.lineTo(this.x(pitch.time[i]) + 1, y(pitch.values[i]));
        }
        drawing = known;
      }
      context.stroke();
      context.lineWidth = 1;
    });
    context.font = `10px ${theme.font}`;
    context.textAlign = "right";
    context.textBaseline = "top";
    faint(context, theme.text, 0.55, () => context.fillText(`${Math.round(pitch.range[0])}–${Math.round(pitch.range[1])} Hz`, this.width - 4, 2));
  }

  loop([from, to]) {
    const { context, theme } = this;
    const [left, right] = [this.x(from), this.x(to)];
    faint(context, theme.accent, 0.13, () => context.fillRect(left, 0, right - left, this.height));
    faint(context, theme.accent, 0.9, () => {
      context.fillRect(left, 0, 1.5, this.height);
      context.fillRect(right - 1.5, 0, 1.5, this.height);
    });
  }

  ground(height) {
    faint(this.context, this.theme.text, 0.045, () => this.context.fillRect(0, 0, this.width, height));
  }

  say(words, height, colour = this.theme.text, x = this.width / 2) {
    const { context, theme } = this;
    context.font = `12px ${theme.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    let shown = words;
    while (shown.length > 1 && context.measureText(shown).width > this.width - 16) shown = `${shown.slice(0, -2).trimEnd()}…`;
    faint(context, colour, 0.62, () => context.fillText(shown, x, height / 2 + 0.5));
  }
}
