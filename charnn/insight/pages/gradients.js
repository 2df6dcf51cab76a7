// The errors between the characters of a text. Arrow keys, Home, End or a click choose the character
// that is predicted; every earlier character is coloured by the error that this loss sends to it.
"use strict";
{
  const windows = JSON.parse(document.getElementById("data").textContent);
  const box = document.getElementById("characters");
  const models = document.getElementById("model");
  const kinds = document.getElementById("kind");
  const readout = document.getElementById("readout");
  let place = 0;

  const shown = (piece) => (piece === "" ? "◦" : piece.replaceAll("\n", "↵\n"));
  const quoted = (piece) => (piece === "" ? "◦" : JSON.stringify(piece));
  const current = () => windows[models.selectedIndex];

  function fill() {
    const before = kinds.value;
    kinds.replaceChildren(...Object.keys(current().values).map((kind) => new Option(kind)));
    if (before in current().values) kinds.value = before;
    box.replaceChildren(
      ...[...current().read, current().predicted.at(-1)].map((piece, step) => {
        const character = document.createElement("span");
        character.textContent = shown(piece);
        character.dataset.step = step;
        return character;
      }),
    );
    box.setAttribute("aria-valuemax", current().read.length);
    choose(place || current().read.length);
  }

  function choose(step) {
    place = Math.min(Math.max(step, 1), current().read.length);
    const errors = current().values[kinds.value][place - 1];
    const highest = Math.max(...errors) || 1;
    [...box.children].forEach((character, number) => {
      const share = number < place ? Math.sqrt(errors[number] / highest) : 0;
      const grey = 255 - Math.round(200 * share);
      character.style.backgroundColor = share ? `rgb(${grey}, ${grey}, 255)` : "";
      character.style.color = share ? (grey > 128 ? "#000" : "#fff") : "";
      character.classList.toggle("chosen", number === place);
      character.classList.toggle("later", number > place);
    });
    const order = errors.map((error, number) => [error, number]).sort((a, b) => b[0] - a[0]);
    const most = order
      .slice(0, 5)
      .map(([error, number]) =>
        `${quoted(current().read[number])} ${place - number} back: ${error.toExponential(1)}`)
      .join("; ");
    const target = quoted(current().predicted[place - 1]);
    const text = `Prediction of ${target}, character ${current().places[place - 1]}. Most: ${most}`;
    readout.textContent = text;
    box.setAttribute("aria-valuenow", place);
    box.setAttribute("aria-valuetext", text);
  }

  box.addEventListener("keydown", (event) => {
    const steps = {
      ArrowLeft: place - 1, ArrowRight: place + 1, ArrowUp: place + 10, ArrowDown: place - 10,
      Home: 1, End: Infinity,
    };
    if (event.key in steps) {
      event.preventDefault();
      choose(steps[event.key]);
    }
  });
  box.addEventListener("click", (event) => {
    if ("step" in event.target.dataset) choose(Number(event.target.dataset.step));
  });
  models.addEventListener("change", fill);
  kinds.addEventListener("change", () => choose(place));
  models.replaceChildren(...windows.map((each) => new Option(each.name)));
  fill();
}
