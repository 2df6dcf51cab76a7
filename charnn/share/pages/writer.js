// A text while it is written: prime, drawn tokens, and the end (charnn/sampling/sampler.py, stream.py).
"use strict";

class Model {
  constructor(shape, bytes) {
    this.shape = shape;
    this.vocabulary = vocabularyOf(shape);
    this.network = new Network(shape, unpackArrays(shape.arrays, bytes));
  }

  // Yield the pieces of a text, the prime first. The text of the same settings is that of
  // `charnn sample`. `settings`: seed (a BigInt), length, prime, stop, temperature, topK, topP, minP.
  *write(settings) {
    const { vocabulary } = this;
    const { prime, length, stop } = settings;
    const pen = new Pen(this, settings);
    yield prime;
    yield* pen.readPrime();
    const decoder = vocabulary.decoder();
    const codedPrime = pen.ids.map((id) => vocabulary.texts[id]).join("");
    let toSkip = lengthDecoded(vocabulary, codedPrime) - decoder.feed(codedPrime).length;
    for (const piece of decodedPieces(pen.tokens(length, vocabulary.coded(stop)), decoder)) {
      if (piece.length > toSkip) yield piece.slice(toSkip);
      toSkip = Math.max(0, toSkip - piece.length);
    }
  }
}

// The place where a text is written: the network and the random numbers.
class Pen {
  constructor({ vocabulary, network, shape }, settings) {
    Object.assign(this, { network, texts: vocabulary.texts });
    this.random = new Generator(settings.seed);
    // With a pointer, the mixture has its own temperature (charnn/inference/int8_pointer.py).
    const mixes = network.pointer && settings.temperature > 0;
    this.temperature = mixes ? settings.temperature : 1;
    this.drawer = new Drawer(mixes ? { ...settings, temperature: 1 } : settings, shape.vocabSize);
    this.ids = vocabulary.encode(settings.prime);
    this.last = this.ids.at(-1) ?? shape.startId;
    this.startId = shape.startId;
    network.begin(settings.seed);
  }

  // Read the prime but for its last token. Yield nothing after each token, so that a worker can look for
  // messages.
  *readPrime() {
    for (const id of [this.startId, ...this.ids].slice(0, -1)) {
      this.network.feed(id, this.temperature);
      yield "";
    }
  }

  // Draw the next token. `forbid` may set logits to -Infinity.
  next(forbid = null) {
    const logits = this.network.feed(this.last, this.temperature);
    forbid?.(logits);
    this.last = this.drawer.draw(logits, this.random.random());
    return this.last;
  }

  // Yield the texts of drawn tokens up to the end of the text.
  *tokens(length, stop) {
    let left = length, tail = "";
    for (;;) {
      const token = this.next();
      const text = firstCharacters(this.texts[token], left);
      left -= countCharacters(text);
      if (text) yield text;
      if (token === SEPARATOR) return;
      if (stop) {
        tail = (tail + text).slice(-stop.length - text.length);
        if (tail.includes(stop)) return;
      }
      if (left <= 0) return;
    }
  }
}

function* decodedPieces(texts, decoder) {
  for (const text of texts) yield decoder.feed(text);
  yield decoder.finish();
}

function lengthDecoded(vocabulary, coded) {
  const decoder = vocabulary.decoder();
  return (decoder.feed(coded) + decoder.finish()).length;
}

// Characters are counted as in Python: those beyond U+FFFF count once.
const countCharacters = (text) => (text.length < 2 ? text.length : Array.from(text).length);

function firstCharacters(text, count) {
  return text.length <= count ? text : Array.from(text).slice(0, count).join("");
}
