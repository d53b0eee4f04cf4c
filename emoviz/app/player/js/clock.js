// The one clock: everything that moves asks it, everything that is clicked sets it.

import { clamp } from "./dom.js";

const NEVER = 1e7; // seconds; beyond the end of any clip

/** A clip's time. The media element keeps it where there is one; else it runs by itself, for a clip without sound or picture. */
export class Clock {
  constructor(heard) {
    this.heard = heard; // called whenever time or state may have changed
    this.seconds = 0;
    this.media = null;
    this.loop = null; // [from, to]
    this.own = { at: 0, since: null }; // used without media
    this.speed = 1;
    this.wanted = null; // a place asked for before the media could go there
    this.step = () => this.tick();
  }

  attach(media, seconds) {
    this.media = media;
    this.seconds = seconds;
    if (!media) return;
    media.playbackRate = this.speed;
    media.preservesPitch = true;
    media.addEventListener("loadedmetadata", () => this.ready());
    for (const event of ["play", "pause", "seeked", "ended", "ratechange", "volumechange"]) media.addEventListener(event, this.step);
  }

  /** A recording by a browser does not say how long it is until somebody has been at its end. */
  ready() {
    if (Number.isFinite(this.media.duration)) return this.seek(this.wanted ?? 0);
    this.media.addEventListener("seeked", () => this.seek(this.wanted ?? 0), { once: true });
    this.media.currentTime = NEVER;
  }

  get time() {
    if (this.media) return clamp(this.wanted ?? this.media.currentTime, 0, this.seconds);
    const { at, since } = this.own;
    return clamp(since === null ? at : at + (this.speed * (performance.now() - since)) / 1000, 0, this.seconds);
  }

  get playing() {
    return this.media ? !this.media.paused && !this.media.ended : this.own.since !== null;
  }

  seek(time) {
    const to = clamp(time, 0, this.seconds);
    if (!this.media) this.own = { at: to, since: this.playing ? performance.now() : null };
    else if (this.media.readyState > 0) {
      this.wanted = null;
      this.media.currentTime = to;
    } else this.wanted = to;
    this.tick();
  }

  play() {
    if (this.time >= this.seconds - 0.02) this.seek(this.loop?.[0] ?? 0);
    if (this.loop && (this.time < this.loop[0] || this.time >= this.loop[1])) this.seek(this.loop[0]);
    if (this.media) this.media.play().catch(() => {}); // a browser may refuse until somebody has clicked
    else this.own = { at: this.time, since: performance.now() };
    this.tick();
  }

  pause() {
    if (this.media) this.media.pause();
    else this.own = { at: this.time, since: null };
    this.tick();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  setSpeed(speed) {
    if (!this.media) this.own = { at: this.time, since: this.playing ? performance.now() : null };
    this.speed = speed;
    if (this.media) this.media.playbackRate = speed;
    this.tick();
  }

  tick() {
    cancelAnimationFrame(this.coming);
    if (this.playing) {
      if (this.loop && this.time >= this.loop[1]) return this.seek(this.loop[0]);
      if (!this.media && this.time >= this.seconds) this.own = { at: this.seconds, since: null };
      this.coming = requestAnimationFrame(this.step);
    }
    this.heard();
  }

  dispose() {
    cancelAnimationFrame(this.coming);
    this.media?.pause();
  }
}
