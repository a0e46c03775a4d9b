"""Otter in the reader's browser: what a student's notebook uses of it.

Of otter-grader itself only the two modules that run tests go into this package, as they are; the rest of it needs what
Pyodide has not. Handing in is done by downloading the notebook.
"""
import json
from pathlib import Path

from IPython import get_ipython
from IPython.display import display

from otter.test_files.exception_test import ExceptionTestFile


class Notebook:
    """`otter.Notebook`: checks the answers in this notebook by the tests that it carries in its metadata."""

    def __init__(self, nb_path: str):
        self.tests = json.loads(Path(nb_path).read_text(encoding="utf-8"))["metadata"]["otter"]["tests"]

    def check(self, question: str) -> ExceptionTestFile:
        """What the tests say to the answer as it is now. Raises KeyError if there is no such question."""
        test = ExceptionTestFile.from_string(self.tests[question], path=question)
        test.run(get_ipython().user_ns)
        return test

    def check_all(self):
        for question in self.tests:
            display(self.check(question))

    def export(self, **_):
        """Say how to hand in; the grader's own otter writes a file here."""
        self.check_all()
        print("To hand in: save this notebook (Ctrl-S), then File > Download, and give your teacher that file.")
