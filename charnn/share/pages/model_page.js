// The page: the form, the worker that writes, and the text.
"use strict";

const model = JSON.parse(document.getElementById("data").textContent);
const byId = (name) => document.getElementById(name);
const vocabulary = vocabularyOf(model.shape);
const text = byId("text");
const player = byId("play") ? new TunePlayer(model.tempos, () => showPlaying()) : null;
let number = 0; // the number of the present text; the worker's messages about others are late
let settings = null;
let written = 0;

const worker = startWorker();
worker.onmessage = ({ data }) => {
  if (data.ready) byId("write").disabled = false;
  if (data.ready) start();
  if (data.number !== number) return;
  if (data.prime !== undefined) showCommand(data.prime);
  if (data.text) append(data.text);
  if (data.seconds !== undefined) finish(data.seconds);
};
worker.onerror = (problem) => say(`The model cannot run here: ${problem.message}`);

function startWorker() {
  const code = new Blob([byId("worker").textContent], { type: "text/javascript" });
  const address = URL.createObjectURL(code);
  const started = new Worker(address);
  const weights = byId("weights");
  started.postMessage({ shape: model.shape, weights: weights.textContent });
  weights.remove(); // the worker has them
  return started;
}

function say(words) {
  byId("status").textContent = words;
}

// Write if the link asks for it.
function start() {
  const { wrong, autorun } = readLink(location.hash.slice(1));
  if (wrong.length) say(`The link has no valid ${wrong.join(", ")}: the usual value is set.`);
  else say("Ready.");
  if (autorun && !wrong.length) write();
}

function write() {
  if (field("new-seed").checked || field("seed").value === "") newSeed();
  if (!form.reportValidity()) return;
  player?.stop();
  settings = readForm(model);
  const left = [];
  for (const name of ["prime", "title"]) {
    const known = vocabulary.known(settings[name]);
    if (known !== vocabulary.knownForm(settings[name])) left.push(name);
    settings[name] = known;
  }
  settings.stop = vocabulary.knownForm(settings.stop);
  const never = vocabulary.unknownCharacters(settings.stop).length;
  showLink();
  number++;
  written = 0;
  text.textContent = "";
  delete text.dataset.done;
  text.setAttribute("aria-busy", "true");
  if (byId("score")) byId("score").textContent = "";
  setWriting(true);
  const unknown = ` Characters of the ${left.join(" and ")} that the model does not know are left out.`;
  const ends = " The model never writes the text to stop at.";
  say(`Writing …${left.length ? unknown : ""}${never ? ends : ""}`);
  worker.postMessage({ number, settings });
}

function showLink() {
  try {
    history.replaceState(null, "", linkOf());
  } catch {
    // Some browsers refuse this to files. The button copies the link all the same.
  }
}

function showCommand(prime) {
  settings.command = commandLine(model, settings, prime);
  byId("command").textContent = settings.command;
}

function append(piece) {
  // A tune holds the command that writes it.
  const begins = model.tunes && !written && piece.startsWith("X:1\n");
  text.append(begins ? `X:1\n% ${settings.command}\n${piece.slice(4)}` : piece);
  written += Array.from(piece).length;
}

function finish(seconds) {
  // A line or a passage always ends with a line end.
  if (model.endsLine && !text.textContent.endsWith("\n")) text.append("\n");
  text.normalize();
  text.dataset.done = "";
  endWriting();
  const speed = Math.round(written / Math.max(seconds, 0.001));
  const count = written.toLocaleString("en");
  say(`${count} characters with seed ${settings.seed}, ${speed.toLocaleString("en")} a second.`);
  draw();
}

function stopWriting() {
  worker.postMessage({ number: ++number });
  endWriting();
  say(`Stopped after ${written.toLocaleString("en")} characters.`);
}

function endWriting() {
  text.removeAttribute("aria-busy");
  setWriting(false);
}

function setWriting(on) {
  byId("stop-writing").disabled = !on;
  for (const name of ["copy", "play"]) if (byId(name)) byId(name).disabled = on;
}

// abcjs is there if the page was made with a copy of it.
function draw() {
  if (!window.ABCJS || !byId("score")) return;
  window.ABCJS.renderAbc("score", text.textContent, { responsive: "resize", add_classes: true });
}

async function copy(content, name) {
  try {
    await navigator.clipboard.writeText(content);
    say(`The ${name} is copied.`);
  } catch {
    say(`This browser does not let a page copy: mark the ${name} and copy it.`);
  }
}

function showPlaying() {
  byId("play").setAttribute("aria-pressed", String(player.playing));
  byId("play").textContent = player.playing ? "Silence" : "Play";
}

if (model.headers.length) fillMenus(model.headers);
else if (model.tunes) field("rhythm").closest(".row").hidden = true;
byId("write").disabled = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  write();
});
field("temperature").addEventListener("input", ({ target }) => {
  const value = Number(target.value);
  const wrong = value > 0 && value < 0.01 ? "The temperature is 0, or from 0.01 to 100." : "";
  target.setCustomValidity(wrong);
});
field("seed").addEventListener("input", () => (field("new-seed").checked = false));
byId("stop-writing").addEventListener("click", stopWriting);
byId("copy").addEventListener("click", () => copy(text.textContent, "text"));
byId("link").addEventListener("click", () => copy(location.href.split("#")[0] + linkOf(), "link"));
byId("play")?.addEventListener("click", async () => {
  if (player.playing) player.stop();
  else await player.play(text.textContent);
  showPlaying();
});
addEventListener("hashchange", start); // replaceState causes none
