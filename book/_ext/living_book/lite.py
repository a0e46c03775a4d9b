"""Chapters and assignments in the reader's browser: JupyterLite in the built site, at lite/, with the helpers as a wheel.

When the notebooks are read (`env-updated`), the live ones, the assignments and the data go to _build/lite, and Pyodide's lock is told of
the helpers and of the kernel's own wheels, so that one import fetches all that it needs. `jupyter lite build` makes lite/ of them while
Sphinx writes the pages. The Pyodide is the pages' own. Without it there is no lite/, and the build says so.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

from sphinx.errors import ExtensionError
from sphinx.util import logging

import helpers
from helpers.dependencies import needed
from living_book import live_notebooks, pyodide, repository
from living_book.assign import students
from living_book.fresh import fingerprint

PACKAGE = Path(helpers.__file__).parents[1]
KERNEL = "extensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
WHEELS = PACKAGE / "_build" / "wheels"
OTTER = PACKAGE / "book" / "teaching" / "otter_in_browser"
OURS = "power-of-decentralization"
EXTENSIONS = ("@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager", "anywidget")  # of JupyterLab's, what is used
# The kernel's own wheels: what each needs, and what it is imported as.
KERNEL_WHEELS = {"piplite": ("micropip",), "ipykernel": (), "pyodide-kernel": ("comm", "ipython", "traitlets")}
MADE_OF, SAID = "made_of.txt", "said.txt"  # what a lite/ is made of; what the one at work says
AT_START = ("micropip", "comm", "jedi", "ipython", *KERNEL_WHEELS, OURS)
SAVED_EVERY = 10  # seconds
KEPT = (f"Your changes are saved every {SAVED_EVERY} seconds, or at once with Ctrl+S (Cmd+S); what is saved is kept in this browser, also when "
        "a new edition of the book comes out. To go back to the book's own, "
        "delete the file (*File > Open...*). After a reload, run all cells again. Python is slower in a browser: the first cells take twenty seconds, some others a minute or two.")
LACKED = re.compile(r"^ *(?:import|from) (?:torch|xgboost)\b", re.MULTILINE)
MISSING = (" Some cells of this chapter need *torch* or more, which a browser's Python does not have: each says so in one line, "
           "and its figure answers all the same on the chapter's page, where it was drawn beforehand.")

logger = logging.getLogger(__name__)


def date_of(root: Path) -> str:
    """When the book was last committed, in seconds since 1970: the date of what is made of it. Without git, 1980."""
    done = subprocess.run(["git", "-C", str(root), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "315532800"


def wheel(parts, target: Path) -> Path:
    """A wheel in `target` of the project that `parts` make up, {file or folder: its path within the project}. Its name holds its
    hash: a reader's browser never takes an older one for it. The last one is kept in WHEELS, to be made again when a part changes."""
    WHEELS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WHEELS) as folder:
        project, whole = Path(folder) / "project", Path(folder) / "whole"
        for part, place in parts.items():
            if part.is_dir():
                shutil.copytree(part, project / place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (project / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(part, project / place)
        made_of = fingerprint([PACKAGE / "requirements.lock", *(path for path in project.rglob("*") if path.is_file())])
        kept = next(WHEELS.glob(f"{made_of}-*.whl"), None)
        if kept is None:
            subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
                            "--disable-pip-version-check", "--wheel-dir", str(whole), str(project)],
                           check=True, capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"})
            built, = whole.iterdir()
            for old in WHEELS.glob(f"*-{built.name}"):
                old.unlink(missing_ok=True)
            kept = built.replace(WHEELS / f"{made_of}-{built.name}")
        _, name, version, rest = kept.name.split("-", 3)
        stamp = int(hashlib.sha256(kept.read_bytes()).hexdigest()[:12], 16)  # a wheel's build tag is a number
        return Path(shutil.copyfile(kept, target / f"{name}-{version}-{stamp}-{rest}"))


def helpers_wheel(target: Path) -> Path:
    return wheel({PACKAGE / part: part for part in ("helpers", "pyproject.toml")}, target)


def otter_wheel(target: Path) -> Path:
    """What a student's assignment uses of otter in the browser: of otter-grader itself only what runs a test, as it is."""
    parts = {path: path.name for path in OTTER.iterdir()}
    grader = metadata.distribution("otter-grader")
    tests = {grader.locate_file(f"otter/test_files/{name}"): f"otter/test_files/{name}" for name in ("abstract_test.py", "exception_test.py")}
    licence, = (file.locate() for file in grader.files if file.name == "LICENSE")
    return wheel(parts | tests | {licence: "LICENSE"}, target)


def write_lock(python: Path, kernel: Path) -> str:
    """In the folder `python`, a lock of all that Pyodide has and a notebook needs beside it; returns its file name."""
    for old in (*python.glob("power_of_decentralization-*"), *python.glob("otter_in_browser-*"), *python.glob("lite-lock-*")):
        old.unlink()
    lock = json.loads((python / pyodide.LOCK).read_text(encoding="utf-8"))
    with ThreadPoolExecutor() as at_once:
        ours, otters = at_once.map(lambda made: made(python), (helpers_wheel, otter_wheel))
    needs = ("numpy", "scipy", "matplotlib", "scikit-learn", "joblib", "tqdm", "ipywidgets", "anywidget")
    lock["packages"][OURS] = pyodide.entry(ours, needs, ["helpers"])
    lock["packages"]["otter-in-browser"] = pyodide.entry(otters, ("ipython", "numpy"), ["otter"])
    for name, depends in KERNEL_WHEELS.items():
        module = name.replace("-", "_")
        found, = kernel.glob(f"{module}-*.whl")
        lock["packages"][name] = pyodide.entry(Path(shutil.copyfile(found, python / found.name)), depends, [module])
    text = json.dumps(lock, sort_keys=True)
    file = f"lite-lock-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    (python / file).write_text(text, encoding="utf-8")
    return file


def settings(lock: str) -> dict:
    """JupyterLite's settings. Addresses are seen from lite/lab/ and lite/notebooks/."""
    return {"jupyter-lite-schema-version": 0, "jupyter-config-data": {
        "appName": "The Power of Decentralization",
        "settingsOverrides": {
            "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},  # by day and by night, as the reader's system
            "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": SAVED_EVERY},
            "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}},
        "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": {
            "pyodideUrl": "../../_pyodide/pyodide.mjs",
            "disablePyPIFallback": True,  # no other origin is asked for anything
            "loadPyodideOptions": {"lockFileURL": f"../../_pyodide/{lock}", "packages": list(AT_START)}}}}}


