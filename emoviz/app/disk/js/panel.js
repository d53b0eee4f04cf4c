// Around the disk: the bar above it, the legend beside it, tooltip and help.

import { categoryColour, rampStops } from "./colour.js";
import { BINS, formatNumber } from "./columns.js";
import { element } from "./nodes.js";
import { svg } from "./overlay.js";

// How many columns have a button of their own in a bar so wide (CSS pixels); the others are in a list.
const QUICK_COLOURS = [
  [1200, 4],
  [1080, 3],
  [880, 2],
  [0, 0],
];
const MOST_ROWS = 400; // of a legend
const MODEL_NAMES = { poincare: "Poincaré", klein: "Klein", tangent: "Tangent", "half-plane": "Half-plane" };
const ICONS = {
  lasso: "M8 2.5c3.6 0 6 1.8 6 4.2S11.6 11 8 11 2 9.100 2 6.700 4.400 2.500 8 2.500M5.200 10.600c-1.300.4-1.500 2.400.2 2.400M5.400 13c.5 0 .9-.9 0-1.400",
  undo: "M6 3 2.500 6.500 6 10M2.500 6.500h7a4 4 0 0 1 0 8H7",
  redo: "M10 3l3.500 3.500L10 10M13.500 6.500h-7a4 4 0 0 0 0 8H9",
  clear: "M4 4l8 8M12 4l-8 8",
  reset: "M8 1.800v2.700M8 11.500v2.700M1.800 8h2.700M11.500 8h2.700M8 5.400a2.600 2.600 0 1 0 0 5.200 2.600 2.600 0 0 0 0-5.200",
  help: "M5.800 6.200a2.200 2.200 0 1 1 3.200 2c-.7.3-1 .8-1 1.500M8 12v.4",
};
const HELP = [
  ["drag", "pan: a Moebius translation"],
  ["wheel, + and -", "zoom, at the cursor or in the middle"],
  ["shift + drag", "lasso; with ctrl, add to the selection"],
  ["shift or ctrl + click", "add one point, or take it out"],
  ["click", "open a point beside the disk"],
  ["double click", "bring a point to the middle; on empty ground, clear the selection"],
  ["drag outside the rim", "turn the disk"],
  ["← →", "previous and next in the selection"],
  ["ctrl + Z, shift + ctrl + Z", "undo and redo selections"],
  ["Esc", "clear the selection"],
  ["0", "reset the view"],
  ["?", "this list"],
];

function iconButton(icon, label, onclick) {
  const picture = svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: ICONS[icon] }));
  return element("button", { type: "button", class: "ed-icon", title: label, "aria-label": label, onclick }, picture);
}

/** Colour by, model, and what can be done with view and selection. */
export class Bar {
  constructor(actions) {
    this.actions = actions;
    this.quick = element("div", { class: "ed-quick", role: "group", "aria-label": "Colour by" });
    this.more = element("select", { "aria-label": "Colour by another column", onchange: () => actions.colour(this.more.value) });
    this.more.className = "ed-more";
    this.model = element(
      "select",
      { class: "ed-model", "aria-label": "Model of the plane", onchange: () => actions.model(this.model.value) },
      ...Object.entries(MODEL_NAMES).map(([value, name]) => element("option", { value }, name)),
    );
    this.lasso = iconButton("lasso", "Lasso with a plain drag", () => actions.toggleLasso());
    this.undo = iconButton("undo", "Undo selection (ctrl + Z)", () => actions.undo());
    this.redo = iconButton("redo", "Redo selection (shift + ctrl + Z)", () => actions.redo());
    this.clear = iconButton("clear", "Clear selection (Esc)", () => actions.clear());
    const reset = element("button", { type: "button", class: "ed-reset", title: "Reset view (0)", onclick: () => actions.reset() });
    reset.append(iconOnly("reset"), "Reset view");
    const help = iconButton("help", "Help (?)", () => actions.help());
    this.node = element(
      "div",
      { class: "ed-bar" },
      element("span", { class: "ed-label" }, "Colour by"),
      this.quick,
      this.more,
      element("span", { class: "ed-space" }),
      this.model,
      element("div", { class: "ed-tools", role: "group", "aria-label": "Selection" }, this.lasso, this.undo, this.redo, this.clear),
      reset,
      help,
    );
  }

