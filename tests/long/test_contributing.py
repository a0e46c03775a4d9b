"""The recipes of CONTRIBUTING.md, as they stand there: one small chapter is built of them, and has all that they promise."""
import base64
import gzip
import json
import re
import shutil
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "book"))
from test_extension import CONF, Book, sentences  # noqa: E402

BLOCK = re.compile(r"^(`{3,})(\w+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
CONTENTS = """format: jb-book
root: book/intro
parts:
  - caption: The chapters
    numbered: 1
    chapters:
      - file: book/08_stance
"""
SETTINGS = CONF.replace('"living_book"', '"living_book", "sphinx_external_toc"') + """
html_sidebars = {"**": ["globaltoc.html"]}
html_theme_options = {"globaltoc_includehidden": True}
use_multitoc_numbering = False
"""


def recipes(text):
    """{what to add: [(language, text)]} of the fenced blocks that name their language."""
    parts = re.split(r"^## Add (.+)\n", text, flags=re.MULTILINE)[1:]
    return {kind: [(language, block) for _, language, block in BLOCK.findall(part)]
            for kind, part in zip(parts[::2], parts[1::2], strict=True)}


FOUND = recipes((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
RECIPES = {kind: FOUND[kind] for kind in ("a chapter", "an explorer", "a stage", "a claim")}


@pytest.mark.parametrize("kind", RECIPES)
def test_a_recipe_has_ten_lines_at_most(kind):
    assert 0 < sum(len(block.splitlines()) for _, block in RECIPES[kind]) <= 10


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The chapter, in a book that has another one before it."""
    folder = tmp_path_factory.mktemp("contributed")
    (_, title), (_, imports), (_, end), (_, listed) = RECIPES["a chapter"]
    (_, explorer), = RECIPES["an explorer"]
    (_, model), (_, stage) = RECIPES["a stage"]
    (_, claim), (_, number) = RECIPES["a claim"]
    shutil.copytree(ROOT / "helpers", folder / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "helpers" / "motes.py").write_text(model)
    code = nbformat.v4.new_code_cell
    cells = [nbformat.v4.new_markdown_cell(title), code(imports, metadata={"tags": ["remove-cell"]}),
             code(explorer, metadata={"tags": ["hide-input"]}), code(stage), code(number), nbformat.v4.new_markdown_cell(end)]
    chapter = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    made = Book(folder / "book", {
        "conf.py": SETTINGS, "_toc.yml": CONTENTS + listed, "book/claims.yml": claim, "book/intro.md": "# A book\n",
        "book/08_stance.md": "# A stance\n\nAs in {state}`a long walk <09_motes#drift?steps=400&speed=1>`.\n"})
    made.package = folder
    made.write("book/09_motes.ipynb", [])
    nbformat.write(chapter, made.folder / "book" / "09_motes.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "empty"))  # without Pyodide: the book's own has it
        return made.built()


def test_the_chapter_is_in_the_contents_and_has_slides(book):
    links = {link.get_text(): link["href"] for link in book.page("book/intro").select(".sphinxsidebar a")}
    assert links["2. Motes that drift"] == "09_motes.html"
    page = book.page("book/09_motes")
    assert page.h1.find(string="Motes that drift")
    assert "import" not in page.text.partition("@explore")[0]
    assert "Motes that drift" in (book.site / "slides" / "09_motes.html").read_text(encoding="utf-8")


def test_the_explorer_is_on_the_page_with_its_states(book):
    figure = book.page("book/09_motes").select_one("figure.explore#drift")
    assert [control["name"] for control in figure.select(".explore-controls [name]")] == ["steps", "speed"]
    assert figure.select_one(".explore-view")["aria-label"] == "How far a mote drifts that turns at every step"
    assert figure.figcaption.text == "After 100 steps, each 1 long, the mote is 10 away."
    assert "Let a mote drift twenty steps away." in figure.text
    said = sentences(book.site / "_packs/book/09_motes/drift.js")
    assert len(said) == 10 and said[-1] == "After 500 steps, each 2 long, the mote is 45 away."
    link, = book.page("book/08_stance").select("a.state")
    assert link["href"] == "09_motes.html#drift?steps=400&speed=1"


def test_the_stage_is_on_the_page_with_its_recording(book):
    figure = book.page("book/09_motes").select_one("figure.stage#motes")
    assert figure.figcaption.text.strip() == "Motes that drift over a square and come back on its other side."
    assert {"motes", "speed"} <= {control["name"] for control in figure.select("form [name]")}
    packed = re.fullmatch(r'figurePack\("([^"]*)"\);\n', (book.site / "_packs/book/09_motes/motes.js").read_text())[1]
    raw = gzip.decompress(base64.b64decode(packed))
    header = json.loads(raw[4:4 + int.from_bytes(raw[:4], "little")])
    assert header["tools"] == {"gather": "tap"} and "motes.py" in header["sources"]
    recording, = header["recordings"]
    assert len(recording["readouts"]) == 51 and len(set(recording["readouts"])) > 3
    assert recording["readouts"][-1] == figure.select_one("output.readout").text
    assert re.fullmatch(r"50 motes drift; \d\d of them are on the left\.", recording["readouts"][-1])
    assert (book.site / "_python" / "helpers" / "motes.py").is_file()


def test_the_claim_is_in_the_table_with_its_verdict_and_number(book):
    page = book.page("book/09_motes")
    row, = page.select("table.claims tbody tr")
    assert [cell.get_text(" ", strip=True) for cell in row.find_all("td")] == [
        "K1 Who goes without a plan gets nowhere.", "wrong",
        "After a hundred steps without a plan a mote is 10 of their lengths away. Tested in: drift , motes"]
    assert all(page.find(id=link["href"][1:]) for link in row.select(".experiments a"))
