"""Otter in the reader's browser: what a student's notebook uses of it.

Of otter-grader itself only the two modules that run tests go into this package, as they are; the rest of it needs what
Pyodide has not. Handing in is done by downloading the notebook.
"""
import ast
import inspect
import json
import textwrap
from contextlib import suppress
from copy import copy
from html import escape
from pathlib import Path

import numpy as np
from IPython import get_ipython
from IPython.display import display

from otter.test_files.exception_test import ExceptionTestFile

HAND_IN = "To hand in: save this notebook (Ctrl+S, on a Mac Cmd+S), then File > Download, and give your teacher that file."


def has_dots(function) -> bool:
    """Whether a function still has the `...` that stands for an answer."""
    with suppress(OSError, TypeError, SyntaxError):  # it is no function, or nobody knows its source
        return any(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...
                   for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))))
    return False


class Checked(ExceptionTestFile):
    """The tests of one question, run. What only fails because something is not answered yet is said once, in a line."""

    def run(self, names):
        with np.printoptions(legacy="1.25"):  # numbers as plain numbers
            super().run(names)
        asked = {name for result in self.failed() for name in self.asks(result)}
        self.unmade = sorted(asked.difference(names))
        self.unanswered = sorted(name for name in asked.intersection(names) if names[name] is None or names[name] is ... or has_dots(names[name]))

    def failed(self):
        return [result for result in self.test_case_results if not result.passed]

    @staticmethod
    def asks(result) -> set[str]:
        return {name for name in result.test_case.body._get_func_params() if name != "env"}

    def _generate_error_message(self, excp, context=0):
        """Otter's, but with the quotes with which some errors begin or end: it strips them."""
        return super()._generate_error_message(excp, context).removesuffix(str(excp).strip("'")) + str(excp)

    def _repr_html_(self):
        said = "".join(f"<p><strong>{escape(self.name)}: {text.format(', '.join(map(escape, missing)))}</strong></p>" for missing, text in (
            (self.unmade, "run the cell above first, and those before it; it makes {}."),
            (self.unanswered, "not answered yet: put your own where the three dots are in {}.")) if missing)
        if not said:
            return super()._repr_html_()
        rest, lacking = copy(self), {*self.unmade, *self.unanswered}
        rest.unmade = rest.unanswered = []
        rest.test_case_results = [result for result in self.test_case_results if lacking.isdisjoint(self.asks(result))]
        return said + (rest._repr_html_() if rest.failed() else "")


class Notebook:
    """`otter.Notebook`: checks the answers in this notebook by the tests that it carries in its metadata."""

    def __init__(self, nb_path: str):
        self.tests = json.loads(Path(nb_path).read_text(encoding="utf-8"))["metadata"]["otter"]["tests"]

    def check(self, question: str) -> Checked:
        """What the tests say to the answer as it is now. Raises KeyError if there is no such question."""
        test = Checked.from_string(self.tests[question], path=question)
        test.run(get_ipython().user_ns)
        return test

    def check_all(self):
        for question in self.tests:
            display(self.check(question))

    def export(self, **_):
        """Say how to hand in, then check all; the grader's own otter writes a file here."""
        print(HAND_IN)
        self.check_all()