  /** Offers columns to colour by, as buttons where there is room. */
  setColumns(columns, width) {
    const quick = QUICK_COLOURS.find(([least]) => width >= least)[1];
    const listed = JSON.stringify([quick, columns.map(({ name, title }) => [name, title])]);
    if (listed === this.listed) return;
    this.listed = listed;
    this.quick.replaceChildren(
      ...columns.slice(0, quick).map(({ name, title }) =>
        element("button", { type: "button", "data-colour-by": name, title, onclick: () => this.actions.colour(name) }, title),
      ),
    );
    const others = columns.slice(quick);
    this.more.replaceChildren(
      element("option", { value: "", disabled: true, hidden: true }, "More…"),
      ...others.map(({ name, title }) => element("option", { value: name }, title)),
    );
    this.more.style.display = others.length ? "" : "none";
  }

  update({ colourBy, model, lassoMode, canUndo, canRedo, hasSelection }) {
    let isQuick = false;
    for (const button of this.quick.children) {
      const chosen = button.dataset.colourBy === colourBy;
      isQuick ||= chosen;
      button.setAttribute("aria-pressed", chosen);
    }
    this.more.value = isQuick ? "" : colourBy;
    this.more.classList.toggle("ed-chosen", !isQuick && colourBy !== "");
    this.model.value = model;
    this.lasso.setAttribute("aria-pressed", lassoMode);
    this.undo.disabled = !canUndo;
    this.redo.disabled = !canRedo;
    this.clear.disabled = !hasSelection;
  }
}

