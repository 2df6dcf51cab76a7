// The tokens of a model, and the translation of texts to ids and back (charnn/corpus/vocabulary.py).
"use strict";

const SPECIALS = 2; // the unknown token and the end of a document
const SEPARATOR = 1;
// As charnn/music/abc/tokenizer.py cuts a tune.
const ABC_TOKEN = new RegExp(
  [
    String.raw`(?<![\s\S])X:1\nT:`,
    String.raw`(?<=\nT:)[^\n]+`,
    String.raw`\n[RMLP]:[^\n]*`,
    String.raw`\nK:[^\n]*\n`,
    String.raw`\[[A-Za-z]:[^\]\n]*\]`,
    String.raw`"[^"\n]*"`,
    String.raw`\(\p{Nd}`,
    String.raw`(?:\[?\||:+)[|\]:]*(?: ?\[?\p{Nd})?`,
    String.raw`\[\p{Nd}`,
    String.raw`[_^=]*[A-Ga-gxzZ][,']*`,
    String.raw`\p{Nd}+(?:\/\p{Nd}+)?|\/+\p{Nd}*`,
    `>+|<+`,
    String.raw`[\s\S]`,
  ].join("|"),
  "gu",
);

class Vocabulary {
  constructor({ tokens, kind, chordKinds }) {
    this.kind = kind;
    this.chordKinds = new Set(chordKinds);
    this.texts = [...Array(SPECIALS).fill(""), ...tokens];
    this.ids = new Map(tokens.map((token, index) => [token, index + SPECIALS]));
  }

  // Return the ids of a text. Characters that the model does not know are left out.
  encode(text) {
    const ids = [];
    const pieces = this.kind === "abc" ? text.match(ABC_TOKEN) ?? [] : text;
    for (const piece of pieces) {
      for (const token of this.ids.has(piece) ? [piece] : piece) {
        if (this.ids.has(token)) ids.push(this.ids.get(token));
      }
    }
    return ids;
  }

  unknownCharacters(text) {
    return [...new Set(text)].filter((character) => !this.ids.has(character));
  }

  // Return a text in the line ends and the Unicode form that the model knows.
  knownForm(text) {
    const lines = this.ids.has("\r") ? text : text.replace(/\r\n?/g, "\n");
    const forms = [lines, lines.normalize("NFC"), lines.normalize("NFD")];
    const unknown = forms.map((form) => this.unknownCharacters(form).length);
    return forms[unknown.indexOf(Math.min(...unknown))];
  }

  // Return a text that has only characters which the model knows.
  known(text) {
    const form = this.knownForm(text);
    return Array.from(form).filter((character) => this.ids.has(character)).join("");
  }

  // Return a text as the joined texts of its tokens.
  coded(text) {
    return text;
  }

  // Return a decoder of joined token texts: `feed` and `finish` return characters of the text.
  decoder() {
    if (this.kind === "music") return new TuneDecoder(this.chordKinds);
    return { feed: (chunk) => chunk, finish: () => "" };
  }
}
