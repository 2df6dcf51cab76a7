// The undo button of the book: what was removed or written over comes back.
import { attempt, byId, make, say } from "./dom.js";
import { texts } from "./texts.js";

const past = [];

export function undoButton() {
  return make("button", { type: "button", id: "book-undo", hidden: true, onclick: () => attempt(undo) });
}

// Say what was done, and offer to take it back by calling `back`.
export function offerUndo(done, label, back) {
  past.push({ label, back });
  say(done);
  show();
}

async function undo() {
  const { label, back } = past.at(-1);
  await back();
  past.pop();
  say(texts.book.undone(label));
  show();
}

function show() {
  const button = byId("book-undo");
  button.hidden = !past.length;
  button.textContent = past.length ? texts.book.undo(past.at(-1).label) : "";
}
