"""What otter says in the reader's browser: what is not answered yet in one line, and what is wrong in full."""
import importlib.util
import json
import linecache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location(
    "otter_in_browser", ROOT / "book" / "teaching" / "otter_in_browser" / "otter" / "__init__.py")
otter_in_browser = importlib.util.module_from_spec(spec)
spec.loader.exec_module(otter_in_browser)

TESTS = """from otter.test_files import test_case
OK_FORMAT = False
name = "q1"
points = 2

@test_case(points=0.5, hidden=False)
def test_first(pair):
    assert pair(2)[0] == 2, f"yours is {pair(2)[0]}"

@test_case(points=0.5, hidden=False)
def test_second(pair):
    assert pair(2)[1] == 4

@test_case(points=1, hidden=False, failure_message="A dozen has 12.")
def test_number(dozen):
    assert dozen == 12, f"{(dozen,)} is 'not it'"
"""
UNANSWERED = 'def pair(x):\n    """x and its square."""\n    ...\n'
ANSWERED = "def pair(x):\n    return x, x ** 2\n"


def names_after(cell, **names):
    """What a cell leaves, its source known as in a notebook."""
    linecache.cache["<cell>"] = (len(cell), None, cell.splitlines(keepends=True), "<cell>")
    exec(compile(cell, "<cell>", "exec"), names)
    return names


def check(names):
    test = otter_in_browser.Checked.from_string(TESTS, path="q1")
    test.run(names)
    return test


@pytest.mark.parametrize(("cell", "names", "says", "not_a_word_of"), [
    ("", {}, ["run the cell above first", "it makes dozen, pair"], ["Error", "not answered"]),
    (UNANSWERED, {"dozen": ...}, ["not answered yet", "in dozen, pair"], ["Error", "run the cell"]),
    (UNANSWERED, {"dozen": None}, ["not answered yet", "in dozen, pair"], ["Error"]),
    (UNANSWERED, {"dozen": 12}, ["not answered yet", "in pair"], ["Error", "passed"]),
    (UNANSWERED, {"dozen": 13}, ["not answered yet", "in pair", "A dozen has 12."], ["TypeError"]),
    (ANSWERED, {"dozen": ...}, ["not answered yet", "in dozen"], ["Error", "passed"]),
    (ANSWERED, {"dozen": np.float64(1.5)}, ["(1.5,) is 'not it'"], ["np.float64", "answered"]),
    ("def pair(x):\n    return None\n", {"dozen": 12}, ["TypeError: 'NoneType' object"], ["answered"]),
    (ANSWERED + "    ...\n", {"dozen": 12}, ["passed!"], ["answered"]),
])
def test_what_a_check_says(cell, names, says, not_a_word_of):
    said = check(names_after(cell, **names))._repr_html_()
    assert [text for text in says if text not in said] == [] and [text for text in not_a_word_of if text in said] == [], said


def test_how_to_hand_in_stands_above_all_results(tmp_path, capsys, monkeypatch):
    notebook = tmp_path / "one.ipynb"
    notebook.write_text(json.dumps({"metadata": {"otter": {"tests": {"q1": TESTS}}}}))
    monkeypatch.setattr(otter_in_browser, "get_ipython", lambda: SimpleNamespace(user_ns={}))
    monkeypatch.setattr(otter_in_browser, "display", lambda test: print(test.name))
    otter_in_browser.Notebook(str(notebook)).export(pdf=False)
    assert capsys.readouterr().out.splitlines() == [otter_in_browser.HAND_IN, "q1"]
