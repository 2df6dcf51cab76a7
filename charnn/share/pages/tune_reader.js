// A small reader of what a model of tunes writes: notes, lengths, tuplets, broken rhythm, ties, chords,
// repeats and endings. Ornaments are not played; `charnn export-midi` plays them.
"use strict";

const SIGNS = new RegExp(
  [
    String.raw`(?<field>\[[A-Za-z]:[^\]\n]*\]|(?<=\n)[A-Za-z]:(?![|:])[^\n]*)`,
    String.raw`(?<skipped>%[^\n]*|"[^"\n]*"|\{[^}\n]*\}|![^!\n]*!)`,
    String.raw`(?<bar>(?::*\[?\|[|\]]*:*|:{2,})(?: ?\[?(?<ending>[1-9]))?|\[(?<lone>[1-9]))`,
    String.raw`\((?<tuplet>[2-9])`,
    String.raw`(?<chord>\[(?=[_^=A-Ga-g]))`,
    String.raw`(?<close>\])`,
    String.raw`(?<accidental>[_^=]*)(?<letter>[A-Ga-gxz])(?<marks>[,']*)`,
    String.raw`(?<broken>>+|<+)`,
    String.raw`(?<tie>-)`,
    String.raw`[\s\S]`,
  ].join("|"),
  "gu",
);
const LENGTH = /(\d*)(\/*)(\d*)/y;
const TUPLET_TIMES = { 2: 3, 3: 2, 4: 3, 6: 2, 8: 3 };
const MOST_NOTES = 5000;

const fraction = (text) => {
  const [top, bottom] = text.split("/").map(Number);
  return top / bottom;
};

class TuneReader {
  constructor(text) {
    this.text = `\n${text}`;
    Object.assign(this, { items: [], unit: 0.5, meter: "", key: parseKey("C"), rhythm: "" });
    Object.assign(this, { accidentals: new Map(), factor: 1, left: 0, chord: null, tuplet: null, tied: null });
    SIGNS.lastIndex = 0;
    let found;
    while ((found = SIGNS.exec(this.text))) this.read(found.groups, found[0]);
  }

  read(sign, text) {
    if (sign.field) this.readField(text.replace(/[[\]]/g, ""));
    else if (sign.bar) {
      this.accidentals.clear();
      const ending = Number(sign.ending ?? sign.lone ?? 0);
      const colons = text.replace(/[^:]/g, "").length;
      const line = text.replace(/[\d[ ]+$/, "");
      const begins = /:$|\|\||\|\]|\[\|/.test(line) || (colons > 1 && !line.includes("|"));
      this.items.push({ bar: true, ends: text.startsWith(":"), begins, ending });
    } else if (sign.tuplet) {
      const notes = Number(sign.tuplet);
      const compound = /^(?:6|9|12)\//.test(this.meter);
      this.tuplet = { left: notes, factor: (TUPLET_TIMES[notes] ?? (compound ? 3 : 2)) / notes };
    } else if (sign.chord) this.chord = { pitches: [], length: null };
    else if (sign.close) this.endChord();
    else if (sign.letter) this.readNote(sign);
    else if (sign.broken) this.breakRhythm(text);
    else if (sign.tie && this.items.at(-1)?.pitches) this.items.at(-1).tied = true;
  }

  readField(text) {
    const [name, value] = [text[0], text.slice(2).trim()];
    if (name === "L" && fraction(value) > 0) this.unit = 4 * fraction(value);
    if (name === "M") this.meter = value;
    if (name === "R") this.rhythm = value;
    if (name === "K") this.key = parseKey(value, this.key) ?? this.key;
  }

  readNote({ accidental, letter, marks }) {
    const pitches = /[xz]/.test(letter) ? [] : [this.pitchOf(accidental, letter, marks)];
    const length = this.readLength();
    if (!this.chord) this.add(pitches, length);
    else {
      this.chord.length ??= length; // that of the first note counts
      this.chord.pitches.push(...pitches);
    }
  }

  endChord() {
    if (this.chord) this.add(this.chord.pitches, (this.chord.length ?? 1) * this.readLength());
    this.chord = null;
  }

  add(pitches, length) {
    let quarters = this.unit * length;
    if (this.tuplet) {
      quarters *= this.tuplet.factor;
      if (--this.tuplet.left === 0) this.tuplet = null;
    }
    quarters *= this.factor;
    this.factor = 1;
    this.items.push({ pitches, quarters, tied: false });
  }

  readLength() {
    LENGTH.lastIndex = SIGNS.lastIndex;
    const [all, top, slashes, bottom] = LENGTH.exec(this.text);
    SIGNS.lastIndex += all.length;
    return Number(top || 1) / (slashes ? Number(bottom || 2 ** slashes.length) : 1) || 1;
  }

  breakRhythm(signs) {
    const note = this.items.at(-1);
    if (!note?.pitches) return;
    const [long, short] = [2 - 0.5 ** signs.length, 0.5 ** signs.length];
    note.quarters *= signs[0] === ">" ? long : short;
    this.factor = signs[0] === ">" ? short : long;
  }

  // An accidental holds to the end of the bar, in every octave.
  pitchOf(accidental, letter, marks) {
    const name = LETTERS.indexOf(letter.toUpperCase());
    const octaves = marks.split("'").length - marks.split(",").length;
    const step = name + 7 * (Number(letter !== letter.toUpperCase()) + octaves);
    if (accidental in ALTERATIONS) this.accidentals.set(name, ALTERATIONS[accidental]);
    return 60 + naturalOf(step) + (this.accidentals.get(name) ?? this.key.alterations[name]);
  }
}

// Return the items in the order in which they sound.
function unrolled(items) {
  const played = [];
  let start = 0, pass = 1;
  for (let at = 0; at < items.length && played.length < MOST_NOTES; at++) {
    const item = items[at];
    if (!item.bar) {
      played.push(item);
      continue;
    }
    if (item.ends && pass === 1) {
      [pass, at] = [2, start - 1];
      continue;
    }
    if (item.ends || item.begins) [pass, start] = [1, at + 1];
    if (item.ending === 1 && pass === 2) {
      const second = items.findIndex((other, n) => n > at && other.ending === 2);
      if (second < 0) continue;
      [pass, at, start] = [1, second, second + 1];
    }
  }
  return played;
}

// Return the notes of a tune, with their times in quarters.
function notesOf({ items }) {
  const notes = [];
  let time = 0, open = [];
  for (const { pitches, quarters, tied } of unrolled(items)) {
    const going = [];
    for (const pitch of pitches) {
      const before = open.find((note) => note.pitch === pitch);
      if (before) before.quarters += quarters;
      else notes.push({ pitch, time, quarters });
      if (tied) going.push(before ?? notes.at(-1));
    }
    open = going;
    time += quarters;
  }
  return { notes, quarters: time };
}
