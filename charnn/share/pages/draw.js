// From logits to the next token, as in charnn/sampling/logits.py.
"use strict";

const BELOW_ONE = 1 - 2 ** -52;

class Drawer {
  constructor({ temperature, topK, topP, minP }, vocabSize) {
    Object.assign(this, { temperature, topK, topP, minP });
    this.weights = new Float64Array(vocabSize);
  }

  // Return the token that a random number in [0, 1) selects.
  draw(logits, uniform) {
    const { weights, temperature } = this;
    let likeliest = 0;
    for (let v = 1; v < weights.length; v++) {
      if (logits[v] > logits[likeliest]) likeliest = v;
    }
    if (temperature === 0) return likeliest;
    const largest = logits[likeliest];
    for (let v = 0; v < weights.length; v++) {
      weights[v] = exponential(f32(logits[v] - largest) / temperature);
    }
    if (this.topK > 0 && this.topK < weights.length) {
      keepAbove(weights, weights.slice().sort()[weights.length - this.topK]);
    }
    if (this.topP < 1) keepAbove(weights, this.lowestOfTopP());
    if (this.minP > 0) keepAbove(weights, this.minP * largestOf(weights));
    let total = 0;
    for (let v = 0; v < weights.length; v++) total += weights[v];
    const limit = uniform * (total * BELOW_ONE);
    let sum = 0;
    for (let v = 0; v < weights.length; v++) {
      sum += weights[v];
      if (sum > limit) return v;
    }
    return weights.length - 1;
  }

  // The unlikeliest tokens go, together at most 1 - top-p of the probability.
  lowestOfTopP() {
    const rising = this.weights.slice().sort();
    let total = 0;
    for (const weight of rising) total += weight;
    const limit = (1 - this.topP) * total;
    let sum = 0;
    const first = rising.findIndex((weight) => (sum += weight) > limit);
    return rising[first < 0 ? rising.length - 1 : first];
  }
}

function keepAbove(weights, lowest) {
  for (let v = 0; v < weights.length; v++) if (weights[v] < lowest) weights[v] = 0;
}

function largestOf(weights) {
  let largest = 0;
  for (let v = 0; v < weights.length; v++) largest = Math.max(largest, weights[v]);
  return largest;
}
