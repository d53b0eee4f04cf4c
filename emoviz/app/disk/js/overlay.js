// What lies over the points: anchors, the constellation, rings, the lasso, and their words. One SVG.

import { distance, project } from "./geometry.js";
import { formatNumber } from "./columns.js";
import { LINK_STEPS, geodesicLine } from "./lines.js";

const SVG = "http://www.w3.org/2000/svg";
const LABEL_HEIGHT = 15;
// Where a word may stand beside its mark, best first: direction and how the text is anchored there.
const PLACES = [
  [1, 0, "start"],
  [-1, 0, "end"],
  [0, -1.25, "middle"],
  [0, 1.25, "middle"],
  [0.8, -1, "start"],
  [0.8, 1, "start"],
  [-0.8, -1, "end"],
  [-0.8, 1, "end"],
];

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export class Overlay {
  constructor(root) {
    this.root = root;
    this.linkLayer = svg("g", { class: "ed-links" });
    this.ringLayer = svg("g", { class: "ed-rings" });
    this.markLayer = svg("g", { class: "ed-marks" });
    this.lassoPath = svg("path", { class: "ed-lasso" });
    root.append(this.linkLayer, this.ringLayer, this.markLayer, this.lassoPath);
    this.words = [];
    this.links = [];
    this.marks = [];
    this.rings = [];
    this.ruler = document.createElement("canvas").getContext("2d");
  }

  /** Makes anew what anchors and constellation need; `update` then only moves it. */
  build(anchors, constellation) {
    this.linkLayer.replaceChildren();
    this.markLayer.replaceChildren();
    this.links = [];
    this.marks = [];
    this.words = [];
    for (const anchor of anchors) {
      const node = svg("path", { class: "ed-anchor", d: "M0,-6.5L6.5,0L0,6.5L-6.5,0Z", fill: anchor.colour || "#888888" });
      node.append(svg("title", {}, `prototype of ${anchor.name}`));
      this.addMark(node, anchor, this.word(anchor.name, "ed-word ed-anchor-word"), 11);
    }
    for (const { a, b, length } of constellation?.links ?? []) {
      const [from, to] = [constellation.sides[a], constellation.sides[b]];
      const halo = svg("path", { class: "ed-link-halo" });
      const line = svg("path", { class: "ed-link" });
      this.linkLayer.append(halo, line);
      const shown = length ?? distance(from.x, from.y, to.x, to.y);
      this.links.push({ from, to, paths: [halo, line], word: this.word(formatNumber(shown, 1), "ed-word ed-length") });
    }
    for (const side of constellation?.sides ?? []) {
      const node = svg("circle", { class: "ed-side", r: 6.5, fill: side.colour || "#888888" });
      node.append(svg("title", {}, side.name));
      this.addMark(node, side, this.word(side.name, "ed-word ed-side-word"), 11);
    }
  }

  addMark(node, at, word, reach) {
    this.markLayer.append(node);
    this.marks.push({ node, at, word, reach });
  }

  word(text, style) {
    const node = svg("text", { class: style, dy: "0.35em" }, text);
    this.markLayer.append(node);
    const word = { node, text, width: 7 * text.length, place: 0 };
    this.words.push(word);
    return word;
  }

  /** Widths of the words, once they stand on the page. */
  measure() {
    this.ruler.font = getComputedStyle(this.root).font;
    for (const word of this.words) word.width = this.ruler.measureText(word.text).width + 4;
  }

  /** Rings around points: [{x, y, kind}] with kind "primary", "related" or "hover". */
  setRings(rings) {
    while (this.rings.length > rings.length) this.rings.pop().node.remove();
    while (this.rings.length < rings.length) {
      const node = svg("circle");
      this.ringLayer.append(node);
      this.rings.push({ node });
    }
    rings.forEach(({ x, y, kind }, i) => {
      const ring = this.rings[i];
      ring.at = { x, y };
      ring.node.setAttribute("class", `ed-ring ed-ring-${kind}`);
      ring.node.setAttribute("r", kind === "related" ? 5.5 : 8);
    });
  }

  setLasso(points) {
    this.lassoPath.setAttribute("d", points.length ? `M${points.join(" ")}Z` : "");
  }

  /** Moves everything to where the camera sees it. */
  update(camera, frame) {
    const taken = [];
    for (const { node, at } of this.rings) place(node, ...project(camera, frame, at.x, at.y));
    const found = this.marks.map((mark) => {
      const [X, Y] = project(camera, frame, mark.at.x, mark.at.y);
      mark.node.setAttribute("transform", `translate(${X.toFixed(2)},${Y.toFixed(2)})`);
      taken.push([X - 7, Y - 7, X + 7, Y + 7]);
      return [X, Y, mark];
    });
    for (const { from, to, paths, word } of this.links) {
      const line = geodesicLine(camera, frame, [from.x, from.y], [to.x, to.y]);
      const d = "M" + line.map(([X, Y]) => `${X.toFixed(1)} ${Y.toFixed(1)}`).join("L");
      for (const path of paths) path.setAttribute("d", d);
      const [X, Y] = line[LINK_STEPS / 2];
      const span = Math.hypot(line[0][0] - line[LINK_STEPS][0], line[0][1] - line[LINK_STEPS][1]);
      this.put(word, X, Y, 7, frame, taken, span > 24);
    }
    for (const [X, Y, { word, reach }] of found) this.put(word, X, Y, reach, frame, taken, true);
  }

  /** Puts a word beside (X, Y) where it covers nothing that has been put before; where it stood, if that is still free. */
  put(word, X, Y, reach, frame, taken, wanted) {
    const inside = X > -20 && Y > -20 && X < frame.width + 20 && Y < frame.height + 20;
    word.node.style.display = wanted && inside ? "" : "none";
    if (!wanted || !inside) return;
    const boxOf = ([dx, dy, anchor]) => {
      const [x, y] = [X + dx * reach, Y + dy * reach];
      const left = anchor === "start" ? x : anchor === "end" ? x - word.width : x - word.width / 2;
      return [left, y - LABEL_HEIGHT / 2, left + word.width, y + LABEL_HEIGHT / 2];
    };
    const free = (k) => {
      const [x0, y0, x1, y1] = boxOf(PLACES[k]);
      if (x0 < 2 || y0 < 2 || x1 > frame.width - 2 || y1 > frame.height - 2) return false;
      return !taken.some((box) => x0 < box[2] && x1 > box[0] && y0 < box[3] && y1 > box[1]);
    };
    // The last mark put its own box among the taken ones: words start beyond it, so it never blocks them.
    if (!free(word.place)) word.place = Math.max(PLACES.findIndex((_, k) => free(k)), 0);
    const [dx, dy, anchor] = PLACES[word.place];
    taken.push(boxOf(PLACES[word.place]));
    word.node.setAttribute("x", (X + dx * reach).toFixed(1));
    word.node.setAttribute("y", (Y + dy * reach).toFixed(1));
    word.node.setAttribute("text-anchor", anchor);
  }
}

function place(node, X, Y) {
  node.setAttribute("cx", X.toFixed(2));
  node.setAttribute("cy", Y.toFixed(2));
}
