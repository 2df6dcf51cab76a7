// One kept tune in a list: open, rate, tag, note, add to a set, remove.
import { ask } from "./api.js";
import { attempt, make, say, select } from "./dom.js";
import { noveltyOf } from "./novelty.js";
import { keptAs } from "./origin.js";
import { texts } from "./texts.js";

const words = texts.book;

export const factsOf = (tune) => [tune.rhythm, tune.key, tune.meter].filter(Boolean).join(", ");

// The command of a tune and the link with its settings.
export function originOf(tune) {
  if (!tune.command) return [];
  const parts = [make("p", { class: "quiet" }, tune.edited ? words.edited : words.command)];
  if (tune.command.includes(" tune.abc ")) parts.push(make("p", { class: "quiet" }, words.source));
  parts.push(make("code", {}, tune.command));
  if (tune.link) parts.push(make("p", {}, make("a", { href: `#${tune.link}` }, tune.link.startsWith("change=") ? words.linkOfChange : words.link)));
  return parts;
}

function tagsOf(text) {
  return text.split(",").map((tag) => tag.trim()).filter(Boolean);
}

export function keptTune(tune, { open, addToSet, setName, changed }) {
  const change = (values) =>
    attempt(async () => {
      const { tune: now, refused } = await ask(`book/${tune.id}`, values);
      if (refused) throw new Error(words.wasRemoved(now.title));
      tune = now;
      say(words.saved(tune.title));
    });
  const stars = [0, 1, 2, 3, 4, 5].map((count) => [String(count), words.stars(count)]);
  const rating = select(stars, String(tune.rating));
  rating.setAttribute("aria-label", words.ratingOf(tune.title));
  rating.addEventListener("change", () => change({ rating: Number(rating.value) }));
  const tags = make("input", { type: "text", value: tune.tags.join(", "), autocomplete: "off" });
  tags.addEventListener("change", () => change({ tags: tagsOf(tags.value) }));
  const note = make("textarea", { rows: "2" });
  note.value = tune.note;
  note.addEventListener("change", () => change({ note: note.value }));

  async function remove() {
    await ask(`book/${tune.id}`, { removed: true });
    keptAs(tune.id, undefined);
    say(words.removed(tune.title));
    await changed();
  }

  const likeness = tune.similarity ? ` (${words.alike(tune.similarity)})` : "";
  const marks = [...tune.tags, tune.note].filter(Boolean).join("; ");
  return make(
    "li",
    { "data-id": String(tune.id) },
    make("button", { type: "button", class: "title", onclick: () => open(tune) }, tune.title),
    make("span", { class: "quiet" }, factsOf(tune) + likeness + (marks ? ` — ${marks}` : "")),
    rating,
    make("button", { type: "button", class: "add", onclick: () => attempt(() => addToSet(tune)) }, words.addTo(setName())),
    noveltyOf(tune),
    make(
      "details",
      {},
      make("summary", {}, words.more, make("span", { class: "hidden" }, ` ${tune.title}`)),
      make("label", {}, words.tags, tags),
      make("label", {}, words.note, note),
      ...originOf(tune),
      make("button", { type: "button", class: "remove", onclick: () => attempt(remove) }, words.remove),
    ),
  );
}
