// The picture, by WebGL2: disk, rim, grid, points. One canvas.

import { rgb } from "./colour.js";
import { HALF_PLANE_DROP, HALF_PLANE_SCALE, TANGENT_REACH, distance, rebased } from "./geometry.js";
import { gridLines, outline, strips } from "./lines.js";

const MODELS = { poincare: 0, klein: 1, tangent: 2, "half-plane": 3 };
// In float32 the shader's positions are good to half a pixel up to a focus at radius 10. Before that the
// points are moved by float64 arithmetic so that the shader has little left to do.
const REBASE_BEYOND = 8;
const REBASE_AGAIN = 4;
const CHUNK = 1 << 16; // rows handed to the graphics card at a time: no second copy of the cloud
const OFF = 9; // coordinate of a point without a place; the shader drops what is outside the disk
const GRID_WIDTH = 1; // CSS pixels
const RIM_WIDTH = 1.6;
const [CORNER, POSITION, ENTRY] = [0, 0, 1]; // where the shaders expect their attributes

const LINE_VERTEX = `#version 300 es
layout(location = 0) in vec3 a_corner;
uniform vec2 u_size;
out float side;
void main() {
  side = a_corner.z;
  gl_Position = vec4(a_corner.x / u_size.x * 2.0 - 1.0, 1.0 - a_corner.y / u_size.y * 2.0, 0, 1);
}`;

const LINE_FRAGMENT = `#version 300 es
precision highp float;
uniform vec3 u_colour;
uniform float u_half, u_ratio;
in float side;
out vec4 colour;
void main() {
  float d = abs(side) * (u_half + 1.0) * u_ratio;
  float a = clamp(u_half * u_ratio + 0.5 - d, 0.0, 1.0);
  colour = vec4(u_colour * a, a);
}`;

const POINT_VERTEX = `#version 300 es
precision highp float;
layout(location = 0) in vec2 a_position;
layout(location = 1) in uint a_entry;
uniform vec2 u_focus, u_turn, u_scale;
uniform float u_radius, u_alpha, u_tangent, u_half_scale, u_half_drop;
uniform int u_model;
uniform vec4 u_dim;
uniform highp sampler2D u_palette;
flat out vec4 ink;
flat out float radius;
void main() {
  vec2 n = a_position - u_focus;
  vec2 d = vec2(1.0 - dot(u_focus, a_position), u_focus.y * a_position.x - u_focus.x * a_position.y);
  vec2 w = vec2(dot(n, d), n.y * d.x - n.x * d.y) / dot(d, d);
  w = vec2(u_turn.x * w.x - u_turn.y * w.y, u_turn.y * w.x + u_turn.x * w.y);
  float r2 = dot(w, w);
  vec2 m = w;
  if (u_model == 1) m = 2.0 * w / (1.0 + r2);
  else if (u_model == 2) {
    float r = sqrt(r2);
    m = r < 1e-6 ? w * 2.0 / u_tangent : w * (2.0 * atanh(min(r, 0.9999999)) / (r * u_tangent));
  } else if (u_model == 3) {
    float s = (1.0 - w.y) * (1.0 - w.y) + w.x * w.x;
    m = vec2(2.0 * w.x, 1.0 - r2) / s * u_half_scale - vec2(0.0, u_half_drop);
  }
  bool nowhere = dot(a_position, a_position) > 1.0;
  gl_Position = vec4(nowhere ? vec2(3.0) : m * u_scale, 0, 1);
  // Smaller towards the rim, as everything in the plane; not so small that it is lost.
  radius = u_radius * (u_model == 0 ? mix(0.6, 1.0, sqrt(max(1.0 - r2, 0.0))) : 1.0);
  gl_PointSize = floor(2.0 * radius + 1.0);
  vec4 own = texelFetch(u_palette, ivec2(int(a_entry), 0), 0);
  ink = u_dim.a > 0.0 ? u_dim : vec4(own.rgb, u_alpha);
}`;

