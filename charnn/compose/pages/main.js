// The page: ask for a tune, see it, hear it, change it, keep it.
import { ask, download, stream } from "./api.js";
import { buildForm, settings } from "./ask_form.js";
import { buildChanges } from "./changes.js";
import { attempt, byId, make, say } from "./dom.js";
import { Editor } from "./editor.js";
import { Player } from "./player.js";
import { buildControls } from "./player_controls.js";
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
let writing = null;
let shown = 0;
const player = new Player({
  onNotes: (places) => score.light(places),
  onState: (playing) => controls?.showState(playing),
  onSpeed: (speed) => controls?.showSpeed(speed),
});
const score = new ScoreView(playFrom, (range) => {
  changes?.showSelection(range);
  controls?.applyLoop();
});
const editor = new Editor(() => attempt(() => show(editor.text)));

function playFrom(name) {
  const note = player.notes?.find((each) => each.part === 0 && `n${each.place.join("-")}` === name);
  if (!note) return;
  const [line, column] = note.place;
  editor.area.setSelectionRange?.(...caret(line, column));
  attempt(() => player.play(note.start));
}

function caret(line, column) {
  const before = editor.text.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  return [before + column - 1, before + column];
}

// Draw and load a tune. A later call makes the answer of an earlier one worthless.
async function show(abc, { partial = false } = {}) {
  shown += 1;
  const mine = shown;
  const view = await ask("tune", { abc, ...controls?.state });
  if (mine !== shown) return null;
  if (!partial) editor.showProblems(view.problems);
  if (!view.ok) return view;
  score.show(view);
  player.load(view);
  controls?.showTempo();
  byId("facts").textContent = texts.facts(view);
  return view;
}

async function write(asked) {
  writing?.abort();
  const own = new AbortController();
  writing = own;
  player.pause();
  byId("candidates").replaceChildren();
  byId("stop-writing").hidden = false;
  say(texts.writing);
  let text = "";
  let drawing = false;
  let drawn = 0;
  try {
    for await (const result of stream("write", asked, own.signal)) {
      if (result.command) byId("command").textContent = result.command;
      if (result.warnings?.length) say(result.warnings.join(" "));
      if (result.text) {
        text += result.text;
        editor.preview(text);
        const bars = (text.match(/\|/g) ?? []).length;
        // The staff follows, bar by bar, as fast as it can be drawn.
        if (bars > drawn && !drawing) {
          drawing = true;
          drawn = bars;
          show(text, { partial: true }).catch(() => {}).finally(() => (drawing = false));
        }
      }
      if (result.done) {
        editor.set(result.abc);
        const view = await show(result.abc);
        if (view?.ok) say(texts.written(view.title, view.bars_written));
        ask("novelty", { model: asked.model ?? "folk", abc: result.abc })
          .then(({ novelty }) => {
            if (novelty && editor.text === result.abc) {
              byId("facts").textContent += ` ${texts.novelty(novelty)}`;
            }
          })
          .catch(() => {});
      }
    }
  } catch (problem) {
    if (problem.name !== "AbortError") throw problem;
    if (writing === own) say(texts.stopped);
  } finally {
    if (writing === own) {
      byId("stop-writing").hidden = true;
      writing = null;
    }
  }
}

async function hear(abc) {
  const view = await attempt(() => ask("tune", { abc, ...controls.state }));
  if (!view?.ok) return;
  const [first] = score.chosen ?? [1];
  score.show(view);
  player.load(view);
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
  const content = await download("export", { abc: editor.text, format, ...controls.state });
  const title = (/^T:\s*(.+)$/m.exec(editor.text)?.[1] ?? "tune").toLowerCase();
  const stem = title.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "tune";
  const suffix = { midi: "mid" }[format] ?? format;
  const link = make("a", { href: URL.createObjectURL(content), download: `${stem}.${suffix}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  say(texts.saved(link.download));
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

byId("stop-writing").addEventListener("click", () => writing?.abort());
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches?.("input, select, textarea, button, summary") ?? false;
  if (event.key === " " && !isTyping) {
    event.preventDefault();
    if (player.playing) player.pause();
    else attempt(() => player.play());
  }
});

const options = await attempt(() => ask("options"));
if (options) {
  buildForm(options.models, (asked) => attempt(() => write(asked)));
  controls = buildControls(player, score, options, () => attempt(() => show(editor.text)));
  changes = buildChanges({ editor, score, settings, hear });
  changes.showSelection(null);
  buildExports();
  buildTranspose();
  document.body.dataset.ready = "true";
}
