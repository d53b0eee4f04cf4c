// Colours: of the theme, of categories, of numbers.

// Okabe and Ito's eight (without black), then lighter and darker companions: 20 that most eyes tell apart.
const CATEGORICAL = [
  ...["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#b8a800"],
  ...["#7f5aa2", "#8c564b", "#5f7f33", "#b03a5b", "#2e8b9a", "#c49a6c", "#6a6fc1"],
  ...["#94b447", "#e07b91", "#4c6a92", "#a06a00", "#3fae8f", "#a85fb8"],
];
// Viridis. The end that stands out from the background is the high one, in either theme.
const SEQUENTIAL = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#f4e11e"];
const DIVERGING = {
  light: ["#1f5fa8", "#5b93c8", "#9dbcd6", "#bdbdbd", "#e0a58f", "#cf6a4f", "#a8202d"],
  dark: ["#58a6ff", "#4b86c9", "#4d6b8f", "#5e5e5e", "#9b6a55", "#dd7a55", "#ff7b5e"],
};
export const MISSING = 255; // palette entry of a missing value
export const RAMP_STEPS = 255; // palette entries 0 to 254

export function rgb(hex) {
  const v = parseInt(hex.slice(1), 16);
  return [(v >> 16) & 255, (v >> 8) & 255, v & 255];
}

const hex = (channels) => "#" + channels.map((v) => Math.round(v).toString(16).padStart(2, "0")).join("");

export function mixed(a, b, t) {
  const [p, q] = [rgb(a), rgb(b)];
  return hex(p.map((v, i) => v + (q[i] - v) * t));
}

/** The colours that Streamlit's theme gives this place of the page, all as #rrggbb. */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const probe = document.createElement("canvas").getContext("2d");
  const read = (name, otherwise) => {
    probe.fillStyle = otherwise;
    probe.fillStyle = style.getPropertyValue(name).trim() || otherwise;
    return /^#/.test(probe.fillStyle) ? probe.fillStyle : otherwise; // rgba(): a translucent colour has no #
  };
  const background = read("--st-background-color", "#ffffff");
  const [r, g, b] = rgb(background);
  const dark = 0.299 * r + 0.587 * g + 0.114 * b < 128;
  const text = read("--st-text-color", dark ? "#fafafa" : "#31333f");
  return {
    dark,
    background,
    text,
    primary: read("--st-primary-color", "#ff4b4b"),
    disk: mixed(background, text, dark ? 0.035 : 0.018),
    rim: mixed(background, text, 0.5),
    grid: mixed(background, text, dark ? 0.14 : 0.1),
    dim: mixed(background, text, dark ? 0.34 : 0.26),
    missing: mixed(background, text, dark ? 0.4 : 0.3),
    plain: dark ? "#6cb4ee" : "#2f78b7",
  };
}

const CATEGORY_ENTRIES = 240; // colours of so many categories; then they come round again

export const categoryEntry = (code) => code % CATEGORY_ENTRIES;

export function categoryColour(column, code) {
  const entry = categoryEntry(code);
  return column.categories[entry].colour || CATEGORICAL[entry % CATEGORICAL.length];
}

/** Stops of the ramp of a numeric column, low to high. */
export function rampStops(kind, theme) {
  if (kind === "diverging") return theme.dark ? DIVERGING.dark : DIVERGING.light;
  return theme.dark ? SEQUENTIAL : [...SEQUENTIAL].reverse();
}

export function rampColour(stops, t) {
  const at = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  return mixed(stops[i], stops[i + 1], at - i);
}

/** 256 RGBA entries for a column; without a column all points have one colour. */
export function paletteOf(column, theme) {
  const palette = new Uint8Array(1024);
  const put = (i, colour) => palette.set([...rgb(colour), 255], 4 * i);
  const stops = column && column.kind !== "category" ? rampStops(column.kind, theme) : null;
  for (let i = 0; i < RAMP_STEPS; i++) {
    if (!column) put(i, theme.plain);
    else if (stops) put(i, rampColour(stops, i / (RAMP_STEPS - 1)));
    else if (i < Math.min(column.categories.length, CATEGORY_ENTRIES)) put(i, categoryColour(column, i));
  }
  put(MISSING, theme.missing);
  return palette;
}
