// Small helpers for the document. Text is always set as text, never as markup.
export const byId = (id) => document.getElementById(id);

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

export function field(id, label, help, control, wide = false) {
  control.id = id;
  const parts = [make("span", {}, label), control];
  if (help) parts.push(make("small", { id: `${id}-help` }, help));
  if (help) control.setAttribute("aria-describedby", `${id}-help`);
  return make("label", { class: wide ? "field wide" : "field", for: id }, ...parts);
}

export function select(choices, value = "") {
  const control = make("select");
  for (const [key, text] of choices) control.append(new Option(text, key, false, key === value));
  return control;
}

// Give a list other choices; it keeps its value, or takes the first one if that has gone.
export function refill(control, choices, value = control.value) {
  control.replaceChildren(...choices.map(([key, text]) => new Option(text, key)));
  control.value = value;
  if (control.selectedIndex < 0) control.selectedIndex = 0;
}

let clearing;
let problems = 0; // how often something went wrong
export function say(message, wrong = false) {
  if (wrong) problems += 1;
  const status = byId("status");
  status.classList.toggle("wrong", wrong);
  status.textContent = message;
  clearTimeout(clearing);
  if (!wrong) clearing = setTimeout(() => (status.textContent = ""), 12000);
}

// Run an action, and say what went wrong. Once one succeeds, an earlier problem is no more.
export async function attempt(action) {
  const before = problems;
  try {
    const result = await action();
    if (problems === before && byId("status").classList.contains("wrong")) say("");
    return result;
  } catch (problem) {
    if (problem.name !== "AbortError") say(problem.message, true);
    return undefined;
  }
}
