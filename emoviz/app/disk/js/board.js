// The board where the parts of one disk find each other: Streamlit mounts them as separate components.
// It hangs on the page, because each part is a module of its own with its own copy of this file.

const BOARD_NAME = "__emovizDiskBoard";

export const board = (globalThis[BOARD_NAME] ??= {
  buffers: new Map(), // key -> Map of array name -> typed array
  settings: new Map(), // disk id -> what Python wants shown and seldom changes
  states: new Map(), // disk id -> what Python wants shown and often changes
  news: new EventTarget(), // "change" whenever one of them has
});

export function announce() {
  board.news.dispatchEvent(new Event("change"));
}

/** A part without a picture takes no room on the page, nor the gap that Streamlit leaves around elements. */
export function hidePart(parentElement) {
  const element = parentElement.closest('[data-testid="stElementContainer"]');
  if (element) element.style.display = "none";
}
