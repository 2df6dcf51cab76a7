// The settings of a text: in the form, and in the link of the page.
"use strict";

const form = document.getElementById("settings");
// The names of links are those of the options of `charnn sample`.
const NAMES = ["seed", "length", "temperature", "top-p", "min-p", "top-k"];
const TEXTS = ["prime", "stop", "title", "rhythm", "meter", "key"];
const field = (name) => form.elements.namedItem(name);

// Set whether the temperature is valid: the form alone cannot say that it is 0, or 0.01 and more.
function checkTemperature() {
  const value = Number(field("temperature").value);
  const wrong = value > 0 && value < 0.01 ? "The temperature is 0, or from 0.01 to 100." : "";
  field("temperature").setCustomValidity(wrong);
}

// Put the settings of a link into the form; what it leaves out is as usual. Return what it cannot mean, as
// sentences without their full stop.
function readLink(link) {
  const given = new URLSearchParams(link);
  form.reset();
  checkTemperature();
  const known = [...NAMES, ...TEXTS].filter(field);
  const unknown = [...new Set(given.keys())].filter((name) => ![...known, "autorun"].includes(name));
  const wrong = unknown.map((name) => `this page has no setting ${shortened(name)}`);
  for (const name of known) {
    const input = field(name);
    if (!given.has(name)) continue;
    const before = input.value;
    const value = given.get(name).replace(/\r\n?/g, "\n");
    const isNumber = input.type !== "number" || Number.isFinite(Number.parseFloat(value) - Number(value));
    if (isNumber) input.value = value;
    checkTemperature();
    if (isNumber && input.value === value && input.checkValidity()) continue;
    input.value = before;
    checkTemperature();
    wrong.push(`${name} is ${rangeOf(input)}, not ${shortened(value)}`);
  }
  const autorun = given.get("autorun") ?? "0";
  if (!["0", "1"].includes(autorun)) wrong.push(`autorun is 0 or 1, not ${shortened(autorun)}`);
  if (field("seed").value) field("new-seed").checked = false;
  return { wrong, autorun: autorun === "1" };
}

// Return what a field takes, in words.
function rangeOf(input) {
  if (input.dataset.range) return input.dataset.range;
  if (input.type !== "number") return input.tagName === "SELECT" ? "a value of its menu" : "one line";
  const kind = input.step === "1" ? "a whole number" : "a number";
  return `${kind} from ${input.min} to ${Number(input.max).toLocaleString("en")}`;
}

function shortened(text) {
  const characters = Array.from(text);
  return JSON.stringify(characters.length > 40 ? `${characters.slice(0, 40).join("")}…` : text);
}

// Return the link that holds the settings; what is as usual is left out.
function linkOf() {
  const given = new URLSearchParams();
  for (const name of [...NAMES, ...TEXTS]) {
    const input = field(name);
    const usual = input?.tagName === "SELECT" ? "" : input?.defaultValue;
    if (input && (name === "seed" || input.value !== usual)) given.set(name, input.value);
  }
  given.set("autorun", "1");
  return `#${given}`;
}

// Return the settings as the worker takes them.
function readForm(model) {
  const number = (name) => Number(field(name).value);
  const text = (name) => field(name)?.value ?? "";
  return {
    seed: BigInt(field("seed").value),
    length: number("length"),
    temperature: number("temperature"),
    topK: number("top-k"),
    topP: number("top-p"),
    minP: number("min-p"),
    prime: text("prime"),
    stop: text("stop"),
    title: text("title"),
    header: model.tunes ? drawHeader(model.headers, BigInt(field("seed").value)) : null,
  };
}

function newSeed() {
  const [number] = crypto.getRandomValues(new Uint32Array(1));
  field("seed").value = String(number);
}

// Return the values of R: M: L: K: that a seed draws among those of the training tunes, as often as they
// have them. What is chosen takes the place of other values.
function drawHeader(headers, seed) {
  if (!headers.length) return ["", "", "", ""];
  const wanted = ["rhythm", "meter", null, "key"].map((name) => (name ? field(name).value : ""));
  const agreement = (header) => wanted.filter((want, n) => want && want === header[n]).length;
  const most = Math.max(...headers.map(agreement));
  const rows = headers.filter((header) => agreement(header) === most);
  const total = rows.reduce((sum, row) => sum + row[4], 0);
  // Seeds in a row are spread evenly (charnn/music/grammar/header_candidates.py).
  const turn = ((seed + 1n) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
  let point = (Number(turn) / 2 ** 64) * total;
  const drawn = rows.find((row) => (point -= row[4]) < 0) ?? rows.at(-1);
  return wanted.map((want, n) => want || drawn[n]);
}

// Offer the types, meters and keys of the training tunes.
function fillMenus(headers) {
  ["rhythm", "meter", null, "key"].forEach((name, n) => {
    if (!name) return;
    const counts = new Map();
    for (const header of headers) counts.set(header[n], (counts.get(header[n]) ?? 0) + header[4]);
    counts.delete("");
    const values = [...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one));
    field(name).append(...values.map((value) => new Option(value, value)));
  });
}
