// Sets of kept tunes, in the order in which they are played.
import { ask } from "./api.js";
import { fileButtons } from "./book_files.js";
import { attempt, byId, field, make, refill, say, select } from "./dom.js";
import { factsOf } from "./kept_tune.js";
import { origin } from "./origin.js";
import { texts } from "./texts.js";

const words = texts.book;

export class BookSets {
  constructor({ open, hear, changed, playing }) {
    Object.assign(this, { open, hear, changed });
    this.following = null; // what to play after a tune of a set
    document.addEventListener("played", () => this.following?.id === origin.kept && this.following.play());
    this.sets = [];
    this.name = "";
    const choice = select([]);
    choice.addEventListener("change", () => {
      this.name = choice.value;
      this.show();
    });
    const name = make("input", { type: "text", maxlength: "60", autocomplete: "off" });
    name.addEventListener("keydown", (event) => event.key === "Enter" && attempt(() => this.create()));
    this.root = make(
      "div",
      { id: "book-sets" },
      make(
        "div",
        { class: "row" },
        field("set", words.set, "", choice),
        field("set-name", words.newSet, "", name),
        make("button", { type: "button", id: "add-set", onclick: () => attempt(() => this.create()) }, words.create),
      ),
      make("p", { class: "quiet", id: "set-help" }),
      make("ol", { class: "tunes", id: "set-tunes" }),
      make(
        "div",
        { class: "row", id: "set-actions" },
        make("button", { type: "button", id: "play-set", onclick: () => attempt(() => this.play(this.current.tunes)) }, words.playSet),
        ...fileButtons(() => ({ set: this.name }), () => this.name, playing),
        make("button", { type: "button", onclick: () => attempt(() => this.remove()) }, words.removeSet),
      ),
    );
  }

  get current() {
    return this.sets.find((each) => each.name === this.name);
  }

  async load() {
    this.take((await ask("sets")).sets);
  }

  take(sets) {
    this.sets = sets;
    if (!this.current) this.name = sets[0]?.name ?? "";
    this.show();
  }

  show() {
    refill(byId("set"), this.sets.map(({ name }) => [name, name]), this.name);
    const tunes = this.current?.tunes ?? [];
    byId("set-help").textContent = !this.current ? words.noSet : tunes.length ? words.setHelp : words.emptySet;
    byId("set-actions").hidden = !tunes.length && !this.current;
    byId("set-tunes").replaceChildren(...tunes.map((tune, place) => this.item(tune, place)));
    for (const button of document.querySelectorAll("button.add")) {
      button.textContent = words.addTo(this.name);
    }
  }

  item(tune, place) {
    const last = this.current.tunes.length - 1;
    const step = (by, sign, label) =>
      make(
        "button",
        {
          type: "button",
          class: by < 0 ? "up" : "down",
          "aria-label": label(tune.title),
          disabled: by < 0 ? place === 0 : place === last,
          onclick: () => attempt(() => this.move(place, by)),
        },
        sign,
      );
    const item = make(
      "li",
      {},
      make("button", { type: "button", class: "title", onclick: () => this.open(tune) }, tune.title),
      make("span", { class: "quiet" }, factsOf(tune)),
      step(-1, "↑", words.moveUp),
      step(1, "↓", words.moveDown),
      make("button", { type: "button", onclick: () => attempt(() => this.leaveOut(place)) }, words.leaveOut),
    );
    item.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by || !event.altKey) return;
      event.preventDefault();
      attempt(() => this.move(place, by));
    });
    return item;
  }

  // Play tunes one after the other, until another tune is opened.
  async play(tunes, place = 0) {
    this.following = null;
    const tune = tunes[place];
    if (!tune) return;
    say(words.playing(tune.title, place + 1, tunes.length));
    const play = () => attempt(() => this.play(tunes, place + 1));
    if (await this.hear(tune)) this.following = { id: tune.id, play };
    else await play();
  }

  async create() {
    const name = byId("set-name").value.trim();
    const same = this.sets.find((each) => each.name.toLowerCase() === name.toLowerCase());
    this.name = same?.name ?? name;
    if (!same) await this.save([], name);
    byId("set-name").value = "";
    this.show();
    say(words.chosenSet(this.name));
  }

  async save(tunes, name = this.name) {
    const { sets } = await ask("sets", { name, tunes: tunes.map(({ id }) => id) });
    this.take(sets);
  }

  async add(tune) {
    if (!this.current) throw new Error(words.noSet);
    await this.save([...this.current.tunes, tune]);
    say(words.added(tune.title, this.name));
  }

  async move(place, by) {
    const tunes = [...this.current.tunes];
    const to = place + by;
    if (!tunes[to]) return;
    [tunes[place], tunes[to]] = [tunes[to], tunes[place]];
    await this.save(tunes);
    const item = byId("set-tunes").children[to];
    const button = item.querySelector(by < 0 ? ".up" : ".down");
    (button.disabled ? item.querySelector(".title") : button).focus();
    say(words.moved(tunes[to].title, to + 1));
  }

  async leaveOut(place) {
    const { name, tunes } = this.current;
    await this.save(tunes.filter((_, index) => index !== place));
    say(words.leftOut(tunes[place].title, name));
    await this.changed();
  }

  async remove() {
    const { name } = this;
    await ask("sets", { name, removed: true });
    say(words.removed(name));
    await this.changed();
  }
}
