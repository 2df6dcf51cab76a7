// Chord symbols of tunes, moved as charnn/music/abc/transpose_keys.py moves them.
"use strict";

const CHORD_SIGNS = { b: -1, "♭": -1, "#": 1, "♯": 1, "+": 1, "": 0 };
const CHORD_ROOT = "([A-Ga-g])([#b♯♭]?)";
const CHORD_BASS = "([A-Ga-g])([#b♯♭+]?)";
const ADDITION = "(?:maj|sus|add|alt|omit|no|M|[-+]|[#b]?[0-9]{1,2})+";
const CHORD_KIND = String.raw`(6\/9|(?: (?=[Mm]aj|[Mm]in|dim|aug|sus))?[^\s\/(),;|]*)`;
const BASS_PART = String.raw`(?:\/${CHORD_BASS}(?![^\s\/(),;|]))?`;
const CHORDS = [
  new RegExp(String.raw`${CHORD_ROOT}${CHORD_KIND}\((?![1-5]\))(${ADDITION})\)${BASS_PART}`, "yu"),
  new RegExp(`${CHORD_ROOT}${CHORD_KIND}()${BASS_PART}`, "yu"),
];
const NO_CHORD = /^(?:n\.? ?c\.?|no[ -]?chords?|tacet)$/iu;
const JOINERS = new Set(["or", "and", "to", "-", "–", ">", "->", "→"]);
const isSmall = (letter) => /^[a-z]$/.test(letter);

class ChordMover {
  constructor(kinds) {
    this.kinds = kinds; // all spellings of kinds
    this.longest = Math.max(0, ...Array.from(kinds, (name) => name.length));
  }

  isKind(text) {
    const plain = { "♭": "b", "♯": "#", "º": "°" };
    const name = text.replace(/[ ()]/g, "").replace(/[♭♯º]/g, (sign) => plain[sign]);
    if (name === "") return true;
    for (let end = Math.min(name.length, this.longest); end > 0; end--) {
      const rest = name.slice(end);
      const isKnown = rest === "" || new RegExp(`^${ADDITION}$`).test(rest);
      if (this.kinds.has(name.slice(0, end)) && isKnown) return true;
    }
    return false;
  }

  match(text, start, mayBeSmall) {
    for (const pattern of CHORDS) {
      pattern.lastIndex = start;
      const chord = pattern.exec(text);
      if (!chord || !this.isKind(chord[3] + (chord[4] ?? ""))) continue;
      const isMore = Boolean(chord[3] || chord[4] || chord[5]);
      return !isSmall(chord[1]) || (mayBeSmall && isMore) ? chord : null;
    }
    return null;
  }

  isChord(word, mayBeSmall) {
    return this.match(word, 0, mayBeSmall)?.[0].length === word.length;
  }

  isBetween(word) {
    return JOINERS.has(word) || (/^(?:[Mm]aj|[Mm]in|dim|aug|sus)/.test(word) && this.isKind(word));
  }

  isBass(word, before) {
    const isNote = new RegExp(`^(?:${CHORD_BASS}|${ADDITION})$`, "u").test(word);
    return before.endsWith("/") && isNote;
  }

  namesChords(text, mayBeSmall) {
    return Array.from(text.matchAll(/[^\s(),;|/]+/g)).every(
      ({ 0: word, index }) =>
        this.isBetween(word) || this.isBass(word, text.slice(0, index)) || this.isChord(word, mayBeSmall),
    );
  }

  isSymbol(text) {
    const words = text.trim();
    const start = /^[( ]*/.exec(words)[0].length;
    if (NO_CHORD.test(words.slice(start).replace(/[) ]+$/, ""))) return false;
    const chord = this.match(words, start, true);
    if (!chord) return false;
    const suffix = words.slice(start + chord[0].length);
    const next = suffix.trimStart().slice(0, 1);
    return "(),;|".includes(next) || this.namesChords(suffix, isSmall(chord[1]));
  }

  // Return a text in quotes, whose chords are moved up.
  move(quoted, steps, semitones) {
    const text = quoted.slice(1, -1);
    if (!this.isSymbol(text)) return quoted;
    const first = new RegExp(CHORD_ROOT, "u").exec(text);
    const mayBeSmall = first !== null && isSmall(first[1]);
    const moveWord = (word, index, part) => {
      const isBass = this.isBass(word, part.slice(0, index));
      const pattern = isBass ? `^${CHORD_BASS}$` : `^${CHORD_ROOT}`;
      const note = new RegExp(pattern, "u").exec(word);
      if (!note || this.isBetween(word)) return word;
      return movedRoot(note[1], note[2], steps, semitones) + word.slice(note[0].length);
    };
    const parts = text.split(/([(),;|])/).map((part) =>
      this.namesChords(part, mayBeSmall) ? part.replace(/[^\s(),;|/]+/g, moveWord) : part,
    );
    return `"${parts.join("")}"`;
  }
}

function movedRoot(letter, sign, steps, semitones) {
  const old = 28 + LETTERS.indexOf(letter.toUpperCase());
  const pitch = naturalOf(old) + CHORD_SIGNS[sign] + semitones;
  let step = old + steps;
  while (Math.abs(pitch - naturalOf(step)) > 1) step += pitch > naturalOf(step) ? 1 : -1;
  const moved = LETTERS[step % 7];
  const written = isSmall(letter) ? moved.toLowerCase() : moved;
  return written + { "-1": "b", 0: "", 1: "#" }[pitch - naturalOf(step)];
}
