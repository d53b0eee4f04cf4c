// The clip player: picture, sound, words, emotions and conflict on one clock.

import { board } from "./board.js";
import { Clock } from "./clock.js";
import { clamp, clockTime, dress, iconButton, percent } from "./dom.js";
import { element } from "./nodes.js";
import { largest, rowAt } from "./series.js";
import { themeOf } from "./theme.js";
import { Tracks } from "./tracks.js";

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2];
const STEP = 0.5; // seconds an arrow key moves; a tenth of that with shift
const FRAME = 0.04;
const CLICK = 4; // pixels a press may move and still be a click
// Keys belong to whatever has the focus first: fields, buttons, lists, other canvases.
const WANTED = "input, textarea, select, button, a, summary, [contenteditable], [role=slider]:not(.ep-tracks), canvas:not(.ep-tracks)";
const HELP = [
  ["Space", "play and pause"],
  ["← →", "half a second; with shift a twentieth"],
  [", .", "one picture back and on"],
  ["[ ]", "the moment before and after"],
  ["1 … 9", "the strongest moment, the second, …"],
  ["L", "loop the moment, or what was marked"],
  ["Home End", "beginning and end"],
  ["< >", "slower and faster"],
  ["+ − 0", "show less of the clip, more, all"],
  ["click, drag", "go there, on any track"],
  ["shift + drag", "mark a stretch and loop it"],
  ["ctrl + wheel", "zoom the tracks at the cursor"],
  ["?", "this list"],
];

class Player {
  constructor(parentElement, id) {
    this.id = id;
    this.boxes = true;
    this.build(parentElement);
    this.clock = new Clock(() => this.refresh());
    this.news = () => this.follow();
    board.news.addEventListener("change", this.news);
    this.pressed = (event) => this.key(event);
    document.addEventListener("keydown", this.pressed);
    globalThis.__emovizPlayer = this;
  }

  // ---- the page

