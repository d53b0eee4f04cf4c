// A table of models and metrics. A head says what its metric is and sorts by it; the order is the visitor's own.
export default function ({ data, parentElement }) {
  const order = parentElement.order ?? { column: null, up: false };
  parentElement.order = order;
  const made = document.createElement("table");
  made.setAttribute("aria-label", data.label);
  const top = made.createTHead().insertRow();
  const body = made.createTBody();

  data.heads.forEach((head, place) => {
    const cell = element("th");
    const button = element("button", head.title);
    button.type = "button";
    button.title = head.help;
    button.dataset.at = place;
    if (place) cell.append(button);
    else cell.textContent = head.title;
    button.onclick = () => {
      const first = head.name !== order.column;
      Object.assign(order, { column: head.name, up: first ? !head.higher : !order.up });
      sort();
    };
    top.append(cell);
  });

  const lines = data.rows.map((row) => {
    const line = element("tr");
    const name = element("th", "", "name");
    name.scope = "row";
    const dot = element("i");
    if (row.colour) dot.style.background = row.colour;
    name.append(dot, element("span", row.title));
    if (row.note) name.append(element("small", row.note));
    name.title = row.title;
    line.append(name);
    for (const cell of row.cells) {
      const place = element("td", "", cell.best ? "best" : "");
      if (cell.text) {
        place.title = cell.said;
        place.append(element("span", cell.text), element("small", cell.sure));
        if (cell.at) {
          const bar = element("b");
          const range = element("i");
          range.style.cssText = `left:${cell.at[0]}%;width:${Math.max(1, cell.at[2] - cell.at[0])}%`;
          const mark = element("u");
          mark.style.left = `${cell.at[1]}%`;
          bar.append(range, mark);
          place.append(bar);
        }
      } else {
        place.append(element("small", "–"));
      }
      line.append(place);
    }
    return line;
  });

  function sort() {
    const column = data.heads.findIndex((head) => head.name === order.column);
    const rank = data.rows.map((_, row) => row);
    if (column > 0) {
      const value = (row) => data.rows[row].cells[column - 1].value;
      const sign = order.up ? 1 : -1;
      // What was not measured comes last, whichever way round.
      rank.sort((a, b) => (value(a) === null) - (value(b) === null) || sign * (value(a) - value(b)));
    }
    body.replaceChildren(...rank.map((row) => lines[row]));
    [...top.cells].forEach((cell, place) => {
      const on = place === column && place > 0;
      if (on) cell.setAttribute("aria-sort", order.up ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    });
  }
  sort();
  const frame = element("div", "", "frame");
  frame.append(made);
  const had = parentElement.activeElement?.dataset?.at;
  const before = parentElement.querySelector(".frame");
  if (before) before.replaceWith(frame);
  else parentElement.append(frame);
  if (had) frame.querySelector(`[data-at="${had}"]`)?.focus();
}

function element(tag, text = "", name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}
