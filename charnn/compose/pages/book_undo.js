// The undo button of the book: what was removed or written over comes back, after a reload as well.
import { ask } from "./api.js";
import { attempt, byId, make, say } from "./dom.js";
import { texts } from "./texts.js";

export function undoButton(changed) {
  const undo = async () => {
    const { undone } = await ask("undo", {});
    say(texts.book.undone(undone));
    await changed();
  };
  return make("button", { type: "button", id: "book-undo", hidden: true, onclick: () => attempt(undo) });
}

// Offer to undo the newest step, by the title or name that it is about; "" for none.
export function offerUndo(label) {
  const button = byId("book-undo");
  button.hidden = !label;
  button.textContent = label ? texts.book.undo(label) : "";
}
