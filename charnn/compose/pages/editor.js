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
    this.area.addEventListener("input", () => {
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
    this.area.value = text;
    this.area.scrollTop = this.area.scrollHeight;
  }

  set(text) {
    this.area.value = text;
    this.keep();
  }

  keep() {
    clearTimeout(this.timer);
    if (this.area.value === this.last) return;
    if (this.last) this.past.push(this.last);
    this.future = [];
    this.last = this.area.value;
    this.buttons();
    this.onChange(this.last);
  }

  step(from, to) {
    this.keep();
    if (!from.length) return;
    to.push(this.last);
    this.last = from.pop();
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
    const lines = this.area.value.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    const at = Math.min(before + column - 1, this.area.value.length);
    this.area.focus();
    this.area.setSelectionRange(at, at + 1);
    const height = this.area.scrollHeight / Math.max(1, lines.length);
    this.area.scrollTop = Math.max(0, (line - 3) * height);
  }

  showProblems(problems) {
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
