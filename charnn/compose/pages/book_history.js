// The history: every tune that was written, kept or not.
import { ask } from "./api.js";
import { attempt, byId, make } from "./dom.js";
import { originOf } from "./kept_tune.js";
import { noveltyOf } from "./novelty.js";
import { texts } from "./texts.js";

const words = texts.book;

export class BookHistory {
  constructor(open, keep) {
    Object.assign(this, { open, keep });
    this.root = make(
      "div",
      { id: "book-history" },
      make("h3", {}, words.here),
      make("ol", { class: "tunes", id: "history-here" }),
      make("h3", {}, words.before),
      make("ol", { class: "tunes", id: "history-before" }),
      make("button", { type: "button", id: "history-more", hidden: true, onclick: () => attempt(() => this.load(this.last)) }, words.showMore),
    );
  }

  async load(before = 0) {
    const { tunes, more } = await ask(`history?before=${before || ""}`);
    const lists = [byId("history-here"), byId("history-before")];
    if (!before) for (const list of lists) list.replaceChildren();
    for (const tune of tunes) lists[tune.here ? 0 : 1].append(this.item(tune));
    for (const list of lists) {
      if (!list.children.length) list.append(make("li", { class: "quiet" }, words.nothing));
    }
    this.last = tunes.at(-1)?.id;
    byId("history-more").hidden = !more;
  }

  item(tune) {
    const from = { command: tune.command, link: tune.link, written: tune.id };
    const keep = () => this.keep(tune.abc, from).then(() => this.load());
    return make(
      "li",
      {},
      make("button", { type: "button", class: "title", onclick: () => this.open(tune.abc, from) }, tune.title),
      make("time", { class: "quiet", datetime: tune.written_at }, new Date(tune.written_at).toLocaleString()),
      tune.kept
        ? make("span", { class: "quiet" }, words.kept)
        : make("button", { type: "button", onclick: () => attempt(keep) }, words.keep, make("span", { class: "hidden" }, ` ${tune.title}`)),
      noveltyOf(tune),
      make("details", {}, make("summary", {}, words.howMade, make("span", { class: "hidden" }, ` ${tune.title}`)), ...originOf(tune)),
    );
  }
}
