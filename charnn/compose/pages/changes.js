// Changes of a tune by the model: several candidates side by side, chosen by ear.
import { stream } from "./api.js";
import { attempt, byId, make, say } from "./dom.js";
import { texts } from "./texts.js";

const requests = {
  bars: (bars) => ["vary", { bars }],
  rhythm: (bars) => ["vary", { bars, keep: ["rhythm"] }],
  simpler: (bars) => ["vary", { bars, simpler: true }],
  busier: (bars) => ["vary", { bars, busier: true }],
  ending: () => ["vary", { ending: true }],
  part: () => ["vary", { part: "B" }],
  more: () => ["continue", {}],
};

export function buildChanges({ editor, score, settings, hear }) {
  const buttons = Object.entries(texts.changes).map(([name, [label, needs]]) =>
    make(
      "button",
      { type: "button", "data-change": name, "data-needs": needs, onclick: () => attempt(() => run(name)) },
      label,
    ),
  );
  byId("change-buttons").replaceChildren(...buttons);

  async function run(name) {
    editor.keep();
    const list = byId("candidates");
    list.replaceChildren();
    const chosen = score.chosen && `${score.chosen[0]}-${score.chosen[1]}`;
    const [path, choices] = requests[name](chosen);
    const { model, temperature } = settings();
    const asked = { model, temperature, abc: editor.text, num: 3, ...choices };
    say(texts.writing);
    setBusy(true);
    try {
      let number = 0;
      for await (const result of stream(path, asked)) {
        number += 1;
        list.append(candidate(number, result));
      }
      say("");
    } finally {
      setBusy(false);
    }
  }

  function candidate(number, { abc, seed, command }) {
    const old = new Set(editor.text.split("\n"));
    const changed = abc.split("\n").filter((line) => line && !old.has(line));
    const title = texts.candidate(number, seed);
    const item = make(
      "li",
      {},
      make("strong", {}, title),
      make("pre", { title: command }, changed.join("\n")),
      make(
        "div",
        { class: "row" },
        make("button", { type: "button", onclick: () => hear(abc) }, texts.hear),
        make("button", { type: "button", class: "main", onclick: () => take(abc, command) }, texts.take),
      ),
    );
    return item;
  }

  function take(abc, command) {
    editor.set(abc);
    byId("command").textContent = command;
    byId("candidates").replaceChildren();
    byId("score").focus();
  }

  function setBusy(busy) {
    for (const button of buttons) button.disabled = busy || (button.dataset.needs && !score.chosen);
  }

  return {
    showSelection(range) {
      byId("selection").textContent = range ? texts.selection(...range) : texts.noSelection;
      setBusy(false);
    },
  };
}
