// The files of the book: a book that comes in, and tunes that go out.
import { ask, download } from "./api.js";
import { attempt, byId, make, say } from "./dom.js";
import { texts } from "./texts.js";

const words = texts.book;
const MAX_FILE = 4_000_000;

// Buttons for each format. `chosen` returns which tunes, `titleOf` how the file is called, and
// `playing` how the tunes are played and drawn.
export function fileButtons(chosen, titleOf, playing) {
  return [
    make("span", {}, texts.export),
    ...Object.entries({ ...texts.formats, ...words.formats }).map(([format, label]) =>
      make(
        "button",
        { type: "button", "data-book-format": format, onclick: () => attempt(() => save(format, titleOf(), { ...playing(), ...chosen() })) },
        label,
      ),
    ),
  ];
}

let making = null;

// A button that stops the making of a file: charnn ends its work when nobody waits for it.
export function cancelButton() {
  return make("button", { type: "button", id: "cancel-file", hidden: true, onclick: () => making.abort() }, words.cancel);
}

// Make a file, and offer to cancel it; an earlier one that is still being made is given up.
async function made(asked) {
  making?.abort();
  const own = new AbortController();
  making = own;
  byId("cancel-file").hidden = false;
  say(words.preparing);
  try {
    return await download("book/export", asked, own.signal);
  } catch (problem) {
    if (problem.name === "AbortError" && making === own) say(words.cancelled);
    throw problem;
  } finally {
    if (making === own) byId("cancel-file").hidden = true;
  }
}

async function save(format, title, asked) {
  const { content, suffix, messages } = await made({ ...asked, format, title });
  saveAs(content, title, suffix);
  showMessages(messages);
}

export function saveAs(content, title, suffix) {
  const stem = title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "tune";
  const link = make("a", { href: URL.createObjectURL(content), download: `${stem}${suffix}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  say(texts.saved(link.download));
}

export function importField(imported) {
  const input = make("input", { type: "file", id: "import", accept: ".abc,.txt,text/plain" });
  input.addEventListener("change", () =>
    attempt(async () => {
      const [file] = input.files;
      if (!file) return;
      try {
        if (file.size > MAX_FILE) throw new Error(words.tooLarge(file.name));
        say(words.importing(file.name));
        const { added, known, problems } = await ask("import", { abc: decode(await file.arrayBuffer()) });
        say(words.imported(added, known));
        showMessages(problems);
      } finally {
        input.value = "";
      }
      await imported();
    }),
  );
  return make("label", { for: "import" }, words.import, input);
}

// Old books are often in the code page of Windows.
function decode(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function showMessages(messages) {
  byId("book-messages").replaceChildren(...messages.map((message) => make("li", {}, message)));
}
