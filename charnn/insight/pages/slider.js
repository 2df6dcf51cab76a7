// The slider of a page that goes through places, with two buttons and the arrow keys.
const slider = document.getElementById("place");

function steer(move) {
  const moveBy = (by) => move(Number(slider.value) + by);
  document.getElementById("back").addEventListener("click", () => moveBy(-1));
  document.getElementById("on").addEventListener("click", () => moveBy(1));
  // The slider and the menus have arrow keys of their own.
  document.addEventListener("keydown", (event) => {
    const isOwn = ["INPUT", "SELECT"].includes(event.target.tagName);
    if (isOwn || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    moveBy(by);
    event.preventDefault();
  });
}

