// The work that the model does for this page: one piece at a time, which the stop button ends.
import { byId, say } from "./dom.js";
import { texts } from "./texts.js";

let current = null;
let ended = -Infinity; // when the last piece of work ended

byId("stop-writing").addEventListener("click", () => current?.abort());

// Run `work` with a signal; earlier work ends. The page says that it is stopped, if it is.
export async function running(work) {
  current?.abort();
  const own = new AbortController();
  current = own;
  byId("stop-writing").hidden = false;
  document.body.setAttribute("aria-busy", "true");
  say(texts.writing);
  try {
    await work(own.signal);
  } catch (problem) {
    if (problem.name !== "AbortError") throw problem;
    if (current === own) say(texts.stopped);
  } finally {
    if (current === own) {
      byId("stop-writing").hidden = true;
      document.body.removeAttribute("aria-busy");
      current = null;
      ended = performance.now();
    }
  }
}

// Wait until the model has rested for some milliseconds.
export async function rest(milliseconds) {
  while (current || performance.now() - ended < milliseconds) {
    await new Promise((done) => setTimeout(done, 200));
  }
}
