// Everything small that Python wants shown, in two parts: "settings" and "states" of the board.

import { announce, board, hidePart } from "./board.js";

export default function ({ data, parentElement }) {
  hidePart(parentElement);
  const part = board[data.part];
  part.set(data.id, data);
  announce();
  return () => part.delete(data.id);
}