def wants_more(chapter: Path) -> bool:
    """Whether the chapter's cells, or the helpers that they use, ask for what a browser's Python lacks."""
    cells = live_notebooks.code_of(chapter)
    return any(LACKED.search(text) for text in (cells, *(file.read_text(encoding="utf-8") for file in needed(cells))))


def kept_for(chapter: Path) -> str:
    return KEPT + (MISSING if wants_more(chapter) else "")


def first_cell(place):
    def of(path):
        return f"from helpers import in_browser\n\nin_browser.settle({repository.binder(place, path.stem)!r})"
    return of


def begun(root: Path, site: Path) -> subprocess.Popen | None:
    """What makes lite/ in `site` of the book at `root`, at work; None where lite/ is already made of the same."""
    source, glued = site.parent / "lite", site.parent / "jupyter_execute" / "book"
    shutil.rmtree(source, ignore_errors=True)  # with what doit remembers of the last time: it would leave steps out
    students(root / "book", source / "files" / "assignments")
    live_notebooks.write(root / "book", source / "files", lambda path: live_notebooks.built_numbers(glued, path.stem), kept_for,
                         first_cell(repository.origin(root)))
    labextensions = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    lock = write_lock(site / "_pyodide", labextensions / KERNEL.removeprefix("extensions/"))
    (source / "jupyter-lite.json").write_text(json.dumps(settings(lock)), encoding="utf-8")
    (source / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": {
        "ignore_sys_prefix": ["federated_extensions"],
        "federated_extensions": [str(labextensions / name) for name in EXTENSIONS]}}), encoding="utf-8")
    date = date_of(root)
    made_of = fingerprint([root / "requirements.lock", *(path for path in source.rglob("*") if path.is_file())]) + date
    kept = site / "lite" / MADE_OF
    if kept.exists() and kept.read_text(encoding="utf-8") == made_of:
        return None
    shutil.rmtree(site / "lite", ignore_errors=True)
    (source / MADE_OF).write_text(made_of, encoding="utf-8")
    with (source / SAID).open("w", encoding="utf-8") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lite", "build", "--output-dir", str(site / "lite"), "--contents", "files",
             "--apps", "lab", "--apps", "notebooks", "--apps", "tree", "--no-sourcemaps", "--no-unused-shared-packages"],
            stdout=said, stderr=said, cwd=source, env={**os.environ, "SOURCE_DATE_EPOCH": date})


def ended(process: subprocess.Popen, site: Path):
    """Wait for the end of what has `begun`. Raises ExtensionError if it fails."""
    source = site.parent / "lite"
    if process.wait():
        raise ExtensionError(f"jupyter lite build failed: {(source / SAID).read_text(encoding='utf-8').strip()[-2000:]}")
    shutil.copyfile(source / MADE_OF, site / "lite" / MADE_OF)


def on_env_updated(app, env):
    root, site = Path(app.confdir), Path(app.outdir)
    app.living_book_lite = None
    if app.builder.name != "html" or not live_notebooks.chapters(root / "book"):
        return
    if app.config.living_book_has_python:
        app.living_book_lite = begun(root, site)
    else:
        shutil.rmtree(site / "lite", ignore_errors=True)
        logger.info("There is no Pyodide in the cache, so the book is built without lite/, its notebooks in the browser.")


def on_build_finished(app, exception):
    process = getattr(app, "living_book_lite", None)
    if process and exception is not None:
        process.kill()
        process.wait()
    elif process:
        ended(process, Path(app.outdir))


def setup(app):
    app.connect("env-updated", on_env_updated)
    app.connect("build-finished", on_build_finished)
