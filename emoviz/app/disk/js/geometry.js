// The hyperbolic plane in float64: Moebius motions, the maps from disk to screen, picking and the lasso.
//
// A point of the disk is (x, y), y up, x^2 + y^2 < 1, curvature -1. A camera is {re, im, zoom, angle, model}:
// w = e^(i angle) (z - a) / (1 - conj(a) z) with a = re + i im, then the model's map m(w), then the screen.
// A frame is {width, height, radius} in CSS pixels; the middle of the disk is the middle of the frame.

export const HOME = Object.freeze({ re: 0, im: 0, zoom: 1, angle: 0, model: "poincare" });
export const ZOOM_RANGE = [0.5, 400];
export const TANGENT_REACH = 8; // geodesic distance at the edge of the tangent picture
export const HALF_PLANE_SCALE = 0.35; // of the picture's radius, per unit of the half-plane
export const HALF_PLANE_DROP = 0.75; // how far below the middle its boundary lies
const CLOSEST_TO_RIM = 1 - 1e-7; // where a cursor on or beyond the rim is taken to be
const FARTHEST_FOCUS = 16; // hyperbolic radius; beyond it float32 positions have no digits left

/** Moves a to the origin: (z - a) / (1 - conj(a) z). */
export function mobius(zx, zy, ax, ay) {
  const nx = zx - ax;
  const ny = zy - ay;
  const dx = 1 - (ax * zx + ay * zy);
  const dy = -(ax * zy - ay * zx);
  const s = dx * dx + dy * dy;
  return [(nx * dx + ny * dy) / s, (ny * dx - nx * dy) / s];
}

/** Geodesic distance. */
export function distance(px, py, qx, qy) {
  const room = (1 - px * px - py * py) * (1 - qx * qx - qy * qy);
  return 2 * Math.asinh(Math.hypot(px - qx, py - qy) / Math.sqrt(room));
}

/** The camera's motion: from the data's disk to the disk that is looked at. */
export function toView(camera, x, y) {
  const [wx, wy] = mobius(x, y, camera.re, camera.im);
  const c = Math.cos(camera.angle);
  const s = Math.sin(camera.angle);
  return [c * wx - s * wy, s * wx + c * wy];
}

/** Inverse of toView. */
export function fromView(camera, wx, wy) {
  const c = Math.cos(camera.angle);
  const s = Math.sin(camera.angle);
  return mobius(c * wx + s * wy, c * wy - s * wx, -camera.re, -camera.im);
}

/** The camera after the disk that is looked at was translated so that `from` lies on `to`. */
export function dragged(camera, from, to) {
  const [x0, y0] = from;
  const [x1, y1] = to;
  // b of z -> (z + b) / (1 + conj(b) z), the translation along the geodesic through both:
  // b - conj(b) w0 w1 = w1 - w0
  const px = x0 * x1 - y0 * y1;
  const py = x0 * y1 + y0 * x1;
  const dx = x1 - x0;
  const dy = y1 - y0;
  const room = 1 - px * px - py * py;
  const bx = (dx + px * dx + py * dy) / room;
  const by = (dy + py * dx - px * dy) / room;
  return focused(camera, fromView(camera, -bx, -by));
}

/** The camera translated so that a point of the data lies in the middle, without turning the picture more than it must. */
export function focused(camera, [x, y]) {
  const reach = Math.tanh(FARTHEST_FOCUS / 2);
  const r = Math.hypot(x, y);
  const pull = r > reach ? reach / r : 1;
  const re = x * pull;
  const im = y * pull;
  // The argument of the new motion's derivative at its focus.
  const turn = Math.atan2(-(camera.re * im - camera.im * re), 1 - (camera.re * re + camera.im * im));
  return { ...camera, re, im, angle: wrapped(camera.angle - 2 * turn) };
}

export function wrapped(angle) {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}

