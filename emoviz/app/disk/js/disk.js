// One disk: what it shows, what was done to it, and its talk with Python.

import { board } from "./board.js";
import { HOME, between, focused, lasso, nearest, project, zoomedAt } from "./geometry.js";
import { categoryColour, paletteOf, readTheme } from "./colour.js";
import { base64, counted, described, keepCategories, keepRange, packedMask, paletteEntries, sum, unpackedMask } from "./columns.js";
import { Renderer } from "./renderer.js";
import { FlatRenderer } from "./flat.js";
import { Overlay, svg } from "./overlay.js";
import { element } from "./nodes.js";
import { Bar, Help, Legend, Tip } from "./panel.js";
import { Gestures, PICK_REACH } from "./gestures.js";

const MARGIN = 12; // CSS pixels between the rim and the edge of the stage
const SETTLE = 140; // ms without movement after which everything is drawn
const SETTLE_HELD = 600; // the same while a button is held down: more movement is likely
const QUIET = 300; // ms after which Python hears of what can wait: where the camera rests, another colour
const PATIENCE = 3000; // ms for Python to answer a gesture; until then its older wishes are not followed
const FRAME_GOAL = 26; // ms that a picture may take while something moves
const LEAST_BUDGET = 20_000; // points drawn while something moves, at least
const UNDO_STEPS = 50;
const TIP_COLUMNS = 5;

const NO_CLOUD = { key: "", xy: new Float32Array(0), count: 0, columns: new Map(), totals: new Map() };

class Disk {
  constructor(parentElement, id) {
    this.id = id;
    this.cloud = NO_CLOUD;
    this.camera = { ...HOME };
    this.columns = [];
    this.colourBy = "";
    this.hidden = new Map(); // column name -> Set of codes, -1 for missing
    this.ranges = new Map(); // column name -> [low, high]
    this.kept = null; // 1 per row that no filter greys out; null: all
    this.selected = null; // 1 per selected row; null: no selection
    this.past = [];
    this.future = [];
    this.primary = null;
    this.related = [];
    this.hovered = null;
    this.followed = {}; // what Python last asked for, by name
    this.serial = 0; // of the last gesture Python was told of
    this.toldAt = -Infinity;
    this.budget = 3 * LEAST_BUDGET;
    this.painted = false;
    this.lassoed = null; // the last lasso and how the disk was seen then
    this.build(parentElement);
    this.news = () => this.follow();
    board.news.addEventListener("change", this.news);
    globalThis.__emovizDisk = this;
  }

  // ---- the page

  build(parentElement) {
    const actions = {
      colour: (name) => this.colour(name),
      model: (model) => this.glide({ ...this.camera, model }, 0),
      toggleLasso: () => {
        this.gestures.lassoMode = !this.gestures.lassoMode;
        this.refreshBar();
      },
      undo: () => this.undo(),
      redo: () => this.redo(),
      clear: () => this.select(null, "clear"),
      reset: () => this.reset(),
      help: () => this.help.toggle(),
      toggleCategory: (name, code) => {
        const hidden = new Set(this.hidden.get(name));
        if (!hidden.delete(code)) hidden.add(code);
        this.filter(name, hidden, null);
      },
      keepOnly: (name, code) => {
        const codes = this.column(name).categories.map((_, i) => i);
        this.filter(name, new Set([...codes, -1].filter((other) => other !== code)), null);
      },
      keepRange: (name, range) => this.filter(name, new Set(), range),
      keepAll: (name) => this.filter(name, new Set(), null),
      selectCategory: (name, code) => this.selectCategory(name, code),
    };
    this.canvas = element("canvas", { class: "disk", tabindex: 0, role: "application" });
    this.bar = new Bar(actions);
    this.legend = new Legend(actions);
    this.tip = new Tip();
    this.help = new Help();
    const over = svg("svg", { class: "ed-overlay", "aria-hidden": "true" });
    this.overlay = new Overlay(over);
    this.empty = element("div", { class: "ed-empty" });
    this.stage = element("div", { class: "ed-stage" }, this.canvas, over, this.tip.node, this.empty, this.help.node);
    this.status = element("span", { class: "ed-status", role: "status" });
    this.notice = element("span", { class: "ed-notice" });
    this.caveat = element("span", { class: "ed-caveat" });
    this.root = element(
      "div",
      { class: "emoviz-disk" },
      this.bar.node,
      element("div", { class: "ed-body" }, this.stage, this.legend.node),
      element("div", { class: "ed-foot" }, this.status, element("p", {}, this.notice, this.caveat)),
    );
    parentElement.append(this.root);
    this.theme = readTheme(this.root);
    try {
      this.renderer = new Renderer(this.canvas);
    } catch {
      this.renderer = new FlatRenderer(this.canvas);
      this.notice.textContent = "This browser has no WebGL2: a plain drawing of at most 20,000 points. Everything else works as usual.";
    }
    this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.canvas.addEventListener("webglcontextrestored", () => {
      this.renderer.prepare();
      this.hand();
    });
    this.gestures = new Gestures(this, this.canvas);
    this.resized = new ResizeObserver(() => this.measure());
    this.resized.observe(this.stage);
    this.measure();
  }

