// Icons and buttons, and small words about numbers.

import { element } from "./nodes.js";

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  play: "M4.500 2.800v10.400L13 8Z",
  pause: "M4.500 3v10M11.500 3v10",
  previous: "M4 3v10M12.500 3.500v9L6 8Z",
  next: "M12 3v10M3.500 3.500v9L10 8Z",
  loop: "M4 6.500a3 3 0 0 1 3-3h4.500L9.800 1.800M12 9.500a3 3 0 0 1-3 3H4.500l1.700 1.700",
  face: "M2.500 5.500v-3h3M13.500 5.500v-3h-3M2.500 10.500v3h3M13.500 10.500v3h-3M6 6.500v.6M10 6.500v.6M6 10c1 1 3 1 4 0",
  sound: "M2.500 6v4H5l3.500 3V3L5 6ZM11 5.800a3 3 0 0 1 0 4.400",
  silent: "M2.500 6v4H5l3.500 3V3L5 6ZM11 6l3 4M14 6l-3 4",
  in: "M7 3.500v7M3.500 7h7M7 1.500a5.500 5.500 0 1 1 0 11 5.500 5.500 0 0 1 0-11M11 11l3.500 3.500",
  out: "M3.500 7h7M7 1.500a5.500 5.500 0 1 1 0 11 5.500 5.500 0 0 1 0-11M11 11l3.500 3.500",
  help: "M5.800 6.200a2.200 2.200 0 1 1 3.200 2c-.7.3-1 .8-1 1.500M8 12v.4",
};

export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 16 16");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  picture.append(path);
  return picture;
}

export function iconButton(name, label, onclick) {
  return element("button", { type: "button", class: "ep-icon", title: label, "aria-label": label.replace(/ \(.*\)$/, ""), onclick }, icon(name));
}

/** Shows another icon on a button. */
export function dress(button, name) {
  if (button.dataset.icon === name) return;
  button.dataset.icon = name;
  button.replaceChildren(icon(name));
}

/** `1:02.5` */
export function clockTime(seconds, digits = 1) {
  const steps = 10 ** digits;
  const whole = Math.max(0, Math.round(seconds * steps));
  const minutes = Math.floor(whole / steps / 60);
  const rest = (whole / steps - 60 * minutes).toFixed(digits);
  return `${minutes}:${rest.padStart(digits ? 3 + digits : 2, "0")}`;
}

export const percent = (share) => `${Math.round(100 * share)} %`;

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
