// From mouse, fingers and keys to what they mean. One gesture ends in at most one message to the server.

import { dragged, onPicture, screenToView, wrapped, zoomedAt } from "./geometry.js";

const CLICK_REACH = 4; // pixels a press may wander and still be a click
export const PICK_REACH = 9; // pixels from the cursor to the middle of a point

export class Gestures {
  constructor(disk, canvas) {
    this.disk = disk;
    this.canvas = canvas;
    this.fingers = new Map(); // pointer id -> [X, Y]
    this.press = null;
    this.lassoMode = false;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.up(event, true));
    canvas.addEventListener("pointerleave", () => disk.hover(null));
    canvas.addEventListener("dblclick", (event) => disk.doubleClick(...this.at(event)));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("contextmenu", (event) => event.ctrlKey && event.preventDefault());
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.fingers.set(event.pointerId, at);
    const extend = event.ctrlKey || event.metaKey;
    const lasso = this.fingers.size === 1 && event.pointerType !== "touch" ? event.shiftKey || this.lassoMode : this.lassoMode;
    // In lasso mode shift is free to mean "add", as it does for clicks.
    const adds = extend || (this.lassoMode && event.shiftKey);
    this.press = { start: at, last: at, lasso, adds, extend: extend || event.shiftKey, path: [...at], moved: false };
  }

  move(event) {
    const at = this.at(event);
    if (!this.fingers.has(event.pointerId)) return this.disk.hover(at);
    if (this.fingers.size === 2) return this.pinch(event.pointerId, at);
    this.fingers.set(event.pointerId, at);
    const { press } = this;
    if (!press.moved && Math.hypot(at[0] - press.start[0], at[1] - press.start[1]) < CLICK_REACH) return;
    press.moved = true;
    this.disk.hover(null);
    if (press.lasso) {
      for (const part of event.getCoalescedEvents?.() ?? []) press.path.push(...this.at(part));
      if (press.path.at(-2) !== at[0] || press.path.at(-1) !== at[1]) press.path.push(...at);
      this.disk.showLasso(press.path);
    } else {
      this.pan(press.last, at);
    }
    press.last = at;
  }

  pan(from, to) {
    const { disk } = this;
    const { camera, frame } = disk;
    if (onPicture(camera, frame, ...this.press.start)) {
      disk.moveTo(dragged(camera, screenToView(camera, frame, ...from), screenToView(camera, frame, ...to)));
    } else {
      const turn = ([X, Y]) => Math.atan2(frame.height / 2 - Y, X - frame.width / 2);
      disk.moveTo({ ...camera, angle: wrapped(camera.angle + turn(to) - turn(from)) });
    }
  }

  pinch(id, at) {
    const [[other, still]] = [...this.fingers].filter(([key]) => key !== id);
    const before = this.fingers.get(id);
    this.fingers.set(id, at);
    this.press.moved = true;
    const spread = (p) => Math.hypot(p[0] - still[0], p[1] - still[1]) || 1;
    const middle = [(at[0] + still[0]) / 2, (at[1] + still[1]) / 2];
    const { disk } = this;
    disk.moveTo(zoomedAt(disk.camera, disk.frame, ...middle, spread(at) / spread(before)));
    this.press.last = this.fingers.get(other);
  }

  up(event, cancelled = false) {
    if (!this.fingers.delete(event.pointerId) || this.fingers.size) return;
    const { press, disk } = this;
    this.press = null;
    disk.showLasso([]);
    disk.wantPicture(false);
    if (cancelled) return;
    if (!press.moved) disk.click(...press.start, press.extend);
    else if (press.lasso) disk.lasso(Float64Array.from(press.path), press.adds);
    else disk.rest();
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    const factor = Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * (event.ctrlKey ? 0.008 : 0.0016));
    const { disk } = this;
    disk.moveTo(zoomedAt(disk.camera, disk.frame, ...this.at(event), factor));
  }

  key(event) {
    const { disk } = this;
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (command && key === "z") event.shiftKey ? disk.redo() : disk.undo();
    else if (command && key === "y") disk.redo();
    else if (command) return;
    else if (key === "escape") disk.escape();
    else if (key === "arrowright" || key === "arrowdown") disk.walk(1);
    else if (key === "arrowleft" || key === "arrowup") disk.walk(-1);
    else if (key === "+" || key === "=") disk.zoom(1.25);
    else if (key === "-") disk.zoom(0.8);
    else if (key === "0") disk.reset();
    else if (key === "?") disk.help.toggle();
    else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }
}
