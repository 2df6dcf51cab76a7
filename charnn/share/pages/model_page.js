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
let notes = ""; // what the page has left out of the settings of the present text

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

// Write if the link asks for it. The text of another link goes.
function start() {
  clear();
  byId("command").textContent = "charnn sample";
  const { wrong, autorun } = readLink(location.hash.slice(1));
  if (wrong.length) say(`The link is not followed: ${someOf(wrong, "; ")}. Usual values are set instead.`);
  else say("Ready.");
  if (autorun && !wrong.length) write();
}

// Stop the writing and remove the text.
function clear() {
  if (text.hasAttribute("aria-busy")) worker.postMessage({ number: ++number });
  player?.stop();
  endWriting();
  for (const name of ["copy", "play"]) if (byId(name)) byId(name).disabled = true;
  written = 0;
  text.textContent = "";
  delete text.dataset.done;
  if (byId("score")) byId("score").textContent = "";
}

function write() {
  if (field("new-seed").checked || field("seed").value === "") newSeed();
  if (!form.reportValidity()) return;
  clear();
  settings = readForm(model);
  notes = "";
  for (const name of ["prime", "title"]) {
    const form = vocabulary.knownForm(settings[name]);
    const unknown = vocabulary.unknownCharacters(form);
    if (unknown.length) notes += ` Left out of the ${name}, as the model does not know it: ${named(unknown)}.`;
    settings[name] = vocabulary.known(form);
  }
  settings.stop = vocabulary.knownForm(settings.stop);
  const never = vocabulary.unknownCharacters(settings.stop);
  if (never.length) notes += ` The model never writes the text to stop at: it does not know ${named(never)}.`;
  showLink();
  text.setAttribute("aria-busy", "true");
  setWriting(true);
  say(`Writing …${notes}`);
  worker.postMessage({ number: ++number, settings });
}

// Return characters with their code points, as messages of `charnn sample` name them.
function named(characters) {
  const code = (character) => character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  return someOf(characters.map((each) => `'${each}' (U+${code(each)})`), ", ");
}

function someOf(words, between) {
  const more = words.length > 5 ? [`${words.length - 5} more`] : [];
  return [...words.slice(0, 5), ...more].join(between);
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
  const astray = model.tunes && endsInRun(text.textContent) ? ` ${offerSeed()}` : "";
  say(`${count} characters with seed ${settings.seed}, ${speed.toLocaleString("en")} a second.${astray}${notes}`);
  draw();
}

// Without the grammar of charnn, a model of tunes can fall into one sign, which it then repeats.
const endsInRun = (tune) => /([^\n]{1,4}?)\1{19}\n?$/u.test(tune.slice(-200));

function offerSeed() {
  field("new-seed").checked = true;
  return "This seed went astray: the tune ends in a row of one sign. Write takes another seed.";
}

function stopWriting() {
  worker.postMessage({ number: ++number });
  endWriting();
  say(`Stopped after ${written.toLocaleString("en")} characters.${notes}`);
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
  byId("play").textContent = player.playing ? "Stop playing" : "Play";
}

if (model.headers.length) fillMenus(model.headers);
else if (model.tunes) field("rhythm").closest(".row").hidden = true;
byId("write").disabled = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  write();
});
field("temperature").addEventListener("input", checkTemperature);
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
