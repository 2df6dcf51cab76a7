"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const unit = document.getElementById("unit");
const series = document.getElementById("series");
const shown = document.getElementById("shown");
const here = document.getElementById("here");
const text = document.getElementById("text");

function fill(select, names) {
  for (const name of names) {
    select.append(new Option(name, name));
  }
}
fill(unit, data.units.map((each) => each.name));
fill(series, Object.keys(data.series));

const spans = data.pieces.map((piece, place) => {
  const span = document.createElement("span");
  // A label has no characters, and a line end none that can be seen.
  if (piece === "") {
    span.textContent = data.names[place];
    span.className = "label";
  } else {
    span.textContent = piece.replace("\n", "↵\n");
  }
  span.dataset.place = place;
  text.append(span);
  return span;
});

let levels = "";
function paint() {
  const { name, ties } = data.units[unit.selectedIndex];
  levels = data.series[series.value][unit.selectedIndex];
  spans.forEach((span, place) => {
    const level = levels.charCodeAt(place) - data.first;
    span.style.backgroundColor = data.colours[level] ?? "";
    span.style.color = data.dark[level] ? "#fff" : "";
  });
  shown.textContent = `Unit ${name}, ${series.value}. ${ties ? `Tied to: ${ties}.` : ""}`;
  here.textContent = "";
}

function move(select, by) {
  const count = select.options.length;
  select.selectedIndex = (select.selectedIndex + by + count) % count;
  paint();
}

unit.addEventListener("change", paint);
series.addEventListener("change", paint);
document.addEventListener("keydown", (event) => {
  if (event.target.tagName === "SELECT" || event.altKey || event.ctrlKey || event.metaKey) return;
  const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  // Elsewhere, up and down scroll the page.
  const along = event.target === text ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
  if (across) move(unit, across);
  if (along) move(series, along);
  if (across || along) event.preventDefault();
});
text.addEventListener("pointerover", (event) => {
  const place = event.target.dataset.place;
  if (place === undefined) return;
  const level = levels.charCodeAt(place) - data.first;
  here.textContent = `Character ${Number(place) + 1}, ${data.names[place]}: ${data.levels[level].toFixed(2)}`;
});
paint();
