// The vocabulary of bytes (charnn/corpus/byte_vocabulary.py). The text of a token is the character of
// Latin-1 that has the number of the byte.
"use strict";

class ByteVocabulary extends Vocabulary {
  encode(text) {
    const bytes = Array.from(new TextEncoder().encode(text));
    return bytes.map((byte) => (byte ? byte + SPECIALS : SEPARATOR));
  }

  unknownCharacters() {
    return [];
  }

  knownForm(text) {
    return text;
  }

  known(text) {
    return text;
  }

  coded(text) {
    return String.fromCharCode(...new TextEncoder().encode(text));
  }

  // A character that is not complete at the end is left out.
  decoder() {
    const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
    const feed = (chunk) => {
      const bytes = Uint8Array.from(chunk, (character) => character.charCodeAt(0));
      return utf8.decode(bytes, { stream: true });
    };
    return { feed, finish: () => "" };
  }
}

function vocabularyOf(shape) {
  return shape.kind === "bytes" ? new ByteVocabulary(shape) : new Vocabulary(shape);
}