/** From the Poincare disk to the plane of a model, in which the picture's edge is the unit circle. */
export function toModel(model, wx, wy) {
  if (model === "poincare") return [wx, wy];
  const r2 = wx * wx + wy * wy;
  if (model === "klein") return [(2 * wx) / (1 + r2), (2 * wy) / (1 + r2)];
  if (model === "tangent") {
    const r = Math.sqrt(r2);
    const k = r < 1e-12 ? 2 / TANGENT_REACH : (2 * Math.atanh(Math.min(r, 1 - 1e-16))) / (r * TANGENT_REACH);
    return [k * wx, k * wy];
  }
  // Upper half-plane: u = i (1 + w) / (1 - w), turned so that the top of the disk is far up.
  const s = (1 - wy) * (1 - wy) + wx * wx;
  return [((2 * wx) / s) * HALF_PLANE_SCALE, ((1 - r2) / s) * HALF_PLANE_SCALE - HALF_PLANE_DROP];
}

/** Inverse of toModel; what lies outside the model is taken to its edge. */
export function fromModel(model, mx, my) {
  if (model === "klein") {
    const r2 = Math.min(mx * mx + my * my, 1);
    const k = 1 / (1 + Math.sqrt(1 - r2));
    return insideDisk(mx * k, my * k);
  }
  if (model === "tangent") {
    const r = Math.hypot(mx, my);
    const k = r < 1e-12 ? TANGENT_REACH / 2 : Math.tanh((r * TANGENT_REACH) / 2) / r;
    return insideDisk(mx * k, my * k);
  }
  if (model === "half-plane") {
    const ux = mx / HALF_PLANE_SCALE;
    const uy = Math.max((my + HALF_PLANE_DROP) / HALF_PLANE_SCALE, 1e-9);
    // w = i (u - i) / (u + i)
    const s = ux * ux + (uy + 1) * (uy + 1);
    return insideDisk((2 * ux) / s, (ux * ux + uy * uy - 1) / s);
  }
  return insideDisk(mx, my);
}

function insideDisk(x, y) {
  const r = Math.hypot(x, y);
  return r > CLOSEST_TO_RIM ? [(x / r) * CLOSEST_TO_RIM, (y / r) * CLOSEST_TO_RIM] : [x, y];
}

/** From the disk that is looked at to CSS pixels, y down. */
export function viewToScreen(camera, frame, wx, wy) {
  const [mx, my] = toModel(camera.model, wx, wy);
  const scale = frame.radius * camera.zoom;
  return [frame.width / 2 + mx * scale, frame.height / 2 - my * scale];
}

/** From the data's disk to CSS pixels, y down. */
export function project(camera, frame, x, y) {
  const [wx, wy] = toView(camera, x, y);
  return viewToScreen(camera, frame, wx, wy);
}

/** From CSS pixels to the disk that is looked at. */
export function screenToView(camera, frame, X, Y) {
  const scale = frame.radius * camera.zoom;
  return fromModel(camera.model, (X - frame.width / 2) / scale, (frame.height / 2 - Y) / scale);
}

/** Whether a pixel shows a point of the hyperbolic plane at all. */
export function onPicture(camera, frame, X, Y) {
  const scale = frame.radius * camera.zoom;
  const mx = (X - frame.width / 2) / scale;
  const my = (frame.height / 2 - Y) / scale;
  return camera.model === "half-plane" ? my > -HALF_PLANE_DROP : camera.model === "tangent" || mx * mx + my * my < 1;
}

/** The camera after zooming by a factor, with the point under (X, Y) left where it is. */
export function zoomedAt(camera, frame, X, Y, factor) {
  const zoom = Math.min(Math.max(camera.zoom * factor, ZOOM_RANGE[0]), ZOOM_RANGE[1]);
  const next = { ...camera, zoom };
  if (!onPicture(camera, frame, X, Y) || !onPicture(next, frame, X, Y)) return next;
  return dragged(next, screenToView(camera, frame, X, Y), screenToView(next, frame, X, Y));
}

