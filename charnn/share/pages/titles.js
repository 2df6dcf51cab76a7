// The title of a tune. A title is a few letters of a tune, so a small model spells words that no language
// has; with the words of the titles that it has learned, it chooses and still invents.
"use strict";

const MAX_TITLE = 60;

class TitleWords {
  constructor({ last, inner }) {
    this.last = new Set(last.split(" "));
    this.all = new Set([...this.last, ...inner.split(" ")]);
    this.beginnings = new Set();
    for (const word of this.all) {
      for (let end = 1; end <= word.length; end++) this.beginnings.add(word.slice(0, end));
    }
  }

  // Return whether a character may follow a title.
  allows(title, character) {
    const word = title.slice(title.lastIndexOf(" ") + 1);
    if (character === " ") return this.all.has(word) && title.length < MAX_TITLE / 2;
    return character === "\n" ? this.last.has(word) : this.beginnings.has(word + character);
  }
}

// Return a title that the model writes after the prime of the settings.
function writtenTitle(model, settings) {
  const known = model.shape.titleWords;
  const words = known ? new TitleWords(known) : null;
  const pen = new Pen(model, settings);
  Array.from(pen.readPrime());
  let title = "";
  const forbid = (logits) => {
    pen.texts.forEach((text, id) => {
      const allowed = text.length === 1 && (words ? words.allows(title, text) : true);
      if (!allowed) logits[id] = -Infinity;
    });
  };
  while (title.length < MAX_TITLE) {
    const text = pen.texts[pen.next(forbid)];
    if (text.length !== 1 || text === "\n") break;
    title += text;
  }
  return title.trim();
}
