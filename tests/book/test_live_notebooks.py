"""Chapters for a plain Jupyter: no mark of MyST is left, every number, source and equation is in its place."""
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from pybtex.database import Entry, Person

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from living_book import live_notebooks  # noqa: E402
from living_book.live_notebooks import Marks  # noqa: E402

BOOK, GLUED = ROOT / "book", ROOT / "_build" / "jupyter_execute" / "book"
CHAPTERS = live_notebooks.chapters(BOOK)


def plain(text, **known):
    known = {"numbers": {"half": "50%"}, "references": {"galton": "[Galton, 1907](https://x.org)", "hooker": "Hooker, 1907"},
             "claims": []} | known
    return Marks(**known).plain(text)


@pytest.mark.parametrize(("myst", "read"), [
    ("It is {glue:text}`half` of them.", "It is 50% of them."),
    ("So says {cite}`galton`.", "So says ([Galton, 1907](https://x.org))."),
    ("{cite}`galton, hooker`", "([Galton, 1907](https://x.org); Hooker, 1907)"),
    ("the {term}`median` and {term}`identity <crowd's identity>`", "the median and identity"),
    ("Watch. Then choose **Run it live** and poke.", "Watch. Choose **Play** and poke."),
    ("Choose **Run it live**, choose a hill, press play.", "Choose a hill, press play."),
    ("Press play; then choose **Run it live**, press Reset.", "Press play; then press Reset."),
    ("(own-crowd)=\n## Your own crowd", "## Your own crowd"),
    ("[Assignment 1](teaching/assignments.md) goes with it.", "Assignment 1 goes with it."),
    ("as in claim {claim}`C6`", "as in claim C6"),
    ("$$x^2$$ (square)\n\nBy {eq}`square`.", "$$x^2\\tag{1}$$\n\nBy (1)."),
    ("See [chapter 4](04_ensembles.ipynb) and [the ledger](claims.md), [here](#there).",
     "See [chapter 4](04_ensembles.ipynb) and the ledger, here."),
    ("```{exercise} One voice\n:label: voice\nSay it {glue:text}`half`.\n```\n\n````{solution} voice\n:class: dropdown\n"
     "Said:\n\n```python\nx = 1\n```\n````\n\n```{exercise}\nAgain.\n```\n",
     "#### Exercise 1: One voice\n\nSay it 50%.\n\n<details><summary>Solution</summary>\n\nSaid:\n\n```python\nx = 1\n```\n\n"
     "</details>\n\n#### Exercise 2\n\nAgain.\n"),
    ("```{admonition} System card: the crowd\n:class: system-card\nagents\n: people, $n$ of them\n\nthe signal\n: a vote\n```\n",
     "> **System card: the crowd**\n> \n> - **agents**: people, $n$ of them\n> - **the signal**: a vote\n"),
    ("```python\nx = {1: 2}\n```", "```python\nx = {1: 2}\n```"),
])
def test_a_mark_becomes_what_it_stands_for(myst, read):
    assert plain(myst) == read


EXERCISE = "```{exercise} One voice\n:label: voice\nSay it.\n```\n\n````{solution} voice\n:class: dropdown\nSaid.\n````\n"


@pytest.mark.parametrize(("said", "told"), [("yes", True), ("", True), ("no", False)])
def test_solutions_are_left_out_where_they_are_not_wanted(said, told, monkeypatch):
    monkeypatch.setenv("SOLUTIONS", said)
    assert ("Said." in plain(EXERCISE)) == told
    assert "Say it." in plain(EXERCISE)


def test_what_solutions_cannot_be_is_named(monkeypatch):
    monkeypatch.setenv("SOLUTIONS", "maybe")
    with pytest.raises(ValueError, match="SOLUTIONS='maybe': must be yes or no"):
        live_notebooks.with_solutions()


def test_claims_become_a_table_with_their_numbers():
    claim = {"chapter": "01_crowd", "claim": "Crowds\nare wise.", "verdict": "qualified", "evidence": "In {glue:text}`half`."}
    assert plain("```{claims} 01_crowd\n```", claims=[claim, claim | {"chapter": "02_colonies"}]).splitlines()[2:] == [
        "| Crowds are wise. | qualified | In 50%. |"]


@pytest.mark.parametrize("myst", ["{glue:text}`third`", "{cite}`nobody`", "By {eq}`nothing`."])
def test_a_mark_that_stands_for_nothing_is_named(myst):
    with pytest.raises(KeyError, match=re.search("`(.*)`", myst)[1]):
        plain(myst)


@pytest.mark.parametrize(("people", "names"), [
    (["Galton, Francis"], "Galton"), (["Krogh, Anders", "Vedelsby, Jesper"], "Krogh and Vedelsby"),
    (["Hebb, D.", "Van de Veer, A.", "{Tao}, T."], "Hebb *et al.*")])
def test_a_source_is_named_and_linked(people, names):
    entry = Entry("article", fields={"year": "1907", "doi": "10.1038/075450a0"}, persons={"author": [Person(one) for one in people]})
    assert live_notebooks.reference(entry) == f"[{names}, 1907](https://doi.org/10.1038/075450a0)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    live_notebooks.write(BOOK, folder, lambda path: live_notebooks.built_numbers(GLUED, path.stem), lambda path: "KEPT.", lambda path: f"first = {path.stem!r}")
    return folder


