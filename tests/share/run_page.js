// Run the worker of pages in Node, and call functions of its scripts. The jobs come as JSON on stdin:
// [{data, worker, weights, settings: [...], calls: [[function, arguments], ...]}, ...].
const vm = require("vm");
const jobs = JSON.parse(require("fs").readFileSync(0, "utf8"));
const BROWSER = { performance, MessageChannel, atob, TextEncoder, TextDecoder };

async function run({ data, worker, weights, settings, calls }) {
  const messages = [];
  let done = null;
  const postMessage = (message) => {
    messages.push(message);
    if (message.seconds !== undefined) done();
  };
  const page = vm.createContext({ postMessage, onmessage: null, ...BROWSER });
  vm.runInContext(worker, page);
  if (data) page.onmessage({ data: { shape: data.shape, weights } });
  const texts = [];
  for (const each of settings) {
    const written = new Promise((resolve) => (done = resolve));
    messages.length = 0;
    page.onmessage({ data: { number: 1, settings: { ...each, seed: BigInt(each.seed) } } });
    await written;
    texts.push(messages.map((message) => message.text ?? "").join(""));
  }
  const results = calls.map(([name, values]) => vm.runInContext(name, page)(...values));
  return { texts, results };
}

(async () => {
  const results = [];
  for (const job of jobs) results.push(await run(job));
  process.stdout.write(JSON.stringify(results), () => process.exit(0));
})();
