// The decoder of coded tunes, whose notes are relative to the tonic, with a label in each bar
// (charnn/music/coding/tonic.py, bar_labels.py).
"use strict";

const NOTE = "(?<accidental>[_^=]*)(?<letter>[A-Ga-g])(?<marks>[,']*)";
const PIECE = new RegExp(String.raw`${NOTE}|\[[A-Za-z]:[^\]\n]*\]|"[^"\n]*"|![^!\n]*!|[\s\S]`, "yu");
// The beginning of a piece, which more text may complete.
const BEGINNING = new RegExp(
  String.raw`^(?:${NOTE}|[_^=]+|\[(?:[A-Za-z](?::[^\]\n]*)?)?|"[^"\n]*|![^!\n]*)$`,
);
const WHOLE_NOTE = new RegExp(`^${NOTE}$`);
const FIELD_NAME = /^[A-Za-z]:(?![|:])/;
const LABELS_AND_CADENCES = /[\ue000-\ue093]/g;

class TuneDecoder {
  constructor(chordKinds) {
    this.chords = new ChordMover(chordKinds);
    this.rest = "";
    this.field = ""; // the field that the text is in, with its letter and its value so far
    this.lineStart = true;
    this.key = null;
    this.steps = 0;
    this.semitones = 0;
  }

  // Return the next characters of the tune, as far as `chunk` completes them.
  feed(chunk, final = false) {
    this.rest += chunk.replace(LABELS_AND_CADENCES, "");
    let written = "";
    while (this.rest) {
      const piece = this.nextPiece(final);
      if (piece === null) break;
      this.rest = this.rest.slice(piece.length);
      written += this.move(piece);
    }
    return written;
  }

  finish() {
    return this.feed("", true);
  }

  nextPiece(final) {
    const { rest } = this;
    if (this.field) {
      const line = rest.split("\n", 1)[0];
      const isOpen = this.field[0] === "K" && line === rest && !final;
      if (!line || isOpen) return rest[0] === "\n" ? "\n" : null;
      return line;
    }
    if (this.lineStart && /^\p{L}/u.test(rest)) {
      const next = rest.slice(1, 2);
      if (rest.length < 3 && !final && (next === "" || next === ":")) return null;
      if (FIELD_NAME.test(rest)) return rest.slice(0, 2);
    }
    if (BEGINNING.test(rest) && !final) return null;
    PIECE.lastIndex = 0;
    return PIECE.exec(rest)[0];
  }

  move(piece) {
    const { field } = this;
    const atStart = this.lineStart;
    this.field = "";
    this.lineStart = piece === "\n";
    if (field) {
      if (piece !== "\n") this.field = field + piece;
      else if (field[0] === "K") this.setKey(field.slice(2));
      return piece;
    }
    if (atStart && piece.length === 2 && FIELD_NAME.test(piece)) {
      this.field = piece;
      return piece;
    }
    const key = /^\[K:([^\]]*)\]$/.exec(piece);
    if (key) {
      this.setKey(key[1]);
      return piece;
    }
    if (!this.steps && !this.semitones) return piece;
    if (piece[0] === '"' && piece.at(-1) === '"') {
      return piece === '"' ? piece : this.chords.move(piece, this.steps, this.semitones);
    }
    const note = WHOLE_NOTE.exec(piece);
    return note ? this.moveNote(note.groups) : piece;
  }

  setKey(value) {
    const key = parseKey(value, this.key);
    if (!key) return; // the notes stay in the key before
    this.key = key;
    this.steps = key.tonic ? LETTERS.indexOf(key.tonic[0]) : 0;
    this.semitones = tonicSemitones(key);
  }

  moveNote({ accidental, letter, marks }) {
    const isHigh = letter !== letter.toUpperCase();
    const octaves = marks.split("'").length - marks.split(",").length;
    const step = LETTERS.indexOf(letter.toUpperCase()) + 7 * (Number(isHigh) + octaves);
    let moved = step + this.steps;
    const alteration = alterationOf(accidental);
    if (alteration === null) return accidental + writtenStep(moved);
    const semitone = naturalOf(step) + alteration + this.semitones;
    while (Math.abs(semitone - naturalOf(moved)) > 2) moved += semitone > naturalOf(moved) ? 1 : -1;
    const altered = semitone - naturalOf(moved);
    return (altered ? (altered > 0 ? "^" : "_").repeat(Math.abs(altered)) : "=") + writtenStep(moved);
  }
}

// Return the semitones of an accidental; null for none and for a malformed one.
function alterationOf(accidental) {
  if (!/^(?:\^+|_+|=)$/.test(accidental)) return null;
  return { "^": 1, _: -1, "=": 0 }[accidental[0]] * accidental.length;
}

function writtenStep(step) {
  const octave = Math.floor(step / 7);
  const letter = LETTERS[step - 7 * octave];
  return octave <= 0 ? letter + ",".repeat(-octave) : letter.toLowerCase() + "'".repeat(octave - 1);
}
