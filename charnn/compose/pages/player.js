// The player: the notes of export-midi in WebAudio, with a loop, a trainer, a click and a count-in.
// Times are in quarter notes. The tempo may change while it plays: a new anchor then ties the
// present quarter to the present time of the audio clock.
import { click, sound, timbreOf } from "./synth.js";

const AHEAD = 0.18; // seconds that are scheduled before they sound
const EVERY = 30; // milliseconds between two looks ahead

export class Player {
  constructor({ onNotes, onState, onSpeed, onEnd }) {
    Object.assign(this, { onNotes, onState, onSpeed, onEnd });
    this.view = null;
    this.speed = 1;
    this.volume = 0.8;
    this.loop = null; // [from, to] in quarters
    this.trainer = null; // {start, end, step, loops}
    this.clicks = false;
    this.countIn = false;
    this.response = 0; // bars of call, then as many of response
    this.at = 0;
    this.playing = false;
  }

  // Take another tune, or the same one with other sounds; the playing goes on where it is.
  load(view) {
    const wasPlaying = this.playing;
    if (wasPlaying) this.pause();
    this.loop = null;
    this.view = view;
    this.notes = [...(view.notes ?? [])].sort((a, b) => a.start - b.start);
    this.beats = beatsOf(view.bars ?? []);
    if (this.at >= (view.duration ?? 0)) this.at = 0;
    if (wasPlaying && this.notes.length) this.begin();
  }

  // The quarters a second at a place of the tune, without the slider.
  pace(at) {
    const tempos = this.view.tempo ?? [];
    const here = tempos.filter((tempo) => tempo.at <= at + 1e-9).at(-1) ?? tempos[0];
    return (here?.quarters_per_minute ?? 120) / 60;
  }

  // The seconds between two places, through all changes of the tempo.
  seconds(from, to) {
    const changes = (this.view.tempo ?? []).map((tempo) => tempo.at).filter((at) => at > from + 1e-9 && at < to);
    const places = [from, ...changes, to];
    return changes.concat(to).reduce((sum, end, n) => sum + (end - places[n]) / (this.pace(places[n]) * this.speed), 0);
  }

  async play(from) {
    if (!this.notes?.length) return;
    this.context ??= new AudioContext({ latencyHint: "interactive" });
    if (!this.output) {
      this.limiter = new DynamicsCompressorNode(this.context, { threshold: -12, ratio: 8 });
      this.master = new GainNode(this.context, { gain: this.volume });
      this.master.connect(this.limiter).connect(this.context.destination);
    }
    await this.context.resume();
    if (this.playing) this.pause();
    if (from !== undefined) this.at = from;
    if (this.trainer && this.loop) this.setSpeed(this.trainer.start / 100);
    this.begin(this.countIn);
  }

  // Schedule notes from here on.
  begin(countIn = false) {
    this.output = new GainNode(this.context);
    this.output.connect(this.master);
    if (this.loop && (this.at < this.loop[0] || this.at >= this.loop[1])) this.at = this.loop[0];
    this.passes = 0;
    this.playing = true;
    this.anchor = { quarter: this.at, time: this.context.currentTime + 0.06 };
    if (countIn) this.anchor.time += this.count();
    this.scheduled = this.at;
    this.queue = [];
    this.timer = setInterval(() => this.lookAhead(), EVERY);
    this.lookAhead();
    this.follow();
    this.onState(true);
  }

  pause() {
    if (!this.playing) return;
    this.at = Math.max(0, this.position());
    this.playing = false;
    clearInterval(this.timer);
    clearTimeout(this.ending);
    cancelAnimationFrame(this.frame);
    this.silence();
    this.onNotes([]);
    this.onState(false);
  }

  // The notes that are scheduled but not heard yet go with their gain.
  silence() {
    if (!this.output) return;
    this.output.gain.setTargetAtTime(0, this.context.currentTime, 0.01);
    const old = this.output;
    setTimeout(() => old.disconnect(), 200);
  }

  position() {
    const passed = Math.max(0, this.context.currentTime - this.anchor.time);
    return this.anchor.quarter + passed * this.pace(this.anchor.quarter) * this.speed;
  }

  timeOf(quarter) {
    return this.anchor.time + (quarter - this.anchor.quarter) / (this.pace(this.anchor.quarter) * this.speed);
  }

  setSpeed(speed) {
    if (this.playing) {
      // What is scheduled stays; the rest comes at the new tempo.
      const time = this.timeOf(this.scheduled);
      this.anchor = { quarter: this.scheduled, time };
    }
    this.speed = speed;
    this.onSpeed(speed);
  }

