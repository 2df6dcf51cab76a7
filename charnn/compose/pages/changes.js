// Changes of a tune by the model: several candidates side by side, chosen by ear.
import { ask, stream } from "./api.js";
import { attempt, byId, make, say } from "./dom.js";
import { noveltyOf } from "./novelty.js";
import { begin, origin } from "./origin.js";
import { running } from "./running.js";
import { markMeasure, pictureOf, widthOf } from "./score_view.js";
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

// The changes that a link may ask for, and its values that are no texts.
const links = {
  vary: { ending: Boolean, simpler: Boolean, busier: Boolean, temperature: Number, seed: Number },
  continue: { temperature: Number, seed: Number },
};

const isMusic = (line) => line && !/^(%|[A-Za-z]:)/.test(line);

// The changed lines of a candidate as a tune of their own.
function excerpt(abc, changed) {
  const head = abc.split("\n").filter((line) => /^[MLK]:/.test(line));
  return ["X:1", ...head, ...changed.filter(isMusic)].join("\n");
}

// The places in the excerpt that differ from the line of the old tune: by bars, [line, from, to].
function changedPlaces(abc, changed, old) {
  const lines = abc.split("\n");
  const first = 2 + lines.filter((line) => /^[MLK]:/.test(line)).length;
  return changed.filter(isMusic).flatMap((line, n) => {
    const before = lines.length === old.length ? old[lines.indexOf(line)].split("|") : [];
    const bars = line.split("|");
    let at = 1;
    return bars.flatMap((bar, index) => {
      const from = at;
      at += bar.length + 1;
      return before.length === bars.length && bar !== before[index] ? [[first + n, from, at]] : [];
    });
  });
}

export function buildChanges({ editor, score, settings, hear, restore }) {
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
    const chosen = score.chosen && `${score.chosen[0]}-${score.chosen[1]}`;
    const [path, choices] = requests[name](chosen);
    const { model, temperature } = settings();
    await show(path, { model, temperature, abc: editor.text, num: 3, ...choices });
  }

  async function show(path, asked) {
    const list = byId("candidates");
    list.replaceChildren();
    setBusy(true);
    try {
      await running(async (signal) => {
        let number = 0;
        for await (const result of stream(path, asked, signal)) {
          number += 1;
          list.append(candidate(number, result));
          document.dispatchEvent(new Event("written"));
        }
        say(texts.candidates(number));
      });
    } finally {
      setBusy(false);
    }
    if (list.children.length) {
      list.append(make("li", {}, make("button", { type: "button", id: "keep-old", onclick: () => leave() }, texts.keepOld)));
    }
  }

  // Take a link with a change: show the tune before it, and offer the change.
  function takeAddress() {
    const fields = new URLSearchParams(location.hash.slice(1));
    const path = fields.get("change");
    if (!Object.hasOwn(links, path) || !fields.get("abc")) return;
    const asked = { num: 1 };
    for (const [name, value] of fields) {
      if (name === "keep") asked.keep = [...(asked.keep ?? []), value];
      else if (name !== "change") asked[name] = (links[path][name] ?? String)(value);
    }
    document.body.removeAttribute("data-empty"); // the button is in sight at once
    begin(asked.abc, {});
    editor.set(asked.abc);
    say(texts.shared);
    const again = make("button", { type: "button", class: "main", onclick: () => attempt(() => show(path, asked)) }, texts.again);
    byId("candidates").replaceChildren(make("li", {}, again));
    again.focus();
  }

  // Show the tune as it is again.
  function leave() {
    byId("candidates").replaceChildren();
    byId("score").focus();
    restore();
  }

  function candidate(number, { abc, seed, command, link, written }) {
    const old = editor.text.split("\n");
    const changed = abc.split("\n").filter((line) => line && !old.includes(line));
    const places = changedPlaces(abc, changed, old);
    const title = texts.candidate(number, seed);
    const { kept } = origin;
    const lines = make("pre", { title: command }, changed.join("\n"));
    const item = make(
      "li",
      {},
      make("strong", {}, title),
      lines,
      make(
        "div",
        { class: "row" },
        make("button", { type: "button", onclick: () => hear(abc) }, texts.hear),
        make("button", { type: "button", class: "main", onclick: () => take(number, abc, { command, link, written, kept }) }, texts.take),
      ),
      noveltyOf({ abc, command }),
    );
    const draw = (svg) => {
      const picture = pictureOf(svg, title);
      lines.before(picture);
      const isChanged = ([, line, column]) => places.some(([n, from, to]) => n === +line && from <= +column && +column < to);
      const notes = [...picture.querySelectorAll(".note")].filter(({ id }) => isChanged(/^n(\d+)-(\d+)$/.exec(id) ?? []));
      for (const measure of new Set(notes.map((note) => note.closest(".measure")))) markMeasure(measure);
    };
    // Once the item has its place in the list, and so its width.
    Promise.resolve()
      .then(() => ask("tune", { abc: excerpt(abc, changed), width: widthOf(item) }))
      .then((view) => view.svg && draw(view.svg))
      .catch(() => {}); // the ABC is there
    return item;
  }

  function take(number, abc, from) {
    byId("candidates").replaceChildren();
    begin(abc, from);
    editor.put(abc);
    restore();
    say(texts.taken(number));
    byId("score").focus();
  }

  // Bars by number, for those who cannot drag.
  const bars = ["from", "to"].map((name) => {
    const input = make("input", { type: "number", min: "1", max: "999", id: `bar-${name}` });
    input.addEventListener("change", () => {
      const known = score.numbers();
      if (!known.length || !input.value) return score.choose(null);
      const here = Math.min(Math.max(Number(input.value), known[0]), known.at(-1));
      const [first, last] = score.chosen ?? [here, here];
      return score.choose(name === "from" ? [here, Math.max(here, last)] : [Math.min(first, here), here]);
    });
    return input;
  });
  byId("bar-fields").replaceChildren(
    ...bars.map((input) => make("label", { for: input.id }, texts.barFields[input.id], input)),
  );

  function setBusy(busy) {
    for (const button of buttons) button.disabled = busy || (button.dataset.needs && !score.chosen);
  }

  return {
    takeAddress,
    showSelection(range) {
      const words = range ? texts.selection(...range) : texts.noSelection;
      if (byId("selection").textContent !== words) byId("selection").textContent = words;
      bars.forEach((input, index) => (input.value = range ? String(range[index]) : ""));
      setBusy(false);
    },
  };
}
