// Values along a clip: what holds at a time. NaN stands for nothing known.

/** Index of the last time that is not after `time`, or -1. */
export function before(times, time) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Row of `width` values at a time, between its neighbours; null where nothing is known. */
export function rowAt({ time, values }, width, at) {
  if (!time.length) return null;
  const step = time.length > 1 ? (time[time.length - 1] - time[0]) / (time.length - 1) : 0;
  if (at < time[0] - step || at > time[time.length - 1] + step) return null;
  const left = Math.max(before(time, at), 0);
  const right = Math.min(left + 1, time.length - 1);
  const share = right === left ? 0 : Math.min(Math.max((at - time[left]) / (time[right] - time[left]), 0), 1);
  const row = [];
  for (let k = 0; k < width; k++) {
    const [a, b] = [values[left * width + k], values[right * width + k]];
    const value = Number.isNaN(a) ? (share > 0.5 ? b : NaN) : Number.isNaN(b) ? (share <= 0.5 ? a : NaN) : a + share * (b - a);
    if (Number.isNaN(value)) return null;
    row.push(value);
  }
  return row;
}

/** The largest of a row: its place and its value. */
export function largest(row) {
  let k = 0;
  for (let j = 1; j < row.length; j++) if (row[j] > row[k]) k = j;
  return [k, row[k]];
}

/** Lowest and highest of the values between two times, or null. */
export function between(times, low, high, from, to) {
  const first = Math.max(before(times, from), 0);
  const last = Math.min(before(times, to), times.length - 1);
  let [a, b] = [Infinity, -Infinity];
  for (let i = first; i <= last; i++) {
    if (low[i] < a) a = low[i];
    if (high[i] > b) b = high[i];
  }
  return a <= b ? [a, b] : null;
}
