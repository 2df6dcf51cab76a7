// Arithmetic that rounds as `charnn sample` does, so that both write the same text: + - * / and square
// roots, whose rounding IEEE 754 defines. A float64 operation on float32 numbers, followed by
// Math.fround, gives the correctly rounded float32 result (charnn/model/activations.py,
// charnn/inference/exponential.py). Math.exp and Math.tanh differ between browsers.
"use strict";

const f32 = Math.fround;
// Adding and subtracting these numbers rounds to whole numbers (charnn/inference/rounding.py).
const SHIFT_32 = 1.5 * 2 ** 23;
const SHIFT_64 = 1.5 * 2 ** 52;
const round32 = (x) => f32(f32(x + SHIFT_32) - SHIFT_32);
const round64 = (x) => x + SHIFT_64 - SHIFT_64;

const P0 = f32(0.9999993630281794), P1 = f32(0.1291364339224627);
const P2 = f32(0.002938828987992771), P3 = f32(1.1310222621682318e-5);
const Q1 = f32(0.462467423681418), Q2 = f32(0.02376383470062238);
const Q3 = f32(0.00023702855578968833), Q4 = f32(2.423838566527319e-7);

function tanh(x) {
  const bounded = f32(Math.min(Math.max(x, -8), 8));
  const s = f32(bounded * bounded);
  const p = f32(f32(f32(f32(f32(f32(P3 * s) + P2) * s) + P1) * s) + P0);
  const high = f32(f32(f32(f32(Q4 * s) + Q3) * s) + Q2);
  const q = f32(f32(f32(f32(high * s) + Q1) * s) + 1);
  return f32(f32(bounded * p) / q);
}

const sigmoid = (x) => f32(f32(0.5 * tanh(f32(0.5 * x))) + 0.5);

const LN_2 = 0.6931471805599453;
const LN_2_32 = f32(LN_2);
const INVERSE_LN_2 = 1 / LN_2;
const INVERSE_LN_2_32 = f32(1 / LN_2);
const [T3, T4, T5, T6] = [6, 24, 120, 720].map((n) => f32(1 / n));
// 2 ** (n - 1022), by doubling: Math.pow need not be exact.
const POWERS = new Float64Array(1200);
POWERS.forEach((_, n) => (POWERS[n] = n ? 2 * POWERS[n - 1] : 2 ** -1022));

// e ** x for x <= 0.
function exponential(x) {
  if (!(x > -700)) return 0;
  const k = round64(x * INVERSE_LN_2);
  const r = x - k * LN_2;
  const high = 1 / 5040 + r * (1 / 40320 + r * (1 / 362880 + r / 3628800));
  const low = 1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * high)));
  return (1 + r * (1 + r * (1 / 2 + r * low))) * POWERS[k + 1022];
}

// e ** x in float32 for x <= 80, or e ** -80 for x < -80.
function exponential32(x) {
  const bounded = Math.max(x, -80);
  const k = round32(f32(bounded * INVERSE_LN_2_32));
  const r = f32(bounded - f32(k * LN_2_32));
  const high = f32(T4 + f32(r * f32(T5 + f32(r * T6))));
  const low = f32(0.5 + f32(r * f32(T3 + f32(r * high))));
  return f32(f32(1 + f32(r * f32(1 + f32(r * low)))) * POWERS[k + 1022]);
}

// The two halves of a float64. Every machine that runs browsers stores the low half first.
const float = new Float64Array(2);
const halves = new Uint32Array(float.buffer);
float[1] = Math.sqrt(0.5);
const [SQRT_HALF_LOW, SQRT_HALF_HIGH] = [halves[2], halves[3]];

// The natural logarithm of a positive float64.
function logarithm(x) {
  float[0] = x;
  const borrow = halves[0] < SQRT_HALF_LOW ? 1 : 0;
  const k = (halves[1] - SQRT_HALF_HIGH - borrow) >> 20;
  halves[1] -= k << 20;
  const m = float[0];
  const s = (m - 1) / (m + 1);
  const t = s * s;
  const high = 1 / 7 + t * (1 / 9 + t * (1 / 11));
  return k * LN_2 + 2 * s * (1 + t * (1 / 3 + t * (1 / 5 + t * high)));
}
