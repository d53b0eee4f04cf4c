// A figure in SVG. What has a data-pick is a button; the small button saves the figure as a file, with its own colours.
export default function ({ data, parentElement, setTriggerValue }) {
  let frame = parentElement.querySelector("figure");
  if (!frame) {
    frame = document.createElement("figure");
    const save = document.createElement("button");
    save.type = "button";
    save.textContent = "SVG";
    save.className = "save";
    frame.append(document.createElement("div"), save);
    parentElement.append(frame);
  }
  const [place, save] = frame.children;
  save.title = `Save this figure as ${data.name}`;
  save.setAttribute("aria-label", save.title);
  save.onclick = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([data.svg], { type: "image/svg+xml" }));
    link.download = data.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  const pick = (event) => {
    const chosen = event.target.closest?.("[data-pick]");
    if (chosen) setTriggerValue("pick", chosen.dataset.pick);
    return Boolean(chosen);
  };
  place.onclick = pick;
  place.onkeydown = (event) => {
    if ((event.key === "Enter" || event.key === " ") && pick(event)) event.preventDefault();
  };
  if (frame.drawn === data.svg) return;
  frame.drawn = data.svg;
  const had = parentElement.activeElement?.dataset?.pick;
  // Read as XML: no program in it would run, whatever a label holds.
  const svg = new DOMParser().parseFromString(data.svg, "image/svg+xml").documentElement;
  svg.style.maxWidth = `${1.3 * Number(svg.getAttribute("width"))}px`;
  place.replaceChildren(document.importNode(svg, true));
  if (had) place.querySelector(`[data-pick="${had}"]`)?.focus();
}
