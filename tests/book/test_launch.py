"""What the buttons open: the fork's own repository on Binder, and lite/ where there is a Pyodide."""
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from sphinx.errors import ExtensionError

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from living_book import launch, lite, pyodide, repository  # noqa: E402


@pytest.mark.parametrize(("url", "place"), [
    ("https://github.com/someone/book.git", ("github.com", "someone/book")),
    ("https://github.com/someone/book", ("github.com", "someone/book")),
    ("https://github.com/someone/book.name/", ("github.com", "someone/book.name")),
    ("https://someone:secret@github.com/someone/book.git", ("github.com", "someone/book")),
    ("git@github.com:someone/book.git", ("github.com", "someone/book")),
    ("ssh://git@github.com:22/someone/book.git", ("github.com", "someone/book")),
    ("git@gitlab.com:a/group/book.git", ("gitlab.com", "a/group/book")),
    ("https://example.org/someone/book.git", None), ("/srv/git/book.git", None), ("file:///srv/git/book", None),
    ("../book", None), ("https://github.com/book", None), ("https://evil.org/github.com/a/b", None), ("", None)])
def test_a_remote_is_read_however_it_is_written(url, place):
    assert repository.parsed(url) == place


def git(folder, *words):
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def test_a_fork_s_buttons_open_the_fork(tmp_path):
    assert repository.origin(tmp_path) is None  # no repository
    git(tmp_path, "init")
    assert repository.origin(tmp_path) is None  # no remote
    git(tmp_path, "remote", "add", "mine", "git@github.com:reader/fork.git")
    assert repository.origin(tmp_path) == ("github.com", "reader/fork")
    git(tmp_path, "remote", "add", "upstream", "https://github.com/authors/book")
    assert repository.origin(tmp_path) is None  # two, and none is the origin
    git(tmp_path, "remote", "rename", "mine", "origin")
    assert repository.origin(tmp_path) == ("github.com", "reader/fork")


