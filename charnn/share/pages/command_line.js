// The command that writes the same text with charnn, as charnn/cli/sample_tunes.py puts it into a tune.
"use strict";

// The values that `charnn sample` has without options.
const USUAL = { temperature: 0.8, topK: 0, topP: 1, minP: 0, length: 2000, stop: "" };
const WHOLE_NUMBERS = ["topK", "length"];

function commandLine(model, settings, prime) {
  const words = ["charnn", "sample", model.path];
  for (const [name, usual] of Object.entries(USUAL)) {
    const value = settings[name];
    if (value === usual) continue;
    const isNumber = typeof value === "number" && !WHOLE_NUMBERS.includes(name);
    const option = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    words.push(`--${option}`, isNumber ? pythonNumber(value) : String(value));
  }
  if (model.tunes) words.push("--bars", "off");
  if (prime) words.push("--prime", (prime.startsWith("@") ? "@" : "") + prime);
  return [...words, "--seed", String(settings.seed)].map(shellWord).join(" ");
}

// Return a number as Python writes it.
function pythonNumber(value) {
  if (Number.isInteger(value)) return `${value}.0`;
  return value < 1e-4 ? value.toExponential().replace(/-(\d)$/, "-0$1") : String(value);
}

const isUnprintable = (character) => character !== " " && /[\p{C}\p{Z}]/u.test(character);

function shellWord(word) {
  const characters = Array.from(word);
  if (!characters.some(isUnprintable)) {
    if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
    return `'${word.replaceAll("'", `'"'"'`)}'`;
  }
  return `$'${characters.map(escaped).join("")}'`;
}

function escaped(character) {
  if (character === "\\" || character === "'") return `\\${character}`;
  if (character === "\n") return "\\n";
  if (!isUnprintable(character)) return character;
  const bytes = new TextEncoder().encode(character);
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
