"""What can go wrong while the book is built, and what is then said and left: builds killed at any moment, a full disk, a folder that
may not be written to, damaged caches, a download that is not what it should be, no browser."""
import json
import os
import random
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests" / "book"), str(ROOT / "tests" / "browser"), str(ROOT / "book" / "_ext")]
import chromium  # noqa: E402
from rebuild import differing, kill, start  # noqa: E402
from test_extension import CONF, EXTENSIONS, HERD, JURY, Book  # noqa: E402

from living_book import pyodide, whole  # noqa: E402

KILLS = 20
STAGE = '''from helpers import swarm
from helpers.stage import stage

stage(swarm.Vicsek, birds=[50, 300], looks={"birds": "blue"}, steps=40)'''
THEME = '''
extensions += ["sphinx_togglebutton", "sphinx_copybutton"]
html_theme = "sphinx_book_theme"
copyright = "2026"
'''
START = "# Start\n\n```{toctree}\nchapter\n```\n\n```{borrow} chapter jury\n```\n\nSee {state}`eleven <chapter#jury?voters=11>`.\n\n$x^2$\n"
PAGES = {"index.md": START, "chapter.ipynb": [JURY, HERD, STAGE, "1 + 1"]}
TELLS = "pickling environment"  # when all is read, and the site is about to be written


