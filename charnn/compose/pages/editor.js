// The ABC as text: undo and redo without end, and problems with their places.
import { byId, make } from "./dom.js";
import { texts } from "./texts.js";

export class Editor {
  constructor(onChange) {
    this.area = byId("abc");
    this.onChange = onChange;
    this.past = [];
    this.future = [];
    this.last = "";
    this.marks = byId("abc-marks");
    this.area.addEventListener("scroll", () => (this.marks.scrollTop = this.area.scrollTop));
    this.area.addEventListener("input", () => {
      this.marks.replaceChildren();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.keep(), 350);
    });
    byId("undo").addEventListener("click", () => this.step(this.past, this.future));
    byId("redo").addEventListener("click", () => this.step(this.future, this.past));
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.matches?.("input, select") ?? false;
      if (isTyping || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === "z" && !event.shiftKey) this.step(this.past, this.future);
      else if (key === "y" || (key === "z" && event.shiftKey)) this.step(this.future, this.past);
      else return;
      event.preventDefault();
    });
    this.buttons();
  }

  get text() {
    return this.area.value;
  }

  // Show a text that the model is writing, without a step of the history.
  preview(text) {
    this.marks.replaceChildren();
    this.area.value = text;
    this.area.scrollTop = this.area.scrollHeight;
  }

  // Take another text, and have it shown.
  set(text) {
    if (this.put(text)) this.onChange(text);
  }

  // Take another text as a step of the history; false if it is the same.
  put(text) {
    clearTimeout(this.timer);
    this.preview(text);
    this.area.scrollTop = 0;
    return this.remember();
  }

  remember() {
    if (this.area.value === this.last) return false;
    if (this.last) this.past.push(this.last);
    this.future = [];
    this.last = this.area.value;
    this.buttons();
    return true;
  }

  // Take what was typed.
  keep() {
    clearTimeout(this.timer);
    if (this.remember()) this.onChange(this.last);
  }

  step(from, to) {
    this.keep();
    if (!from.length) return;
    to.push(this.last);
    this.last = from.pop();
    this.marks.replaceChildren();
    this.area.value = this.last;
    this.buttons();
    this.onChange(this.last);
  }

  buttons() {
    byId("undo").disabled = !this.past.length;
    byId("redo").disabled = !this.future.length;
  }

  // Place the caret at a line and a column, which count from 1.
  goTo(line, column) {
    const at = this.offset(line, column);
    this.area.focus();
    this.area.setSelectionRange(at, at + 1);
    const height = this.area.scrollHeight / Math.max(1, this.area.value.split("\n").length);
    this.area.scrollTop = Math.max(0, (line - 3) * height);
  }

  // Return the offset of a line and a column, which count from 1; columns count characters.
  offset(line, column) {
    const lines = this.area.value.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    const inLine = [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
    return Math.min(before + inLine, this.area.value.length);
  }

  // Underline the places of problems: a copy of the text lies below the field.
  mark(problems) {
    const places = problems.map(({ line, column, serious }) => [this.offset(line, column), serious]);
    const text = this.area.value;
    const parts = [];
    let done = 0;
    for (const [at, serious] of places.sort((a, b) => a[0] - b[0])) {
      if (at < done) continue;
      // A problem at the end of a line has no character of its own.
      const from = at > 0 && (at >= text.length || text[at] === "\n") ? Math.max(done, at - 1) : at;
      parts.push(text.slice(done, from), make("mark", { class: serious ? "serious" : "note" }, text.slice(from, from + 1)));
      done = from + 1;
    }
    this.marks.replaceChildren(...parts, `${text.slice(done)}\n`);
    this.marks.scrollTop = this.area.scrollTop;
  }

  showProblems(problems) {
    this.mark(problems);
    const items = problems.map(({ line, column, message, serious }) =>
      make(
        "li",
        { class: serious ? "serious" : "note" },
        make("button", { type: "button", onclick: () => this.goTo(line, column) }, texts.place(line, column)),
        ` ${message}`,
      ),
    );
    byId("problems").replaceChildren(...(items.length ? items : [make("li", {}, texts.noProblems)]));
  }
}