/** Points on the geodesic from p to q, both ends included, evenly spaced to the eye of the Poincare disk. */
export function geodesic(px, py, qx, qy, steps) {
  const points = [];
  const det = 2 * (px * qy - py * qx);
  const p1 = px * px + py * py + 1;
  const q1 = qx * qx + qy * qy + 1;
  if (Math.abs(det) < 1e-7) {
    for (let i = 0; i <= steps; i++) points.push([px + ((qx - px) * i) / steps, py + ((qy - py) * i) / steps]);
    return points;
  }
  // The middle of the circle through both that meets the unit circle at right angles: 2 p.c = |p|^2 + 1.
  const cx = (p1 * qy - q1 * py) / det;
  const cy = (q1 * px - p1 * qx) / det;
  const r = Math.hypot(px - cx, py - cy);
  const from = Math.atan2(py - cy, px - cx);
  const turn = wrapped(Math.atan2(qy - cy, qx - cx) - from);
  for (let i = 0; i <= steps; i++) {
    const angle = from + (turn * i) / steps;
    points.push([cx + r * Math.cos(angle), cy + r * Math.sin(angle)]);
  }
  return points;
}

/** The camera between two, for 0 <= t <= 1: along the geodesic of their foci. */
export function between(from, to, t) {
  if (t >= 1) return { ...to };
  const [dx, dy] = mobius(to.re, to.im, from.re, from.im);
  const r = Math.hypot(dx, dy);
  const k = r < 1e-12 ? 0 : Math.tanh(t * Math.atanh(Math.min(r, 1 - 1e-16))) / r;
  const [re, im] = mobius(dx * k, dy * k, -from.re, -from.im);
  return {
    ...to,
    re,
    im,
    zoom: from.zoom * (to.zoom / from.zoom) ** t,
    angle: from.angle + wrapped(to.angle - from.angle) * t,
  };
}

/** Even-odd rule; the polygon is [X0, Y0, X1, Y1, ...], closed by itself. */
export function insidePolygon(polygon, X, Y) {
  const n = polygon.length;
  let inside = false;
  let xj = polygon[n - 2];
  let yj = polygon[n - 1];
  for (let i = 0; i < n; i += 2) {
    const xi = polygon[i];
    const yi = polygon[i + 1];
    if (yi > Y !== yj > Y && X < ((xj - xi) * (Y - yi)) / (yj - yi) + xi) inside = !inside;
    xj = xi;
    yj = yi;
  }
  return inside;
}

const CELLS = 160;
const [OUTSIDE, INSIDE, EDGE, UNKNOWN] = [0, 1, 2, 3];

/** A grid over a polygon whose cells are all inside, all outside, or crossed by its edge. */
function polygonGrid(polygon) {
  const n = polygon.length;
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < n; i += 2) {
    [x0, x1] = [Math.min(x0, polygon[i]), Math.max(x1, polygon[i])];
    [y0, y1] = [Math.min(y0, polygon[i + 1]), Math.max(y1, polygon[i + 1])];
  }
  // A hair wider than the polygon, so that floor() of its own corners is a cell.
  const w = Math.max((x1 - x0) / CELLS, 1e-9) * (1 + 1e-9);
  const h = Math.max((y1 - y0) / CELLS, 1e-9) * (1 + 1e-9);
  const cells = new Uint8Array(CELLS * CELLS).fill(UNKNOWN);
  const cell = (t) => Math.min(Math.max(Math.floor(t), 0), CELLS - 1);
  const slack = 1e-6; // of a cell: rounding must not carry a point over an edge into a cell that is not tested
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    const [xi, yi] = [(polygon[i] - x0) / w, (polygon[i + 1] - y0) / h];
    const [xj, yj] = [(polygon[j] - x0) / w, (polygon[j + 1] - y0) / h];
    // Pieces no longer than a cell: the box of a piece is at most 2 x 2 cells.
    const pieces = Math.max(1, Math.ceil(Math.max(Math.abs(xj - xi), Math.abs(yj - yi))));
    for (let k = 0; k < pieces; k++) {
      const [xa, xb] = [xi + ((xj - xi) * k) / pieces, xi + ((xj - xi) * (k + 1)) / pieces];
      const [ya, yb] = [yi + ((yj - yi) * k) / pieces, yi + ((yj - yi) * (k + 1)) / pieces];
      for (let r = cell(Math.min(ya, yb) - slack); r <= cell(Math.max(ya, yb) + slack); r++)
        for (let c = cell(Math.min(xa, xb) - slack); c <= cell(Math.max(xa, xb) + slack); c++) cells[r * CELLS + c] = EDGE;
    }
  }
  for (let r = 0; r < CELLS; r++)
    for (let c = 0; c < CELLS; c++)
      if (cells[r * CELLS + c] === UNKNOWN)
        cells[r * CELLS + c] = insidePolygon(polygon, x0 + (c + 0.5) * w, y0 + (r + 0.5) * h) ? INSIDE : OUTSIDE;
  return { x0, y0, x1, y1, perX: 1 / w, perY: 1 / h, cells };
}

