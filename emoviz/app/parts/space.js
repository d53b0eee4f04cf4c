// Space belongs to whatever has the focus first: fields, buttons, the list, the player itself.
const WANTED = "input, textarea, select, button, a, summary, video, audio, canvas, [tabindex], [contenteditable]";

function pressed(event) {
  if (event.code !== "Space" || event.composedPath()[0].closest?.(WANTED)) return;
  const clip = document.querySelector("[data-testid=stVideo], [data-testid=stAudio]");
  if (!clip) return;
  event.preventDefault();
  if (clip.paused) clip.play();
  else clip.pause();
}

export default function () {
  // The same function each time: adding it again adds nothing.
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}
