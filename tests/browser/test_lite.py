"""Chapters in the reader's browser alone, at lite/: no kernel on the machine, and no other origin is asked for anything."""
import json
import re
import shutil
import sys

import built
import nbformat
import pytest
from conftest import serving
from notebooks import NOTEBOOK, PICTURE, Notebook, Student
from playwright.sync_api import expect

sys.path.insert(0, str(built.ROOT / "book" / "_ext"))

from living_book import lite  # noqa: E402

WHOLE, WITH_TORCH = "08_stance", "05_learning"
LIMIT = 400_000  # ms
EDIT = f"text => {NOTEBOOK}.content.widgets[0].model.sharedModel.setSource(text)"
SAVED = f"() => !{NOTEBOOK}.context.model.dirty"
FIRST = f"() => {NOTEBOOK}.content.widgets[0].model.sharedModel.source"
CHAPTERS = [page for page in built.PAGES if re.search(r"/\d\d_", page)]


@pytest.fixture
def student(browser, origins):
    student = Student(browser, origins["http"])
    yield student
    student.context.close()
    assert student.elsewhere == []


@pytest.fixture
def edition(tmp_path):
    """A folder with a copy of the site that a new release may change, and its address."""
    shutil.copytree(built.SITE / "lite", tmp_path / "lite")
    shutil.copytree(built.SITE / "book", tmp_path / "book")
    for shared in ("_pyodide", "_static"):
        (tmp_path / shared).symlink_to(built.SITE / shared)
    with serving(tmp_path) as address:
        yield tmp_path, address


def errors_of(cells):
    return [(cell["source"][:60], output) for cell in cells for output in cell["outputs"]
            if output["output_type"] == "error" or output.get("name") == "stderr"]


def said_by(cell):
    return "".join(output.get("text", "") for output in cell["outputs"] if output["output_type"] == "stream")


def test_a_chapter_without_torch_runs_to_its_end_and_answers(student, at_length):
    notebook = student.open(WHOLE, LIMIT)
    cells = notebook.run_all(LIMIT)
    assert errors_of(cells) == []
    assert not any("does not have" in said_by(cell) for cell in cells)
    assert notebook.move_a_slider()


def test_every_chapter_runs_to_its_end(student, at_length):
    for page in CHAPTERS:
        notebook = student.open(page[5:-5], LIMIT)
        assert errors_of(notebook.run_all(2 * LIMIT)) == [], page
        notebook.tab.close()


def test_a_stage_can_be_touched(student, at_length):
    notebook = student.open("03_brain", LIMIT)
    assert errors_of(notebook.run(3, LIMIT)) == []
    assert notebook.touch_a_stage()


def test_a_cell_that_needs_torch_says_so_in_one_line_and_the_next_runs(student, at_length):
    cells = student.open(WITH_TORCH, LIMIT).run(4, LIMIT)
    needs, after = cells[2], cells[3]
    assert needs["source"].startswith("# behind the scenes\nimport torch")
    assert re.fullmatch(r"This cell needs torch, which a browser's Python does not have. The whole chapter runs .+\n", said_by(needs))
    assert errors_of(cells) == [] and after["outputs"]


def test_what_a_student_changed_outlives_a_reload_and_a_new_release(browser, edition, at_length):
    folder, address = edition
    student = Student(browser, address)
    notebook = student.open(WHOLE, LIMIT)
    notebook.tab.evaluate(EDIT, "mine")
    notebook.tab.wait_for_function(SAVED, timeout=2000 * lite.SAVED_EVERY)  # by itself
    notebook.tab.reload()
    assert Notebook(notebook.tab, LIMIT).tab.evaluate(FIRST) == "mine"
    released = json.loads((folder / "lite" / "files" / f"{WHOLE}.ipynb").read_text(encoding="utf-8"))
    released["cells"][0]["source"] = "the new edition"
    for name in (WHOLE, "01_crowd"):
        (folder / "lite" / "files" / f"{name}.ipynb").write_text(json.dumps(released), encoding="utf-8")
    notebook.tab.reload()
    assert Notebook(notebook.tab, LIMIT).tab.evaluate(FIRST) == "mine"
    assert student.open("01_crowd", LIMIT).tab.evaluate(FIRST) == "the new edition"  # what is not the student's is new
    student.context.close()


