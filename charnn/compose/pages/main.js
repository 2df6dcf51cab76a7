// The page: ask for a tune, see it, hear it, change it, keep it.
import { ask, download, inPageWords, stream } from "./api.js";
import { buildForm, settings } from "./ask_form.js";
import { buildBook } from "./book.js";
import { saveAs } from "./book_files.js";
import { buildChanges } from "./changes.js";
import { attempt, byId, make, say } from "./dom.js";
import { keepDraft } from "./draft.js";
import { Editor } from "./editor.js";
import { noveltyOf } from "./novelty.js";
import { begin, follow, origin } from "./origin.js";
import { Player } from "./player.js";
import { buildControls } from "./player_controls.js";
import { running } from "./running.js";
import { ScoreView } from "./score_view.js";
import { texts } from "./texts.js";

for (const element of document.querySelectorAll("[data-text]")) {
  element.textContent = texts[element.dataset.text];
}
for (const element of document.querySelectorAll("[data-label]")) {
  element.setAttribute("aria-label", texts[element.dataset.label]);
}

let controls;
let changes;
let shown = 0;
// A note after the key of the tune.
const FIRST_NOTE = /^K:.*\n[^\n]*?[A-Ga-g]/m;
const LEAST_COMPARED = 16; // notes; fewer are like those of any tune
const MOST_TRIES = 5; // tunes that are written until one has only notes of the instrument
const player = new Player({
  onNotes: (places) => score.light(places),
  onState: (playing) => controls?.showState(playing),
  onSpeed: (speed) => controls?.showSpeed(speed),
  onEnd: () => document.dispatchEvent(new Event("played")),
});
const score = new ScoreView(playFrom, (range) => {
  changes?.showSelection(range);
  controls?.applyLoop();
});
const editor = new Editor(() => {
  follow(editor.text);
  attempt(() => show(editor.text));
});

function playFrom(name) {
  const note = player.notes?.find((each) => each.part === 0 && `n${each.place.join("-")}` === name);
  if (!note) return;
  const at = editor.offset(...note.place);
  editor.area.setSelectionRange(at, at + 1);
  attempt(() => player.play(note.start));
}

const asked = (abc) => ({ abc, width: score.width, ...controls?.state });

// Draw and load a tune. A later call makes the answer of an earlier one worthless.
async function show(abc, { partial = false } = {}) {
  shown += 1;
  const mine = shown;
  const view = await ask("tune", asked(abc));
  if (mine !== shown) return null;
  if (!partial) editor.showProblems(view.problems);
  if (!view.ok) {
    if (!partial) showMistake(view);
    return view;
  }
  present(view);
  const isShown = () => mine === shown;
  const places = new Set(view.notes.map(({ place }) => place.join()));
  let isNew = "";
  if (!partial && places.size < LEAST_COMPARED) isNew = texts.tooShort;
  else if (!partial) isNew = noveltyOf({ abc, command: origin.command }, texts.novelty, isShown);
  byId("facts").replaceChildren(`${texts.facts(view)} `, isNew);
  return view;
}

// A tune that cannot be played: what was drawn last is dimmed, unless this one can be drawn.
function showMistake(view) {
  player.load({});
  if (view.svg) score.show(view);
  markOld(!view.svg && score.view);
  controls?.allow(false);
  byId("facts").replaceChildren();
}

function markOld(isOld) {
  byId("score").classList.toggle("old", Boolean(isOld));
  byId("last-drawn").hidden = !isOld;
}

// Show and load a view: the score finds its loop among the notes of the player.
function present(view) {
  document.body.removeAttribute("data-empty");
  markOld(false);
  controls?.allow(true);
  player.load(view);
  score.show(view);
  controls?.showTempo();
  if (byId("range")) byId("range").textContent = [view.range_warning, view.rows_warning].filter(Boolean).join(" ");
}

// Write a tune; with another seed again if it must have the notes of the instrument, and has others.
async function write(settings) {
  for (let count = 1; ; count += 1) {
    const view = await writeOnce(settings);
    const isFit = !view?.ok || !(view.range_warning || view.rows_warning);
    if (!byId("fit").checked || settings.seed !== undefined || isFit) return;
    if (count === MOST_TRIES) {
      say(texts.noFit(count));
      return;
    }
  }
}

