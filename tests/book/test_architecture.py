"""ARCHITECTURE.md is true: it names every module of the extension and every folder, and all that it names is there."""
import fnmatch
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
MADE = ("_packs/", "_python/", "_pyodide/", "lite/")  # in the site


def named(text):
    """Files and folders that a text names, and what it links to."""
    marked = re.findall(r"`([\w.*/-]+)`", text) + re.findall(r"\]\(([^)]+)\)", text)
    return {name for name in marked if re.search(r"/|\.(?:py|md|ya?ml|txt|cff|bib|css|js|ipynb)$", name)}


def missing(text):
    return sorted(name for name in named(text) if not name.startswith(MADE) and not list(ROOT.glob(name.rstrip("/"))))


def folders():
    """The top-level folders that are the project's: those that git does not ignore."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split()] + [".git", ".idea", ".vscode"]
    return {path.name for path in ROOT.iterdir() if path.is_dir() and not any(fnmatch.fnmatch(path.name, name) for name in ignored)}


def test_all_that_it_names_is_there():
    assert len(named(TEXT)) > 40
    assert missing(TEXT) == []
    assert missing("`helpers/ants.py`, `helpers/bees/`, `lite/`, [x](TO_DO.md), `book/0*.ipynb`, `crowd`") == ["TO_DO.md", "helpers/bees/"]


def test_every_module_of_the_extension_has_its_line():
    modules = {path.stem for path in (ROOT / "book" / "_ext" / "living_book").glob("*.py")} - {"__init__"}
    listed = re.findall(r"^\| `(\w+)` \| \w", TEXT, flags=re.MULTILINE)
    assert sorted(listed) == sorted(modules)


def test_every_folder_is_named():
    assert len(folders()) >= 6
    assert {folder for folder in folders() if not any(name.startswith(f"{folder}/") for name in named(TEXT))} == set()


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md"])
def test_readers_are_led_there(file):
    assert "](ARCHITECTURE.md)" in (ROOT / file).read_text(encoding="utf-8")


def test_it_is_a_page_with_a_picture():
    assert len(TEXT.splitlines()) <= 110
    assert TEXT.count("```mermaid\n") == 1
