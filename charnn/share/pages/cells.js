// The recurrent cells, as charnn/model/cells.py has them: gates_x and gates_h hold the sums of the
// gates, one block of `units` numbers a gate; the parts of the state (h, c) are changed in place.
"use strict";

function elmanStep(gatesX, gatesH, [h], _, units) {
  for (let u = 0; u < units; u++) h[u] = tanh(f32(gatesX[u] + gatesH[u]));
}

function gruStep(gatesX, gatesH, [h], _, units) {
  for (let u = 0; u < units; u++) {
    const z = u + units, n = z + units;
    const reset = sigmoid(f32(gatesX[u] + gatesH[u]));
    const update = sigmoid(f32(gatesX[z] + gatesH[z]));
    const candidate = tanh(f32(gatesX[n] + f32(reset * gatesH[n])));
    h[u] = f32(f32(f32(1 - update) * candidate) + f32(update * h[u]));
  }
}

function lstmStep(gatesX, gatesH, [h, c], _, units) {
  for (let u = 0; u < units; u++) {
    const f = u + units, g = f + units, o = g + units;
    const input = sigmoid(f32(gatesX[u] + gatesH[u]));
    const forget = sigmoid(f32(gatesX[f] + gatesH[f]));
    const candidate = tanh(f32(gatesX[g] + gatesH[g]));
    const output = sigmoid(f32(gatesX[o] + gatesH[o]));
    const next = f32(f32(forget * c[u]) + f32(input * candidate));
    c[u] = next;
    h[u] = f32(output * tanh(next));
  }
}

function peepholeStep(gatesX, gatesH, [h, c], peepholes, units) {
  for (let u = 0; u < units; u++) {
    const f = u + units, g = f + units, o = g + units;
    const input = sigmoid(f32(f32(gatesX[u] + gatesH[u]) + f32(peepholes[u] * c[u])));
    const forget = sigmoid(f32(f32(gatesX[f] + gatesH[f]) + f32(peepholes[f] * c[u])));
    const candidate = tanh(f32(gatesX[g] + gatesH[g]));
    const next = f32(f32(forget * c[u]) + f32(input * candidate));
    const seen = f32(peepholes[g] * next);
    const output = sigmoid(f32(f32(gatesX[o] + gatesH[o]) + seen));
    c[u] = next;
    h[u] = f32(output * tanh(next));
  }
}

function coupledStep(gatesX, gatesH, [h, c], _, units) {
  for (let u = 0; u < units; u++) {
    const g = u + units, o = g + units;
    const forget = sigmoid(f32(gatesX[u] + gatesH[u]));
    const candidate = tanh(f32(gatesX[g] + gatesH[g]));
    const output = sigmoid(f32(gatesX[o] + gatesH[o]));
    const next = f32(f32(forget * c[u]) + f32(f32(1 - forget) * candidate));
    c[u] = next;
    h[u] = f32(output * tanh(next));
  }
}

const CELLS = {
  rnn: elmanStep,
  gru: gruStep,
  lstm: lstmStep,
  peephole: peepholeStep,
  coupled: coupledStep,
};