def test_a_button_opens_its_own_chapter_whatever_was_open_before(student, at_length):
    """JupyterLab would bring back the notebooks of the last time, and one of them in front."""
    before = student.open(WHOLE, LIMIT)
    before.tab.reload()
    Notebook(before.tab, LIMIT).tab.close()
    path = f"{NOTEBOOK}.context.path"
    assert student.open(WITH_TORCH, LIMIT).tab.evaluate(path) == f"{WITH_TORCH}.ipynb"


def test_a_question_hides_its_answer_and_opens_its_figure_by_night_and_on_a_phone(browser, origins, at_length):
    student = Student(browser, origins["http"], viewport={"width": 390, "height": 800}, color_scheme="dark")
    notebook = student.open("01_crowd", LIMIT)
    asks = notebook.run(4, LIMIT)[2]
    element = notebook.show(asks)
    assert "predict(" in asks["source"] and "1198" in asks["source"]
    assert "1198" not in element.inner_text()
    form = notebook.tab.locator("form.predict").first
    assert form.evaluate("form => [getComputedStyle(form).backgroundColor, getComputedStyle(form).colorScheme]") == ["rgb(20, 24, 30)", "dark"]
    picture = notebook.tab.locator(f".jp-Notebook {PICTURE}").first
    expect(picture).to_be_hidden()
    form.get_by_role("button", name="Show me").click()
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.getBoundingClientRect().right <= image.closest('.jp-OutputArea-output').getBoundingClientRect().right")
    assert notebook.tab.evaluate("() => { const sheet = document.querySelector('.jp-WindowedPanel-outer'); return sheet.scrollWidth <= sheet.clientWidth; }")
    student.context.close()


def test_every_chapter_has_its_button(reader):
    for page in CHAPTERS:
        tab = reader.open(page)
        link = tab.locator('.launch a[data-launch="lite"]')
        expect(link).to_have_attribute("href", re.compile(rf"lite/notebooks/index\.html\?path={page[5:-5]}\.ipynb$"))
        assert (built.SITE / "lite" / "files" / f"{page[5:-5]}.ipynb").is_file()


def test_on_a_phone_the_notebook_has_the_width(browser, origins):
    context = browser.new_context(viewport={"width": 390, "height": 800})
    tab = context.new_page()
    tab.goto(origins["http"] + CHAPTERS[0])
    tab.locator('.launch a[data-launch="lite"]').click()
    tab.wait_for_selector(".jp-Notebook .jp-MarkdownOutput h1")
    assert tab.evaluate("document.querySelector('.jp-Notebook').getBoundingClientRect().width") > 300
    context.close()


def test_without_webassembly_the_button_says_why(reader):
    tab = reader.open(CHAPTERS[0], script="delete window.WebAssembly")
    expect(tab.locator(".launch-why")).to_contain_text("WebAssembly")
    expect(tab.locator('.launch a[data-launch="lite"]')).to_have_attribute("aria-disabled", "true")


def test_from_a_file_the_button_says_why(reader):
    tab = reader.open(CHAPTERS[0], where="file")
    expect(tab.locator(".launch-why")).to_contain_text("make serve")
    expect(tab.locator('.launch a[data-launch="lite"]')).not_to_have_attribute("href", re.compile("."))


def test_an_assignment_checks_itself_without_a_server(student):
    """The page's link opens it; untouched it is told what is missing, with the right answer it passes."""
    tab = student.context.new_page()
    tab.goto(f"{student.origin}book/teaching/assignments.html")
    tab.locator('.launch a[data-launch="lite"]').first.click()
    notebook = Notebook(tab, LIMIT)
    cells = notebook.run(4, LIMIT)
    assert errors_of(cells) == []
    said = cells[3]["outputs"][0]["data"]["text/html"]
    assert "not answered yet" in said and "Error" not in said
    solved = nbformat.read(built.ROOT / "_build" / "assignments" / "01_crowd" / "solution.ipynb", as_version=4)
    answer = next(cell.source for cell in solved.cells if cell.cell_type == "code" and "def identity" in cell.source)
    tab.evaluate(f"([index, text]) => {NOTEBOOK}.content.widgets[index].model.sharedModel.setSource(text)", [cells[2]["index"], answer])
    cells = notebook.run(4, LIMIT)
    assert "passed!" in str(cells[3]["outputs"])
