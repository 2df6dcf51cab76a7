// Keep the tune of the editor, or save it over the kept tune that it was. A text that this page has
// not shown, or another tune, is not written over without a question.
import { ask } from "./api.js";
import { attempt, byId, make, say } from "./dom.js";
import { begin, keptAs, keptId, onOrigin, origin, textInBook } from "./origin.js";
import { texts } from "./texts.js";

const words = texts.book;

const titleOf = (abc) => /^T:[ \t]*(.*\S)/m.exec(abc)?.[1] ?? "";
const musicOf = (abc) => abc.split("\n").filter((line) => line.trim() && !/^(%|[A-Za-z]:)/.test(line));

// Whether two texts have different titles, and no line of music in common.
function isAnother(before, now) {
  const lines = new Set(musicOf(before));
  return titleOf(before) !== titleOf(now) && !musicOf(now).some((line) => lines.has(line));
}

// `keep` keeps a text with its origin; `open` opens a kept tune; `shown` shows the book anew.
export function buildSaving({ editor, keep, open, shown }) {
  async function keepCurrent() {
    editor.keep();
    const { text } = editor;
    const tune = await keep(text, origin);
    keptAs(tune.id, text);
    begin(text, { ...origin, kept: tune.id });
    await shown();
    say(words.isKept(tune.title));
  }

  async function save({ isSure = false } = {}) {
    editor.keep();
    const { text } = editor;
    const id = keptId();
    const before = textInBook(id);
    const again = () => save({ isSure: true });
    if (!isSure && isAnother(before, text)) {
      return offer(words.another(titleOf(text), titleOf(before)), [words.writeOver(titleOf(before)), again]);
    }
    const { tune, refused } = await ask(`book/${id}`, { abc: text, before });
    if (refused === "removed") {
      keptAs(id, undefined);
      return offer(words.wasRemoved(tune.title));
    }
    if (refused) {
      const writeOver = () => {
        keptAs(id, tune.abc);
        return again();
      };
      return offer(words.wasChanged(tune.title), [words.overwrite, writeOver], [words.openSaved, () => open(tune)]);
    }
    keptAs(id, text);
    say(words.saved(tune.title));
    return shown();
  }

  // Ask what to do with the text; it can always be kept as a new tune.
  function offer(question, ...choices) {
    const choose = (action) => {
      byId("save-choice").hidden = true;
      return attempt(action);
    };
    byId("save-choice").replaceChildren(
      make("p", { class: "warning", role: "alert" }, question),
      ...[[words.keepNew, keepCurrent], ...choices].map(([label, action]) =>
        make("button", { type: "button", onclick: () => choose(action) }, label),
      ),
    );
    byId("save-choice").hidden = false;
    byId("save-choice").scrollIntoView({ block: "nearest" });
  }

  const show = () => {
    byId("save-changes").hidden = !keptId();
    byId("save-choice").hidden = true;
  };
  byId("keep").addEventListener("click", () => attempt(keepCurrent));
  byId("save-changes").addEventListener("click", () => attempt(save));
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    editor.keep();
    attempt(keptId() ? save : keepCurrent);
  });
  onOrigin(show);
  show();
}
