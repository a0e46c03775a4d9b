"""Imports go one way: notebooks -> explore, stage, figures -> models."""
import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import helpers

HELPERS = Path(helpers.__file__).parent
BOOK = HELPERS.parent / "book"
TWINS = sorted(f"twins.{path.stem}" for path in (HELPERS / "twins").glob("*.py") if path.stem != "__init__")
MODULES = sorted([*(path.stem for path in HELPERS.glob("*.py") if path.stem != "__init__"), "twins"])
SHOWING = {"figures", "ruler", "explore", "stage", "controls", "state", "bake", "svg", "predict", "bets", "glue", "record", "still", "in_browser",
           "dependencies", "paste"}
BETWEEN = {"scenes", "live"}  # what a moving model is, and what runs it: here and in a browser
PLAIN = {"checks", "wording"}  # what is asked of a number, and how it is said: models and what shows them call both
MODELS = [module for module in MODULES if module not in SHOWING | BETWEEN]
SHOWS = {"matplotlib", "ipywidgets", "IPython", "anywidget", "traitlets", "PIL"}
FOR_NOTEBOOKS = {"explore", "stage", "paste", "scenes", "figures", "glue", "bets"} | set(MODELS)


ONE_BY_ONE = """
import importlib, json, sys
loaded = set()
for module in sys.argv[1:]:
    for name in [name for name in sys.modules if name.partition(".")[0] == "helpers"]:
        del sys.modules[name]
    importlib.import_module(module)
    assert module in sys.modules
    loaded |= set(sys.modules)
print(json.dumps(list(loaded)))
"""


def loaded_by(*modules):
    """The names of every module that imports of helpers.* of these load, each without the others before it."""
    found = subprocess.run([sys.executable, "-c", ONE_BY_ONE, *(f"helpers.{module}" for module in modules)],
                           capture_output=True, text=True, cwd=HELPERS.parent)
    assert found.returncode == 0, found.stderr
    return set(json.loads(found.stdout))


def imports_of(source):
    """(module, name) of every import statement, relative ones as helpers.*"""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "helpers" + ("." if node.module else "") if node.level else ""
            yield from ((start + (node.module or ""), alias.name) for alias in node.names)


def helpers_of(source):
    """The modules of helpers that the source imports."""
    for module, name in imports_of(source):
        first, _, rest = module.partition(".")
        if first == "helpers":
            yield rest.partition(".")[0] or name


def test_there_are_models_to_test():
    assert {"crowd", "juries", "influence", "teams", "markets"} <= set(MODELS)


def test_models_load_nothing_that_shows():
    loaded = loaded_by(*MODELS, *TWINS)
    assert not loaded & SHOWS
    assert not {f"helpers.{name}" for name in SHOWING} & loaded


@pytest.mark.parametrize("module", sorted(BETWEEN))
def test_between_them_there_is_numpy_alone(module):
    loaded = loaded_by(module)
    assert not loaded & (SHOWS | {"scipy", "sklearn", "torch", "joblib"})
    assert {name for name in loaded if name.startswith("helpers.")} <= {f"helpers.{name}" for name in BETWEEN | PLAIN}


def test_what_shows_knows_no_model_and_no_torch():
    loaded = loaded_by(*sorted(SHOWING & set(MODULES)))
    assert "torch" not in loaded
    assert not {f"helpers.{name}" for name in set(MODELS) - PLAIN} & loaded


def test_importing_the_book_changes_no_setting_of_matplotlib():
    script = ("import matplotlib; before = dict(matplotlib.rcParams)\n"
              "import helpers.explore, helpers.figures, helpers.bake\n"
              "assert dict(matplotlib.rcParams) == before")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          cwd=HELPERS.parent)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("notebook", sorted(BOOK.glob("**/*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_imports_what_is_made_for_notebooks(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    source = re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE)
    assert set(helpers_of(source)) <= FOR_NOTEBOOKS


def test_the_map_names_every_module():
    named = re.findall(r"^    (\w+) {2,}\S", helpers.__doc__, flags=re.MULTILINE)
    assert sorted(named) == MODULES


def test_no_chapter_opens_with_what_a_browser_lacks():
    """A first cell that failed there would take the whole chapter along."""
    cells = [json.loads(path.read_text(encoding="utf-8"))["cells"] for path in sorted(BOOK.glob("[0-9]*.ipynb"))]
    first = ["".join(next(cell["source"] for cell in chapter if cell["cell_type"] == "code")) for chapter in cells]
    found = subprocess.run([sys.executable, "-c", "\n".join([*first, "import sys", "print(*sys.modules)"])],
                           capture_output=True, text=True, check=True, cwd=BOOK)
    assert {"numpy", "matplotlib"} <= set(found.stdout.split())
    assert not {"torch", "xgboost"} & set(found.stdout.split())