def test_without_git_there_is_no_binder(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert repository.origin(ROOT) is None


def test_binder_opens_the_chapter():
    assert repository.binder(("github.com", "a/b"), "01_crowd") == (
        "https://mybinder.org/v2/gh/a/b/HEAD?urlpath=lab/tree/book/01_crowd.ipynb")
    assert "/v2/gl/a%2Fgroup%2Fb/HEAD?" in repository.binder(("gitlab.com", "a/group/b"), "01_crowd")
    assert repository.binder(None, "01_crowd") is None


def test_there_is_a_button_only_where_something_is_behind_it():
    assert launch.buttons("01_crowd", "../", lite=False, binder=None) == ""
    here = launch.buttons("01_crowd", "../", lite=True, binder=None)
    assert 'href="../lite/notebooks/index.html?path=01_crowd.ipynb"' in here and "Binder" not in here
    there = launch.buttons("01_crowd", "../", lite=False, binder="https://x.org/?a=1&b=2")
    assert 'href="https://x.org/?a=1&amp;b=2"' in there and "lite/" not in there


def test_the_helpers_wheel_has_all_that_they_read_and_a_name_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(lite, "WHEELS", tmp_path / "kept")
    wheel = lite.helpers_wheel(tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith("helpers/")}
    sources = {path.relative_to(ROOT).as_posix() for kind in ("**/*.py", "web/**/*.*") for path in (ROOT / "helpers").glob(kind)}
    assert inside == sources
    again = tmp_path / "again"
    again.mkdir()
    shutil.rmtree(lite.WHEELS)
    assert lite.helpers_wheel(again).name == wheel.name


def test_a_wheel_is_made_again_only_when_a_part_of_it_has_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(lite, "WHEELS", tmp_path / "kept")
    script, project = tmp_path / "mine.py", tmp_path / "pyproject.toml"
    script.write_text("a = 1")
    project.write_text('[project]\nname = "mine"\nversion = "1"\n[tool.setuptools]\npy-modules = ["mine"]\n')
    parts = {script: "mine.py", project: "pyproject.toml"}
    first = lite.wheel(parts, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(lite.subprocess, "run", None)
        assert lite.wheel(parts, tmp_path) == first
    script.write_text("a = 2")
    assert lite.wheel(parts, tmp_path) != first and len(list(lite.WHEELS.iterdir())) == 1


def test_the_lock_names_what_is_there_with_its_hash():
    """Pyodide takes no file whose hash is not the lock's; what a package needs is in the lock too."""
    python = ROOT / "_build" / "html" / "_pyodide"
    lock, = python.glob("lite-lock-*.json")
    for file in (lock, python / pyodide.LOCK):
        packages = json.loads(file.read_text(encoding="utf-8"))["packages"]
        assert file != lock or set(lite.AT_START) <= set(packages)
        assert {"scikit-learn", "anywidget"} <= set(packages)
        for name, package in packages.items():
            assert pyodide.digest(python / package["file_name"]) == package["sha256"], name
            assert {need.lower().replace("_", "-") for need in package["depends"]} <= set(packages), name


def test_the_browser_need_not_compile_what_others_wrote():
    python = ROOT / "_build" / "html" / "_pyodide"
    archives = [python / "python_stdlib.zip", *(path for path in python.glob("*.whl") if path.name.startswith(("numpy", "scipy", "ipython")))]
    assert len(archives) == 4
    for archive in archives:
        with zipfile.ZipFile(archive) as packed:
            names = packed.namelist()
        assert sum(name.endswith(".pyc") for name in names) > 100
        assert not any(name.endswith(".py") or "/tests/" in name for name in names)


def test_a_file_of_the_same_size_but_other_content_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(pyodide, "cache", lambda: tmp_path / "cache")
    for folder, text in (("cache", "new"), ("site", "old")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / pyodide.LOCK).write_text(text)
    pyodide.copy(tmp_path / "site")
    assert (tmp_path / "site" / pyodide.LOCK).read_text() == "new"


def test_pyodide_that_cannot_be_compiled_is_said(tmp_path):
    with pytest.raises(RuntimeError, match="modules could not be compiled: "):
        pyodide._compile(tmp_path, {"packages": {}})


@pytest.mark.parametrize(("chapter", "lacks"), [("01_crowd", False), ("04_ensembles", True), ("05_learning", True), ("08_stance", False)])
def test_a_chapter_that_wants_torch_says_so_at_its_top(chapter, lacks):
    notebook = json.loads((ROOT / "_build" / "html" / "lite" / "files" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    assert ("need *torch*" in "".join(notebook["cells"][0]["source"])) == lacks


def test_what_pip_cannot_fetch_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(RuntimeError, match="pip could not fetch Pyodide"):
        pyodide.fetch(tmp_path / "cache" / "pyodide")
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_network_the_command_warns_and_goes_on(tmp_path):
    done = subprocess.run([sys.executable, pyodide.__file__], capture_output=True, text=True, check=True, env={
        "PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(tmp_path), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)})
    assert "no chapter opens in the browser" in done.stderr


def test_without_pyodide_there_is_no_lite_and_the_build_says_so(tmp_path, monkeypatch):
    class App:
        confdir, outdir = ROOT, tmp_path / "html"
        class builder:
            name = "html"
        class config:
            living_book_has_python = False

    (App.outdir / "lite").mkdir(parents=True)
    said = []
    monkeypatch.setattr(lite.logger, "info", said.append)
    lite.on_env_updated(App, None)
    lite.on_build_finished(App, None)
    assert "without lite/" in said[0] and not (App.outdir / "lite").exists()


def test_a_lite_that_fails_stops_the_build_with_what_it_said(tmp_path):
    (tmp_path / "lite").mkdir()
    (tmp_path / "lite" / lite.SAID).write_text("no such notebook", encoding="utf-8")
    with pytest.raises(ExtensionError, match="no such notebook"):
        lite.ended(subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]), tmp_path / "html")


def test_a_build_that_fails_leaves_no_lite_at_work(tmp_path):
    class App:
        living_book_lite = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    lite.on_build_finished(App, RuntimeError("a page cannot be written"))
    assert App.living_book_lite.returncode < 0


def test_workflows_call_what_the_makefile_has():
    targets = set((ROOT / "Makefile").read_text(encoding="utf-8").split(".PHONY:")[1].splitlines()[0].split())
    runs = [step.get("run", "") for path in (ROOT / ".github" / "workflows").glob("*.yml")
            for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values() for step in job["steps"]]
    called = {target for run in runs for target in re.findall(r"^ *make (\w+)", run, flags=re.MULTILINE)}
    assert {"test", "book", "lock"} <= called <= targets


def test_binder_has_the_versions_of_the_book():
    """But for what the book itself does without: the plain notebook and nbgitpuller."""
    locked, wanted, ours = (set(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE))
                            for file in ("requirements.lock", "requirements.txt", "binder/requirements.txt"))
    assert {name for name, _ in ours - locked - wanted} == {"notebook", "nbgitpuller"}
    asked = re.findall(r"^([\w.-]+)", (ROOT / "binder" / "requirements.in").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(asked) <= {name for name, _ in ours}
