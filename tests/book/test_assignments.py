"""The assignments, proven both ways: the solution has all points, the untouched version none, and a mistake gets its hint."""
import csv
import os
import runpy
import sys
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest
from otter.test_files.exception_test import ExceptionTestFile

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "book" / "teaching")]

import grade  # noqa: E402
from living_book import assign  # noqa: E402

MASTERS = assign.masters(ROOT / "book")
FIRST = MASTERS[0]
POINTS = 20


class Assignment:
    """One assignment as the build has made it. A notebook's cells are run here, and judged by the grader's own tests."""

    def __init__(self, master):
        self.name, made = master.stem, assign.made(master)
        self.solution = nbformat.read(made / "solution.ipynb", as_version=4)
        self.student = nbformat.read(made / "student" / master.name, as_version=4)
        with zipfile.ZipFile(made / "autograder.zip") as archive:
            self.tests = {Path(name).stem: archive.read(name).decode() for name in archive.namelist() if name.startswith("tests/")}
        mistakes = runpy.run_path(str(Path(__file__).parent / "assignments" / f"{master.stem}.py"))
        self.wrong, self.breaks = mistakes["WRONG"], mistakes["BREAKS"]

    def answer(self, notebook, question):
        """The cell of a notebook that answers the question: the last before its check."""
        *before, _ = notebook.cells[:1 + next(i for i, cell in enumerate(notebook.cells) if f'grader.check("{question}")' in cell.source)]
        return next(cell for cell in reversed(before) if cell.cell_type == "code")

    def mistaken(self, question, code):
        """The solution with another answer to one question."""
        made = nbformat.from_dict(self.solution)
        self.answer(made, question).source = code
        return made

    def judged(self, notebook):
        """{question: its tests, run} for all answers of a notebook."""
        names = {}
        for cell in notebook.cells:
            self.run(cell, names)
        return {question: self.check(question, names) for question in self.tests}

    @staticmethod
    def run(cell, names):
        if cell.cell_type == "code" and "import otter" not in cell.source and "grader." not in cell.source:
            with suppress(Exception):  # as in the grader: the tests that need the cell fail
                exec(compile(cell.source, "cell", "exec"), names)

    def check(self, question, names):
        test = ExceptionTestFile.from_string(self.tests[question], path=question)
        test.run(names)
        return test


@pytest.fixture(scope="module", params=MASTERS, ids=lambda master: master.stem)
def assignment(request):
    made, before = Assignment(request.param), Path.cwd()
    os.chdir(assign.made(request.param) / "student")  # its data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a student's mistakes may warn
        yield made
    os.chdir(before)


def points(checked):
    return sum(test.score for test in checked.values())


def test_the_solution_has_all_points_and_the_untouched_version_none(assignment):
    solved, untouched = assignment.judged(assignment.solution), assignment.judged(assignment.student)
    assert points(solved) == sum(test.possible for test in solved.values()) == POINTS
    assert points(untouched) == 0


def test_every_question_is_named_and_has_tests_that_are_seen_and_hidden_ones(assignment):
    for question, source in assignment.tests.items():
        cases = ExceptionTestFile.from_string(source, path=question).test_cases
        assert {case.hidden for case in cases} == {True, False}, question
        assert all(case.failure_message for case in cases), question
    assert set(assignment.tests) == set(assignment.student.metadata["otter"]["tests"])


def test_students_do_not_have_what_is_hidden(assignment):
    shown = "\n".join([*assignment.student.metadata["otter"]["tests"].values(), *(cell.source for cell in assignment.student.cells)])
    for question, source in assignment.tests.items():
        for case in ExceptionTestFile.from_string(source, path=question).test_cases:
            assert (case.failure_message in shown) != case.hidden, case.failure_message
    assert "# SOLUTION" not in shown


def test_three_wrong_answers_have_the_points_they_should_and_the_hint(assignment):
    assert len(assignment.wrong) == 3
    for wrong in assignment.wrong:
        checked = assignment.judged(assignment.mistaken(wrong["question"], wrong["code"]))
        assert points(checked) == wrong["score"], wrong["name"]
        assert wrong["hint"] in checked[wrong["question"]].summary(), wrong["name"]


def test_a_solution_broken_in_one_place_fails_with_the_fitting_hint(assignment, request):
    if assignment.name != FIRST.stem:
        request.getfixturevalue("at_length")
    names = {}
    for cell in assignment.solution.cells:
        for question, right, mistaken, hint in assignment.breaks:
            if cell is assignment.answer(assignment.solution, question):
                assert right in cell.source, (question, right)
                broken = nbformat.from_dict(cell | {"source": cell.source.replace(right, mistaken)})
                changed = dict(names)
                assignment.run(broken, changed)
                assert hint in assignment.check(question, changed).summary(), (question, mistaken)
        assignment.run(cell, names)


SECONDS, MEGABYTES = 300, 700


