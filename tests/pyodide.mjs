// The models' own tests in the Python that the reader's browser has: Pyodide, in Node, without a browser.
//
//     node tests/pyodide.mjs _build/html/_pyodide [arguments of pytest; without any: tests/helpers]
//
// The folder is Pyodide's with its lock and wheels (book/_ext/living_book/pyodide.py makes it); nothing comes from
// elsewhere. Node is any from 20 on, such as .venv/lib/python3.11/site-packages/playwright/driver/node. pytest is the one
// in .venv. A test that asks for what is not there is skipped and says what: compiled packages such as torch, xgboost and
// hypothesis (its tests are skipped alone, those beside them run), a Jupyter kernel, processes. Ends with pytest's code.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const book = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const [home, ...chosen] = process.argv.slice(2);
if (!home || !existsSync(join(home, "pyodide.mjs"))) {
  console.error("usage: node tests/pyodide.mjs FOLDER [arguments of pytest]; the folder has pyodide.mjs, as _build/html/_pyodide");
  process.exit(2);
}
const library = join(book, ".venv", "lib");
const packages = join(library, readdirSync(library).find((name) => name.startsWith("python3.")), "site-packages");

process.on("uncaughtException", (error) => { // Node would print the line it came from, which is all of Pyodide
  console.error(error.message);
  process.exit(3);
});
globalThis.fetch = () => { throw new Error("nothing is fetched: the folder lacks a file"); };
const { loadPyodide } = await import(pathToFileURL(join(resolve(home), "pyodide.mjs")));
const python = await loadPyodide({ indexURL: resolve(home), env: { HOME: "/tmp", PYTHONDONTWRITEBYTECODE: "1" } });
await python.loadPackage(["scipy", "matplotlib", "scikit-learn", "ipython", "ipywidgets", "anywidget", "joblib", "tqdm",
                          "threadpoolctl"], { messageCallback: () => {} });
for (const [here, there] of [[book, "/book"], [packages, "/packages"]]) {
  python.FS.mkdirTree(there);
  python.mountNodeFS(there, here);
}
process.exitCode = python.runPython(`
import os, subprocess, sys, types
from unittest.mock import MagicMock

os.chdir("/book")
os.mkdir("/pure")  # pytest and its like alone: .venv's other packages are compiled for another machine, or older
pure = ("_pytest", "pytest", "py.py", "pluggy", "iniconfig", "xdist", "execnet", "nashpy", "networkx", "deprecated", "wrapt")
for name in os.listdir("/packages"):
    if name.split("-")[0] in pure:
        os.symlink(f"/packages/{name}", f"/pure/{name}")
sys.path = ["/book", *sys.path, "/pure"]
import pytest
from helpers import sweep

class Absent(types.ModuleType):
    "A test that wants anything of it is skipped; so is a module that does so when it is imported."
    Tensor = type("Tensor", (), {})  # SciPy asks of all arrays whether they are torch's, once there is a torch
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        pytest.skip(f"there is no {self.__name__} in Pyodide", allow_module_level=True)

def no_process(*arguments, **options):
    pytest.skip("there are no processes in Pyodide")

for name in ("torch", "xgboost", "distributed", "dask", "jupyter_client", "bs4"):
    sys.modules[name] = Absent(name)
subprocess.Popen = sweep._in_processes = no_process
given = MagicMock()
given.given = lambda *args, **options: pytest.mark.skip("hypothesis is compiled, for another machine")
given.example = lambda *args, **options: lambda test: test
given.settings = MagicMock(side_effect=given.example)  # it has profiles, too
for name in ("hypothesis", "hypothesis.strategies", "hypothesis.extra", "hypothesis.extra.numpy"):
    sys.modules[name] = given
int(pytest.main(["-p", "no:cacheprovider", "--capture=sys", "-o", "faulthandler_timeout=0",
                 "-W", "ignore:JsProxy.as_object_map:RuntimeWarning",
                 "-W", "ignore:Widget.:DeprecationWarning",  # of each class made of a widget, as traitlets looks at all it has
                 *arguments]))
`, { globals: python.toPy({ __name__: "__main__", arguments: chosen.length ? chosen : ["tests/helpers"] }) });
