// The staff: verovio's picture, with clicks on notes, chosen bars, and the notes that sound.
import { byId, make } from "./dom.js";
import { texts } from "./texts.js";

const LEAST_SCALE = 0.72; // pixels of a unit of the score
const REACH = 60; // pixels above and below a note that belong to it

const noteName = ([line, column]) => `n${line}-${column}`;

export class ScoreView {
  constructor(onNote, onSelection) {
    this.root = byId("score");
    this.view = null;
    this.chosen = null; // [first, last] written bar numbers
    this.onNote = onNote;
    this.onSelection = onSelection;
    this.sounding = new Set();
    this.root.addEventListener("pointerdown", (event) => this.begin(event));
    this.root.addEventListener("pointermove", (event) => this.extend(event));
    this.root.addEventListener("pointerup", (event) => this.end(event));
    this.root.addEventListener("pointercancel", () => (this.drag = null));
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  // The width in which the tune is to be drawn; `onChange` is called when the window asks for another.
  get width() {
    return widthOf(this.root);
  }

  onWidth(onChange) {
    let last = this.width;
    let waiting;
    new ResizeObserver(() => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        if (this.width === last) return;
        last = this.width;
        onChange();
      }, 250);
    }).observe(this.root);
  }

  show(view) {
    this.view = view;
    this.sounding.clear();
    this.elements = new Map();
    this.barOf = new Map();
    if (!view.svg) {
      this.root.replaceChildren(make("pre", {}, view.svg_problem ?? ""));
      this.choose(null);
      return;
    }
    this.root.replaceChildren(pictureOf(view.svg, view.title || texts.score));
    for (const element of this.root.querySelectorAll("[id^='n']")) {
      this.elements.set(element.id, element);
    }
    this.numberBars(view.written_bars ?? []);
    if (this.chosen && !view.written_bars?.some((bar) => bar.number === this.chosen[0])) {
      this.chosen = null;
    }
    this.choose(this.chosen);
  }

  // A pick-up has the number of the bar after it, less a half: as in `charnn vary`, it is chosen with
  // the bars on both sides of it.
  numberBars(bars) {
    let following = Math.max(0, ...bars.map((bar) => bar.number)) + 1;
    for (const bar of [...bars].reverse()) {
      if (bar.number) following = bar.number;
      for (const place of bar.places) this.barOf.set(noteName(place), bar.number || following - 0.5);
    }
  }

  // The bar of a note, for the pointer: a pick-up belongs to the bar after it.
  barAt(name) {
    return Math.min(Math.ceil(this.barOf.get(name)), this.numbers().at(-1) ?? 1);
  }

  // The note nearest to the pointer, on the staff where the pointer is.
  nameAt({ clientX, clientY }) {
    let nearest = null;
    let least = Infinity;
    for (const [name, element] of this.elements ?? []) {
      if (!this.barOf.has(name)) continue;
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const across = Math.max(left - clientX, clientX - right, 0);
      const along = Math.max(top - clientY, clientY - bottom, 0);
      if (along < REACH && across + 3 * along < least) [nearest, least] = [name, across + 3 * along];
    }
    return nearest;
  }

  begin(event) {
    if (event.button) return;
    const name = this.nameAt(event);
    this.drag = name && { name, bar: this.barAt(name), moved: event.shiftKey };
    if (this.drag && event.shiftKey && this.chosen) {
      this.choose(sorted(this.chosen[0], this.drag.bar));
      this.drag = null;
    }
  }

  extend(event) {
    if (!this.drag) return;
    const name = this.nameAt(event);
    if (!name) return;
    const bar = this.barAt(name);
    if (name !== this.drag.name) this.drag.moved = true;
    if (this.drag.moved) this.choose(sorted(this.drag.bar, bar));
  }

  end(event) {
    if (this.drag && !this.drag.moved) this.onNote(this.drag.name);
    this.drag = null;
    if (event.detail === 2) this.choose(null);
  }

  key(event) {
    const bars = this.numbers();
    if (!bars.length) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") this.choose(null);
    else if (event.key === "Enter" && this.chosen) this.onNote(this.firstNote(this.chosen[0]));
    else if (step && !this.chosen) this.choose([bars[0], bars[0]]);
    else if (step) {
      const [first, last] = this.chosen;
      const to = Math.min(Math.max(last + step, bars[0]), bars.at(-1));
      this.choose(event.shiftKey ? [Math.min(first, to), Math.max(first, to)] : [to, to]);
    } else return;
    event.preventDefault();
  }

  numbers() {
    const numbers = (this.view?.written_bars ?? []).map((bar) => bar.number).filter(Boolean);
    return [...new Set(numbers)].sort((a, b) => a - b);
  }

  firstNote(number) {
    const bar = this.view.written_bars.find((each) => each.number === number && each.places.length);
    return bar && noteName(bar.places[0]);
  }

  choose(range) {
    this.chosen = range;
    for (const old of this.root.querySelectorAll(".chosen")) old.remove();
    if (range) {
      const measures = new Set();
      for (const [name, number] of this.barOf) {
        if (number < range[0] || number > range[1]) continue;
        const measure = this.elements.get(name)?.closest(".measure");
        if (measure) measures.add(measure);
      }
      for (const measure of measures) markMeasure(measure);
    }
    this.onSelection(range);
  }

  // Show which notes sound: a set of places.
  light(places) {
    const names = new Set(places.map(noteName));
    for (const name of this.sounding) {
      if (!names.has(name)) this.elements.get(name)?.classList.remove("sounding");
    }
    for (const name of names) {
      if (this.sounding.has(name)) continue;
      const element = this.elements.get(name);
      element?.classList.add("sounding");
      if (element) this.follow(element);
    }
    this.sounding = names;
  }

  // Scroll to a note that sounds out of sight, while the score itself is in sight.
  follow(element) {
    const note = element.getBoundingClientRect();
    const frame = this.root.getBoundingClientRect();
    const isInside = note.left >= frame.left && note.right <= frame.right;
    const isInSight = note.top >= 0 && note.bottom <= innerHeight;
    if (frame.bottom < 0 || frame.top > innerHeight || (isInside && isInSight)) return;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "nearest", inline: "center", behavior: isCalm ? "auto" : "smooth" });
  }
}

// Mark a measure of a picture that is in the page.
export function markMeasure(measure) {
  const staff = measure.querySelector(".staff") ?? measure;
  const box = staff.getBBox();
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const size = { x: box.x, y: box.y - 150, width: box.width, height: box.height + 300 };
  for (const [key, value] of Object.entries(size)) mark.setAttribute(key, value);
  mark.setAttribute("class", "chosen");
  measure.prepend(mark);
}

// The width of a score for an element, in units of a printed page's 840: fewer on a phone, so that
// notes stay large and lines have fewer bars.
export function widthOf(element) {
  const units = 40 * Math.round(element.clientWidth / LEAST_SCALE / 40);
  return Math.min(840, Math.max(420, units));
}

// The element of an SVG text.
export function pictureOf(svg, label) {
  const picture = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  // The page has the styles, and no script may come with a picture.
  for (const element of picture.querySelectorAll("style, script, foreignObject")) element.remove();
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", label);
  picture.removeAttribute("width");
  picture.removeAttribute("height");
  return document.importNode(picture, true);
}

function sorted(a, b) {
  return a <= b ? [a, b] : [b, a];
}

export { noteName };
