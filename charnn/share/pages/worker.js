// The worker: it holds the model and writes, so that the page stays quick.
"use strict";

const SLICE = 30; // milliseconds of writing between two looks for messages
let model = null;
let current = 0; // the number of the text that is being written

onmessage = ({ data }) => {
  if (data.shape) {
    model = new Model(data.shape, bytesOf(data.weights));
    postMessage({ ready: true });
  } else {
    current = data.number;
    if (data.settings) write(data.number, data.settings);
  }
};

function bytesOf(base64) {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

async function write(number, settings) {
  const prime = settings.header ? tunePrime(settings) : settings.prime;
  postMessage({ number, prime });
  const begin = performance.now(); // after the title
  let text = "", last = begin;
  for (const piece of model.write({ ...settings, prime })) {
    text += piece;
    if (performance.now() - last < SLICE) continue;
    postMessage({ number, text });
    await nextTurn();
    if (number !== current) return;
    [text, last] = ["", performance.now()];
  }
  postMessage({ number, text, seconds: (performance.now() - begin) / 1000 });
}

// Messages that have arrived come first.
function nextTurn() {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  });
}

// Return the header of a tune. A title that is not given is written by the model.
function tunePrime(settings) {
  const begin = "X:1\nT:";
  const given = settings.title.trim() ? settings.title : "";
  const title = given || writtenTitle(model, { ...settings, prime: begin }) || "Untitled";
  const fields = ["R", "M", "L", "K"].map((letter, n) => `${letter}:${settings.header[n]}\n`);
  return `${begin}${title}\n${fields.filter((_, n) => settings.header[n]).join("")}`;
}
