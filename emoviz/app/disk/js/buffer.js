// A buffer: bytes from Python, put on the board as typed arrays under their key.

import { announce, board, hidePart } from "./board.js";

const MAGIC = 0x564d4531;
const TYPES = { float32: Float32Array, uint8: Uint8Array, uint16: Uint16Array };

/** The arrays of a buffer; see payload.py for its layout. Copies: the bytes arrive at any offset, unaligned. */
export function unpackBuffer(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new Error("emoviz: not a buffer of the disk");
  const start = 8 + view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const arrays = new Map();
  for (const { name, type, offset, length } of header.arrays) {
    const Type = TYPES[type];
    const from = start + offset;
    arrays.set(name, new Type(bytes.slice(from, from + length * Type.BYTES_PER_ELEMENT).buffer));
  }
  return { key: header.key, arrays };
}

const keyHere = new WeakMap(); // parent element -> key it holds

export default function ({ data, parentElement }) {
  hidePart(parentElement);
  const header = unpackBuffer(data);
  const before = keyHere.get(parentElement);
  if (before !== undefined && before !== header.key) board.buffers.delete(before);
  keyHere.set(parentElement, header.key);
  if (!board.buffers.has(header.key)) {
    board.buffers.set(header.key, header.arrays);
    announce();
  }
  return () => board.buffers.delete(keyHere.get(parentElement));
}