  // Play these quarters again and again; null for the whole tune once.
  setLoop(loop) {
    const before = this.loop;
    this.loop = loop;
    if (!this.playing || String(before) === String(loop)) return;
    this.pause();
    this.begin();
  }

  setVolume(volume) {
    this.volume = volume;
    if (this.master) this.master.gain.setTargetAtTime(volume, this.context.currentTime, 0.02);
  }

  lookAhead() {
    const until = this.context.currentTime + AHEAD;
    for (let guard = 0; guard < 64 && this.timeOf(this.scheduled) < until; guard += 1) {
      const end = this.loop ? this.loop[1] : this.view.duration;
      const horizon = this.anchor.quarter + (until - this.anchor.time) * this.pace(this.anchor.quarter) * this.speed;
      // A new tempo in the tune is a new anchor.
      const change = (this.view.tempo ?? []).find((tempo) => tempo.at > this.scheduled + 1e-9)?.at ?? Infinity;
      const to = Math.min(horizon, end, change);
      this.schedule(this.scheduled, to);
      const time = this.timeOf(to);
      this.scheduled = to;
      if (to >= end - 1e-9) {
        if (!this.loop) return this.finish(time);
        this.nextPass(time);
      } else if (to === change) this.anchor = { quarter: to, time };
    }
  }

  nextPass(time) {
    this.passes += 1;
    const { trainer } = this;
    if (trainer && this.passes % trainer.loops === 0) {
      const percent = Math.min(trainer.end, Math.round(this.speed * 100) + trainer.step);
      this.speed = percent / 100;
      this.onSpeed(this.speed);
    }
    this.anchor = { quarter: this.loop[0], time };
    this.scheduled = this.loop[0];
  }

  schedule(from, to) {
    const timbres = this.view.instruments.map(({ name }) => timbreOf(name));
    for (const note of this.notes) {
      if (note.start < from - 1e-9 || note.start >= to - 1e-9) continue;
      const time = Math.max(this.timeOf(note.start), this.context.currentTime);
      const seconds = this.seconds(note.start, note.start + note.duration);
      if (!this.isSilent(note.start)) {
        sound(this.context, this.output, timbres[note.part], note, time, seconds);
      }
      if (note.part < this.view.voices) this.queue.push({ time, end: time + seconds, place: note.place });
    }
    for (const beat of this.clicks ? this.beats : []) {
      if (beat.at < from - 1e-9 || beat.at >= to - 1e-9) continue;
      click(this.context, this.output, this.timeOf(beat.at), beat.strong);
    }
  }

  // In the response, the player is silent and the musician answers.
  isSilent(start) {
    if (!this.response) return false;
    const first = this.loop ? this.barAt(this.loop[0]) : 0;
    return Math.floor((this.barAt(start) - first) / this.response) % 2 === 1;
  }

  barAt(quarter) {
    const bars = this.view.bars ?? [];
    const found = bars.findLastIndex((bar) => bar.start <= quarter + 1e-9);
    return Math.max(0, found);
  }

  // Click one bar before the music, and return its seconds.
  count() {
    const bar = (this.view.bars ?? []).find((each) => each.duration > each.beat) ?? { duration: 4, beat: 1 };
    const beats = Math.max(1, Math.round(bar.duration / bar.beat));
    const seconds = bar.beat / (this.pace(this.at) * this.speed);
    for (let beat = 0; beat < beats; beat += 1) {
      click(this.context, this.output, this.anchor.time + beat * seconds, beat === 0);
    }
    return beats * seconds;
  }

  finish(time) {
    clearInterval(this.timer);
    const left = Math.max(0, time - this.context.currentTime);
    this.ending = setTimeout(() => {
      this.pause();
      this.at = 0;
      this.onEnd();
    }, 1000 * left + 250);
    return undefined;
  }

  follow() {
    const now = this.context.currentTime;
    this.queue = this.queue.filter((note) => note.end > now);
    this.onNotes(this.queue.filter((note) => note.time <= now).map((note) => note.place));
    if (this.playing) this.frame = requestAnimationFrame(() => this.follow());
  }
}

function beatsOf(bars) {
  const beats = [];
  for (const bar of bars) {
    const end = bar.start + bar.duration - 1e-9;
    for (let at = bar.origin; at < end; at += bar.beat) {
      if (at >= bar.start - 1e-9) beats.push({ at, strong: Math.abs(at - bar.origin) < 1e-9 });
    }
  }
  return beats;
}