function iconOnly(name) {
  return svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

const whole = (n) => n.toLocaleString("en");

/** The legend of a column: it explains, counts and filters. */
export class Legend {
  constructor(actions) {
    this.actions = actions;
    this.node = element("aside", { class: "ed-legend", "aria-label": "Legend" });
  }

  /** Shows a column (or nothing): makes its rows anew only when it is another one. */
  show(column, theme) {
    const shown = JSON.stringify([column, theme.dark]);
    if (shown === this.shown) return;
    this.shown = shown;
    this.column = column;
    this.node.replaceChildren();
    if (!column) return;
    this.all = element("button", { type: "button", class: "ed-all", onclick: () => this.actions.keepAll(column.name) }, "show all");
    this.node.append(element("div", { class: "ed-legend-head" }, element("h4", {}, column.title), this.all));
    if (column.kind === "category") this.buildCategories(column, theme);
    else this.buildRamp(column, theme);
  }

  buildCategories(column, theme) {
    const listed = column.categories.slice(0, MOST_ROWS);
    const names = listed.map(({ name }, code) => [name, categoryColour(column, code), code]);
    this.rows = [...names, ["missing", theme.missing, -1]].map(([name, colour, code]) => {
      const count = element("span", { class: "ed-count" });
      const onclick = (event) =>
        event.shiftKey || event.ctrlKey || event.metaKey
          ? this.actions.selectCategory(column.name, code)
          : event.altKey
            ? this.actions.keepOnly(column.name, code)
            : this.actions.toggleCategory(column.name, code);
      const swatch = element("span", { class: "ed-swatch", style: `background:${colour}` });
      const title = "Click greys out or brings back; alt + click keeps only this; shift + click adds to the selection";
      const node = element("button", { type: "button", class: "ed-row", title, onclick }, swatch, element("span", { class: "ed-name" }, name), count);
      return { node, count, code, name };
    });
    const others = column.categories.length - listed.length;
    const more = others ? [element("div", { class: "ed-missing" }, `and ${whole(others)} more`)] : [];
    this.node.append(element("div", { class: "ed-rows" }, ...this.rows.map(({ node }) => node), ...more));
  }

  buildRamp(column, theme) {
    const [low, high] = column.range;
    const stops = rampStops(column.kind, theme);
    this.bars = Array.from({ length: BINS }, (_, i) => {
      const box = { x: ((i * 100) / BINS).toFixed(3), width: (100 / BINS - 0.4).toFixed(3) };
      return { all: svg("rect", { ...box, class: "ed-bin-all" }), chosen: svg("rect", { ...box, class: "ed-bin" }) };
    });
    this.brush = svg("rect", { class: "ed-brush", y: 0, height: 40 });
    const picture = svg("svg", { class: "ed-histogram", viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img", "aria-label": `Histogram of ${column.title}; drag to keep a range` });
    for (const { all, chosen } of this.bars) picture.append(all, chosen);
    picture.append(this.brush);
    const valueAt = (event) => {
      const box = picture.getBoundingClientRect();
      return low + (high - low) * Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    };
    let from = null;
    picture.addEventListener("pointerdown", (event) => {
      from = valueAt(event);
      picture.setPointerCapture(event.pointerId);
    });
    const range = (event) => [Math.min(from, valueAt(event)), Math.max(from, valueAt(event))];
    picture.addEventListener("pointermove", (event) => {
      if (from !== null) this.showBrush(range(event));
    });
    picture.addEventListener("pointerup", (event) => {
      const kept = range(event);
      from = null;
      if (kept[1] - kept[0] > (high - low) / 200) this.actions.keepRange(column.name, kept);
      else this.actions.keepAll(column.name);
    });
    const onchange = () => this.actions.keepRange(column.name, [Number(this.from.value), Number(this.to.value)].sort((a, b) => a - b));
    const bound = (label) => element("input", { type: "number", step: "any", min: low, max: high, "aria-label": `${column.title}, ${label}`, onchange });
    [this.from, this.to] = [bound("lowest kept"), bound("highest kept")];
    this.missing = element("div", { class: "ed-missing" });
    this.node.append(
      picture,
      element("div", { class: "ed-ramp", style: `background:linear-gradient(to right,${stops.join(",")})` }),
      element("div", { class: "ed-bounds" }, this.from, this.to),
      this.missing,
    );
  }

  showBrush(range) {
    const [low, high] = this.column.range;
    const [a, b] = (range ?? [low, low]).map((v) => (100 * (v - low)) / (high - low));
    this.brush.setAttribute("x", a);
    this.brush.setAttribute("width", b - a);
  }

  /** Counts in the whole and in what is lit, and what is greyed out. */
  update(totals, lit, hidden, range) {
    const { column } = this;
    if (!column) return;
    this.all.style.visibility = hidden?.size || range ? "visible" : "hidden";
    if (column.kind === "category") {
      for (const { node, count, code, name } of this.rows) {
        const slot = code < 0 ? column.categories.length : code;
        const off = Boolean(hidden?.has(code));
        node.style.display = code < 0 && totals[slot] === 0 ? "none" : "";
        node.setAttribute("aria-pressed", !off);
        count.textContent = lit ? `${whole(lit[slot])} / ${whole(totals[slot])}` : whole(totals[slot]);
        node.setAttribute("aria-label", `${name}: ${count.textContent}${off ? ", greyed out" : ""}`);
      }
      return;
    }
    const [low, high] = column.range;
    const most = Math.max(1, ...totals.slice(0, BINS));
    this.bars.forEach(({ all, chosen }, i) => {
      // Square root: a rare bin stays visible beside a full one.
      for (const [bar, n] of [[all, totals[i]], [chosen, (lit ?? totals)[i]]]) {
        const height = 38 * Math.sqrt(n / most);
        bar.setAttribute("y", 40 - height);
        bar.setAttribute("height", height);
      }
    });
    this.showBrush(range);
    const shown = (v) => Number(v.toPrecision(4));
    [this.from.value, this.to.value] = (range ?? [low, high]).map(shown);
    this.missing.textContent = totals[BINS] ? `${whole(totals[BINS])} missing` : "";
  }
}

/** What is known of the point under the cursor. */
export class Tip {
  constructor() {
    this.node = element("div", { class: "ed-tip", "aria-hidden": "true" });
  }

  /** `lines` is [[title, value, colour or null], ...]; an empty list hides it. */
  show(lines, X, Y, frame) {
    this.node.style.opacity = lines.length ? 1 : 0;
    if (!lines.length) return;
    const rows = lines.map(([title, value, colour]) => [
      element("span", { class: "ed-tip-title" }, title),
      element("span", {}, ...(colour ? [element("i", { style: `background:${colour}` })] : []), value),
    ]);
    this.node.replaceChildren(...rows.flat());
    const { offsetWidth: w, offsetHeight: h } = this.node;
    const left = X + 14 + w > frame.width ? X - 14 - w : X + 14;
    const top = Math.min(Math.max(Y - h / 2, 4), frame.height - h - 4);
    this.node.style.transform = `translate(${Math.max(left, 4)}px, ${top}px)`;
  }
}

/** The list of gestures and keys. */
export class Help {
  constructor() {
    const rows = HELP.flatMap(([gesture, what]) => [element("dt", {}, gesture), element("dd", {}, what)]);
    const close = element("button", { type: "button", class: "ed-close", "aria-label": "Close help", onclick: () => this.toggle(false) }, "×");
    this.node = element("div", { class: "ed-help", role: "dialog", "aria-label": "Gestures and keys", hidden: true }, close, element("h4", {}, "Gestures and keys"), element("dl", {}, ...rows));
  }

  toggle(open = this.node.hidden) {
    this.node.hidden = !open;
  }
}
