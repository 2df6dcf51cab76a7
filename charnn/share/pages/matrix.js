// A matrix of whole numbers from -127 to 127, with a scale and a bias for each row, as
// charnn/inference/quantised.py has it. Its products are exact, so their order is free.
"use strict";

// Two rows share a float64, the second one times 2 ** 26: one multiplication then serves two rows. A
// sum of 2,048 products of such numbers is below 2 ** 25, so the two sums never mix.
const SECOND_ROW = 2 ** 26;
const COLUMNS = 8; // that are added at a time: each sum is then loaded once for eight products
const MOST_COLUMNS = 2048;

class Matrix {
  constructor(int8, scale, bias) {
    this.rows = scale.length;
    this.scale = scale;
    this.bias = bias;
    const columns = int8.length / this.rows;
    const half = Math.ceil(this.rows / 2);
    this.pairs = new Float64Array(half * columns); // column by column
    for (let row = 0, at = 0; row < this.rows; row++) {
      const factor = row % 2 ? SECOND_ROW : 1;
      for (let place = row >> 1; place < this.pairs.length; place += half) {
        this.pairs[place] += factor * int8[at++];
      }
    }
    this.pairSums = new Float64Array(half);
    this.sums = new Float64Array(2 * half);
  }

  // Write W h + b to `product`, for hidden units h.
  times(h, product) {
    const { pairs, pairSums, sums, rows, scale, bias } = this;
    sums.fill(0);
    for (let begin = 0; begin < h.count; begin += MOST_COLUMNS) {
      pairSums.fill(0);
      addColumns(pairs, pairSums, h, begin, Math.min(h.count, begin + MOST_COLUMNS));
      for (let pair = 0; pair < pairSums.length; pair++) {
        const second = Math.round(pairSums[pair] / SECOND_ROW);
        sums[2 * pair] += pairSums[pair] - second * SECOND_ROW;
        sums[2 * pair + 1] += second;
      }
    }
    for (let row = 0; row < rows; row++) {
      product[row] = f32(f32(f32(sums[row]) * scale[row]) + bias[row]);
    }
  }
}

function addColumns(pairs, sums, { columns, values }, begin, end) {
  const half = sums.length;
  for (let n = begin; n < end; n += COLUMNS) {
    const a = half * columns[n], s = values[n];
    const b = half * columns[n + 1], t = values[n + 1];
    const c = half * columns[n + 2], u = values[n + 2];
    const d = half * columns[n + 3], v = values[n + 3];
    const e = half * columns[n + 4], w = values[n + 4];
    const f = half * columns[n + 5], x = values[n + 5];
    const g = half * columns[n + 6], y = values[n + 6];
    const h = half * columns[n + 7], z = values[n + 7];
    for (let pair = 0; pair < half; pair++) {
      sums[pair] +=
        pairs[a + pair] * s + pairs[b + pair] * t + pairs[c + pair] * u + pairs[d + pair] * v +
        pairs[e + pair] * w + pairs[f + pair] * x + pairs[g + pair] * y + pairs[h + pair] * z;
    }
  }
}

// The hidden units times 127, rounded, without those that are 0: 38 % of them in the bundled model.
class WholeUnits {
  constructor(units) {
    this.columns = new Int32Array(units + COLUMNS);
    this.values = new Float64Array(units + COLUMNS);
    this.count = 0;
  }

  quantise(h) {
    let count = 0;
    for (let unit = 0; unit < h.length; unit++) {
      const whole = round32(f32(127 * h[unit]));
      if (whole === 0) continue;
      this.columns[count] = unit;
      this.values[count++] = whole;
    }
    // Filled up with zeros to a multiple of the columns that are added at a time.
    while (count % COLUMNS) this.values[count++] = 0;
    this.count = count;
  }
}
