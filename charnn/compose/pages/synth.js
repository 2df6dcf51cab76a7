// Tones for WebAudio, made here: no samples are loaded. A timbre is a few harmonics and an envelope.
const plucked = { harmonics: [1, 0.6, 0.35, 0.2, 0.12, 0.08], attack: 0.004, decay: 0.9, sustain: 0 };
const bowed = { harmonics: [1, 0.7, 0.5, 0.35, 0.28, 0.2, 0.12], attack: 0.035, decay: 0.1, sustain: 0.8 };
const reed = { harmonics: [1, 0.25, 0.7, 0.2, 0.45, 0.12, 0.25], attack: 0.02, decay: 0.05, sustain: 0.9 };
const blown = { harmonics: [1, 0.3, 0.1, 0.03], attack: 0.03, decay: 0.05, sustain: 0.9 };
const struck = { harmonics: [1, 0.45, 0.2, 0.12, 0.05], attack: 0.003, decay: 0.6, sustain: 0.05 };

const families = [
  [/fiddle|violin|viola|cello/, bowed],
  [/flute|whistle|fife|recorder|ocarina/, blown],
  [/accordion|concertina|pipes|clarinet|oboe|sax|harmonica|melodeon/, reed],
  [/piano|dulcimer|vibra|xylo/, struck],
];

export const timbreOf = (name) => families.find(([names]) => names.test(name))?.[1] ?? plucked;

const waves = new WeakMap();

function waveOf(context, timbre) {
  const made = waves.get(timbre) ?? new WeakMap();
  waves.set(timbre, made);
  if (!made.has(context)) {
    const imag = new Float32Array([0, ...timbre.harmonics]);
    made.set(context, context.createPeriodicWave(new Float32Array(imag.length), imag));
  }
  return made.get(context);
}

// The peak of a note of velocity 127: a tune with chords stays below full scale, at the volume of other
// pages (about -20 dB).
const LOUDEST = 0.6;

// Sound a note from `time` on, for `seconds`, into `output`.
export function sound(context, output, timbre, { pitch, velocity }, time, seconds) {
  const oscillator = new OscillatorNode(context, {
    type: "custom",
    periodicWave: waveOf(context, timbre),
    frequency: 440 * 2 ** ((pitch - 69) / 12),
  });
  const gain = new GainNode(context, { gain: 0 });
  const peak = LOUDEST * (velocity / 127) ** 1.5;
  const end = time + Math.max(0.05, seconds);
  gain.gain.setValueAtTime(0, time);
  gain.gain.linearRampToValueAtTime(peak, time + timbre.attack);
  gain.gain.setTargetAtTime(peak * timbre.sustain, time + timbre.attack, timbre.decay / 3);
  gain.gain.setTargetAtTime(0, end - 0.02, 0.03);
  oscillator.connect(gain).connect(output);
  oscillator.start(time);
  oscillator.stop(end + 0.25);
  oscillator.onended = () => gain.disconnect();
}

export function click(context, output, time, strong) {
  const note = { pitch: strong ? 96 : 89, velocity: strong ? 120 : 90 };
  sound(context, output, { harmonics: [1], attack: 0.001, decay: 0.03, sustain: 0 }, note, time, 0.04);
}
