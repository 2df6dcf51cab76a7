// The form that asks for a tune. Its settings are in the address, so that a link holds them.
import { byId, field, make, select } from "./dom.js";
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
  if (name === "part_bars") return make("input", { type: "number", min: "2", max: "64" });
  return make("input", { type: "text", maxlength: "500", autocomplete: "off" });
}

function fillChoices() {
  const model = models.find((each) => each.name === byId("model").value) ?? models[0] ?? {};
  for (const [name, counts] of [
    ["rhythm", model.types],
    ["meter", model.meters],
    ["key", model.keys],
  ]) {
    const before = byId(name).value;
    byId(name).replaceChildren(...select(counted(counts), before).children);
    if (byId(name).value !== before) byId(name).value = "";
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

export function buildForm(described, onWrite) {
  models = described;
  const wide = new Set(["prime", "title"]);
  byId("ask-fields").replaceChildren(
    ...names.map((name) => field(name, ...texts.fields[name], control(name), wide.has(name))),
  );
  fillChoices();
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (names.includes(name)) byId(name).value = value;
    if (name === "model") fillChoices();
  }
  byId("model").addEventListener("change", fillChoices);
  byId("ask").addEventListener("input", keepInAddress);
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    keepInAddress();
    onWrite(settings());
  });
}
