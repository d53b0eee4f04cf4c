// Columns: what is known of every point, as codes of one or two bytes (payload.py). Counting and filtering.

import { MISSING, RAMP_STEPS, categoryEntry } from "./colour.js";

const STEPS = 65534; // of a number's range
const MISSING_NUMBER = 65535;
export const BINS = 32; // of a number's histogram

export const missingCode = (codes) => (codes.BYTES_PER_ELEMENT === 1 ? 255 : 65535);

/** Palette entry per row. */
export function paletteEntries(column, codes) {
  if (column.kind === "category") {
    if (codes.BYTES_PER_ELEMENT === 1) return codes;
    return Uint8Array.from(codes, (code) => (code === 65535 ? MISSING : categoryEntry(code)));
  }
  const entries = new Uint8Array(codes.length);
  for (let i = 0; i < codes.length; i++)
    entries[i] = codes[i] === MISSING_NUMBER ? MISSING : (codes[i] * (RAMP_STEPS - 1)) / STEPS + 0.5;
  return entries;
}

/** The number that a code stands for, NaN where missing. */
export function numberOf(column, code) {
  const [low, high] = column.range;
  return code === MISSING_NUMBER ? NaN : low + ((high - low) * code) / STEPS;
}

export function formatNumber(value, span) {
  if (Number.isNaN(value)) return "missing";
  const digits = Math.min(Math.max(2 - Math.floor(Math.log10(span)), 0), 6);
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

/** A value as words. */
export function described(column, codes, row) {
  const code = codes[row];
  if (column.kind === "category") return code === missingCode(codes) ? "missing" : column.categories[code].name;
  return formatNumber(numberOf(column, code), column.range[1] - column.range[0]);
}

const slotOf = (column, code) =>
  column.kind === "category" ? code : Math.min(Math.floor((code * BINS) / STEPS), BINS - 1);

/** How many rows each category (or bin) has, the missing ones last; of those in `mask` where one is given. */
export function counted(column, codes, mask) {
  const slots = column.kind === "category" ? column.categories.length : BINS;
  const counts = new Uint32Array(slots + 1);
  const missing = missingCode(codes);
  for (let i = 0; i < codes.length; i++)
    if (!mask || mask[i]) counts[codes[i] === missing ? slots : slotOf(column, codes[i])]++;
  return counts;
}

/** Clears the rows of `kept` whose category is greyed out; -1 in `hidden` stands for missing. */
export function keepCategories(kept, codes, hidden) {
  const missing = missingCode(codes);
  const out = new Uint8Array(missing + 1);
  for (const code of hidden) out[code < 0 ? missing : code] = 1;
  for (let i = 0; i < codes.length; i++) if (out[codes[i]]) kept[i] = 0;
}

/** Clears the rows of `kept` whose number is missing or outside [low, high]. */
export function keepRange(kept, column, codes, [low, high]) {
  const [from, to] = column.range;
  const first = Math.ceil(((low - from) / (to - from)) * STEPS - 1e-6);
  const last = Math.floor(((high - from) / (to - from)) * STEPS + 1e-6);
  for (let i = 0; i < codes.length; i++) if (codes[i] < first || codes[i] > last || codes[i] === MISSING_NUMBER) kept[i] = 0;
}

/** A mask as bits, row 0 in the lowest bit of the first byte. */
export function packedMask(mask) {
  const bits = new Uint8Array(Math.ceil(mask.length / 8));
  for (let i = 0; i < mask.length; i++) if (mask[i]) bits[i >> 3] |= 1 << (i & 7);
  return bits;
}

export function unpackedMask(bits, n) {
  const mask = new Uint8Array(n);
  for (let i = 0; i < n; i++) mask[i] = (bits[i >> 3] >> (i & 7)) & 1;
  return mask;
}

export function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

export function sum(mask) {
  let n = 0;
  for (let i = 0; i < mask.length; i++) n += mask[i];
  return n;
}
