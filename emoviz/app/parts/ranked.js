// One page of samples. A click opens, shift- or ctrl-click adds to the selection, Enter opens, arrows move.
export default function ({ data, parentElement, setTriggerValue }) {
  const old = parentElement.querySelector(".list");
  const had = parentElement.activeElement?.dataset?.id;
  const draw = { table, cards, lines }[data.layout];
  const list = draw(data, setTriggerValue);
  list.classList.add("list");
  const items = [...list.querySelectorAll("[data-id]")];
  items.forEach((item, place) => {
    item.onclick = (event) => {
      if (event.shiftKey || event.ctrlKey || event.metaKey) setTriggerValue("toggle", Number(item.dataset.row));
      else setTriggerValue("open", item.dataset.id);
    };
    item.onkeydown = (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        setTriggerValue("open", item.dataset.id);
      } else if (step) {
        event.preventDefault();
        items[place + step]?.focus();
      }
    };
  });
  if (old) old.replaceWith(list); else parentElement.append(list);
  if (had) items.find((item) => item.dataset.id === had)?.focus({ preventScroll: true });
}

function table(data, send) {
  const { heads } = data;
  const made = node("table");
  made.setAttribute("aria-label", "Samples");
  const row = made.createTHead().insertRow();
  const head = (title, column, name, help) => {
    const cell = node("th", name);
    if (column) {
      const button = node("button", "", title);
      button.type = "button";
      if (data.sort === column) {
        button.append(node("span", "arrow", data.descending ? " ↓" : " ↑"));
        cell.setAttribute("aria-sort", data.descending ? "descending" : "ascending");
      }
      button.title = help || `Sort by ${title}`;
      button.onclick = () => send("sort", column);
      cell.append(button);
    } else {
      cell.textContent = title;
    }
    row.append(cell);
    return cell;
  };
  head("", "", "rank");
  // As wide as the longest name, so that the rest is left to the emotions.
  const longest = Math.max(6, ...data.rows.map((one) => one.id.length + (one.media ? 2 : 0) + (one.flag ? 2 : 0)));
  head("sample", heads.sample, "id").style.width = `${Math.min(longest, 20) * 0.56 + 0.8}em`;
  for (const [title, column] of heads.sides) head(title, column, "side");
  head("apart", heads.apart, "apart", data.unit ? "Jensen-Shannon divergence in bits: 0 the same, 1 nothing in common" : "Conflict by the model: 0 none, 1 certain");
  head("kind", heads.type, "type");

  const body = made.createTBody();
  for (const one of data.rows) {
    const line = item(body.insertRow(), one, data);
    line.append(node("td", "rank", String(one.rank)));
    const id = node("td", "id");
    id.append(...named(one));
    line.append(id);
    for (const side of one.sides) {
      const cell = node("td", "side");
      cell.append(...shown(side));
      line.append(cell);
    }
    const apart = node("td", "apart");
    apart.append(...measured(one));
    line.append(apart);
    const type = node("td", "type");
    type.append(...kind(one));
    line.append(type);
  }
  return made;
}

function cards(data) {
  const made = node("div", "cards");
  made.setAttribute("role", "list");
  for (const one of data.rows) {
    const card = item(node("div", "card"), one, data);
    const top = node("div", "top");
    const id = node("span", "id");
    id.append(...named(one));
    top.append(id, node("span", "rank", String(one.rank)));
    card.append(top);
    one.sides.forEach((side, place) => {
      if (!side) return;
      const line = node("div", "line");
      const said = node("span", "said");
      said.append(...shown(side));
      line.append(node("span", "name", data.heads.sides[place][0]), said);
      card.append(line);
    });
    const foot = node("div", "foot");
    const apart = node("span", "apart");
    apart.append(...measured(one));
    foot.append(apart);
    foot.append(...kind(one));
    card.append(foot);
    made.append(card);
  }
  return made;
}

function lines(data) {
  const made = node("div", "lines");
  made.setAttribute("role", "list");
  data.rows.forEach((one, place) => {
    const line = item(node("div", "entry"), one, data);
    const id = node("span", "id");
    id.append(...named(one));
    const said = node("span", "said");
    said.append(...shown(one.sides.at(-1)));
    line.append(id, said, node("small", "", data.notes[place]));
    made.append(line);
  });
  return made;
}

function item(element, one, data) {
  element.dataset.id = one.id;
  element.dataset.row = one.row;
  element.tabIndex = 0;
  element.classList.toggle("selected", one.selected);
  element.classList.toggle("primary", one.id === data.sample);
  if (one.id === data.sample) element.setAttribute("aria-current", "true");
  return element;
}

function named(one) {
  const parts = [node("span", "name", one.id)];
  parts[0].title = one.text ? `${one.id}: ${one.text}` : one.id;
  if (one.media) parts.push(mark("▸", "has media"));
  if (one.flag) parts.push(mark("⚑", one.flag));
  return parts;
}

function mark(sign, title) {
  const made = node("span", "mark", sign);
  made.title = title;
  return made;
}

function shown(side) {
  if (!side) return [node("span", "missing", "–")];
  const label = node("span", "label");
  label.title = `${side.label} ${Math.round(100 * side.share)} %`;
  const dot = node("i");
  dot.style.background = side.colour || "transparent";
  label.append(dot, node("span", "word", side.label), node("small", "", `${Math.round(100 * side.share)}`));
  const strip = node("span", "strip");
  for (const [name, colour, share] of side.strip) {
    const piece = node("b");
    piece.style.cssText = `width:${100 * share}%;background:${/^#[0-9a-f]{3,8}$/i.test(colour) ? colour : "gray"}`;
    piece.title = `${name} ${Math.round(100 * share)} %`;
    strip.append(piece);
  }
  return [label, strip];
}

function measured(one) {
  if (one.apart === null) return [node("span", "missing", "–")];
  const bar = node("span", "bar");
  const fill = node("b");
  fill.style.width = `${Math.min(100, 100 * one.apart)}%`;
  bar.append(fill);
  const line = node("span", "line");
  line.append(node("span", "number", one.apart.toFixed(2).replace(/^0/, "")));
  if (one.sure !== null) {
    const p = node("small", "", one.sure < 0.001 ? "p < .001" : `p ${one.sure.toFixed(3).replace(/^0/, "")}`);
    p.title = "How often chance alone puts the votes this far apart";
    line.append(p);
  }
  return [line, bar];
}

function kind(one) {
  const parts = [];
  if (one.type) parts.push(node("span", `kind ${one.type}`, one.type));
  if (one.dissenter) parts.push(node("small", "stands", `${one.dissenter} apart`));
  return parts;
}

function node(tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}
