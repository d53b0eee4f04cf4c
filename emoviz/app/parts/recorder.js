// Records camera and microphone, shows what is recorded, and hands it over when it is stopped. Nothing is sent before.
const KINDS = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"];
const BITS = { videoBitsPerSecond: 1_200_000, audioBitsPerSecond: 96_000 };
const PICTURE = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 25 } };

export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".recorder");
  if (!root) {
    root = build(data);
    parentElement.append(root);
  }
  root.send = (value) => setTriggerValue("clip", value);
  root.button.disabled = data.disabled;
  return () => stop(root);
}

function build({ seconds }) {
  const node = (tag, name, text = "") => {
    const made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    return made;
  };
  const root = node("div", "recorder");
  root.video = node("video", "preview");
  root.video.muted = true;
  root.video.playsInline = true;
  root.video.hidden = true;
  root.button = node("button", "start", "Record camera and microphone");
  root.button.type = "button";
  root.said = node("span", "said");
  root.said.setAttribute("role", "status");
  const bar = node("div", "bar");
  bar.append(root.button, root.said);
  root.append(root.video, bar);
  root.seconds = seconds;
  root.button.onclick = () => (root.recorder ? root.recorder.stop() : start(root));
  return root;
}

async function start(root) {
  root.said.textContent = "Waiting for the camera…";
  try {
    root.stream = await navigator.mediaDevices.getUserMedia({ video: PICTURE, audio: true });
  } catch (error) {
    root.said.textContent = navigator.mediaDevices
      ? `The browser gives no camera and microphone (${error.name}). Allow them in its address bar, or upload a file.`
      : "Browsers record only on this machine or over HTTPS. Upload a file instead.";
    return;
  }
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  const chunks = [];
  root.recorder = new MediaRecorder(root.stream, { mimeType, ...BITS });
  root.recorder.ondataavailable = (event) => chunks.push(event.data);
  root.recorder.onstop = () => hand(root, new Blob(chunks, { type: mimeType }));
  root.video.srcObject = root.stream;
  root.video.hidden = false;
  root.video.play();
  root.button.textContent = "Stop";
  root.button.classList.add("live");
  root.began = performance.now();
  root.recorder.start(500);
  root.timer = setInterval(() => {
    const passed = (performance.now() - root.began) / 1000;
    root.said.textContent = `recording, ${passed.toFixed(0)} of at most ${root.seconds} s`;
    if (passed >= root.seconds) root.recorder?.stop();
  }, 250);
}

function hand(root, blob) {
  stop(root);
  root.said.textContent = "Handing it over…";
  const reader = new FileReader();
  reader.onload = () => {
    // After the last comma: the kinds before it may hold some.
    root.send({ mime: blob.type.split(";")[0], data: reader.result.slice(reader.result.lastIndexOf(",") + 1) });
    root.said.textContent = "";
  };
  reader.readAsDataURL(blob);
}

function stop(root) {
  clearInterval(root.timer);
  for (const track of root.stream?.getTracks() ?? []) track.stop();
  root.recorder = root.stream = root.video.srcObject = null;
  root.video.hidden = true;
  root.button.textContent = "Record camera and microphone";
  root.button.classList.remove("live");
}
