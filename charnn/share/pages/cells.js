// The recurrent cells, as charnn/model/cells.py has them: gates_x and gates_h hold the sums of the
// gates, one block of `units` numbers a gate; the parts of the state (h, c) are changed in place. Gates
// are computed block by block: in so short a loop, a processor works on several numbers at once.
"use strict";

// Return gates_x + gates_h, in gates_x.
function added(gatesX, gatesH) {
  for (let n = 0; n < gatesX.length; n++) gatesX[n] += gatesH[n];
  return gatesX;
}

function applySigmoid(values, begin, end) {
  for (let n = begin; n < end; n++) values[n] = sigmoid(values[n]);
}

function applyTanh(values, begin, end) {
  for (let n = begin; n < end; n++) values[n] = tanh(values[n]);
}

function elmanStep(gatesX, gatesH, [h], _, units) {
  const sums = added(gatesX, gatesH);
  applyTanh(sums, 0, units);
  h.set(sums);
}

function gruStep(gatesX, gatesH, [h], _, units) {
  const n = 2 * units;
  for (let u = 0; u < n; u++) gatesX[u] += gatesH[u];
  applySigmoid(gatesX, 0, n);
  for (let u = 0; u < units; u++) gatesX[n + u] += f32(gatesX[u] * gatesH[n + u]); // reset
  applyTanh(gatesX, n, n + units);
  for (let u = 0; u < units; u++) {
    const update = gatesX[units + u];
    h[u] = f32(f32(1 - update) * gatesX[n + u]) + f32(update * h[u]);
  }
}

function lstmStep(gatesX, gatesH, [h, c], _, units) {
  const [f, g, o] = [units, 2 * units, 3 * units];
  const gates = added(gatesX, gatesH);
  applySigmoid(gates, 0, g);
  applyTanh(gates, g, o);
  applySigmoid(gates, o, o + units);
  for (let u = 0; u < units; u++) c[u] = f32(gates[f + u] * c[u]) + f32(gates[u] * gates[g + u]);
  output(gates, o, h, c);
}

function peepholeStep(gatesX, gatesH, [h, c], peepholes, units) {
  const [f, g, o] = [units, 2 * units, 3 * units];
  const gates = added(gatesX, gatesH);
  for (let u = 0; u < units; u++) {
    gates[u] += f32(peepholes[u] * c[u]);
    gates[f + u] += f32(peepholes[f + u] * c[u]);
  }
  applySigmoid(gates, 0, g);
  applyTanh(gates, g, o);
  for (let u = 0; u < units; u++) {
    c[u] = f32(gates[f + u] * c[u]) + f32(gates[u] * gates[g + u]);
    gates[o + u] += f32(peepholes[g + u] * c[u]);
  }
  applySigmoid(gates, o, o + units);
  output(gates, o, h, c);
}

function coupledStep(gatesX, gatesH, [h, c], _, units) {
  const [g, o] = [units, 2 * units];
  const gates = added(gatesX, gatesH);
  applySigmoid(gates, 0, g);
  applyTanh(gates, g, o);
  applySigmoid(gates, o, o + units);
  for (let u = 0; u < units; u++) {
    c[u] = f32(gates[u] * c[u]) + f32(f32(1 - gates[u]) * gates[g + u]);
  }
  output(gates, o, h, c);
}

// Set h to o tanh(c).
function output(gates, o, h, c) {
  for (let u = 0; u < h.length; u++) h[u] = gates[o + u] * tanh(c[u]);
}

const CELLS = {
  rnn: elmanStep,
  gru: gruStep,
  lstm: lstmStep,
  peephole: peepholeStep,
  coupled: coupledStep,
};
