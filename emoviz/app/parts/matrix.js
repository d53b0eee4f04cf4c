// A table of buttons. Arrow keys move between cells, Enter and Space choose: what a screen reader expects of a grid.
export default function ({ data, parentElement, setTriggerValue }) {
  const old = parentElement.querySelector("table");
  const had = parentElement.activeElement?.dataset?.at;
  const table = document.createElement("table");
  table.setAttribute("aria-label", `Emotion of the ${data.a} against emotion of the ${data.b}`);
  table.style.setProperty("--first", data.colours[0]);
  table.style.setProperty("--second", data.colours[1]);
  table.className = data.shows;

  const head = table.createTHead();
  const names = head.insertRow();
  names.append(element("td"));
  const across = element("th", `${data.b} alone`, "axis");
  across.colSpan = data.labels.length;
  names.append(across);
  const labels = head.insertRow();
  labels.append(element("th", `${data.a} alone`, "axis down"));
  data.labels.forEach((label, j) => {
    const cell = element("th", label, "label");
    cell.title = `${label}: ${data.columns[j]} samples`;
    labels.append(cell);
  });

  const body = table.createTBody();
  data.cells.forEach((cells, i) => {
    const row = body.insertRow();
    const label = element("th", data.labels[i], "label left");
    label.title = `${data.labels[i]}: ${data.rows[i]} samples`;
    row.append(label);
    cells.forEach((cell, j) => {
      const button = element("button", cell.text);
      button.type = "button";
      button.title = cell.title;
      button.setAttribute("aria-label", cell.title);
      button.dataset.at = `${i},${j}`;
      button.className = `${i === j ? "same" : cell.lean > 0 ? "first" : cell.lean < 0 ? "second" : ""} ${cell.strength > 0.55 ? "strong" : ""}`;
      button.style.setProperty("--strength", `${Math.round(cell.strength * 88)}%`);
      button.disabled = cell.n === 0;
      const chosen = data.chosen && data.chosen[0] === i && data.chosen[1] === j;
      button.setAttribute("aria-pressed", String(Boolean(chosen)));
      button.onclick = () => setTriggerValue("cell", { row: i, column: j });
      const place = element("td");
      place.append(button);
      row.append(place);
    });
  });

  table.onkeydown = (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const at = event.target.dataset?.at?.split(",").map(Number);
    if (!step || !at) return;
    event.preventDefault();
    event.stopPropagation();
    table.querySelector(`[data-at="${at[0] + step[0]},${at[1] + step[1]}"]`)?.focus();
  };
  if (old) old.replaceWith(table); else parentElement.append(table);
  if (had) table.querySelector(`[data-at="${had}"]`)?.focus();
}

function element(tag, text = "", name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}
