// Python in the reader's browser: one worker a page, which runs the tested helpers themselves.
const SITE = new URL("../", import.meta.url);
let booting = null; // Python with NumPy, once
const stages = new Map(); // name: the `answer` of its Live

async function boot(tell) {
  tell("Python is starting in your browser (about 16 MB, once) …");
  const home = new URL("_pyodide/", SITE);
  const { loadPyodide } = await import(new URL("pyodide.mjs", home));
  const python = await loadPyodide({ indexURL: home.href, packages: ["numpy"] });
  tell("The model is starting …");
  python.FS.mkdirTree("/book/helpers");
  python.runPython("import sys; sys.path.insert(0, '/book')");
  return python;
}

// The stage's model, its modules as they are in the repository.
async function open(python, header) {
  const { module, model, sources, facts } = JSON.parse(header);
  await Promise.all(sources.map(async (source) => {
    const reply = await fetch(new URL(`_python/helpers/${source}`, SITE));
    if (!reply.ok) throw new Error(`helpers/${source} did not load`);
    python.FS.writeFile(`/book/helpers/${source}`, await reply.text());
  }));
  const space = python.toPy({ module, model, facts: JSON.stringify(facts) });
  const answer = python.runPython(`
import importlib, json
importlib.invalidate_caches()
from helpers.live import Live, unpacked

def answering(live):
    def answer(message):
        said, scene = live.answer(json.loads(message))
        return json.dumps(said), scene.tobytes()
    return answer

made = getattr(importlib.import_module(module), model)
answering(made() if hasattr(made, "answer") else Live(made, unpacked(json.loads(facts))))
`, { globals: space });
  space.destroy();
  return answer;
}

// Python's last line says what went wrong: "ValueError: ants=0: must be ..."
function wording(error) {
  return String(error.message ?? error).trim().split("\n").at(-1);
}

// One message after the other.
let queue = Promise.resolve();
onmessage = ({ data: { stage, header, message } }) => {
  queue = queue.then(async () => {
    try {
      booting ??= boot((note) => postMessage({ stage, note }));
      const python = await booting.catch((error) => {
        booting = null; // so that the reader may try again
        throw error;
      });
      if (header) {
        stages.get(stage)?.destroy();
        stages.set(stage, await open(python, header));
      }
      const result = stages.get(stage)(JSON.stringify(message));
      const [said, bytes] = [result.get(0), result.get(1)];
      const view = bytes.getBuffer("u8");
      const scene = new Float64Array(view.data.slice().buffer);
      view.release();
      bytes.destroy();
      result.destroy();
      postMessage({ stage, said: JSON.parse(said), scene }, [scene.buffer]);
    } catch (error) {
      postMessage({ stage, error: wording(error) });
    }
  });
};