@pytest.fixture(scope="module")
def graded(tmp_path_factory, at_length):
    """A class whose submissions are not what one hopes, graded: (the rows of grades.csv by submission, the folder of reports)."""
    folder, made = tmp_path_factory.mktemp("class"), Assignment(FIRST)
    for name, code in {
        "hungry": "eaten = []\nwhile True:\n    eaten.append(b'x' * 20_000_000)",
        "deletes": "import glob, shutil\nfor path in glob.glob('../../*'):\n    shutil.rmtree(path, ignore_errors=True)",
    }.items():
        nbformat.write(made.mistaken("q1", code), folder / f"{name}.ipynb")
    bare = nbformat.from_dict(made.solution)
    bare.metadata["otter"].pop("tests", None)
    bare.cells = [cell for cell in bare.cells if "grader." not in cell.source]
    nbformat.write(bare, folder / "stripped.ipynb")
    nbformat.write(made.mistaken("q1", made.wrong[0]["code"]), folder / "wrong.ipynb")
    nbformat.write(Assignment(MASTERS[1]).solution, folder / "other.ipynb")
    (folder / "recipe.ipynb").write_text("Take two eggs.", encoding="utf-8")
    (folder / "essay.docx").write_bytes(b"PK\x03\x04\xff\xfe")
    (folder / "list.ipynb").write_text("[1, 2]", encoding="utf-8")
    (folder / "broken.zip").write_bytes(b"no zip at all")
    zipfile.ZipFile(folder / "empty.zip", "w").close()
    with zipfile.ZipFile(folder / "handed-in.zip", "w") as archive:
        archive.writestr(FIRST.name, nbformat.writes(made.solution))
    grade.grade_all(assign.made(FIRST) / "autograder.zip", sorted(folder.iterdir()), folder / "graded", SECONDS, MEGABYTES)
    with (folder / "graded" / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    return rows, folder / "graded"


@pytest.mark.parametrize(("submission", "points", "problem"), [
    ("handed-in.zip", "20", ""), ("stripped.ipynb", "20", ""), ("wrong.ipynb", "18", ""),
    ("hungry.ipynb", "0", f"took more than {MEGABYTES} MB of memory"),
    ("deletes.ipynb", "0", "could not be graded"), ("other.ipynb", "0", "could not be graded"),
    ("recipe.ipynb", "0", "is not a notebook"), ("essay.docx", "0", "is not a notebook"), ("list.ipynb", "0", "is not a notebook"),
    ("broken.zip", "0", "could not be graded"), ("empty.zip", "0", "is not a notebook: the zip holds 0, and one is wanted")])
def test_each_of_a_class_has_its_points_or_the_reason_why_none(graded, submission, points, problem):
    rows, reports = graded
    row, report = rows[submission], (reports / f"{submission}.txt").read_text(encoding="utf-8")
    assert row["points"] == points
    assert row["problem"].startswith(problem) and bool(row["problem"]) == bool(problem)
    assert (f"No points: the submission {row['problem']}" if problem else f"{points} of {POINTS} points") in report


def test_a_report_says_what_is_wrong(graded):
    _, reports = graded
    assert Assignment(FIRST).wrong[0]["hint"] in (reports / "wrong.ipynb.txt").read_text(encoding="utf-8")


def test_one_that_never_ends_is_ended(tmp_path):
    made = Assignment(FIRST)
    nbformat.write(made.mistaken("q1", "while True:\n    pass"), tmp_path / "loops.ipynb")
    found = grade.grade(assign.made(FIRST) / "autograder.zip", tmp_path / "loops.ipynb", seconds=12)
    assert found == {"problem": "ran for more than 12 s", "questions": {}}


def test_nothing_is_left_running(graded):
    """Each ran with a folder of its own, which is gone."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            assert Path(process.environ().get("TMPDIR", "/")).exists(), process.cmdline()


@pytest.mark.parametrize("arguments", [["nowhere.zip", "."], [__file__, "nowhere"]])
def test_what_is_not_there_is_named(arguments, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["grade.py", *arguments])
    with pytest.raises(SystemExit):
        grade.main()
    assert "nowhere" in capsys.readouterr().err


def test_a_master_whose_solution_fails_is_not_assigned(tmp_path, at_length):
    master = tmp_path / "book" / "teaching" / "assignments" / FIRST.name
    master.parent.mkdir(parents=True)
    (tmp_path / "book" / "data").symlink_to(ROOT / "book" / "data")
    text = FIRST.read_text(encoding="utf-8")
    assert text.count("shares = weights / weights.sum()") == 1
    master.write_text(text.replace("shares = weights / weights.sum()", "shares = weights"), encoding="utf-8")
    with pytest.raises(RuntimeError, match=FIRST.name):
        assign.assign(master)
    assert not assign.made(master).exists()


@pytest.mark.parametrize("master", MASTERS, ids=lambda master: master.stem)
def test_otter_run_says_the_same_of_every_chapter(master, tmp_path, at_length):
    made = Assignment(master)
    expected = {"solution": (made.solution, POINTS, ""), "untouched": (made.student, 0, "")}
    expected |= {f"wrong {number}": (made.mistaken(wrong["question"], wrong["code"]), wrong["score"], wrong["hint"])
                 for number, wrong in enumerate(made.wrong)}
    for name, (notebook, score, hint) in expected.items():
        nbformat.write(notebook, tmp_path / "submission.ipynb")
        found = grade.grade(assign.made(master) / "autograder.zip", tmp_path / "submission.ipynb")
        assert found["problem"] == "", name
        assert sum(points for points, _, _ in found["questions"].values()) == score, name
        assert hint in grade.report(found), name
