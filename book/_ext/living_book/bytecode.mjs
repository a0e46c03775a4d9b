// Python's modules for the browser, compiled once and for all: a reader's browser need not do it at every visit.
//
//     node book/_ext/living_book/bytecode.mjs FOLDER
//
// FOLDER holds Pyodide, and is changed: in its wheels and its standard library each module's source gives way to its
// bytecode, made by that Pyodide itself, and the packages' own tests are left out. The hashes in its lock no longer hold.
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const home = resolve(process.argv[2]);
const { loadPyodide } = await import(pathToFileURL(join(home, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: home });
python.FS.mkdirTree("/packages");
python.mountNodeFS("/packages", home);
python.runPython(`
import py_compile, warnings
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

warnings.simplefilter("ignore")  # of the packages' own making
Path("/compiling").mkdir()

def bytecode(source, shown):
    "The module's bytecode; never compared with its source, which is not there. 'shown' is the path in a traceback."
    module = Path("/compiling/module.py")
    module.write_bytes(source)
    made = py_compile.compile(module, dfile=shown, doraise=True,
                              invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    return Path(made).read_bytes()

for archive in [*Path("/packages").glob("*.whl"), Path("/packages/python_stdlib.zip")]:
    where = "/lib/python314.zip" if archive.suffix == ".zip" else "/lib/python3.14/site-packages"
    with ZipFile(archive) as old, ZipFile("/compiling/new.zip", "w", ZIP_DEFLATED, compresslevel=9) as new:
        for name in sorted(old.namelist()):
            if "/tests/" in name or name.endswith("/"):
                continue
            data = old.read(name)
            if name.endswith(".py"):
                data, name = bytecode(data, f"{where}/{name}"), name + "c"
            entry = ZipInfo(name)  # of 1980, whenever it was made
            entry.external_attr = 0o644 << 16
            new.writestr(entry, data, ZIP_DEFLATED)
    archive.write_bytes(Path("/compiling/new.zip").read_bytes())
`);
