// Requests to charnn. The token of the link is kept for this tab only.
import { texts } from "./texts.js";

// A link that is pasted into the open page changes only what follows the #.
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1));
  if (!found.has("token")) return;
  sessionStorage.setItem("token", found.get("token"));
  found.delete("token");
  history.replaceState(null, "", found.size ? `#${found}` : location.pathname);
  document.dispatchEvent(new Event("token"));
}
takeToken();
window.addEventListener("hashchange", takeToken);

// A message of charnn in the words of the page.
export function inPageWords(message) {
  return texts.pageWords.reduce((words, [option, label]) => words.replace(option, label), message);
}

function headers() {
  return {
    "Content-Type": "application/json",
    "X-Charnn-Token": sessionStorage.getItem("token") ?? "",
  };
}

async function request(path, asked, signal) {
  const options = { headers: headers(), signal };
  if (asked !== undefined) Object.assign(options, { method: "POST", body: JSON.stringify(asked) });
  let answer;
  try {
    answer = await fetch(`/api/${path}`, options);
  } catch (problem) {
    throw problem.name === "AbortError" ? problem : new Error(texts.lost);
  }
  if (!answer.ok) {
    const reason = await answer.json().catch(() => ({}));
    throw new Error(inPageWords(reason.error ?? `${answer.status}`));
  }
  return answer;
}

export async function ask(path, asked, signal) {
  return (await request(path, asked, signal)).json();
}

// A file, the end of its name, and what it does not contain.
export async function download(path, asked, signal) {
  const answer = await request(path, asked, signal);
  const messages = JSON.parse(answer.headers.get("X-Charnn-Messages") ?? "[]").map(inPageWords);
  const suffix = /\.\w+(?=")/.exec(answer.headers.get("Content-Disposition"))[0];
  return { content: await answer.blob(), suffix, messages };
}

// Yield the objects of a stream, one JSON object a line.
export async function* stream(path, asked, signal) {
  const answer = await request(path, asked, signal);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const result = JSON.parse(line);
        if (result.error) throw new Error(inPageWords(result.error));
        yield result;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
