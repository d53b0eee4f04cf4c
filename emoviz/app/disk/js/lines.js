// Lines: the picture's outline, and the grid of the hyperbolic plane: circles about the origin of the data
// and geodesics through it. All are polylines [X0, Y0, X1, Y1, ...] in CSS pixels.

import { HALF_PLANE_DROP, geodesic, toView, viewToScreen } from "./geometry.js";

const CIRCLES = 8; // at geodesic distances 1, 2, ...
const LEAST_GAP = 5; // CSS pixels between a circle and the rim, or it is left out
const RAYS = 12;
const RIM = 0.9999999;
export const LINK_STEPS = 64;

/** The image of a hyperbolic circle about the data's origin in the disk that is looked at: a Euclidean circle. */
function circleInView(camera, radius) {
  const t = Math.tanh(radius / 2);
  // The diameter along the line through the focus keeps lying on a diameter.
  const r = Math.hypot(camera.re, camera.im);
  const [ux, uy] = r > 0 ? [camera.re / r, camera.im / r] : [1, 0];
  const [ax, ay] = toView(camera, t * ux, t * uy);
  const [bx, by] = toView(camera, -t * ux, -t * uy);
  return { x: (ax + bx) / 2, y: (ay + by) / 2, r: Math.hypot(ax - bx, ay - by) / 2 };
}

/** The edge of the picture, a convex polygon; for the half-plane only its first side is an edge. */
export function outline(camera, frame) {
  const { width, height } = frame;
  const radius = frame.radius * camera.zoom;
  if (camera.model === "half-plane") {
    const floor = height / 2 + HALF_PLANE_DROP * radius;
    return [0, floor, width, floor, width, 0, 0, 0];
  }
  const steps = Math.ceil(Math.max(96, 6 * Math.sqrt(radius))); // within a tenth of a pixel of the circle
  const line = [];
  for (let i = 0; i <= steps; i++) {
    const angle = (2 * Math.PI * i) / steps;
    line.push(width / 2 + radius * Math.cos(angle), height / 2 + radius * Math.sin(angle));
  }
  return line;
}

/** The grid. */
export function gridLines(camera, frame) {
  const lines = [];
  const trace = (points) => {
    const line = [];
    for (const [wx, wy] of points) if (wx * wx + wy * wy < 1) line.push(...viewToScreen(camera, frame, wx, wy));
    if (line.length > 2) lines.push(line);
  };
  for (let k = 1; k <= CIRCLES; k++) {
    const { x, y, r } = circleInView(camera, k);
    if (camera.model === "poincare" && (1 - r) * frame.radius * camera.zoom < LEAST_GAP) break;
    const steps = Math.round(Math.min(48 + 160 * r * camera.zoom, 720));
    trace(Array.from({ length: steps + 1 }, (_, i) => {
      const angle = (2 * Math.PI * i) / steps;
      return [x + r * Math.cos(angle), y + r * Math.sin(angle)];
    }));
  }
  const [ox, oy] = toView(camera, 0, 0);
  const steps = Math.round(Math.min(40 * Math.sqrt(camera.zoom), 240));
  for (let k = 0; k < RAYS; k++) {
    const angle = (2 * Math.PI * k) / RAYS;
    const [ex, ey] = toView(camera, RIM * Math.cos(angle), RIM * Math.sin(angle));
    trace(geodesic(ox, oy, ex, ey, steps));
  }
  return lines;
}

/** The geodesic between two points of the data, as [[X, Y], ...]. */
export function geodesicLine(camera, frame, from, to) {
  const [px, py] = toView(camera, ...from);
  const [qx, qy] = toView(camera, ...to);
  return geodesic(px, py, qx, qy, LINK_STEPS).map(([wx, wy]) => viewToScreen(camera, frame, wx, wy));
}

/** Strips of quads around polylines, ready for the graphics card: X, Y, side (-1 to 1) per corner. */
export function strips(lines, width) {
  let corners = 0;
  for (const line of lines) corners += line.length + 2; // two per point, and two that join it to the next strip
  const out = new Float32Array(corners * 3);
  let at = 0;
  const put = (X, Y, side) => {
    out[at++] = X;
    out[at++] = Y;
    out[at++] = side;
  };
  const half = width / 2 + 1; // a pixel on each side to fade
  for (const line of lines) {
    const n = line.length / 2;
    for (let i = 0; i < n; i++) {
      const [a, b] = [Math.max(i - 1, 0), Math.min(i + 1, n - 1)];
      const dx = line[2 * b] - line[2 * a];
      const dy = line[2 * b + 1] - line[2 * a + 1];
      const s = half / (Math.hypot(dx, dy) || 1);
      const [X, Y] = [line[2 * i], line[2 * i + 1]];
      if (i === 0) put(X + dy * s, Y - dx * s, 1);
      put(X + dy * s, Y - dx * s, 1);
      put(X - dy * s, Y + dx * s, -1);
      if (i === n - 1) put(X - dy * s, Y + dx * s, -1);
    }
  }
  return out;
}
