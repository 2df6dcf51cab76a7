// The form that asks for a tune. Its settings are in the address, so that a link holds them.
import { byId, field, make, refill, select } from "./dom.js";
import { texts } from "./texts.js";

const defaults = { temperature: "0.8" };
const names = Object.keys(texts.fields);
let models = [];

function counted(counts = {}) {
  const known = Object.entries(counts).filter(([name]) => name);
  return [["", texts.any], ...known.map(([name, count]) => [name, `${name} (${count})`])];
}

function control(name) {
  if (name === "model") return select(models.map((model) => [model.name, model.name]));
  if (name === "rhythm" || name === "meter" || name === "key") return select(counted());
  if (name === "temperature") {
    return make("input", { type: "number", min: "0", max: "2", step: "0.05", value: "0.8" });
  }
  if (name === "seed") {
    return make("input", { type: "number", min: "0", step: "1", placeholder: texts.auto });
  }
  if (name === "part_bars") return make("input", { type: "number", min: "2", max: "32" });
  return make("input", { type: "text", maxlength: "500", autocomplete: "off" });
}

function fillChoices() {
  const model = models.find((each) => each.name === byId("model").value) ?? models[0] ?? {};
  for (const [name, counts] of [
    ["rhythm", model.types],
    ["meter", model.meters],
    ["key", model.keys],
  ]) {
    refill(byId(name), counted(counts));
  }
}

export function settings() {
  const asked = {};
  for (const name of names) {
    const value = byId(name).value.trim();
    if (value === "") continue;
    const isNumber = ["temperature", "seed", "part_bars"].includes(name);
    asked[name] = isNumber ? Number(value) : value;
  }
  return asked;
}

function keepInAddress() {
  const kept = new URLSearchParams();
  for (const name of names) {
    const value = byId(name).value.trim();
    if (value && value !== defaults[name] && !(name === "model" && value === models[0]?.name)) {
      kept.set(name, value);
    }
  }
  history.replaceState(null, "", kept.size ? `#${kept}` : location.pathname);
}

// Take the settings of the address, such as those of a link of a kept tune.
function takeAddress() {
  const kept = new URLSearchParams(location.hash.slice(1));
  if (kept.has("change") || !names.some((name) => kept.has(name))) return;
  for (const name of names) {
    const first = name === "model" ? models[0]?.name : "";
    byId(name).value = kept.get(name) ?? defaults[name] ?? first;
    if (name === "model") fillChoices();
  }
  byId("write").focus();
}

export function buildForm(described, onWrite) {
  models = described;
  const wide = new Set(["prime", "title"]);
  byId("ask-fields").replaceChildren(
    ...names.map((name) => field(name, ...texts.fields[name], control(name), wide.has(name))),
  );
  fillChoices();
  takeAddress();
  window.addEventListener("hashchange", takeAddress);
  byId("model").addEventListener("change", fillChoices);
  byId("ask").addEventListener("input", keepInAddress);
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    keepInAddress();
    onWrite(settings());
  });
}
