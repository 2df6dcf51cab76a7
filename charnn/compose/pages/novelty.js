// How new a tune is. It is compared when it is first seen, one tune at a time, while the model rests:
// the first comparison takes seconds.
import { ask } from "./api.js";
import { make } from "./dom.js";
import { rest } from "./running.js";
import { texts } from "./texts.js";

const known = new Map(); // what was found, by the text of the tune
const waiting = new WeakMap(); // what to do when an element is seen
let queue = Promise.resolve();

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    waiting.get(target)();
  }
});

// An element that says how new a tune is, in the words of `words`. A tune of a list is compared when
// it is seen; the one with `stays` at once, while that returns true.
export function noveltyOf({ abc, command, novelty }, words = texts.noveltyInShort, stays) {
  const element = make("span", { class: "quiet novelty" });
  if (novelty) known.set(abc, novelty);
  const show = () => (element.textContent = known.has(abc) ? words(known.get(abc)) : "");
  if (known.has(abc)) {
    show();
    return element;
  }
  const compare = async () => {
    await rest(800);
    try {
      if (known.has(abc) || !element.isConnected || stays?.() === false) return;
      known.set(abc, (await ask("novelty", { abc, command })).novelty);
    } finally {
      show();
    }
  };
  const enqueue = () => (queue = queue.then(compare).catch(() => {})); // the tune itself is there
  if (stays) enqueue();
  else {
    element.textContent = "…"; // an element without words has no size, and is never seen
    waiting.set(element, enqueue);
    seen.observe(element);
  }
  return element;
}