/**
 * Calls visit(row, X, Y) for every kept row with its place on the screen: toView and viewToScreen written out,
 * because a million points pass here.
 *
 * @param {Float32Array} xy interleaved positions; a NaN visits as NaN
 * @param {Uint8Array|null} kept rows to visit; null for all
 */
export function sweep(xy, kept, camera, frame, visit) {
  const { re, im, model } = camera;
  const c = Math.cos(camera.angle);
  const s = Math.sin(camera.angle);
  const scale = frame.radius * camera.zoom;
  const [midX, midY] = [frame.width / 2, frame.height / 2];
  const plain = model === "poincare";
  for (let i = 0, n = xy.length / 2; i < n; i++) {
    if (kept && !kept[i]) continue;
    const x = xy[2 * i];
    const y = xy[2 * i + 1];
    const nx = x - re;
    const ny = y - im;
    const dx = 1 - (re * x + im * y);
    const dy = -(re * y - im * x);
    const q = dx * dx + dy * dy;
    const ux = (nx * dx + ny * dy) / q;
    const uy = (ny * dx - nx * dy) / q;
    let mx = c * ux - s * uy;
    let my = s * ux + c * uy;
    if (!plain) [mx, my] = toModel(model, mx, my);
    visit(i, midX + mx * scale, midY - my * scale);
  }
}

/**
 * Which points a lasso on the screen holds: exactly those that insidePolygon says of their projection.
 *
 * @param {Float32Array} xy interleaved positions; NaN is never inside
 * @param {Uint8Array|null} kept rows that may be chosen; null for all
 * @param {Float64Array} polygon [X0, Y0, X1, Y1, ...] in CSS pixels
 * @returns {Uint8Array} 1 per row inside
 */
export function lasso(xy, kept, camera, frame, polygon) {
  const inside = new Uint8Array(xy.length / 2);
  if (polygon.length < 6) return inside;
  const { x0, y0, x1, y1, perX, perY, cells } = polygonGrid(polygon);
  sweep(xy, kept, camera, frame, (i, X, Y) => {
    if (!(X >= x0 && X <= x1 && Y >= y0 && Y <= y1)) return;
    const cell = cells[Math.floor((Y - y0) * perY) * CELLS + Math.floor((X - x0) * perX)];
    if (cell === INSIDE || (cell === EDGE && insidePolygon(polygon, X, Y))) inside[i] = 1;
  });
  return inside;
}

/**
 * The point drawn nearest to a pixel, or -1 where none is within `reach` pixels.
 *
 * @param {Uint8Array|null} kept rows that may be picked; null for all
 */
export function nearest(xy, kept, camera, frame, X, Y, reach) {
  let best = -1;
  let least = reach * reach;
  sweep(xy, kept, camera, frame, (i, PX, PY) => {
    const gap = (PX - X) * (PX - X) + (PY - Y) * (PY - Y);
    if (gap <= least) {
      least = gap;
      best = i;
    }
  });
  return best;
}

/** The same motion for points that were moved by z -> (z - b) / (1 - conj(b) z) before: focus and angle. */
export function rebased(camera, bx, by) {
  const [re, im] = mobius(camera.re, camera.im, bx, by);
  const turn = Math.atan2(bx * im - by * re, 1 + bx * re + by * im);
  return { re, im, angle: camera.angle - 2 * turn };
}
