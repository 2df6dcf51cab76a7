// The controls of the player.
import { attempt, byId, field, make, select } from "./dom.js";
import { texts } from "./texts.js";

const LEAST_SPEED = 0.2; // of the tempo as written

function number(value, min, max) {
  return make("input", { type: "number", value: String(value), min: String(min), max: String(max) });
}

function check(id, text, onchange, checked = false) {
  const box = make("input", { type: "checkbox", id, onchange: () => onchange(box.checked) });
  box.checked = checked;
  return make("label", { for: id }, box, ` ${text}`);
}

// The number of a field; one that is empty or out of range becomes the nearest.
function nearest(input) {
  const value = Math.round(Number(input.value)) || 0;
  return Math.min(Number(input.max), Math.max(Number(input.min), value));
}

// Build the controls. `reload` is called when the notes themselves change.
export function buildControls(player, score, options, reload) {
  const state = { chords: "off", repeats: true, swing: null, instrument: "fiddle", rows: "" };
  const play = make("button", { type: "button", class: "main", id: "play" }, texts.play);
  play.addEventListener("click", () => (player.playing ? player.pause() : attempt(() => player.play())));
  const tempo = make("input", { type: "range", min: "30", max: "200", value: "100", id: "tempo" });
  const bpm = make("output", { for: "tempo", id: "bpm" });
  tempo.addEventListener("input", () => player.setSpeed(Number(tempo.value) / usualTempo()));
  const loop = check("loop", texts.loop, () => applyLoop());
  const trainer = {
    start: number(60, 20, 200),
    end: number(100, 20, 200),
    step: number(5, 1, 50),
    loops: number(2, 1, 50),
  };

  let untrained = 1; // the speed before the trainer was switched on
  function applyTrainer() {
    const values = Object.entries(trainer).map(([name, input]) => [name, nearest(input)]);
    const before = player.trainer;
    player.trainer = byId("trainer").checked ? Object.fromEntries(values) : null;
    if (player.trainer && !before) {
      untrained = player.speed;
      player.setSpeed(player.trainer.start / 100);
    } else if (before && !player.trainer) player.setSpeed(untrained);
    applyLoop();
  }

  // The quarters of the chosen bars, in the first pass that plays them; without any, of the tune.
  function loopQuarters() {
    const { bars } = player.view;
    if (!score.chosen) return [0, player.view.duration];
    const [first, last] = score.chosen;
    const inside = (place) => {
      const bar = score.barOf.get(`n${place[0]}-${place[1]}`);
      return bar >= first && bar <= last;
    };
    const starts = player.notes.filter((note) => note.part === 0 && inside(note.place));
    if (!starts.length) return [0, player.view.duration];
    const firstPlaces = new Map();
    for (const note of starts) {
      const bar = player.barAt(note.start);
      if (!firstPlaces.has(bar)) firstPlaces.set(bar, note.place.join("-"));
    }
    let at = player.barAt(starts[0].start);
    const begin = at;
    const seen = new Set();
    // Until a bar comes that is not chosen, or the chosen bars begin again.
    while (firstPlaces.has(at) && !seen.has(firstPlaces.get(at))) {
      seen.add(firstPlaces.get(at));
      at += 1;
    }
    const end = bars[at - 1];
    const { start, duration } = bars[begin];
    // A part whose last bar is shorter by its pick-up begins with the pick-up.
    const early = start - duration + end.duration - 1e-6;
    const before = player.notes.filter((note) => note.part === 0 && note.start > early && note.start < start - 1e-6);
    const pickup = before.length && before.every(({ place }) => score.barOf.get(`n${place.join("-")}`) % 1);
    return [pickup ? before[0].start : start, end.start + end.duration];
  }

  function applyLoop() {
    const isLooping = byId("loop").checked || byId("trainer").checked;
    player.setLoop(isLooping && player.view?.bars?.length ? loopQuarters() : null);
  }

  // The beats a minute of the tune as written: of dotted quarters in a jig.
  function usualTempo() {
    const beat = player.view?.bars?.find((bar) => bar.duration > bar.beat)?.beat ?? 1;
    return player.view ? (60 * player.pace(player.at)) / beat : 120;
  }

  function showTempo() {
    const usual = usualTempo();
    tempo.min = String(Math.round(LEAST_SPEED * usual));
    tempo.max = String(Math.round(2 * usual));
    tempo.value = String(Math.round(usual * player.speed));
    bpm.textContent = texts.bpm(Math.round(usual * player.speed), Math.round(player.speed * 100));
    tempo.setAttribute("aria-valuetext", bpm.textContent);
  }

  const change = (name, value) => {
    state[name] = value;
    reload();
  };
  const instrument = select(options.instruments.map((name) => [name, name]), "fiddle");
  instrument.addEventListener("change", () => change("instrument", instrument.value));
  const chords = select(Object.entries(texts.chordChoices), "off");
  chords.addEventListener("change", () => change("chords", chords.value));
  const swing = select(texts.swingChoices, "");
  swing.addEventListener("change", () => change("swing", swing.value ? Number(swing.value) : null));
  const rows = select(["", ...options.rows].map((name) => [name, texts.rowChoices[name] ?? name]), "");
  rows.addEventListener("change", () => change("rows", rows.value));
  const volume = make("input", { type: "range", min: "0", max: "100", value: "80" });
  volume.addEventListener("input", () => player.setVolume((volume.value / 100) ** 2));
  const response = number(0, 0, 16);
  response.addEventListener("input", () => (player.response = nearest(response)));
  for (const input of Object.values(trainer)) input.addEventListener("input", applyTrainer);
  // Once a number is typed, the field shows the one in use.
  for (const input of [response, ...Object.values(trainer)]) {
    input.addEventListener("change", () => (input.value = String(nearest(input))));
  }

  const tempoLabel = make("label", { for: "tempo" }, make("span", { class: "hidden" }, texts.tempo), tempo);
  byId("transport").replaceChildren(play, tempoLabel, bpm, loop);
  byId("player").replaceChildren(
    make(
      "div",
      { class: "grid" },
      field("instrument", texts.instrument, "", instrument),
      field("rows", texts.rows, "", rows),
      field("chords", texts.chords, "", chords),
      field("volume", texts.volume, "", volume),
    ),
    make("p", { id: "range", class: "warning", role: "status" }),
    make(
      "details",
      {},
      make("summary", {}, texts.practise),
      make(
        "div",
        { class: "grid" },
        field("swing", texts.swing, "", swing),
        field("response", texts.response, "", response),
        check("repeats", texts.repeats, (on) => change("repeats", on), true),
        check("click", texts.click, (on) => (player.clicks = on)),
        check("count-in", texts.countIn, (on) => (player.countIn = on)),
      ),
      make(
        "div",
        { class: "grid" },
        check("trainer", texts.trainer, applyTrainer),
        field("trainer-start", texts.trainerStart, "", trainer.start),
        field("trainer-end", texts.trainerEnd, "", trainer.end),
        field("trainer-step", texts.trainerStep, "", trainer.step),
        field("trainer-loops", texts.trainerLoops, "", trainer.loops),
      ),
    ),
  );

  return {
    state,
    applyLoop,
    showTempo,
    showState(playing) {
      play.textContent = playing ? texts.pause : texts.play;
      play.setAttribute("aria-pressed", String(playing));
    },
    showSpeed: showTempo,
    allow(canPlay) {
      play.disabled = !canPlay;
    },
  };
}