  measure() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    const ratio = globalThis.devicePixelRatio || 1;
    if (this.frame?.width === width && this.frame.height === height && this.ratio === ratio) return;
    this.ratio = ratio;
    this.frame = { width, height, radius: Math.max(Math.min(width, height) / 2 - MARGIN, 10) };
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.overlay.measure();
    this.bar.setColumns(this.columns, this.root.clientWidth);
    this.refreshBar();
    this.wantPicture(false);
  }

  /** Called whenever Streamlit renders the stage anew: a theme may have changed. */
  refresh({ height, tell }) {
    this.tell = tell;
    this.root.style.height = `${height}px`;
    const theme = readTheme(this.root);
    if (JSON.stringify(theme) === JSON.stringify(this.theme)) return;
    this.theme = theme;
    this.recolour();
    this.count();
  }

  dispose() {
    board.news.removeEventListener("change", this.news);
    this.resized.disconnect();
    this.gone = true;
    clearTimeout(this.settling);
    clearTimeout(this.resting);
    clearTimeout(this.colouring);
    this.renderer.dispose();
    this.root.remove();
    if (globalThis.__emovizDisk === this) delete globalThis.__emovizDisk;
  }

  // ---- what Python wants shown

  follow() {
    const setting = board.settings.get(this.id);
    const often = board.states.get(this.id);
    const arrays = board.buffers.get(setting?.key);
    if (!arrays || often?.key !== setting.key) return; // a part is still on its way
    const state = { ...setting, ...often };
    const fresh = this.cloud.key !== state.key;
    if (fresh) this.load(state, arrays);
    if (this.takeColumns(state, arrays) && !fresh) this.recolour();
    // Python has not heard of the last gesture yet: what it wants now is older than what is on the screen.
    if (state.serial < this.serial && performance.now() - this.toldAt < PATIENCE) return;
    this.serial = Math.max(this.serial, state.serial);
    const isNew = (...names) => {
      const news = names.filter((name) => fresh || this.followed[name] !== JSON.stringify(state[name]));
      for (const name of news) this.followed[name] = JSON.stringify(state[name]);
      return news.length > 0;
    };
    if (isNew("texts")) {
      this.texts = state.texts;
      this.caveat.textContent = state.texts.caveat;
      this.empty.textContent = state.texts.empty;
      this.empty.hidden = this.cloud.count > 0;
      this.count();
    }
    if (isNew("anchors", "constellation")) {
      this.overlay.build(state.anchors, state.constellation);
      this.overlay.measure();
      this.refreshOverlay();
    }
    if (isNew("primary", "related")) {
      [this.primary, this.related] = [state.primary, state.related];
      this.refreshOverlay();
    }
    if (isNew("camera") && state.camera && !this.resting) this.moveTo({ ...state.camera }, false);
    else if (fresh && !state.camera) this.moveTo({ ...HOME }, false);
    const rearranged = isNew("columns");
    const wished = isNew("colour_by");
    if (wished) this.colourBy = state.colour_by;
    if ((rearranged || wished) && !fresh) this.recolour();
    if (isNew("hidden", "ranges")) {
      this.hidden = new Map(Object.entries(state.hidden).map(([name, codes]) => [name, new Set(codes)]));
      this.ranges = new Map(Object.entries(state.ranges));
      if (!fresh) this.sift();
    }
    if (fresh) this.hand();
    this.followSelection(state, fresh);
  }

  load(state, arrays) {
    this.painted = false;
    this.cloud = { key: state.key, xy: arrays.get("xy"), count: state.count, columns: new Map(), totals: new Map() };
    [this.kept, this.selected, this.hovered] = [null, null, null];
    [this.past, this.future, this.selectionKey] = [[], [], ""];
  }

  /** Notes which columns have arrived; true where the one to colour by is among them. */
  takeColumns(state, arrays) {
    this.columns = state.columns;
    this.bar.setColumns(state.columns, this.root.clientWidth);
    for (const name of this.cloud.columns.keys()) if (!this.column(name)) this.cloud.columns.delete(name);
    let awaited = false;
    for (const { name } of state.columns) {
      if (this.cloud.columns.has(name)) continue;
      const own = `column ${name}`;
      const codes = arrays.get(own) ?? board.buffers.get(`${state.key} ${name}`)?.get(own);
      if (!codes) continue;
      this.cloud.columns.set(name, codes);
      awaited ||= name === this.colourBy;
      if (this.hidden.has(name) || this.ranges.has(name)) this.sift();
    }
    return awaited;
  }

  followSelection(state, fresh) {
    if (!fresh && this.followed.selection === state.selection) return;
    const buffer = board.buffers.get(state.selection);
    if (state.selection && state.selection !== this.selectionKey && !buffer) return; // it is on its way
    this.followed.selection = state.selection;
    if (state.selection === this.selectionKey) return;
    if (!fresh) this.remember();
    this.setSelection(state.selection ? unpackedMask(buffer.get("selection"), this.cloud.count) : null);
  }

  // ---- what Python hears

  say(kind, what) {
    this.serial += 1;
    this.toldAt = performance.now();
    this.tell?.(kind, { key: this.cloud.key, serial: this.serial, ...what });
  }

  sayFilters() {
    this.say("filter", {
      hidden: Object.fromEntries([...this.hidden].map(([name, codes]) => [name, [...codes]])),
      ranges: Object.fromEntries(this.ranges),
    });
  }

  // ---- colour, filters, selection

  column(name) {
    return this.columns.find((column) => column.name === name);
  }

  colour(name) {
    if (name === this.colourBy) return;
    this.colourBy = name;
    this.recolour();
    // Python's part can wait until the picture is there, unless it has to send the column first.
    clearTimeout(this.colouring);
    const delay = this.cloud.columns.has(name) ? QUIET : 0;
    this.colouring = setTimeout(() => this.say("colour", { colour_by: name }), delay);
  }

  /** The column that colours the points now: the wanted one, once its values are here. */
  shownColumn() {
    return this.cloud.columns.has(this.colourBy) ? this.column(this.colourBy) : undefined;
  }

  recolour() {
    const column = this.shownColumn();
    this.renderer.setPalette(paletteOf(column, this.theme));
    this.entries = column ? paletteEntries(column, this.cloud.columns.get(column.name)) : new Uint8Array(this.cloud.count);
    this.renderer.setEntries(this.entries);
    this.legend.show(column, this.theme);
    this.count();
    this.wantPicture(false, true);
  }

  /** Hands the renderer everything it keeps. */
  hand() {
    this.renderer.setCloud(this.cloud.xy);
    this.recolour();
    this.sift();
  }

  filter(name, hidden, range) {
    if (hidden.size) this.hidden.set(name, hidden);
    else this.hidden.delete(name);
    if (range) this.ranges.set(name, range);
    else this.ranges.delete(name);
    this.sift();
    this.sayFilters();
  }

  sift() {
    const { columns, count } = this.cloud;
    this.kept = null;
    for (const [name, hidden] of this.hidden) {
      if (!columns.has(name) || !hidden.size) continue;
      this.kept ??= new Uint8Array(count).fill(1);
      keepCategories(this.kept, columns.get(name), hidden);
    }
    for (const [name, range] of this.ranges) {
      if (!columns.has(name)) continue;
      this.kept ??= new Uint8Array(count).fill(1);
      keepRange(this.kept, this.column(name), columns.get(name), range);
    }
    this.light();
  }

  /** Makes a selection as the person wants it: remembered for undo, and told to Python. */
  select(mask, mode) {
    if (!mask && !this.selected) return;
    this.remember();
    this.setSelection(mask && sum(mask) ? mask : null);
    this.saySelection(mode);
  }

  remember() {
    this.past = [...this.past, this.selected].slice(-UNDO_STEPS);
    this.future = [];
  }

  saySelection(mode) {
    this.say("select", { mask: base64(this.selectedBits), mode });
  }

  setSelection(mask) {
    this.selected = mask;
    this.selectedBits = mask ? packedMask(mask) : new Uint8Array(0);
    this.selectionKey = mask ? `${this.cloud.key} ${crc32(this.selectedBits)}` : "";
    this.light();
  }

  undo() {
    if (!this.past.length) return;
    this.future.push(this.selected);
    this.setSelection(this.past.pop());
    this.saySelection("undo");
  }

  redo() {
    if (!this.future.length) return;
    this.past.push(this.selected);
    this.setSelection(this.future.pop());
    this.saySelection("redo");
  }

  selectCategory(name, code) {
    const codes = this.cloud.columns.get(name);
    const wanted = code < 0 ? (codes.BYTES_PER_ELEMENT === 1 ? 255 : 65535) : code;
    const mask = this.selected ? this.selected.slice() : new Uint8Array(this.cloud.count);
    for (let i = 0; i < mask.length; i++) if (codes[i] === wanted && (!this.kept || this.kept[i])) mask[i] = 1;
    this.select(mask, this.selected ? "add" : "new");
  }

  /** Lit is what no filter greys out and, where something is selected, what is selected. */
  light() {
    const { kept, selected } = this;
    this.lit = kept && selected ? kept.map((k, i) => k & selected[i]) : (selected ?? kept);
    this.renderer.setLit(this.lit);
    this.count();
    this.wantPicture(false, true);
  }

  count() {
    const column = this.shownColumn();
    if (column) {
      const codes = this.cloud.columns.get(column.name);
      const { totals } = this.cloud;
      if (!totals.has(column.name)) totals.set(column.name, counted(column, codes, null));
      const lit = this.lit && counted(column, codes, this.lit);
      this.legend.update(totals.get(column.name), lit, this.hidden.get(column.name), this.ranges.get(column.name));
    }
    const words = this.texts?.points ?? "samples";
    const all = `${this.cloud.count.toLocaleString("en")} ${words}`;
    this.selectedCount = this.selected ? sum(this.selected) : 0;
    const parts = [];
    if (this.selected) parts.push(`${this.selectedCount.toLocaleString("en")} selected`);
    if (this.kept) parts.push(`${sum(this.kept).toLocaleString("en")} pass the filters`);
    this.status.textContent = parts.length ? `${parts.join(", ")} of ${all}` : all;
    const name = this.texts?.name ?? "Disk";
    this.canvas.setAttribute("aria-label", `${name}. ${this.status.textContent}. Press ? for gestures and keys.`);
    this.refreshBar();
  }

  refreshBar() {
    this.bar.update({
      colourBy: this.colourBy,
      model: this.camera.model,
      lassoMode: Boolean(this.gestures?.lassoMode),
      canUndo: this.past.length > 0,
      canRedo: this.future.length > 0,
      hasSelection: Boolean(this.selected),
    });
  }

  // ---- gestures

  pick(X, Y) {
    return nearest(this.cloud.xy, this.kept, this.camera, this.frame, X, Y, PICK_REACH);
  }

  hover(at) {
    this.cursor = at;
    if (this.hovering) return;
    this.hovering = requestAnimationFrame(() => {
      this.hovering = null;
      if (this.gone) return;
      const row = this.cursor ? this.pick(...this.cursor) : -1;
      this.canvas.style.cursor = row >= 0 ? "pointer" : this.gestures.lassoMode ? "crosshair" : "grab";
      if (row !== (this.hovered ?? -1)) {
        this.hovered = row >= 0 ? row : null;
        this.refreshOverlay();
      }
      this.tip.show(row >= 0 ? this.known(row) : [], ...(this.cursor ?? [0, 0]), this.frame);
    });
  }

  /** What the browser knows of a row, the column it is coloured by first. */
  known(row) {
    const here = this.columns.filter(({ name }) => this.cloud.columns.has(name));
    const first = here.filter(({ name }) => name === this.colourBy);
    const rest = here.filter(({ name }) => name !== this.colourBy);
    return [...first, ...rest].slice(0, TIP_COLUMNS).map((column) => {
      const codes = this.cloud.columns.get(column.name);
      const colour = column.categories[codes[row]] ? categoryColour(column, codes[row]) : null;
      return [column.title, described(column, codes, row), colour];
    });
  }

  click(X, Y, extend) {
    const row = this.pick(X, Y);
    if (row < 0) return;
    if (extend) {
      const mask = this.selected ? this.selected.slice() : new Uint8Array(this.cloud.count);
      mask[row] = mask[row] ? 0 : 1;
      this.select(mask, "add");
    } else if (row !== this.primary) {
      this.setPrimary(row);
      this.say("primary", { row });
    }
  }

  setPrimary(row) {
    this.primary = row;
    this.refreshOverlay();
  }

  doubleClick(X, Y) {
    const row = this.pick(X, Y);
    if (row < 0) return this.select(null, "clear");
    const { xy } = this.cloud;
    this.glide(focused(this.camera, [xy[2 * row], xy[2 * row + 1]]));
  }

  lasso(polygon, adds) {
    this.lassoed = { polygon, camera: this.camera, frame: this.frame };
    const inside = lasso(this.cloud.xy, this.kept, this.camera, this.frame, polygon);
    const joins = adds && this.selected;
    if (joins) for (let i = 0; i < inside.length; i++) inside[i] |= this.selected[i];
    this.select(inside, joins ? "add" : "new");
  }

  showLasso(path) {
    this.overlay.setLasso(path);
  }

  escape() {
    if (!this.help.node.hidden) return this.help.toggle(false);
    if (this.selected) return this.select(null, "clear");
    if (this.primary === null) return;
    this.setPrimary(null);
    this.say("primary", { row: -1 });
  }

  /** To the next lit row, or the one before; around the end. */
  walk(step) {
    const { count } = this.cloud;
    if (!count) return;
    let row = this.primary ?? (step > 0 ? -1 : count);
    for (let tried = 0; tried < count; tried++) {
      row = (row + step + count) % count;
      if (!this.lit || this.lit[row]) break;
    }
    this.setPrimary(row);
    clearTimeout(this.walking); // a key held down is one gesture
    this.walking = setTimeout(() => this.say("primary", { row }), 120);
  }

  zoom(factor) {
    this.moveTo(zoomedAt(this.camera, this.frame, this.frame.width / 2, this.frame.height / 2, factor));
  }

  reset() {
    this.glide({ ...HOME });
  }

  // ---- camera and picture

  moveTo(camera, byHand = true) {
    cancelAnimationFrame(this.gliding);
    const remodelled = camera.model !== this.camera.model;
    this.camera = camera;
    if (remodelled) this.refreshBar();
    this.wantPicture(true);
    if (byHand) this.rest();
  }

  /** Python hears of the camera once it has come to rest. */
  rest() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.resting = null;
      const text = JSON.stringify(this.camera);
      if (text === this.toldCamera || this.gestures.press?.moved) return;
      this.toldCamera = text;
      this.say("camera", { camera: this.camera });
    }, QUIET);
  }

  glide(to, ms = 320) {
    if (globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches) ms = 0;
    const from = this.camera;
    const start = performance.now();
    const step = (now) => {
      const t = ms ? Math.min(Math.max((now - start) / ms, 0), 1) : 1;
      this.moveTo(between(from, to, 1 - (1 - t) ** 3));
      if (t < 1 && !this.gone) this.gliding = requestAnimationFrame(step);
    };
    step(start);
  }

  /** Rings where they belong, and all marks and words where the camera sees them. */
  refreshOverlay() {
    const { xy } = this.cloud;
    const ring = (row, kind) => ({ x: xy[2 * row], y: xy[2 * row + 1], kind });
    const rings = this.related.map((row) => ring(row, "related"));
    if (this.primary !== null) rings.push(ring(this.primary, "primary"));
    if (this.hovered !== null) rings.push(ring(this.hovered, "hover"));
    this.overlay.setRings(rings.filter(({ x }) => x === x));
    if (this.frame) this.overlay.update(this.camera, this.frame);
  }

  /**
   * Asks for a picture: of as many points as a frame can carry while something moves, of all when it rests.
   * In a hurry, the former comes at once and the latter follows: a new colour shows before a million points do.
   */
  wantPicture(moving, hurry = false) {
    this.moving = moving;
    this.hurry ||= hurry;
    clearTimeout(this.settling);
    if (moving) this.settling = setTimeout(() => this.wantPicture(false), this.gestures.press ? SETTLE_HELD : SETTLE);
    this.wanted = true;
    if (!this.looping && !this.gone) this.looping = requestAnimationFrame(() => this.loop());
  }

  loop() {
    this.looping = null;
    if (this.gone) return;
    const busy = this.renderer.busy();
    if (!busy && this.drawing) this.drawn();
    if (!busy && this.wanted && this.frame) this.draw();
    if (this.wanted || this.drawing) this.looping = requestAnimationFrame(() => this.loop());
  }

  draw() {
    if (this.ratio !== (globalThis.devicePixelRatio || 1)) this.measure();
    const { count } = this.cloud;
    // Of the very first picture, half at first is only worth its time where the whole takes much longer.
    const carried = this.painted || this.moving ? this.budget : 2 * this.budget;
    const partly = (this.moving || this.hurry) && count > carried;
    const budget = partly ? this.budget : count;
    this.wanted = this.hurry && partly;
    this.hurry = false;
    this.drawing = { start: performance.now(), partly };
    const { camera, frame, theme } = this;
    this.renderer.draw({ camera, frame, theme, budget });
    this.refreshOverlay();
  }

  /** The graphics card is done: what it took says how much the next frame may carry. */
  drawn() {
    const { start, partly } = this.drawing;
    this.drawing = null;
    const took = performance.now() - start;
    if (partly || took < FRAME_GOAL) this.budget = Math.min(Math.max(this.budget * (took > FRAME_GOAL ? 0.7 : 1.3), LEAST_BUDGET), 4e6);
    if (!partly && this.cloud.key) this.painted = true;
  }

  /** Where a row is on the screen, in CSS pixels of the canvas; for tests. */
  project(row) {
    return project(this.camera, this.frame, this.cloud.xy[2 * row], this.cloud.xy[2 * row + 1]);
  }
}

/** CRC-32 as zlib computes it, as eight hex digits: names a selection the same way in Python. */
function crc32(bytes) {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[i]) & 255];
  return ((crc ^ -1) >>> 0).toString(16).padStart(8, "0");
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

const disks = new WeakMap(); // parent element -> Disk

export default function ({ data, parentElement, setTriggerValue }) {
  let disk = disks.get(parentElement);
  if (!disk) disks.set(parentElement, (disk = new Disk(parentElement, data.id)));
  disk.refresh({ height: data.height, tell: setTriggerValue });
  disk.follow();
  return () => {
    disks.delete(parentElement);
    disk.dispose();
  };
}
