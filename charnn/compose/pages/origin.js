// Where the tune in the editor comes from: the command that wrote it, and its numbers in the book.
import { byId } from "./dom.js";
import { texts } from "./texts.js";

const none = { command: "", link: "", written: null, kept: null, edited: false };
// Each text that the editor has shown, so that undo brings the origin back, too.
const known = new Map([["", none]]);
const listeners = [];

// The texts that the tune book has of kept tunes, by number: what their changes were made of.
const kept = new Map();

export let origin = none;

// The number of the kept tune in the editor; null if there is none, or it was removed.
export const keptId = () => (kept.has(origin.kept) ? origin.kept : null);
export const textInBook = (id) => kept.get(id);

// Take the text of a kept tune; undefined if the tune was removed.
export function keptAs(id, abc) {
  if (abc === undefined) kept.delete(id);
  else kept.set(id, abc);
  for (const listener of listeners) listener();
}

// Take a text that the editor shows now: a new one is a change of the text before.
export function follow(text) {
  if (!known.has(text)) known.set(text, { ...origin, edited: true });
  origin = known.get(text);
  byId("command").textContent = origin.command;
  byId("command-title").textContent = origin.command && texts.commandTitle(origin.edited);
  byId("command-source").textContent = origin.command.includes(" tune.abc ") ? texts.commandSource : "";
  const link = byId("tune-link");
  link.hidden = !origin.link;
  link.href = `#${origin.link}`;
  for (const listener of listeners) listener();
}

// Take a text of another origin.
export function begin(text, from) {
  known.set(text, { ...none, ...from });
  follow(text);
}

export function onOrigin(listener) {
  listeners.push(listener);
}
