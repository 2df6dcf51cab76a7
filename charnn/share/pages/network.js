// The network, one token at a time, as charnn/inference/stepper.py runs it.
"use strict";

class Network {
  // `shape` is the description of the model that charnn wrote, `arrays` its numbers by name.
  constructor(shape, arrays) {
    const { units, layers, parts } = shape;
    this.shape = shape;
    this.step = CELLS[shape.cell];
    this.table = arrays.table;
    this.gates = this.table.length / shape.vocabSize;
    this.starts = arrays.starts;
    this.peepholes = Array.from({ length: layers }, (_, layer) => arrays[`peepholes.${layer}`]);
    const matrix = (name) => new Matrix(arrays[name], arrays[`${name}.scale`], arrays[`${name}.bias`]);
    this.recurrent = this.peepholes.map((_, layer) => matrix(`recurrent.${layer}`));
    this.input = this.peepholes.map((_, layer) => (layer ? matrix(`input.${layer}`) : null));
    this.head = matrix("head");
    this.gatesX = new Float32Array(this.gates);
    this.gatesH = new Float32Array(this.gates);
    this.whole = new WholeUnits(units);
    this.outputs = new Float32Array(this.head.rows);
    this.logits = new Float32Array(shape.vocabSize);
    // One array with the parts (h, c) of each layer, and views of them by layer.
    this.hidden = new Float32Array(parts * layers * units);
    this.state = this.peepholes.map((_, layer) =>
      Array.from({ length: parts }, (_, part) => {
        const begin = (part * layers + layer) * units;
        return this.hidden.subarray(begin, begin + units);
      }),
    );
    this.pointer = shape.pointer
      ? new Pointer(shape.vocabSize, shape.pointer, shape.pointerWidth, arrays.sharpness[0])
      : null;
  }

  // Begin a text in the state that its seed chooses.
  begin(seed) {
    const size = this.hidden.length;
    const count = this.starts.length / size;
    const start = count ? Number(seed % BigInt(count)) * size : 0;
    this.hidden.fill(0);
    if (count) this.hidden.set(this.starts.subarray(start, start + size));
    this.pointer?.clear();
  }

  // Read a token, and return the logits of the next one.
  feed(token, temperature) {
    const { gates, gatesX, gatesH, whole, outputs, logits, shape } = this;
    gatesX.set(this.table.subarray(token * gates, (token + 1) * gates));
    for (let layer = 0; layer < shape.layers; layer++) {
      const state = this.state[layer];
      if (layer > 0) this.input[layer].times(whole, gatesX); // `whole` is the layer below
      whole.quantise(state[0]);
      this.recurrent[layer].times(whole, gatesH);
      this.step(gatesX, gatesH, state, this.peepholes[layer], shape.units);
      whole.quantise(state[0]);
    }
    this.head.times(whole, outputs);
    if (!this.pointer) return outputs;
    this.pointer.point(token, outputs, temperature, logits);
    return logits;
  }
}

// Return the arrays that lie one after the other in `bytes`: [name, type, count] each, those of four
// bytes first.
function unpackArrays(layout, bytes) {
  const types = { float32: Float32Array, int8: Int8Array };
  let at = 0;
  return Object.fromEntries(
    layout.map(([name, type, count]) => {
      const array = new types[type](bytes.buffer, at, count);
      at += array.byteLength;
      return [name, array];
    }),
  );
}