  build(parentElement) {
    this.picture = element("div", { class: "ep-picture" });
    this.moments = element("ol", { class: "ep-moments", "aria-label": "Moments of conflict, the strongest first" });
    this.side = element("div", { class: "ep-side" }, element("h4", {}, "Moments that disagree most"), this.moments);
    this.play = iconButton("play", "Play (Space)", () => this.clock.toggle());
    this.loopButton = iconButton("loop", "Loop the moment (L)", () => this.toggleLoop());
    this.boxButton = iconButton("face", "Face found", () => {
      this.boxes = !this.boxes;
      this.refresh();
    });
    this.soundButton = iconButton("sound", "Loudspeaker on and off", () => {
      this.media.muted = !this.media.muted;
      this.refresh();
    });
    this.now = element("span", { class: "ep-now" }, "0:00.0");
    this.speed = element(
      "select",
      { class: "ep-speed", "aria-label": "Speed", title: "Speed (< >)", onchange: () => this.clock.setSpeed(Number(this.speed.value)) },
      ...SPEEDS.map((value) => element("option", { value, selected: value === 1 }, `${value} ×`)),
    );
    this.legend = element("div", { class: "ep-legend" });
    const bar = element(
      "div",
      { class: "ep-bar" },
      element(
        "div",
        { class: "ep-group" },
        iconButton("previous", "The moment before ([)", () => this.walk(-1)),
        this.play,
        iconButton("next", "The moment after (])", () => this.walk(1)),
      ),
      this.now,
      element("div", { class: "ep-group" }, this.loopButton, this.boxButton, this.soundButton),
      this.speed,
      this.legend,
      element(
        "div",
        { class: "ep-group" },
        iconButton("out", "Show more of the clip (−)", () => this.zoom(2)),
        iconButton("in", "Show less of the clip (+)", () => this.zoom(0.5)),
        iconButton("help", "Keys and mouse (?)", () => this.toggleHelp()),
      ),
    );
    this.gutter = element("div", { class: "ep-gutter", "aria-hidden": "true" });
    this.canvas = element("canvas", {
      class: "ep-tracks",
      tabindex: 0,
      role: "slider",
      "aria-label": "Time in the clip",
      "aria-valuemin": 0,
      "aria-keyshortcuts": "Space ArrowLeft ArrowRight",
    });
    this.head = element("div", { class: "ep-head" });
    this.cursor = element("div", { class: "ep-cursor" });
    this.tip = element("div", { class: "ep-tip", "aria-hidden": "true" });
    this.stage = element("div", { class: "ep-stage" }, this.canvas, this.cursor, this.head, this.tip);
    const rows = HELP.flatMap(([keys, what]) => [element("dt", {}, keys), element("dd", {}, what)]);
    const close = element("button", { type: "button", class: "ep-close", "aria-label": "Close", onclick: () => this.toggleHelp(false) }, "×");
    this.help = element("div", { class: "ep-help", role: "dialog", "aria-label": "Keys and mouse", hidden: true }, close, element("h4", {}, "Keys and mouse"), element("dl", {}, ...rows));
    this.top = element("div", { class: "ep-top" }, this.picture, this.side);
    this.root = element("div", { class: "emoviz-player" }, this.top, bar, element("div", { class: "ep-lower" }, this.gutter, this.stage), this.help);
    parentElement.append(this.root);
    this.theme = themeOf(this.root);
    this.tracks = new Tracks(this.canvas);
    this.listen();
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.stage);
    this.resized.observe(this.picture);
  }

  listen() {
    const { canvas } = this;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    let from = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      from = { x: at(event)[0], mark: event.shiftKey };
      if (!from.mark) this.seek(this.tracks.time(from.x));
    });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      this.hover(x, y);
      if (!from) return;
      if (!from.mark) this.seek(this.tracks.time(x));
      else if (Math.abs(x - from.x) > CLICK) this.mark([this.tracks.time(Math.min(from.x, x)), this.tracks.time(Math.max(from.x, x))]);
    });
    canvas.addEventListener("pointerup", () => {
      if (from && !from.mark) this.tell("look", { id: this.view.clip, time: this.clock.time });
      else if (from && this.clock.loop) this.seek(this.clock.loop[0]);
      from = null;
    });
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      const turned = event.deltaY || event.deltaX;
      if (event.ctrlKey) this.zoom(turned > 0 ? 1.25 : 0.8, this.tracks.time(at(event)[0]));
      else {
        this.tracks.moveTo(this.tracks.span[0] + turned * this.tracks.pixel);
        this.draw();
      }
    });
  }

  toggleHelp(open = this.help.hidden) {
    this.help.hidden = !open;
  }

  dispose() {
    board.news.removeEventListener("change", this.news);
    document.removeEventListener("keydown", this.pressed);
    this.resized.disconnect();
    this.clock.dispose();
    this.release();
    this.root.remove();
    if (globalThis.__emovizPlayer === this) delete globalThis.__emovizPlayer;
  }

  // ---- what Python wants shown

  /** Called whenever Streamlit renders the stage anew: the theme may have changed. */
  update({ tell }) {
    this.tell = tell;
    const theme = themeOf(this.root);
    if (JSON.stringify(theme) === JSON.stringify(this.theme)) return;
    this.theme = theme;
    this.draw();
  }

  follow() {
    const said = board.settings.get(this.id);
    const arrays = board.buffers.get(said?.tracks);
    if (!said || !arrays) return; // a part is still on its way
    if (this.said !== said) {
      this.said = said;
      const series = (name) => (arrays.has(`${name} time`) ? { time: arrays.get(`${name} time`), values: arrays.get(name) } : null);
      const conflict = series("conflict");
      const wave = series("waveform");
      const pitch = series("pitch");
      this.view = {
        ...said,
        bands: said.bands.map((band) => ({ ...band, ...(series(band.name) ?? { time: [], values: [] }) })),
        conflict: conflict && { ...conflict, ...said.conflict },
        waveform: wave && { time: wave.time, low: arrays.get("waveform low"), high: wave.values, most: said.loudest },
        pitch: pitch && { ...pitch, range: said.pitch },
        box: series("box"),
      };
      this.root.classList.toggle("ep-silent", said.kind === "none");
      this.root.classList.toggle("ep-blind", said.kind !== "video");
      this.tracks.show(this.view);
      this.buildGutter();
      this.buildMoments();
      this.buildLegend();
      this.canvas.setAttribute("aria-valuemax", said.seconds);
    }
    this.load();
    this.draw();
  }

  /** Puts the clip's bytes into a player, when all of their pieces have come. */
  load() {
    const { kind, pieces, mime, seconds, media: name } = this.view;
    this.clock.seconds = seconds;
    if (this.loaded === name) return;
    const found = pieces.map((piece) => board.buffers.get(piece)?.get("bytes"));
    if (found.some((piece) => !piece)) return;
    this.release();
    this.loaded = name;
    if (kind === "none") return this.clock.attach(null, seconds);
    // The bytes came with the page and stay in it: the clip has no address that anybody could ask for.
    this.address = URL.createObjectURL(new Blob(found, { type: mime }));
    this.media = element(kind, { src: this.address, preload: "auto", playsinline: true, class: "ep-media" });
    this.box = element("div", { class: "ep-box", hidden: true });
    this.picture.replaceChildren(this.media, this.box);
    this.media.addEventListener("click", () => this.clock.toggle());
    this.media.addEventListener("loadedmetadata", () => this.refresh());
    this.media.addEventListener("error", () => this.picture.append(element("p", { class: "ep-note" }, "This browser cannot play the clip; everything else works.")));
    this.clock.attach(this.media, seconds);
  }

  release() {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = this.media = this.loaded = null;
    this.picture.replaceChildren();
  }

  buildGutter() {
    this.values = new Map();
    const rows = this.tracks.rows.map((row) => {
      const value = element("small");
      this.values.set(row, value);
      return element("div", { class: `ep-name ep-name-${row.kind}`, style: `top:${row.top}px;height:${row.height}px` }, element("b", {}, row.title), value);
    });
    this.gutter.replaceChildren(...rows);
    this.gutter.style.height = `${this.tracks.height}px`;
  }

  buildMoments() {
    const { moments, verdict } = this.view;
    this.moments.replaceChildren(
      ...moments.map((moment, place) => {
        const dots = moment.says.flatMap(({ side, label, colour }) => [
          element("span", { class: "ep-says" }, element("i", { style: `background:${colour}` }), `${side}: ${label}`),
        ]);
        const button = element(
          "button",
          { type: "button", onclick: () => this.goTo(place), title: "Go there (and L loops it)" },
          element("span", { class: "ep-rank" }, String(place + 1)),
          element("span", { class: "ep-when" }, `${clockTime(moment.start)} – ${clockTime(moment.end)}`),
          element("span", { class: "ep-what" }, ...dots),
          element("span", { class: "ep-strength", title: `conflict ${moment.strength.toFixed(2)}` }, element("i", { style: `width:${percent(clamp(moment.strength, 0, 1)).replace(" ", "")}` })),
        );
        return element("li", {}, button);
      }),
    );
    this.side.classList.toggle("ep-none", !moments.length);
    if (!moments.length) this.moments.append(element("li", { class: "ep-verdict" }, verdict));
  }

  buildLegend() {
    this.legend.replaceChildren(
      ...this.view.labels.map(({ name, colour }) => element("span", {}, element("i", { style: `background:${colour}` }), name)),
    );
  }

  // ---- what is done to it

  seek(time) {
    this.clock.seek(time);
  }

  goTo(place) {
    const moment = this.view.moments[place];
    if (!moment) return;
    this.moment = place;
    if (this.clock.loop) this.mark([moment.start, moment.end]);
    this.tracks.follow(moment.time);
    this.seek(moment.time);
    this.draw();
    this.tell("look", { id: this.view.clip, time: moment.time });
  }

  /** To the moment before or after the present time, in order of time. */
  walk(by) {
    const now = this.clock.time;
    const order = this.view.moments.map(({ time }, place) => ({ time, place })).sort((a, b) => a.time - b.time);
    const found = by > 0 ? order.find(({ time }) => time > now + 0.05) : order.findLast(({ time }) => time < now - 0.05);
    if (found) this.goTo(found.place);
    else this.seek(by > 0 ? this.view.seconds : 0);
  }

  mark(stretch) {
    this.clock.loop = stretch;
    this.draw();
  }

  toggleLoop() {
    if (this.clock.loop) return this.mark(null);
    const now = this.clock.time;
    const { moments, seconds } = this.view;
    const here = moments.find(({ start, end }) => now >= start - 0.05 && now <= end + 0.05) ?? moments[this.moment];
    this.mark(here ? [here.start, here.end] : [0, seconds]);
    this.clock.play();
  }

  zoom(factor, time = this.clock.time) {
    this.tracks.zoom(factor, time);
    this.draw();
  }

  faster(by) {
    const place = clamp(SPEEDS.indexOf(this.clock.speed) + by, 0, SPEEDS.length - 1);
    this.speed.value = String(SPEEDS[place]);
    this.clock.setSpeed(SPEEDS[place]);
  }

  key(event) {
    if (!this.view || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.composedPath()[0];
    const inside = this.root.contains(target);
    if (target.closest?.(WANTED) && !(inside && event.code !== "Space" && event.code !== "Enter" && !target.closest("select"))) return;
    const step = event.shiftKey ? STEP / 10 : STEP;
    const now = this.clock.time;
    const acts = {
      " ": () => this.clock.toggle(),
      ArrowLeft: () => this.seek(now - step),
      ArrowRight: () => this.seek(now + step),
      ",": () => this.seek(now - FRAME),
      ".": () => this.seek(now + FRAME),
      "[": () => this.walk(-1),
      "]": () => this.walk(1),
      l: () => this.toggleLoop(),
      L: () => this.toggleLoop(),
      Home: () => inside && this.seek(0),
      End: () => inside && this.seek(this.view.seconds),
      "<": () => this.faster(-1),
      ">": () => this.faster(1),
      "+": () => this.zoom(0.5),
      "-": () => this.zoom(2),
      0: () => this.zoom(1e6),
      "?": () => this.toggleHelp(),
      Escape: () => this.escape(),
    };
    const act = acts[event.key] ?? (/^[1-9]$/.test(event.key) ? () => this.goTo(Number(event.key) - 1) : null);
    if (!act) return;
    event.preventDefault();
    act();
  }

  escape() {
    if (!this.help.hidden) this.toggleHelp(false);
    else this.mark(null);
  }

  // ---- drawing

  draw() {
    if (!this.view) return;
    this.tracks.draw(this.theme, this.clock.loop);
    this.refresh();
  }

  /** What changes while the clip plays: heads, numbers, the box; the tracks stay. */
  refresh() {
    if (!this.view || !this.tracks.width) return;
    const now = this.clock.time;
    const [from, to] = this.tracks.span;
    if (this.clock.playing && (now < from || now > to)) {
      this.tracks.follow(now);
      this.tracks.draw(this.theme, this.clock.loop);
    }
    this.head.style.transform = `translateX(${this.tracks.x(now)}px)`;
    this.head.hidden = now < this.tracks.span[0] - 1e-6 || now > this.tracks.span[1] + 1e-6;
    this.now.textContent = `${clockTime(now, 2)} / ${clockTime(this.view.seconds)}`;
    dress(this.play, this.clock.playing ? "pause" : "play");
    this.loopButton.setAttribute("aria-pressed", Boolean(this.clock.loop));
    this.boxButton.setAttribute("aria-pressed", this.boxes);
    this.boxButton.hidden = !this.view.box || this.view.kind !== "video";
    this.soundButton.hidden = this.view.kind === "none";
    if (this.media) dress(this.soundButton, this.media.muted ? "silent" : "sound");
    this.canvas.setAttribute("aria-valuenow", now.toFixed(2));
    this.canvas.setAttribute("aria-valuetext", `${clockTime(now)} of ${clockTime(this.view.seconds)}`);
    for (const [row, node] of this.values) this.sayRow(row, node, now);
    [...this.moments.querySelectorAll("button")].forEach((button, place) => {
      const { start, end } = this.view.moments[place];
      button.setAttribute("aria-current", now >= start - 0.02 && now <= end + 0.02);
    });
    this.frameFace(now);
  }

  sayRow(row, node, now) {
    let words = "";
    let colour = "";
    if (row.band) {
      const shares = rowAt(row.band, this.view.labels.length, now);
      if (shares) {
        const [k, share] = largest(shares);
        words = `${this.view.labels[k].name} ${percent(share)}`;
        colour = this.view.labels[k].colour;
      } else words = row.band.time.length ? "–" : "missing";
    } else if (row.kind === "conflict") {
      const value = rowAt(this.view.conflict, 1, now);
      words = value ? `${value[0].toFixed(2)}${value[0] > this.view.conflict.floor ? "" : ", none clear"}` : "–";
    } else if (row.kind === "sound" && this.view.pitch) {
      const hertz = rowAt(this.view.pitch, 1, now);
      words = hertz ? `${Math.round(hertz[0])} Hz` : "no pitch";
    }
    if (node.textContent !== words) node.textContent = words;
    node.style.setProperty("--dot", colour || "transparent");
    node.classList.toggle("ep-dotted", Boolean(colour));
  }

  /** The frame around the face, over the picture as the browser fits it. */
  frameFace(now) {
    if (!this.box) return;
    const place = this.boxes && this.view.box ? rowAt(this.view.box, 4, now) : null;
    const { videoWidth, videoHeight, clientWidth, clientHeight } = this.media ?? {};
    this.box.hidden = !place || !videoWidth;
    if (this.box.hidden) return;
    const scale = Math.min(clientWidth / videoWidth, clientHeight / videoHeight);
    const [wide, tall] = [videoWidth * scale, videoHeight * scale];
    const [left, top] = [this.media.offsetLeft + (clientWidth - wide) / 2, this.media.offsetTop + (clientHeight - tall) / 2];
    const [l, t, r, b] = place;
    Object.assign(this.box.style, {
      left: `${left + l * wide}px`,
      top: `${top + t * tall}px`,
      width: `${(r - l) * wide}px`,
      height: `${(b - t) * tall}px`,
    });
  }

  hover(x, y) {
    const row = x === null ? null : this.tracks.rowAt(y);
    this.cursor.hidden = x === null;
    this.tip.hidden = !row;
    if (x === null) return;
    this.cursor.style.transform = `translateX(${clamp(x, 0, this.tracks.width)}px)`;
    if (!row) return;
    const time = this.tracks.time(x);
    this.tip.replaceChildren(element("b", {}, clockTime(time, 2)), ...this.told(row, time));
    const { offsetWidth: wide, offsetHeight: tall } = this.tip;
    const left = x + 14 + wide > this.tracks.width ? x - 14 - wide : x + 14;
    this.tip.style.transform = `translate(${Math.max(left, 0)}px, ${clamp(row.top + row.height / 2 - tall / 2, 0, Math.max(this.tracks.height - tall, 0))}px)`;
  }

  /** What is known of a track at a time, as nodes. */
  told(row, time) {
    const { view } = this;
    const line = (words, colour) => element("span", {}, ...(colour ? [element("i", { style: `background:${colour}` })] : []), words);
    if (row.band) {
      if (!row.band.time.length) return [line(row.band.note)];
      const shares = rowAt(row.band, view.labels.length, time);
      if (!shares) return [line(row.band.gap)];
      const order = shares.map((share, k) => [share, k]).sort((a, b) => b[0] - a[0]);
      return order.slice(0, 4).filter(([share]) => share >= 0.01).map(([share, k]) => line(`${view.labels[k].name} ${percent(share)}`, view.labels[k].colour));
    }
    if (row.kind === "words") {
      const word = view.words.find(({ start, end }) => time >= start && time <= end);
      return word ? [line(word.text), ...(word.timed ? [] : [line("(time estimated)")])] : [];
    }
    if (row.kind === "conflict") {
      const value = rowAt(view.conflict, 1, time);
      return value ? [line(`conflict ${value[0].toFixed(2)}`), line(value[0] > view.conflict.floor ? "above the noise floor" : "below the noise floor")] : [line("nothing to compare")];
    }
    if (row.kind === "sound" && view.pitch) {
      const hertz = rowAt(view.pitch, 1, time);
      return [line(hertz ? `${Math.round(hertz[0])} Hz` : "no pitch")];
    }
    return [];
  }
}

const players = new WeakMap(); // parent element -> Player

export default function ({ data, parentElement, setTriggerValue }) {
  let player = players.get(parentElement);
  if (!player) players.set(parentElement, (player = new Player(parentElement, data.id)));
  player.update({ tell: setTriggerValue });
  player.follow();
  return () => {
    players.delete(parentElement);
    player.dispose();
  };
}