@pytest.mark.parametrize("chapter", [path.stem for path in CHAPTERS])
def test_a_chapter_reads_well_in_a_plain_jupyter(folder, chapter):
    source, made = (nbformat.read(where / f"{chapter}.ipynb", as_version=4) for where in (BOOK, folder))
    nbformat.validate(made)
    prose = "\n\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
    assert re.findall(r"\{[\w:]+\}`|^(?:`{3,}|:{3,})\{.*|^:\w+:.*|\$\$ \(.*|…", prose, flags=re.MULTILINE) == []
    assert re.findall(r"\]\((?!https?://|\d\d_\w+\.ipynb)[^)]*\)", prose) == []
    assert "KEPT." in made.cells[0].source and made.cells[1].source == f"first = {chapter!r}"
    for cell, before in zip(made.cells[2:], source.cells, strict=True):
        if cell.cell_type == "code":
            asks = re.search(r"^(predict|bets|checkpoint)\(", cell.source, re.MULTILINE)
            folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
            assert folded == bool(asks or {"remove-cell"} & set(cell.metadata.get("tags", ())))
            assert cell.source.removeprefix(f"{cell.source.splitlines()[0]}\n" * folded) == before.source
            if folded:
                assert re.fullmatch("# [a-z ]{1,40}", cell.source.splitlines()[0])


def test_an_assignment_that_is_there_is_linked(tmp_path):
    place = tmp_path / "assignments" / "01_crowd" / "01_crowd.ipynb"
    place.parent.mkdir(parents=True)
    place.write_text("{}")
    renew(tmp_path)
    said = [(tmp_path / f"{chapter}.ipynb").read_text(encoding="utf-8") for chapter in ("01_crowd", "02_colonies")]
    assert "[Assignment 1](assignments/01_crowd/01_crowd.ipynb)" in said[0]
    assert "Assignment 2" in said[1] and "[Assignment 2]" not in said[1]


def renew(folder, kept="KEPT."):
    live_notebooks.write(BOOK, folder, lambda path: live_notebooks.built_numbers(GLUED, path.stem), lambda path: kept)


def test_what_is_renewed_is_what_nobody_changed(tmp_path, capsys):
    """A chapter that was only run is the book's; one with a change in a cell is the reader's."""
    renew(tmp_path)
    for name, source in (("01_crowd", None), ("02_colonies", "mine = 1")):
        notebook = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4)
        code = next(cell for cell in notebook.cells if cell.cell_type == "code")
        code.outputs = [nbformat.v4.new_output("stream", text="run")]
        code.source = source or code.source
        notebook.cells.append(nbformat.v4.new_code_cell())  # as running the last cell does
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    (tmp_path / "notes.ipynb").write_text("mine")

    def texts():
        return {path.stem: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.ipynb")}
    before = texts()
    renew(tmp_path)
    assert texts() == before  # nothing is new: outputs stay
    assert re.findall(r"(\w+)\.ipynb has changes", capsys.readouterr().err) == ["02_colonies"]
    renew(tmp_path, "NEW.")
    assert {name for name, text in texts().items() if text == before[name]} == {"02_colonies", "notes"}
    assert "NEW." in texts()["01_crowd"] and '"text": "run"' not in texts()["01_crowd"]


def test_the_data_come_along_without_their_scripts(folder):
    assert {path.name for path in (folder / "data").iterdir()} == {
        path.name for path in (BOOK / "data").iterdir() if path.suffix != ".py" and path.name != "__pycache__"}


def test_where_nothing_was_built_the_chapter_is_run_and_what_fails_is_said(tmp_path, monkeypatch):
    """As on Binder: in place, with the numbers of a run of its own."""
    book = tmp_path / "book"
    (book / "_ext" / "living_book").mkdir(parents=True)
    script = book / "_ext" / "living_book" / "live_notebooks.py"
    script.write_text(Path(live_notebooks.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    (book / "references.bib").write_text("@article{galton, author={Galton, F.}, title={Vox}, year={1907}, journal={Nature}}")
    (book / "claims.yml").write_text("[]")
    cells = [nbformat.v4.new_code_cell('from helpers.glue import glue\nglue("sum", str(1 + 1))'), nbformat.v4.new_code_cell("1 / 0"),
             nbformat.v4.new_code_cell('glue("after", open("number.txt").read())'), nbformat.v4.new_code_cell("1 / 0\nglue('lost', '')"),
             nbformat.v4.new_markdown_cell("{glue:text}`sum`, {glue:text}`after`, {glue:text}`lost` {cite}`galton`")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), book / "01_small.ipynb")
    (book / "number.txt").write_text("seven")
    done = subprocess.run([sys.executable, script, "--in-place"], capture_output=True, text=True, check=True)
    assert "no number was glued under lost" in done.stderr
    made = nbformat.read(book / "01_small.ipynb", as_version=4)
    assert made.cells[-1].source == "2, seven, … (Galton, 1907)"
    assert all(not cell.get("outputs") for cell in made.cells)


@pytest.mark.parametrize(("words", "said"), [([], "as long as this server keeps its files"), (["--at-home"], "stay in {folder}, also when")])
def test_what_becomes_of_changes_is_said_as_it_is(words, said, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["live_notebooks.py", str(tmp_path), *words])
    live_notebooks.main()
    greeting = nbformat.read(tmp_path / "01_crowd.ipynb", as_version=4).cells[0].source
    assert said.format(folder=tmp_path) in greeting


@pytest.mark.parametrize("words", [[], ["somewhere", "--in-place"]])
def test_the_command_wants_one_place(words):
    done = subprocess.run([sys.executable, live_notebooks.__file__, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "name a folder, or say --in-place" in done.stderr


def test_every_chapter_is_known():
    assert [path.stem[:2] for path in CHAPTERS] == [f"0{number}" for number in range(1, 9)]
    assert json.loads((GLUED / "01_crowd.glue.json").read_text(encoding="utf-8"))
