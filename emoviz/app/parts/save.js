// A button that saves a file which Python makes when it is asked for. The bytes come with the page: no address leads to them.
export default function ({ data, parentElement, setTriggerValue }) {
  let button = parentElement.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    parentElement.append(button);
  }
  button.textContent = data.label;
  button.title = data.title;
  button.disabled = false;
  button.onclick = () => {
    button.disabled = true;
    button.wanted = Date.now();
    setTriggerValue("wanted", button.wanted);
  };
  if (!data.file || data.serial !== button.wanted || button.saved === data.serial) return;
  button.saved = data.serial;
  const bytes = Uint8Array.from(atob(data.file), (letter) => letter.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: data.mime }));
  link.download = data.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