// Write a tune, and return its view; undefined if the writing is stopped.
async function writeOnce(settings) {
  player.pause();
  byId("candidates").replaceChildren();
  byId("lock").hidden = true;
  byId("ask-warning").textContent = "";
  let view;
  await running(async (signal) => {
    let text = "";
    let drawing = false;
    let drawn = "";
    let done = false;
    // Half a tune has no command; without a note of it, the tune before stays.
    const leave = () => done || (text ? begin(text, {}) : follow(editor.text));
    signal.addEventListener("abort", leave);
    try {
      for await (const result of stream("write", settings, signal)) {
        if (result.command) byId("command").textContent = result.command;
        if (result.warnings) byId("ask-warning").textContent = result.warnings.map(inPageWords).join(" ");
        if (result.text) {
          text += result.text;
          editor.preview(text);
          // The staff begins with the first note, then follows bar by bar, as fast as it is drawn.
          const bars = text.slice(0, text.lastIndexOf("|") + 1);
          const ready = drawn ? bars : FIRST_NOTE.test(text) && text;
          if (ready && ready.length > drawn.length && !drawing) {
            drawing = true;
            drawn = ready;
            show(ready, { partial: true }).catch(() => {}).finally(() => (drawing = false));
          }
        }
        if (result.done) {
          done = true;
          view = await finish(result, settings);
        }
      }
    } catch (problem) {
      if (!signal.aborted) leave();
      throw problem;
    }
  });
  return view;
}

async function finish({ abc, seed, command, link, written }, { seed: given }) {
  begin(abc, { command, link, written });
  editor.put(abc);
  document.dispatchEvent(new Event("written"));
  if (given === undefined) {
    byId("lock").textContent = texts.lock(seed);
    byId("lock").hidden = false;
    byId("lock").dataset.seed = String(seed);
  }
  const view = await show(abc);
  if (view?.ok) say(texts.written(view.title, view.bars_written));
  return view;
}

// Show another tune and play it from its beginning; false if it cannot be played.
async function playFirst(abc) {
  player.pause();
  const view = await show(abc);
  if (view?.ok) await player.play(0);
  return Boolean(view?.ok);
}

async function hear(abc) {
  const view = await attempt(() => ask("tune", asked(abc)));
  if (!view?.ok) return;
  const [first] = score.chosen ?? [1];
  present(view);
  const place = view.written_bars.find((bar) => bar.number === Math.max(1, first - 1))?.places[0];
  const note = place && view.notes.find((each) => each.place.join() === place.join());
  await player.play(note?.start ?? 0);
}

function buildExports() {
  byId("export").replaceChildren(
    make("span", {}, texts.export),
    ...Object.entries(texts.formats).map(([format, label]) =>
      make("button", { type: "button", "data-format": format, onclick: () => attempt(() => save(format)) }, label),
    ),
  );
}

async function save(format) {
  const title = /^T:\s*(.+)$/m.exec(editor.text)?.[1] ?? "tune";
  const { content, suffix, messages } = await download("export", { abc: editor.text, format, title, ...controls.state });
  saveAs(content, title, suffix);
  if (messages.length) say(`${byId("status").textContent} ${messages.join("; ")}`);
}

function buildTranspose() {
  const list = byId("transpose");
  for (let n = -7; n <= 7; n += 1) list.append(new Option(texts.semitones(n), String(n), n === 0, n === 0));
  list.addEventListener("change", () =>
    attempt(async () => {
      const { abc } = await ask("transpose", { abc: editor.text, semitones: Number(list.value) });
      list.value = "0";
      editor.set(abc);
    }),
  );
}

byId("lock").addEventListener("click", () => {
  byId("seed").value = byId("lock").dataset.seed;
  byId("seed").dispatchEvent(new Event("input", { bubbles: true }));
  byId("lock").hidden = true;
  byId("seed").focus();
});
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches?.("input, select, textarea, button, summary") ?? false;
  if (event.key === " " && !isTyping) {
    event.preventDefault();
    if (player.playing) player.pause();
    else attempt(() => player.play());
  }
});

const address = keepDraft(editor);
let showBook;
// The link of another start of charnn: the text stays.
document.addEventListener("token", () => {
  if (!showBook) return location.reload();
  say(texts.connected);
  return showBook();
});

const options = await attempt(() => ask("options"));
if (options) {
  buildForm(options.models, (chosen) => attempt(() => write(chosen)));
  controls = buildControls(player, score, options, () => attempt(() => show(editor.text)));
  changes = buildChanges({ editor, score, settings, hear, restore: () => attempt(() => show(editor.text)) });
  changes.showSelection(null);
  buildExports();
  buildTranspose();
  showBook = buildBook(editor, () => controls.state, playFirst);
  score.onWidth(() => editor.text && attempt(() => show(editor.text)));
  if (editor.text) attempt(() => show(editor.text));
  if (address !== location.hash) changes.takeAddress();
  window.addEventListener("hashchange", changes.takeAddress);
  document.body.dataset.ready = "true";
}
