// The player of a tune: plucked tones in WebAudio, made here.
"use strict";

const AHEAD = 0.4; // seconds that are scheduled before they sound
const USUAL_TEMPO = 120;
const HARMONICS = new Float32Array([0, 1, 0.6, 0.35, 0.2, 0.12, 0.08]);

class TunePlayer {
  // `tempos` are quarters a minute by type and meter.
  constructor(tempos, onEnd) {
    Object.assign(this, { tempos, onEnd });
    this.timer = 0;
  }

  get playing() {
    return this.timer !== 0;
  }

  async play(text) {
    const tune = new TuneReader(text);
    const { notes, quarters } = notesOf(tune);
    if (!notes.length) return;
    this.quarter = 60 / (this.tempos[`${tune.rhythm} ${tune.meter}`] ?? USUAL_TEMPO);
    this.context ??= new AudioContext();
    this.wave ??= this.context.createPeriodicWave(new Float32Array(HARMONICS.length), HARMONICS);
    this.output = new GainNode(this.context, { gain: 0.25 });
    this.output.connect(this.context.destination);
    this.timer = setInterval(() => this.schedule(), 100);
    await this.context.resume();
    this.begin = this.context.currentTime + 0.1;
    this.waiting = notes;
    this.end = quarters * this.quarter;
    this.schedule();
  }

  schedule() {
    if (this.begin === undefined) return;
    const now = this.context.currentTime - this.begin;
    while (this.waiting.length && this.waiting[0].time * this.quarter < now + AHEAD) this.sound(this.waiting.shift());
    if (now > this.end) this.stop();
  }

  sound({ pitch, time, quarters }) {
    const start = this.begin + time * this.quarter;
    const end = start + Math.max(0.06, quarters * this.quarter * 0.95);
    const frequency = 440 * 2 ** ((pitch - 69) / 12);
    const tone = new OscillatorNode(this.context, { type: "custom", periodicWave: this.wave, frequency });
    const gain = new GainNode(this.context, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(1, start + 0.008);
    gain.gain.setTargetAtTime(0.2, start + 0.008, 0.25);
    gain.gain.setTargetAtTime(0, end, 0.03);
    tone.connect(gain).connect(this.output);
    tone.start(start);
    tone.stop(end + 0.2);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.begin = undefined;
    this.output?.disconnect();
    this.onEnd();
  }
}
