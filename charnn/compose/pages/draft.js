// The text of the editor outlives a reload: this tab keeps it, with its origin.
import { begin, keptAs, origin, textInBook } from "./origin.js";

// Take the text of before the reload, and keep later ones. Returns the address of the page at
// that time; undefined if there was no text.
export function keepDraft(editor) {
  const save = () => {
    const draft = { abc: editor.text, origin, inBook: textInBook(origin.kept), address: location.hash };
    try {
      sessionStorage.setItem("draft", JSON.stringify(draft));
    } catch {
      // the text is too large for the store of a tab
    }
  };
  const { abc, origin: from, inBook, address } = JSON.parse(sessionStorage.getItem("draft") ?? "{}");
  if (abc) {
    if (inBook !== undefined) keptAs(from.kept, inBook);
    begin(abc, from);
    editor.put(abc);
  }
  editor.area.addEventListener("input", save);
  window.addEventListener("pagehide", save);
  return abc && address;
}