const DISC_FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 ink;
flat in highp float radius;
out vec4 colour;
void main() {
  float size = floor(2.0 * radius + 1.0);
  float d = length(gl_PointCoord * size - 0.5 * size);
  float a = clamp(radius + 0.5 - d, 0.0, 1.0) * ink.a;
  colour = vec4(ink.rgb * a, a);
}`;

// Points large enough to wear a rim that parts them from their neighbours.
const BEAD = 2.6; // device pixels of radius
const BEAD_FRAGMENT = DISC_FRAGMENT.replace("void main", "uniform vec3 u_edge;\nuniform float u_edge_width;\nvoid main").replace(
  "ink.rgb * a",
  "mix(u_edge, ink.rgb, clamp(radius - u_edge_width + 0.5 - d, 0.0, 1.0)) * a",
);

// Points so small that a square of whole pixels is all one sees of them: a third less work by software.
const DUST = 1.15; // device pixels of radius
const DUST_VERTEX = POINT_VERTEX.replace("floor(2.0 * radius + 1.0)", "2.0").replace("flat out float radius", "float radius");
const DUST_FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 ink;
out vec4 colour;
void main() { colour = vec4(ink.rgb * ink.a, ink.a); }`;

const GOLDEN = 0.6180339887498949;

/** A step through the rows that visits each once, and any first part of the walk evenly. */
export function strideOf(n) {
  const coprime = (a, b) => (b === 0 ? a === 1 : coprime(b, a % b));
  let stride = Math.max(1, Math.round(n * GOLDEN));
  while (!coprime(stride, n)) stride++;
  return stride;
}

/** Radius in CSS pixels and opacity of points, so that a crowd neither clots nor vanishes. */
export function pointStyle(count, drawn, frame, zoom) {
  const crowd = Math.max(count, 1);
  const radius = Math.min(Math.max(9.5 * crowd ** -0.17, 0.9), 4.2) * Math.min(Math.max(zoom, 0.8) ** 0.4, 3.5);
  const layers = (crowd * radius * radius) / (frame.radius * frame.radius * zoom * zoom);
  const alpha = Math.min(Math.max(0.95 / (1 + 0.45 * layers ** 1.2), 0.06), 0.92);
  // With a part of the points drawn, each stands for more.
  return { radius, alpha: Math.min(1 - (1 - alpha) ** (crowd / Math.max(drawn, 1)), 0.95) };
}

export class Renderer {
  /** Raises where the browser has no WebGL2. */
  constructor(canvas) {
    const options = { alpha: false, antialias: false, depth: false, stencil: false, powerPreference: "high-performance" };
    this.gl = canvas.getContext("webgl2", options);
    if (!this.gl) throw new Error("no WebGL2");
    this.canvas = canvas;
    this.count = 0;
    this.lit = null; // how many of the drawing order are lit; null: all, in no order
    this.base = [0, 0];
    this.prepare();
  }

