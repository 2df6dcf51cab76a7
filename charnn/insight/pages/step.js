"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const unitMenu = document.getElementById("unit");
const playButton = document.getElementById("play");
const text = document.getElementById("text");
const body = document.querySelector("#equations tbody");
// The time of a step while the page plays, in milliseconds.
const PACE = 1200;

const spans = data.tokens.map((name, place) => {
  const span = document.createElement("span");
  span.textContent = name;
  span.dataset.place = place;
  text.append(span);
  return span;
});

function cell(kind, content) {
  const made = document.createElement(kind);
  made.append(content);
  return made;
}

// A bar from the middle of its track: to the right for values above 0.
function bar(value, largest) {
  const track = document.createElement("span");
  track.className = "track";
  track.setAttribute("aria-hidden", "true");
  const filled = document.createElement("span");
  filled.className = "filled";
  const share = Math.min(1, Math.abs(value) / largest);
  filled.style.width = `${50 * share}%`;
  filled.style.left = value < 0 ? `${50 - 50 * share}%` : "50%";
  track.append(filled);
  return track;
}

function show() {
  const step = Number(slider.value);
  const unit = Number(unitMenu.value);
  const name = data.tokens[step];
  slider.setAttribute("aria-valuetext", `step ${step + 1} of ${data.tokens.length}: ${name}`);
  for (const span of spans) span.classList.toggle("here", Number(span.dataset.place) === step);
  const output = data.values["h'"][step][unit];
  document.getElementById("said").textContent =
    `Step ${step + 1} of ${data.tokens.length}: the cell reads ${name}, ` +
    `and unit ${data.units[unit]} gives h' = ${output.toFixed(3)}.`;
  const vectors = data.vectors[step][unit];
  document.getElementById("vectors").textContent = `x = ${vectors.x}; h = ${vectors.h}`;
  body.replaceChildren(
    ...Object.entries(data.equations).map(([symbol, equation]) => {
      const value = data.values[symbol][step][unit];
      const row = document.createElement("tr");
      const head = cell("th", `${symbol} = ${equation}`);
      head.scope = "row";
      row.append(
        head,
        cell("td", value.toFixed(3)),
        cell("td", bar(value, data.largest[symbol])),
        cell("td", data.filled[step][unit][symbol]),
      );
      return row;
    }),
  );
}

function move(step) {
  slider.value = Math.max(0, Math.min(data.tokens.length - 1, step));
  show();
}

let timer = null;
function stop() {
  clearInterval(timer);
  timer = null;
  playButton.setAttribute("aria-pressed", "false");
  playButton.textContent = "Play";
}

playButton.addEventListener("click", () => {
  if (timer !== null) {
    stop();
    return;
  }
  playButton.setAttribute("aria-pressed", "true");
  playButton.textContent = "Stop";
  if (Number(slider.value) === data.tokens.length - 1) move(0);
  timer = setInterval(() => {
    move(Number(slider.value) + 1);
    if (Number(slider.value) === data.tokens.length - 1) stop();
  }, PACE);
});
slider.addEventListener("input", show);
unitMenu.addEventListener("change", show);
steer(move);
text.addEventListener("click", (event) => {
  const place = event.target.dataset.place;
  if (place !== undefined) move(Number(place));
});
show();
