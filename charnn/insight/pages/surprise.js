"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const shown = document.getElementById("shown");
const text = document.getElementById("text");
// A surprise of this many bits is worth a stop.
const MUCH = 4;

const spans = data.pieces.map((piece, place) => {
  const span = document.createElement("span");
  // A label has no characters, and a line end none that can be seen.
  if (piece === "") {
    span.textContent = data.names[place];
    span.className = "label";
  } else {
    span.textContent = piece.replace("\n", "↵\n");
  }
  const colour = data.colours[place];
  if (colour !== null) {
    span.style.backgroundColor = data.palette[colour];
    span.style.color = data.dark[colour] ? "#fff" : "#000";
  }
  span.dataset.place = place;
  text.append(span);
  return span;
});

function percent(share) {
  return `${(100 * share).toPrecision(3)} %`;
}

function row(name, share, came) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = came ? `${name} (came)` : name;
  const value = document.createElement("td");
  value.textContent = percent(share);
  const bar = document.createElement("td");
  const meter = document.createElement("meter");
  meter.value = share;
  meter.setAttribute("aria-hidden", "true");
  bar.append(meter);
  line.append(head, value, bar);
  return line;
}

let here = null;
function show(place) {
  here?.classList.remove("here");
  here = spans[place];
  here.classList.add("here");
  slider.value = place;
  const bits = data.bits[place];
  const probability = 2 ** -bits;
  slider.setAttribute("aria-valuetext", `character ${place + 1}: ${data.names[place]}`);
  const said = document.createElement("p");
  said.textContent = `${data.names[place]}: ${bits.toFixed(2)} bits. The model weighed:`;
  const table = document.createElement("table");
  const rows = data.alternatives[place].map(([name, share]) => [name, share, false]);
  rows.push([data.names[place], probability, true]);
  rows.sort((one, other) => other[1] - one[1]);
  table.append(...rows.map((each) => row(...each)));
  shown.replaceChildren(said, table);
}

function move(place) {
  show(Math.max(0, Math.min(spans.length - 1, place)));
  here.scrollIntoView({ block: "nearest" });
}

slider.addEventListener("input", () => move(Number(slider.value)));
steer(move);
document.getElementById("next").addEventListener("click", () => {
  const begin = Number(slider.value) + 1;
  const found = data.bits.findIndex((bits, place) => place >= begin && bits >= MUCH);
  move(found < 0 ? data.bits.findIndex((bits) => bits >= MUCH) : found);
});
for (const name of ["pointerover", "click"]) {
  text.addEventListener(name, (event) => {
    const place = event.target.dataset.place;
    if (place !== undefined) show(Number(place));
  });
}
show(0);
