"""A shell that lacks what a browser lacks: one line a cell, and on it goes."""
import ast
import sys
import warnings

import pytest
from IPython.core.interactiveshell import InteractiveShell

from helpers import in_browser

BINDER = "https://binder.example/v2/gh/someone/book/HEAD"


class Nothing:
    """Finds no torch, and lets no process start, as in a browser."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in in_browser.LACKING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def no_processes(*args, **options):
    raise OSError(138, "emscripten does not support processes.")


@pytest.fixture
def run(monkeypatch, capsys):
    """Run cells one after another; returns what each printed."""
    for name in [name for name in sys.modules if name.split(".")[0] in in_browser.LACKING]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Nothing(), *sys.meta_path])
    monkeypatch.setattr("subprocess.Popen", no_processes)
    shell = InteractiveShell()
    monkeypatch.setattr(in_browser, "get_ipython", lambda: shell)
    with warnings.catch_warnings():
        in_browser.settle(BINDER)

    def cells(*sources):
        said = []
        for source in sources:
            shell.run_cell(source)
            said.append(capsys.readouterr().out)
        return said
    cells.shell = shell
    return cells


@pytest.mark.parametrize(("source", "lacks"), [
    ("import torch", "torch"), ("from torch.nn import functional", "torch"), ("import xgboost as boost", "xgboost"),
    ("import _multiprocessing", "processes"),
    ("import subprocess\nsubprocess.run(['true'])", "processes"),
    ("try:\n    import torch\nexcept ImportError as error:\n    raise RuntimeError('the figure failed') from error", "torch")])
def test_one_line_names_what_is_lacking_and_where_to_go(run, source, lacks):
    said, after = run(source, "print(1 + 1)")
    assert said == (f"This cell needs {lacks}, which a browser's Python does not have. "
                    f"The whole chapter runs on Binder: {BINDER}\n")
    assert after == "2\n"


def test_a_cell_that_needs_what_such_a_cell_would_have_made_says_the_same(run):
    first, second, third, other = run(
        "import torch\n\ndef taught(net):\n    return net\n\nscores, (low, high) = [1], (0, 1)\nfor seed in range(3):\n    last = seed",
        "better = [score for score in scores]", "print(better)", "print('fine')")
    assert "needs torch" in first and "needs torch" in second and "needs torch" in third
    assert other == "fine\n"
    assert all("needs torch" in run(f"print({name})")[0] for name in ("taught", "low", "high", "seed", "last", "torch"))


def test_a_name_of_an_earlier_cell_does_not_stand_for_what_was_not_made(run):
    _, _, said = run("score = 0.5", "import torch\nscore = 0.9", "print(score)")
    assert "needs torch" in said and "0.5" not in said


def test_what_a_later_cell_makes_under_such_a_name_counts(run):
    _, _, said = run("import torch\nscore = 0.9", "score = 0.7", "print(score)")
    assert said == "0.7\n"


@pytest.mark.parametrize("source", ["1 / 0", "import torchless", "print(nothing_of_the_kind)", "raise OSError('the disk is full')"])
def test_any_other_error_keeps_its_traceback(run, source):
    said, = run(source)
    assert "Traceback" in said and "needs" not in said


def test_a_slider_moved_later_forgets_nothing_of_the_last_cell(run, capsys):
    run("score = 0.5")
    try:
        no_processes()
    except OSError:
        run.shell.showtraceback()
    assert "needs processes" in capsys.readouterr().out
    assert run("print(score)") == ["0.5\n"]


def test_without_an_address_the_line_says_what_to_do(run):
    with warnings.catch_warnings():
        in_browser.settle()
    assert "The whole chapter runs in Jupyter on a computer." in run("import torch")[0]


def test_made_names_what_the_top_level_makes():
    source = ("import a.b, c as d\nfrom e import f\nx = y, *z = 1, 2\nwith open(p) as w:\n    v: int = 1\n"
              "def g(q):\n    inner = 1\n@h\nclass K:\n    field = 2\nif True:\n    u = 1")
    assert in_browser.made(ast.parse(source).body) == {"a", "d", "f", "x", "y", "z", "w", "v", "g", "K", "u"}


def test_modules_beside_the_notebook_are_looked_for_last(run, monkeypatch):
    monkeypatch.setattr(sys, "path", ["", "/first", "/second"])
    in_browser.settle(BINDER)
    assert sys.path == ["/first", "/second", ""]
