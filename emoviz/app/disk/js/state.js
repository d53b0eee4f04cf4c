// The state: everything small that Python wants shown.

import { announce, board, hidePart } from "./board.js";

export default function ({ data, parentElement }) {
  hidePart(parentElement);
  board.states.set(data.id, data);
  announce();
  return () => board.states.delete(data.id);
}
