// The pointer over the recent past: charnn/model/pointer.py has its equations, and
// charnn/inference/int8_pointer.py the arithmetic that this file repeats.
"use strict";

const LEVELS = 127;
const TINY = f32(1e-30);
const NO_COPY = 1e-30;
const ROUNDED_TO_ZERO = 80;
const UNITS = 2 ** 32;
const STEP_UNITS = 2 ** 29;
const MAX_SENTINEL = 80;

class Pointer {
  // `steps` steps are remembered; keys have `width` numbers.
  constructor(vocabSize, steps, width, sharpness) {
    Object.assign(this, { vocabSize, steps, width, sharpness });
    this.padded = 4 * Math.ceil(width / 4);
    this.keys = new Float64Array(steps * this.padded);
    this.inverseLengths = new Float32Array(steps);
    this.following = new Int32Array(steps);
    this.exponents = new Float32Array(steps);
    this.query = new Float64Array(this.padded);
    this.copied = new Float64Array(vocabSize);
    this.softmax = new Float64Array(vocabSize);
    this.clear();
  }

  clear() {
    this.count = 0; // steps since the document began
  }

  // Write the logits of the mixture to `logits`, and remember this step. `outputs` holds the logits
  // of the softmax, the query, the key and the sentinel.
  point(token, outputs, temperature, logits) {
    const { steps, width, vocabSize } = this;
    if (token === SEPARATOR) this.count = 0;
    if (this.count > 0) this.following[(this.count - 1) % steps] = token;
    const used = Math.min(this.count, steps);
    const scale = f32(this.sharpness * wholeVector(outputs, vocabSize, this.query, 0, width));
    const sentinel = this.weigh(used, scale, outputs[outputs.length - 1]);
    this.mix(outputs, sentinel, temperature, logits);
    const place = this.count % steps;
    const begin = vocabSize + width;
    this.inverseLengths[place] = wholeVector(outputs, begin, this.keys, place * this.padded, width);
    this.count++;
  }

  // Add the weight of each step to the token that followed it; return the weight of the sentinel.
  weigh(used, scale, sentinel) {
    const { keys, query, padded, exponents, inverseLengths, following, copied } = this;
    const bounded = Math.min(Math.max(sentinel, -MAX_SENTINEL), MAX_SENTINEL);
    let highest = Math.trunc(bounded);
    for (let step = 0, at = 0; step < used; step++) {
      // Whole numbers add up in any order, and four sums do not wait for each other.
      let a = 0, b = 0, c = 0, d = 0;
      for (let n = 0; n < padded; n += 4, at += 4) {
        a += keys[at] * query[n];
        b += keys[at + 1] * query[n + 1];
        c += keys[at + 2] * query[n + 2];
        d += keys[at + 3] * query[n + 3];
      }
      exponents[step] = f32(f32(f32(a + b + c + d) * inverseLengths[step]) * scale);
      highest = Math.max(highest, Math.trunc(exponents[step]));
    }
    const weight = (exponent) => Math.trunc(f32(exponential32(f32(exponent - highest)) * STEP_UNITS));
    copied.fill(0);
    for (let step = 0; step < used; step++) copied[following[step]] += weight(exponents[step]);
    return weight(bounded);
  }

  // The temperature sharpens softmax and copies separately.
  mix(outputs, sentinel, temperature, logits) {
    const { vocabSize, softmax, copied } = this;
    let largest = -Infinity;
    for (let v = 0; v < vocabSize; v++) largest = Math.max(largest, outputs[v]);
    let total = 0;
    for (let v = 0; v < vocabSize; v++) {
      softmax[v] = round64(exponential(f32(outputs[v] - largest) / temperature) * UNITS);
      total += softmax[v];
    }
    sharpen(copied, temperature);
    const share = sentinel / total;
    for (let v = 0; v < vocabSize; v++) {
      const mixture = softmax[v] * share + copied[v];
      // A weight that was rounded to 0 stays possible.
      const unlikely = f32(outputs[v] - largest) / temperature - ROUNDED_TO_ZERO;
      logits[v] = mixture > 0 ? logarithm(Math.max(mixture, NO_COPY)) : unlikely;
    }
  }
}

// Raise copies to the power of 1 / temperature, with the same sum.
function sharpen(copied, temperature) {
  let total = 0;
  for (let v = 0; v < copied.length; v++) total += copied[v];
  if (temperature === 1 || total === 0) return;
  let largest = -Infinity;
  for (let v = 0; v < copied.length; v++) {
    copied[v] = logarithm(Math.max(copied[v], NO_COPY));
    largest = Math.max(largest, copied[v]);
  }
  let weights = 0;
  for (let v = 0; v < copied.length; v++) {
    copied[v] = round64(exponential((copied[v] - largest) / temperature) * UNITS);
    weights += copied[v];
  }
  const factor = total / weights;
  for (let v = 0; v < copied.length; v++) copied[v] *= factor;
}

// Write a vector, scaled so that its largest absolute number is 127, and rounded, to `target`. Return 1 /
// its length, or 0 for zeros.
function wholeVector(source, begin, target, place, width) {
  let largest = 0;
  for (let d = 0; d < width; d++) largest = Math.max(largest, Math.abs(source[begin + d]));
  const scale = largest > TINY ? f32(LEVELS / largest) : 1;
  let squared = 0;
  for (let d = 0; d < width; d++) {
    const whole = round32(f32(source[begin + d] * scale));
    target[place + d] = whole;
    squared += whole * whole;
  }
  return squared > 0 ? f32(1 / f32(Math.sqrt(squared))) : 0;
}