  prepare() {
    const { gl } = this;
    this.line = program(gl, LINE_VERTEX, LINE_FRAGMENT);
    this.shapes = new Map(); // made when first drawn: compiling takes a software renderer longer than drawing
    this.positions = gl.createBuffer();
    this.entries = gl.createBuffer();
    this.order = gl.createBuffer();
    this.corners = gl.createBuffer();
    this.points = gl.createVertexArray();
    gl.bindVertexArray(this.points);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.positions);
    gl.enableVertexAttribArray(POSITION);
    gl.vertexAttribPointer(POSITION, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.entries);
    gl.enableVertexAttribArray(ENTRY);
    gl.vertexAttribIPointer(ENTRY, 1, gl.UNSIGNED_BYTE, 0, 0);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.order);
    this.lines = gl.createVertexArray();
    gl.bindVertexArray(this.lines);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
    gl.enableVertexAttribArray(CORNER);
    gl.vertexAttribPointer(CORNER, 3, gl.FLOAT, false, 0, 0);
    gl.bindVertexArray(null);
    this.palette = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DITHER);
  }

  /** The program for points of so many device pixels of radius. */
  shape(radius) {
    const [name, vertex, fragment] =
      radius < DUST
        ? ["dust", DUST_VERTEX, DUST_FRAGMENT]
        : radius < BEAD
          ? ["disc", POINT_VERTEX, DISC_FRAGMENT]
          : ["bead", POINT_VERTEX, BEAD_FRAGMENT];
    if (!this.shapes.has(name)) this.shapes.set(name, program(this.gl, vertex, fragment));
    return this.shapes.get(name);
  }

  setCloud(xy) {
    this.xy = xy;
    this.count = xy.length / 2;
    this.stride = strideOf(this.count);
    this.lit = null;
    this.base = [0, 0];
    this.upload(this.positions, Float32Array, 2, (row, out, k) => {
      const x = xy[2 * row];
      const here = x === x; // not NaN
      out[2 * k] = here ? x : OFF;
      out[2 * k + 1] = here ? xy[2 * row + 1] : OFF;
    });
  }

  /** Moves the uploaded points so that b lies at the origin, in float64. */
  rebase(bx, by) {
    if (bx === 0 && by === 0) return this.setPositions();
    const { xy } = this;
    this.base = [bx, by];
    this.upload(this.positions, Float32Array, 2, (row, out, k) => {
      const x = xy[2 * row];
      const y = xy[2 * row + 1];
      const nx = x - bx;
      const ny = y - by;
      const dx = 1 - (bx * x + by * y);
      const dy = by * x - bx * y;
      const s = dx * dx + dy * dy;
      const px = (nx * dx + ny * dy) / s;
      out[2 * k] = px === px ? px : OFF;
      out[2 * k + 1] = px === px ? (ny * dx - nx * dy) / s : OFF;
    });
  }

  setPositions() {
    const { lit } = this;
    this.setCloud(this.xy);
    this.lit = lit;
  }

  /** Palette entry per row. */
  setEntries(entries) {
    this.upload(this.entries, Uint8Array, 1, (row, out, k) => {
      out[k] = entries[row];
    });
  }

  setPalette(palette) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, palette);
  }

  /** Which rows are lit (1) and which greyed out (0), the lit ones drawn over the others; null: all lit. */
  setLit(mask) {
    const { gl, count, stride } = this;
    this.lit = null;
    if (!mask) return;
    const order = new Uint32Array(count);
    let front = 0;
    let back = count;
    for (let k = 0, row = 0; k < count; k++) {
      if (mask[row]) order[front++] = k;
      else order[--back] = k;
      row += stride;
      if (row >= count) row -= count;
    }
    this.lit = front;
    gl.bindVertexArray(this.points);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.DYNAMIC_DRAW);
    gl.bindVertexArray(null);
  }

  /** Fills a buffer in the drawing order, chunk by chunk. */
  upload(buffer, Type, width, write) {
    const { gl, count, stride } = this;
    const chunk = new Type(Math.min(CHUNK, count) * width);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, count * width * Type.BYTES_PER_ELEMENT, gl.STATIC_DRAW);
    let row = 0;
    for (let start = 0; start < count; start += CHUNK) {
      const rows = Math.min(CHUNK, count - start);
      for (let k = 0; k < rows; k++) {
        write(row, chunk, k);
        row += stride;
        if (row >= count) row -= count;
      }
      gl.bufferSubData(gl.ARRAY_BUFFER, start * width * Type.BYTES_PER_ELEMENT, chunk, 0, rows * width);
    }
  }

  /** Whether the graphics card still works on the picture before. */
  busy() {
    if (!this.fence) return false;
    const { gl } = this;
    if (gl.getSyncParameter(this.fence, gl.SYNC_STATUS) !== gl.SIGNALED && !gl.isContextLost()) return true;
    gl.deleteSync(this.fence);
    this.fence = null;
    return false;
  }

  /** Draws the scene with at most `budget` points. */
  draw({ camera, frame, theme, budget }) {
    const { gl, canvas } = this;
    const ratio = canvas.width / frame.width;
    const radius = frame.radius * camera.zoom;
    const far = distance(0, 0, camera.re, camera.im);
    if (this.count) {
      const based = this.base[0] !== 0 || this.base[1] !== 0;
      if (based && far < REBASE_BEYOND - 1) this.rebase(0, 0);
      else if (based ? distance(...this.base, camera.re, camera.im) > REBASE_AGAIN : far > REBASE_BEYOND)
        this.rebase(camera.re, camera.im);
    }
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(...unit(theme.background), 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    this.drawSurface(camera, frame, theme, ratio);
    if (this.count) this.drawPoints(camera, frame, theme, ratio, radius, budget);
    gl.bindVertexArray(null);
    if (this.fence) gl.deleteSync(this.fence);
    this.fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
  }

  /** The disk, its grid and its rim. */
  drawSurface(camera, frame, theme, ratio) {
    const { gl } = this;
    const edge = outline(camera, frame);
    const filled = new Float32Array((edge.length / 2) * 3);
    for (let i = 0; i < edge.length / 2; i++) filled.set([edge[2 * i], edge[2 * i + 1], 0], 3 * i);
    const rim = camera.model === "half-plane" ? edge.slice(0, 4) : edge;
    gl.bindVertexArray(this.lines);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
    for (const [corners, shape, colour, width] of [
      [filled, gl.TRIANGLE_FAN, theme.disk, 1],
      [strips(gridLines(camera, frame), GRID_WIDTH), gl.TRIANGLE_STRIP, theme.grid, GRID_WIDTH],
      [strips([rim], RIM_WIDTH), gl.TRIANGLE_STRIP, camera.model === "tangent" ? theme.grid : theme.rim, RIM_WIDTH],
    ]) {
      gl.bufferData(gl.ARRAY_BUFFER, corners, gl.STREAM_DRAW);
      use(gl, this.line, {
        u_size: [frame.width, frame.height],
        u_colour: unit(colour),
        u_half: width / 2,
        u_ratio: ratio,
      });
      gl.drawArrays(shape, 0, corners.length / 3);
    }
  }

  drawPoints(camera, frame, theme, ratio, radius, budget) {
    const { gl, count } = this;
    const moved = rebased(camera, ...this.base);
    const lit = this.lit ?? count;
    const share = Math.min(1, budget / count);
    const style = pointStyle(count, count * share, frame, camera.zoom);
    const litStyle = pointStyle(Math.max(lit, count / 12), Math.max(lit, count / 12) * share, frame, camera.zoom);
    gl.bindVertexArray(this.points);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    const common = {
      u_focus: [moved.re, moved.im],
      u_turn: [Math.cos(moved.angle), Math.sin(moved.angle)],
      u_scale: [(2 * radius) / frame.width, (2 * radius) / frame.height],
      u_model: MODELS[camera.model],
      u_tangent: TANGENT_REACH,
      u_half_scale: HALF_PLANE_SCALE,
      u_half_drop: HALF_PLANE_DROP,
      u_palette: 0,
      u_edge: unit(theme.disk),
      u_edge_width: 0.8 * ratio,
    };
    const ordered = this.lit !== null;
    const dim = count - lit;
    const put = (size, alpha, grey) => {
      use(gl, this.shape(size), { ...common, u_radius: size, u_alpha: alpha, u_dim: grey });
    };
    if (ordered && dim) {
      put(style.radius * ratio * 0.9, 1, [...unit(theme.dim), Math.max(style.alpha * 0.55, 0.12)]);
      const shown = Math.ceil(dim * share);
      gl.drawElements(gl.POINTS, shown, gl.UNSIGNED_INT, 4 * (count - shown));
    }
    put(litStyle.radius * ratio, litStyle.alpha, [0, 0, 0, 0]);
    if (ordered) gl.drawElements(gl.POINTS, Math.ceil(lit * share), gl.UNSIGNED_INT, 0);
    else gl.drawArrays(gl.POINTS, 0, Math.ceil(count * share));
  }

  dispose() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

const unit = (colour) => rgb(colour).map((v) => v / 255);

/** A program with its uniforms. */
function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost())
    throw new Error(`shader: ${gl.getAttachedShaders(made).map((s) => gl.getShaderInfoLog(s))}`);
  const uniforms = new Map();
  for (let i = 0; i < gl.getProgramParameter(made, gl.ACTIVE_UNIFORMS); i++) {
    const { name, type } = gl.getActiveUniform(made, i);
    uniforms.set(name, { type, at: gl.getUniformLocation(made, name) });
  }
  return { made, uniforms };
}

function use(gl, { made, uniforms }, values) {
  gl.useProgram(made);
  for (const [name, { type, at }] of uniforms) {
    const value = values[name];
    if (type === gl.FLOAT) gl.uniform1f(at, value);
    else if (type === gl.FLOAT_VEC2) gl.uniform2fv(at, value);
    else if (type === gl.FLOAT_VEC3) gl.uniform3fv(at, value);
    else if (type === gl.FLOAT_VEC4) gl.uniform4fv(at, value);
    else gl.uniform1i(at, value);
  }
}
