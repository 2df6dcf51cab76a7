// The key of K:, read as charnn/music/abc/key_field.py reads it.
"use strict";

const LETTERS = "CDEFGAB";
const SEMITONES = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const SHARP_ORDER = "FCGDAEB";
const MODE_SHARPS = {
  "": 0, maj: 0, ion: 0, mix: -1, dor: -2, m: -3, min: -3, aeo: -3, phr: -4, loc: -5, lyd: 1,
};
const ALTERATIONS = { "^^": 2, "^": 1, __: -2, _: -1, "=": 0 };
const SIGN_OF_TONIC =
  /^([A-G])(?:[ -]?(?:(flat)|sharp)(?![a-z])|(?: ?(?:(♭)|♯))| (?:(b)|#)(?![a-z]))/iu;
const TONIC_AND_MODE = /^([A-Ga-g])([#b]?) *([A-Za-z]*)/;
const CLEF = "treble|alto|tenor|bass|soprano|mezzo(?:-?soprano)?|baritone|perc|none";
const LOOKS =
  "stafflines|staffscale|staffsep|stem|gstem|name|nm|sname|snm|subname|instrument|style|strings|brace|" +
  "bracket|cue|merge|up|down|staves|scale|space|gchords?|dyn(?:amics?)?|lyrics|vocal|ornaments?";
const STAFF_WORDS = [
  new RegExp(`^(?:clef=(?:${CLEF}|[GFC])|(?:${CLEF})|[GFC](?=[1-5]))[1-5]?(?:[+^_-](?:8|15))?$`, "i"),
  /^(?:octave|transpose|t)=[+-]?[0-9]{1,2}$/,
  /^(?:middle|m)=[A-Ga-g][',]{0,4}$/,
  new RegExp(`^(?:${LOOKS})(?:=(?:"[^"]*"|\\S+))?$`),
];

const isStaffWord = (word) => STAFF_WORDS.some((pattern) => pattern.test(word));
const isMode = (text) => [...Object.keys(MODE_SHARPS), "exp"].includes(text.slice(0, 3).toLowerCase());

function wordsOf(text) {
  const joined = text.replace(/\b(clef|octave|transpose|middle)\s*=\s*/g, "$1=");
  return joined.match(/[^\s"]*"[^"]*"|[^\s"]+|"/g) ?? [];
}

function isProperty(text, mode) {
  const first = wordsOf(text)[0] ?? "";
  return isStaffWord(first) || (/^[A-Za-z-]{2,}=/.test(first) && !isMode(mode));
}

function beginsWithWord(text) {
  const found = TONIC_AND_MODE.exec(text);
  if (!found) return text !== "" && !/^(?:\^\^|\^|__|_|=)[A-Ga-g]/.test(text);
  const isWord = /^[a-g]/.test(text) && !found[0].includes(" ") && !isMode(found[3]);
  return isWord || isProperty(text, found[3]);
}

// Return the tonic ("" for none) and the alteration of each of `LETTERS`; null where charnn keeps the
// key before, `before`, because it cannot read the text.
function parseKey(text, before = null) {
  let words = text.trim();
  const signed = SIGN_OF_TONIC.exec(words);
  if (signed) {
    const sign = signed[2] || signed[3] || signed[4] ? "b" : "#";
    words = signed[1].toUpperCase() + sign + words.slice(signed[0].length);
  }
  if (words.toLowerCase().startsWith("none")) return withAccidentals("", 0, words.slice(4));
  if (/^H[Pp]/.test(words)) return withAccidentals("", 2, words.slice(2));
  const found = TONIC_AND_MODE.exec(words);
  if (!found || beginsWithWord(words)) {
    const signature = before?.alterations ?? null;
    return withAccidentals(before?.tonic ?? "", 0, words, signature);
  }
  const tonic = found[1].toUpperCase() + found[2];
  let mode = found[3], rest = words.slice(found[0].length);
  if (isProperty(mode + rest, mode)) [mode, rest] = ["", mode + rest];
  const short = mode.slice(0, 3).toLowerCase();
  if (short === "exp") return withAccidentals(tonic, 0, rest);
  if (!(short in MODE_SHARPS)) return null;
  const sign = { "": 0, "#": 7, b: -7 }[found[2]];
  const sharps = SHARP_ORDER.indexOf(tonic[0]) - 1 + sign + MODE_SHARPS[short];
  return Math.abs(sharps) > 7 ? null : withAccidentals(tonic, sharps, rest);
}

function withAccidentals(tonic, sharps, rest, signature = null) {
  const altered = sharps >= 0 ? SHARP_ORDER.slice(0, sharps) : SHARP_ORDER.slice(sharps);
  const alterations =
    signature?.slice() ?? Array.from(LETTERS, (letter) => (altered.includes(letter) ? Math.sign(sharps) : 0));
  for (const word of wordsOf(rest)) {
    const accidental = /(\^\^|\^|__|_|=)([A-Ga-g])/y;
    let read = 0, found;
    while ((found = accidental.exec(word))) {
      alterations[LETTERS.indexOf(found[2].toUpperCase())] = ALTERATIONS[found[1]];
      read = accidental.lastIndex;
    }
    if (read < word.length && !isStaffWord(word)) return null;
  }
  return { tonic, alterations };
}

// Return the tonic in semitones above C, -1 for Cb; 0 without a tonic.
function tonicSemitones({ tonic }) {
  return tonic ? SEMITONES[tonic[0]] + ({ "#": 1, b: -1 }[tonic[1]] ?? 0) : 0;
}

// A step is 7 x octave + the index of a letter; return its semitones above C without accidental.
function naturalOf(step) {
  const octave = Math.floor(step / 7);
  return SEMITONES[LETTERS[step - 7 * octave]] + 12 * octave;
}
