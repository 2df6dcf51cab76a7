// The controls of the player.
import { byId, field, make, select } from "./dom.js";
import { texts } from "./texts.js";

function number(value, min, max) {
  return make("input", { type: "number", value: String(value), min: String(min), max: String(max) });
}

function check(id, text, onchange, checked = false) {
  const box = make("input", { type: "checkbox", id, onchange: () => onchange(box.checked) });
  box.checked = checked;
  return make("label", { for: id }, box, ` ${text}`);
}

// Build the controls. `reload` is called when the notes themselves change.
export function buildControls(player, score, options, reload) {
  const state = { chords: "off", repeats: true, swing: null, instrument: "fiddle" };
  const play = make("button", { type: "button", class: "main", id: "play" }, texts.play);
  play.addEventListener("click", () => (player.playing ? player.pause() : player.play()));
  const tempo = make("input", { type: "range", min: "30", max: "200", value: "100", id: "tempo" });
  const bpm = make("output", { for: "tempo", id: "bpm" });
  tempo.addEventListener("input", () => player.setSpeed(Number(tempo.value) / 100));
  const loop = check("loop", texts.loop, () => applyLoop());
  const trainer = {
    start: number(60, 20, 200),
    end: number(100, 20, 200),
    step: number(5, 1, 50),
    loops: number(2, 1, 50),
  };

  function applyTrainer() {
    const values = Object.entries(trainer).map(([name, input]) => [name, Math.max(1, Number(input.value) || 1)]);
    player.trainer = byId("trainer").checked ? Object.fromEntries(values) : null;
  }

  // The quarters of the chosen bars, in the first pass that plays them.
  function applyLoop() {
    player.loop = null;
    if (byId("loop").checked && score.chosen && score.view?.bars) {
      const [first, last] = score.chosen;
      const inside = (place) => {
        const bar = score.barOf.get(`n${place[0]}-${place[1]}`);
        return bar >= first && bar <= last;
      };
      const starts = player.notes.filter((note) => note.part === 0 && inside(note.place));
      if (starts.length) {
        const { bars } = score.view;
        let at = player.barAt(starts[0].start);
        const from = bars[at].start;
        const played = new Set(starts.map((note) => player.barAt(note.start)));
        const seen = new Set();
        // Until a bar comes that is not chosen, or the chosen bars begin again.
        while (played.has(at)) {
          const place = starts.find((note) => player.barAt(note.start) === at).place.join("-");
          if (seen.has(place)) break;
          seen.add(place);
          at += 1;
        }
        const end = bars[at - 1];
        player.loop = [from, end.start + end.duration];
      }
    }
    if (player.playing) player.play(player.loop ? player.loop[0] : player.position());
  }

  function showTempo() {
    const beat = score.view?.bars?.find((bar) => bar.duration > bar.beat)?.beat ?? 1;
    const pace = player.view?.tempo?.length ? player.pace(player.at) : 2;
    const beats = Math.round((60 * pace * player.speed) / beat);
    bpm.textContent = texts.bpm(beats, Math.round(player.speed * 100));
  }

  const change = (name, value) => {
    state[name] = value;
    reload();
  };
  const instrument = select(options.instruments.map((name) => [name, name]), "fiddle");
  instrument.addEventListener("change", () => {
    player.instrument = instrument.value;
    change("instrument", instrument.value);
  });
  const chords = select(Object.entries(texts.chordChoices), "off");
  chords.addEventListener("change", () => change("chords", chords.value));
  const swing = select(Object.entries(texts.swingChoices), "");
  swing.addEventListener("change", () => change("swing", swing.value ? Number(swing.value) : null));
  const volume = make("input", { type: "range", min: "0", max: "100", value: "80" });
  volume.addEventListener("input", () => player.setVolume((volume.value / 100) ** 2));
  const response = number(0, 0, 16);
  response.addEventListener("input", () => (player.response = Math.max(0, Math.floor(Number(response.value)) || 0)));
  for (const input of Object.values(trainer)) input.addEventListener("input", applyTrainer);

  byId("player").replaceChildren(
    make("div", { class: "row" }, play, loop, make("span", {}, bpm)),
    make("label", { for: "tempo" }, texts.tempo),
    tempo,
    make(
      "details",
      {},
      make("summary", {}, texts.practise),
      make(
        "div",
        { class: "grid" },
        field("instrument", texts.instrument, "", instrument),
        field("chords", texts.chords, "", chords),
        field("swing", texts.swing, "", swing),
        field("volume", texts.volume, "", volume),
        check("repeats", texts.repeats, (on) => change("repeats", on), true),
        check("click", texts.click, (on) => (player.clicks = on)),
        check("count-in", texts.countIn, (on) => (player.countIn = on)),
        field("response", texts.response, "", response),
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
    showSpeed(speed) {
      tempo.value = String(Math.round(speed * 100));
      showTempo();
    },
  };
}
