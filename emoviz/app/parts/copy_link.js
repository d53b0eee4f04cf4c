// Copies the address bar: it carries the view. The clipboard needs a secure context (loopback is one); elsewhere the
// address is selected for the person to copy.
export default function ({ data, parentElement }) {
  let button = parentElement.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    const said = document.createElement("span");
    said.setAttribute("aria-live", "polite");
    button.append(said);
    parentElement.append(button);
  }
  const said = button.firstChild;
  said.textContent = data.label;
  button.title = "The address carries dataset, model, filters, selection, colour, camera and sample";
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(window.location.href);
      said.textContent = data.done;
    } catch {
      window.prompt(data.label, window.location.href);
    }
    setTimeout(() => { said.textContent = data.label; }, 2000);
  };
}
