// Colours of the page, as a canvas wants them.

/** The theme at this place of the page. */
export function themeOf(node) {
  const style = getComputedStyle(node);
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  return {
    text: read("--st-text-color", "#31333f"),
    paper: read("--st-background-color", "#ffffff"),
    accent: read("--st-primary-color", "#4a4fd0"),
    font: read("--st-font", "system-ui, sans-serif"),
  };
}

/** A colour let through by so much. */
export function faint(context, colour, alpha, paint) {
  const before = context.globalAlpha;
  context.globalAlpha = before * alpha;
  context.fillStyle = colour;
  context.strokeStyle = colour;
  paint();
  context.globalAlpha = before;
}
