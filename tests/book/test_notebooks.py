"""Every notebook, read as code: an explorer must draw in a live kernel what it drew for the page."""
import ast
import builtins
import json
import symtable
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "book").glob("**/*.ipynb"))


def code_of(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def assigned(source):
    """The names that a cell gives a value at its top level."""
    return {symbol.get_name() for symbol in symtable.symtable(source, "cell", "exec").get_symbols()
            if symbol.is_assigned() or symbol.is_imported()}


def read_by(table):
    """The global names that a function, and those inside it, read."""
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return names.union(*map(read_by, table.get_children()))


def leaning(cells):
    """(explorer, name) of every name that an explorer reads and that a later cell gives another value."""
    reads, found = {}, []
    for number, source in enumerate(cells):
        for table in symtable.symtable(source, "cell", "exec").get_children():
            if table.get_type() == "function":
                reads[table.get_name()] = read_by(table)
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef) and any("explore" in ast.unparse(one).partition("(")[0] for one in node.decorator_list):
                names, waiting = set(), {node.name}
                while waiting:  # what the notebook's own functions read, too
                    name = waiting.pop()
                    new = reads.get(name, set()) - names
                    names, waiting = names | new, waiting | new
                later = set().union(*map(assigned, cells[number + 1:]))
                found += [(node.name, name) for name in sorted(names & later - set(dir(builtins)))]
    return found


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_explorer_leans_on_no_name_that_a_later_cell_gives_away(notebook):
    assert leaning(code_of(notebook)) == []


def test_such_leaning_is_found():
    explorer = "@explore(x=[1, 2])\ndef shown(x=1):\n    return f(x)"
    assert leaning(["a = 1\ndef f(x):\n    return [a + x for _ in b]", "b = []", explorer, "c = 2"]) == []
    assert leaning(["a = 1\ndef f(x):\n    return [a + x for _ in b]", "b = []", explorer, "for a in b:\n    pass"]) == [("shown", "a")]
    assert leaning(["a = 1", "def f(x):\n    return (lambda: a)()", explorer, "import a"]) == [("shown", "a")]