class Built(Book):
    """A book in the theme of the real one, with a Pyodide of two small files, that can be built by halves."""

    def __init__(self, folder, pages=PAGES):
        super().__init__(folder, pages)
        (folder / "conf.py").write_text(CONF + THEME)

    def start(self):
        return start([sys.executable, "-u", "-m", "sphinx", "-b", "html", "-n", "-W", "--keep-going", ".", "_build/html"], self.folder,
                     [ROOT, EXTENSIONS], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def timed(self):
        """Build it; how long it takes until all is read, and from then on."""
        began, read = time.monotonic(), None
        with self.start() as build:
            said = []
            for line in build.stdout:
                said.append(line)
                read = read or (TELLS in line and time.monotonic())
        assert build.returncode == 0, "".join(said)
        return read - began, time.monotonic() - read

    def kill(self, seconds, after=None):
        """Start to build it, and kill it so long after its start, or after the line that has `after` in it."""
        with self.start() as build:
            while after and after not in build.stdout.readline():
                assert build.poll() is None, build.stdout.read()
            return kill(build, seconds)

    def sums(self):
        """The site's files by their hashes; Sphinx's own memory beside them, .doctrees, is no part of it."""
        return {name: held for name, held in whole.sums(self.site).items() if not name.startswith("html/.doctrees/")}


@pytest.fixture(scope="module", autouse=True)
def small_pyodide(tmp_path_factory):
    """In the place of the real one, so that the site is small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("EXPLORE_ENGINE", raising=False)
        pyodide.cache().mkdir(parents=True)
        for name in ("pyodide.mjs", "python_stdlib.zip"):
            (pyodide.cache() / name).write_bytes(random.Random(name).randbytes(300_000))
        yield


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Built once, and how long that took: (book, seconds to read it, seconds to write it)."""
    made = Built(tmp_path_factory.mktemp("whole") / "book")
    return made, *made.timed()


@pytest.fixture
def copy(book, tmp_path):
    """The built book, to be damaged."""
    shutil.copytree(book[0].folder, tmp_path / "book")
    made = object.__new__(Built)
    made.folder, made.package = tmp_path / "book", ROOT
    return made


@pytest.mark.parametrize("number", range(KILLS))
def test_a_build_that_is_killed_and_started_again_gives_the_same_site(book, tmp_path, number):
    """Those of even numbers from nothing, at any moment; the others with their notebooks run, while the site is written."""
    first, reading, writing = book
    chance, killed, tries = random.Random(number), False, 0
    while not killed:  # where the build was faster, earlier
        tries += 1
        again = Built(tmp_path / f"book{tries}")
        moment = chance.random() / tries
        if number % 2:
            shutil.copytree(first.folder / "_build" / ".jupyter_cache", again.folder / "_build" / ".jupyter_cache")
            killed = again.kill(moment * writing, TELLS)
        else:
            killed = again.kill(moment * (reading + writing))
    left = sorted(path.name for path in again.site.glob("*"))
    again.timed()
    assert differing(again.sums(), first.sums()) == [], left


def said_in_one_line(code, said, *words):
    """Of a build that was stopped: what stopped it stands in one line, and no traceback beside it."""
    line, = [line for line in said.splitlines() if "The build has stopped" in line]
    assert code != 0 and not [word for word in words if word not in line], said
    assert not [word for word in ("Traceback", "Exception occurred", "Handler <", "sphinx-err") if word in said], said


@pytest.fixture
def mounted():
    """Mounts something on a folder, until the test has ended."""
    folders = []

    def mount(folder, *words):
        done = subprocess.run(["mount", *words, str(folder)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
        if folder not in folders:
            folders.append(folder)

    yield mount
    for folder in folders:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk")
@pytest.mark.parametrize("part", [".", "_build", "_build/html"])
def test_a_folder_that_may_not_be_written_to_is_named(book, tmp_path, mounted, part):
    made = Built(tmp_path / "book")
    folder = made.folder / part
    folder.mkdir(parents=True, exist_ok=True)
    mounted(folder, "--bind", str(folder))
    mounted(folder, "-o", "remount,bind,ro")
    said_in_one_line(*made.build("-W", "--keep-going"), str(folder), "read-only file system", "start it again")
    subprocess.run(["mount", "-o", "remount,bind,rw", str(folder)], check=True)
    made.timed()
    assert differing(made.sums(), book[0].sums()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_another_one_is_named(tmp_path):
    made = Built(tmp_path / "book")
    made.folder.chmod(0o555)
    said_in_one_line(*made.build("-W", "--keep-going"), str(made.folder), "permission denied")
    made.folder.chmod(0o755)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk")
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.97])
def test_a_full_disk_is_said_and_nothing_half_written_is_taken_for_whole(book, tmp_path, mounted, share):
    """The disk has room for a share of what the build writes; the notebooks have been run where there is room for that."""
    first, made = book[0], Built(tmp_path / "book")
    size = sum(-(-path.stat().st_size // 4096) * 4096 for path in (first.folder / "_build").rglob("*") if path.is_file())
    disk = made.folder / "_build"
    disk.mkdir()
    mounted(disk, "-t", "tmpfs", "-o", f"size={int(size * share)}", "tmpfs")
    if share > 0.2:
        shutil.copytree(first.folder / "_build" / ".jupyter_cache", disk / ".jupyter_cache")
    said_in_one_line(*made.build("-W", "--keep-going"), str(disk), "no space left", "make room")
    mounted(disk, "-o", f"remount,size={4 * size}")
    made.timed()
    assert differing(made.sums(), first.sums()) == []


def truncated(path):
    path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])


def emptied(path):
    path.write_bytes(b"")


def garbled(path):
    path.write_bytes(random.Random(0).randbytes(path.stat().st_size))


@pytest.mark.parametrize(("file", "damage", "line"), [
    (".jupyter_cache/executed/*/base.ipynb", truncated, "running 1 notebooks: chapter"),
    (".jupyter_cache/executed/*/base.ipynb", emptied, "running 1 notebooks: chapter"),
    (".jupyter_cache/executed/*/base.ipynb", Path.unlink, "running 1 notebooks: chapter"),
    (".jupyter_cache/global.db", garbled, "is damaged: all run again"),
    (".jupyter_cache/made_of.json", truncated, "is damaged: all run again"),
    ("html/.doctrees/environment.pickle", truncated, "(html/.doctrees/environment.pickle has changed): every page"),
    ("html/.doctrees/chapter.doctree", garbled, "(html/.doctrees/chapter.doctree has changed): every page"),
    ("jupyter_execute/chapter.ipynb", truncated, "(jupyter_execute/chapter.ipynb has changed): every page"),
    ("html/_packs/chapter/jury.js", truncated, "(html/_packs/chapter/jury.js has changed): every page"),
    ("html/index.html", emptied, "(html/index.html has changed): every page"),
    ("html/searchindex.js", Path.unlink, "(html/searchindex.js is gone): every page"),
    (".html.json", truncated, "(it was not finished): every page")])
def test_what_is_damaged_is_said_and_made_again(book, file, damage, line):
    made, wanted = book[0], book[0].sums()
    found, = (made.folder / "_build").glob(file)
    damage(found)
    code, said = made.build("-W", "--keep-going")
    assert code == 0 and said.count(line) == 1 and "Traceback" not in said, said
    assert differing(made.sums(), wanted) == []


def wheel(folder, name, text=""):
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}/__init__.py", text)
        file.writestr(f"{name}-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        file.writestr(f"{name}-1.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{name}-1.dist-info/RECORD", "")


def test_a_download_of_another_hash_is_named_and_not_kept(tmp_path, monkeypatch):
    wheel(tmp_path / "wheels", "open_webui")
    (tmp_path / "wanted.txt").write_text(f"open-webui==1 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    monkeypatch.setattr(pyodide, "FETCHED", tmp_path / "wanted.txt")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    with pytest.raises(RuntimeError, match=rf"pip could not fetch Pyodide: .*open.webui.*{'0' * 64}") as said:
        pyodide.fetch(tmp_path / "cache" / "pyodide")
    assert "\n" not in str(said.value)
    assert not list((tmp_path / "cache").iterdir())


def test_a_cached_pyodide_that_is_damaged_is_named():
    folder = pyodide.cache()
    good = {name: pyodide.digest(folder / name) for name in ("pyodide.mjs", "python_stdlib.zip")}
    (folder / pyodide.SUMS).write_text(json.dumps(good), encoding="utf-8")
    assert pyodide.damage(folder) == ""
    kept = (folder / "python_stdlib.zip").read_bytes()
    try:
        truncated(folder / "python_stdlib.zip")
        assert pyodide.damage(folder) == "python_stdlib.zip"
        (folder / "python_stdlib.zip").unlink()
        assert pyodide.damage(folder) == "python_stdlib.zip"
        (folder / pyodide.SUMS).write_text("{", encoding="utf-8")
        assert pyodide.damage(folder) == pyodide.SUMS
    finally:
        (folder / "python_stdlib.zip").write_bytes(kept)
        (folder / pyodide.SUMS).unlink()


@pytest.fixture
def no_browser(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "ON_MACOS", tmp_path / "none")


def test_a_browser_that_is_not_there_and_cannot_be_had_is_asked_for(no_browser, monkeypatch):
    tried = []
    monkeypatch.setattr(chromium.subprocess, "run", lambda command, **options: tried.append(command))
    assert chromium.find() is None
    with pytest.raises(SystemExit, match="need Chromium or Chrome: install one"):
        chromium.install()
    assert tried


def test_without_a_browser_the_printed_book_says_so(no_browser, tmp_path):
    done = subprocess.run([sys.executable, ROOT / "book/_ext/living_book/paper.py"], capture_output=True, text=True, check=False,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode and "no Chromium or Chrome" in done.stderr and "Traceback" not in done.stderr, done.stderr
