// The tune book: kept tunes, their sets, and the history of what was written.
import { ask } from "./api.js";
import { cancelButton, fileButtons, importField } from "./book_files.js";
import { BookHistory } from "./book_history.js";
import { buildSaving } from "./book_saving.js";
import { BookSets } from "./book_sets.js";
import { offerUndo, undoButton } from "./book_undo.js";
import { attempt, byId, field, make, refill, say, select } from "./dom.js";
import { keptTune } from "./kept_tune.js";
import { begin, keptAs, origin } from "./origin.js";
import { texts } from "./texts.js";

const words = texts.book;
const MIN_NOTES = 4; // of a melody; the first ones are still being typed

// `playing` returns how tunes are played and drawn, and `play` shows and plays one.
// Returns a function that shows the book anew.
export function buildBook(editor, playing, play) {
  let asked = 0; // the newest search; answers to older ones are worthless
  let shown = 0;
  const open = (abc, from) => {
    editor.keep();
    begin(abc, from);
    editor.set(abc);
    byId("tune").scrollIntoView();
    byId("score").focus({ preventScroll: true });
  };
  const fromKept = (tune) => {
    keptAs(tune.id, tune.abc);
    return { command: tune.command, link: tune.link, written: tune.written, kept: tune.id };
  };
  const openKept = (tune) => open(tune.abc, fromKept(tune));
  const hearKept = (tune) => {
    editor.keep();
    begin(tune.abc, fromKept(tune));
    editor.put(tune.abc);
    return play(tune.abc);
  };
  const sets = new BookSets({ open: openKept, hear: hearKept, changed: refresh, playing });
  const history = new BookHistory(open, keep);
  const panels = { kept: keptPanel(), sets: sets.root, history: history.root };
  const loads = { kept: () => find(), sets: () => sets.load(), history: () => history.load() };
  const tabs = Object.keys(panels).map((name) =>
    make("button", { type: "button", id: `show-${name}`, onclick: () => attempt(() => show(name)) }, words.panels[name]),
  );
  byId("book-content").replaceChildren(
    make("div", { class: "row", role: "group", "aria-label": texts.bookTitle }, ...tabs, undoButton(reread), cancelButton()),
    ...Object.values(panels),
    make("ul", { id: "book-messages", "aria-live": "polite" }),
    make("p", { class: "quiet", id: "book-path" }),
  );

  async function show(name) {
    for (const [each, panel] of Object.entries(panels)) {
      panel.hidden = each !== name;
      byId(`show-${each}`).setAttribute("aria-pressed", String(each === name));
    }
    await loads[name]();
  }

  function query() {
    const [text, melody, tag, rating] = ["text", "melody", "tag", "rating"].map((name) => byId(`find-${name}`).value);
    const notes = melody.match(/[A-Ga-g]/g) ?? [];
    return { text, melody: notes.length < MIN_NOTES ? "" : melody, tag, rating };
  }

  function keptPanel() {
    const any = [["", texts.any]];
    const stars = [1, 2, 3, 4, 5].map((count) => [String(count), words.atLeast(count)]);
    const controls = {
      text: make("input", { type: "search", maxlength: "300" }),
      melody: make("input", { type: "search", maxlength: "300", autocapitalize: "off", spellcheck: "false" }),
      tag: select(any),
      rating: select([...any, ...stars]),
    };
    const fields = Object.entries(controls).map(([name, control]) =>
      field(`find-${name}`, ...words.find[name], control),
    );
    let waiting;
    const search = make("div", { class: "grid", role: "search", "aria-label": words.search }, ...fields);
    search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => attempt(() => find()), 250);
    });
    return make(
      "div",
      { id: "book-kept" },
      search,
      make("p", { id: "book-count", class: "quiet", role: "status" }),
      make("ol", { class: "tunes", id: "kept-tunes" }),
      make("button", { type: "button", id: "kept-more", hidden: true, onclick: () => attempt(() => find(shown)) }, words.showMore),
      make("div", { class: "row" }, ...fileButtons(query, () => query().text || words.fileName, playing), importField(() => find())),
    );
  }

  async function find(from = 0) {
    asked += 1;
    const mine = asked;
    const { tunes, found, tags, path, undo } = await ask(`book?${new URLSearchParams({ ...query(), from })}`);
    if (mine !== asked) return;
    const list = byId("kept-tunes");
    if (!from) list.replaceChildren();
    const actions = { open: openKept, addToSet: (tune) => sets.add(tune), setName: () => sets.name, changed: refresh };
    list.append(...tunes.map((tune) => keptTune(tune, actions)));
    shown = from + tunes.length;
    byId("kept-more").hidden = shown >= found;
    byId("book-count").textContent = words.count(found);
    byId("book-path").textContent = words.path(path);
    offerUndo(undo);
    const choices = Object.entries(tags).map(([tag, count]) => [tag, `${tag} (${count})`]);
    refill(byId("find-tag"), [["", texts.any], ...choices]);
  }

  async function refresh() {
    await Promise.all([find(), sets.load()]);
  }

  async function keepText(abc, { command, written }) {
    return (await ask("book", { abc, command, written })).tune;
  }

  async function keep(abc, from) {
    const tune = await keepText(abc, from);
    await refresh();
    say(words.isKept(tune.title));
  }

  // What was undone may be the text of the tune in the editor, or its removal.
  async function reread() {
    if (origin.kept) {
      const tune = await ask(`book/${origin.kept}`).then((found) => found.tune, () => null);
      keptAs(origin.kept, tune?.abc);
    }
    await refresh();
  }

  buildSaving({ editor, keep: keepText, open: openKept, shown: () => Promise.all([show("kept"), sets.load()]) });
  document.addEventListener("written", () => !history.root.hidden && attempt(() => history.load()));
  const start = () => attempt(() => Promise.all([show("kept"), sets.load()]));
  start();
  return start;
}
