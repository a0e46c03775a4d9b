"""The Sphinx extension, on a small book of its own: packs, borrowed figures, claims, freshness."""
import base64
import errno
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
EXTENSIONS = ROOT / "book" / "_ext"
sys.path.insert(0, str(EXTENSIONS))

from living_book import claims, mathematics, whole  # noqa: E402

CONF = """
extensions = ["myst_nb", "living_book"]
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "mathml"
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_ipywidgets_js = {}
nb_mime_priority_overrides = [("html", "text/html", 0)]
html_theme = "basic"
exclude_patterns = ["_build"]
"""
IMPORTS = "from helpers import figures\nfrom helpers.explore import explore, predict\n"
JURY = IMPORTS + '''
@explore(voters=[1, 3, 11], fair=True)
def jury(voters=3, fair=True):
    """A jury."""
    fig, ax = figures.panel()
    ax.plot([0, voters], [0, 1 + fair])
    return fig, f"{voters} voters, fair: {fair}."
'''
HERD = JURY.replace("jury", "herd").replace("voters", "sheep")
TOO_MANY = JURY.replace("voters=[1, 3, 11]", "voters=(1, 999)").replace("jury", "endless")


class Book:
    """A book in a folder, built as often as asked."""

    def __init__(self, folder, pages):
        self.folder, self.package = folder, ROOT  # where its helpers are
        folder.mkdir()
        (folder / "conf.py").write_text(CONF)
        for name, text in pages.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".ipynb":
            cells = [nbformat.v4.new_markdown_cell(f"# {path.stem}"),
                     *(nbformat.v4.new_code_cell(source) for source in text)]
            for number, cell in enumerate(cells):
                cell["id"] = f"cell-{number}"
            text = nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata={
                "kernelspec": {"name": "python3", "display_name": "Python 3"}}))
        path.write_text(text)

    def build(self, *options):
        """Build what changed. Returns the exit code and all that was said."""
        env = os.environ | {"PYTHONPATH": os.pathsep.join([str(self.package), str(EXTENSIONS)]),
                            "NO_COLOR": "1"}
        env.pop("EXPLORE_ENGINE", None)
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", "-b", "html", "-n", *options, ".", "_build/html"],
            cwd=self.folder, env=env, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def built(self, *options):
        code, said = self.build("-W", "--keep-going", *options)
        assert code == 0, said
        return self

    @property
    def site(self):
        return self.folder / "_build" / "html"

    def files(self):
        """{name: bytes} of the pages and the packs, without the checksums of what they load."""
        return {str(path.relative_to(self.site)): re.sub(rb"\?v=\w+", b"", path.read_bytes())
                for pattern in ("**/*.html", "_packs/**/*") for path in self.site.glob(pattern)
                if path.is_file()}

    def page(self, name):
        return BeautifulSoup((self.site / f"{name}.html").read_text(), "html.parser")

    def packs(self):
        return sorted(str(path.relative_to(self.site / "_packs"))
                      for path in self.site.glob("_packs/**/*.js"))


PAGES = {
    "index.md": "# Start\n\n```{borrow} sub/chapter jury\n```\n\n```{toctree}\nsub/chapter\nsub/page\n"
                "sub/deep/herd\nplain\nother\nlast\n```\n",
    "sub/chapter.ipynb": [JURY, "1 + 1"],
    "sub/page.md": "# Page\n\n```{borrow} chapter jury\n```\n\n```{borrow} deep/herd herd\n```\n\n"
                   "See {state}`eleven, and unfair <chapter#jury?voters=11&fair=false>`, or {state}`sheep <herd#herd>`.\n",
    "sub/deep/herd.ipynb": [HERD],
    "plain.md": "# Plain\n\nNo figure, but $x^2$, or ($y$/$z$-fold); and $\\int \\sqrt n$.\n",
    "other.md": "# Other\n",
    "last.md": "# Last\n",
}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return Book(tmp_path_factory.mktemp("serial") / "book", PAGES).built()


def test_no_line_parts_a_formula_from_its_brackets_commas_and_stops(book):
    paragraph = book.page("plain").select_one("section p")
    assert paragraph.get_text() == "No figure, but x2, or (y/z-fold); and \u222bn."
    assert [formula.get_text() for formula in paragraph.select(".formula")] == ["x2,", "(y/", "z", "\u222bn."]


def test_roots_do_not_hang_and_integrals_stand_apart():
    of = mathematics.mathml
    assert re.search("<msqrt><mspace [^>]*height[^>]*/><mi>n</mi></msqrt>", of(r"\sqrt n", "inline"))
    assert re.search("&#x0222B;</mo><mspace [^>]*/><mi>x</mi>", of(r"\int x", "block"))
    assert re.search("<msubsup><mo>&#x0222B;</mo><mn>0</mn><mn>1</mn></msubsup>", of(r"\int_0^1 x", "block"))


def test_bars_around_a_thing_are_close_to_it():
    of = mathematics.mathml
    for latex, sign in ((r"|p|^2 + r", "7C"), (r"\|w\|", "2016")):
        assert re.findall(f"<mo([^>]*)>&#x0*{sign};", of(latex, "inline")) == [' stretchy="false" lspace="0" rspace="0"'] * 2
    assert 'form="prefix">&#x0007C;' in of(r"\left| \frac{p}{2} \right|", "block")  # which grows with what is in it


@pytest.fixture
def copy(book, tmp_path):
    """The built book, to be changed."""
    shutil.copytree(book.folder, tmp_path / "book")
    changed = object.__new__(Book)
    changed.folder, changed.package = tmp_path / "book", book.package
    return changed.built()  # it has moved: only the next build is one of what changed


def sentences(pack):
    script = pack.read_text()
    packed = re.fullmatch(r'figurePack\("([^"]*)"\);\n', script)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))["sentences"]


def test_the_pack_is_a_file_beside_the_page(book):
    assert book.packs() == ["sub/chapter/jury.js", "sub/deep/herd/herd.js"]
    assert sentences(book.site / "_packs/sub/chapter/jury.js") == [
        f"{voters} voters, fair: {fair}." for voters in (1, 3, 11) for fair in (False, True)]
    assert "figure-pack" not in str(book.page("sub/chapter"))
    assert book.page("sub/chapter").select_one("figure.explore figcaption").text == "3 voters, fair: True."


@pytest.mark.parametrize(("page", "names"), [
    ("index", ["jury"]), ("sub/chapter", ["jury"]), ("sub/page", ["jury", "herd"]),
    ("sub/deep/herd", ["herd"]), ("plain", [])])
def test_each_figure_finds_its_pack_from_where_it_stands(book, page, names):
    soup = book.page(page)
    found = soup.select("figure.explore")
    assert [figure["data-explore"] for figure in found] == names
    for figure in found:
        target = ((book.site / page).parent / figure["data-pack"]).resolve()
        assert target.is_file()
        assert target.stem == figure["data-explore"]
        assert "{packs}" not in str(figure)


def test_a_borrowed_figure_is_the_same_figure(book):
    own, borrowed = (book.page(page).select_one("figure.explore") for page in ("sub/chapter", "index"))
    assert own["data-pack"] == "../_packs/sub/chapter/jury.js"
    assert borrowed["data-pack"] == "_packs/sub/chapter/jury.js"
    own["data-pack"] = borrowed["data-pack"] = ""
    assert str(own) == str(borrowed)


def test_the_front_end_is_loaded_where_there_is_a_figure(book):
    for page, wanted in (("index", True), ("sub/chapter", True), ("sub/page", True),
                         ("sub/deep/herd", True), ("plain", False)):
        scripts = [Path(re.sub(r"\?.*", "", script["src"])).name
                   for script in book.page(page).select("script[src]")]
        assert (scripts.count("predict.js"), scripts.count("explore.js")) == (wanted, wanted)
        if wanted:
            assert scripts.index("predict.js") < scripts.index("explore.js")
    for name in ("explore.js", "predict.js", "explore.css", "figures.css",
                 "fonts/inter-regular.woff2"):
        assert (book.site / "_static" / name).stat().st_size > 0
    assert not list(book.site.glob("_static/**/*.otf"))


def test_two_processes_build_the_same_book(book, tmp_path, at_length):
    parallel = Book(tmp_path / "book", PAGES).built("-j", "2")
    assert len(book.files()) >= 11
    assert parallel.files() == book.files()


def test_a_second_build_changes_nothing_and_a_touched_page_stays_alive(copy):
    before = copy.files()
    copy.built()
    assert copy.files() == before
    copy.write("index.md", PAGES["index.md"] + "\nMore.\n")
    copy.built()
    assert copy.page("index").select_one("figure.explore")["data-pack"] == (
        "_packs/sub/chapter/jury.js")
    assert copy.packs() == ["sub/chapter/jury.js", "sub/deep/herd/herd.js"]


def test_a_changed_explorer_changes_where_it_is_borrowed(copy, at_length):
    copy.write("sub/chapter.ipynb", [JURY.replace("voters, fair", "jurors, fair")])
    copy.built()
    for page in ("sub/chapter", "index", "sub/page"):
        figure = copy.page(page).select_one("figure.explore")
        assert figure.figcaption.text == "3 jurors, fair: True."


def test_a_removed_explorer_takes_its_pack_along(copy, at_length):
    copy.write("sub/chapter.ipynb", ["1 + 1"])
    code, said = copy.build()
    assert code == 0, said
    assert copy.packs() == ["sub/deep/herd/herd.js"]
    for page in ("index.md", "sub/page.md"):
        assert re.search(rf"{page}.*no figure 'jury' on the page 'sub/chapter'", said)
    assert copy.page("index").select("figure.explore") == []


def test_a_renamed_explorer_leaves_no_old_pack(copy, at_length):
    copy.write("sub/deep/herd.ipynb", [HERD.replace("def herd", "def flock")])
    copy.build()
    assert copy.packs() == ["sub/chapter/jury.js", "sub/deep/herd/flock.js"]


def test_a_state_is_a_link_that_opens_its_figure_in_it(book):
    links = [(link["href"], link.text) for link in book.page("sub/page").select("a.state")]
    assert links == [("chapter.html#jury?voters=11&fair=false", "eleven, and unfair"), ("deep/herd.html#herd", "sheep")]


def test_two_explorers_of_one_name_and_states_that_are_not_there_are_warnings(tmp_path):
    twice = Book(tmp_path / "book", {"index.ipynb": [JURY, JURY], "page.md": (
        "---\norphan: true\n---\n# Page\n\n{state}`a <nowhere#jury>` {state}`b <index#court>` {state}`c <index#jury?jurors=3>`"
        " {state}`d <index#jury?voters=4>` {state}`e <index#jury?voters=3&fair=yes>`\n")})
    code, said = twice.build("-W", "--keep-going")
    assert code != 0
    assert "two figures are named 'jury'" in said
    for wrong in ("'nowhere#jury': no such figure", "'index#court': no such figure",
                  "'index#jury?jurors=3': no control 'jurors'; it has voters, fair",
                  "'index#jury?voters=4': no voters='4'; it takes 1, 3, 11",
                  "'index#jury?voters=3&fair=yes': no fair='yes'; it takes false, true"):
        assert wrong in said, wrong


def test_a_budget_that_is_passed_stops_the_build_with_the_name(tmp_path):
    heavy = Book(tmp_path / "book", {"index.ipynb": [TOO_MANY]})
    code, said = heavy.build("-W", "--keep-going")
    assert code != 0
    assert "endless: 1998 states, more than" in said
    assert "thin its control 'voters', which has 999 values" in said


def test_a_notebook_runs_again_when_the_data_that_it_names_change_and_no_others(tmp_path):
    show = ["print('the number is', open('book/data/number.txt').read())"]
    cached = Book(tmp_path / "book", {"index.ipynb": show, "book/data/number.txt": "first", "book/data/other.txt": "first"})
    cached.built()
    assert "the number is first" in cached.page("index").text
    cached.write("book/data/other.txt", "second")
    assert ran(cached.build("-W")[1]) == []
    cached.write("book/data/number.txt", "second")
    cached.built()
    assert "the number is second" in cached.page("index").text


def ran(said):
    """The notebooks that a build ran, by its own word."""
    found = re.search(r"running \d+ notebooks: (.+)", said)
    return sorted(found[1].split(", ")) if found else []


def test_a_changed_helper_reruns_the_chapters_that_import_it_alone(tmp_path):
    shutil.copytree(ROOT / "helpers", tmp_path / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    show = "print('a cycle has the chance', social_choice.cycle_limit())"
    changing = Book(tmp_path / "book", {
        "index.md": "# Start\n\n```{toctree}\ncounting\nplain\nfar\n```\n",
        "counting.ipynb": ["from helpers import social_choice", show], "plain.ipynb": ["print(1 + 1)"],
        "far.ipynb": ["from helpers.explore import explore"]})
    changing.package = tmp_path
    code, said = changing.build("-W", "--keep-going")
    assert code == 0 and ran(said) == ["counting", "far", "plain"], said
    assert ran(changing.build()[1]) == []
    with (tmp_path / "helpers" / "social_choice.py").open("a") as module:
        module.write("\n\ndef cycle_limit():\n    return 'changed'\n")
    code, said = changing.build("-W", "--keep-going")
    assert code == 0 and ran(said) == ["counting"], said
    assert "a cycle has the chance changed" in changing.page("counting").text
    with (tmp_path / "helpers" / "state.py").open("a") as module:  # which explore imports
        module.write("\n\nCHANGED = True\n")
    assert ran(changing.build()[1]) == ["far"]
    changing.write("plain.ipynb", ["print(2 + 2)"])
    assert ran(changing.build()[1]) == ["plain"]
    assert "4" in changing.page("plain").text


def test_a_notebook_that_fails_stops_the_build_and_is_run_again_when_mended(tmp_path):
    failing = Book(tmp_path / "book", {"index.ipynb": ["1 / 0"]})
    for _ in range(2):
        code, said = failing.build("-W", "--keep-going")
        assert code != 0 and "ZeroDivisionError" in said
    failing.write("index.ipynb", ["print('mended')"])
    failing.built()
    assert "mended" in failing.page("index").text


CLAIM = {"id": "A1", "section": "Opening", "claim": "Many are wise.", "verdict": "qualified",
         "evidence": "Some are, by $x^2$.", "experiment": ["a_jury"], "holds": ["jury == 1"], "core": True,
         "chapter": "01_crowd"}


def read(tmp_path, *entries):
    path = tmp_path / "claims.yml"
    path.write_text(yaml.safe_dump(list(entries)))
    return claims.read_claims(path)


def test_claims_are_read_in_their_order(tmp_path):
    other = CLAIM | {"id": "A0", "verdict": "wrong"}
    assert read(tmp_path, CLAIM, other) == [CLAIM, other]


@pytest.mark.parametrize(("entry", "field"), [
    ({key: value for key, value in CLAIM.items() if key != "core"}, "core"),
    (CLAIM | {"verdit": "wrong"}, "verdit"),
    (CLAIM | {"verdict": "true"}, "verdict"),
    (CLAIM | {"verdict": None}, "verdict"),
    (CLAIM | {"evidence": "  "}, "evidence"),
    (CLAIM | {"evidence": None}, "evidence"),
    (CLAIM | {"claim": ""}, "claim"),
    (CLAIM | {"experiment": "jury"}, "experiment"),
    (CLAIM | {"experiment": [""]}, "experiment"),
    (CLAIM | {"holds": ["jury is one"]}, "jury is one"),
    ("A1", "A1"),
], ids=str)
def test_a_bad_claim_is_named_with_its_field(tmp_path, entry, field):
    with pytest.raises(ValueError, match="A1") as caught:
        read(tmp_path, CLAIM | {"id": "A0"}, entry)
    assert field in str(caught.value)
    assert "claims.yml" in str(caught.value)


def test_two_claims_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="two claims have the id A1"):
        read(tmp_path, CLAIM, CLAIM)


def test_the_claims_of_the_book_are_sound():
    found = claims.read_claims(ROOT / "book" / "claims.yml")
    assert len(found) > 10
    chapters = {path.stem for path in (ROOT / "book").glob("[0-9]*.ipynb")}
    assert {claim["chapter"] for claim in found} & chapters


def test_the_claims_directive_makes_a_table(tmp_path):
    elsewhere = CLAIM | {"id": "B1", "claim": "Of no concern here.", "chapter": "02_colonies"}
    pages = {"index.md": "# Start\n\n```{claims} 01_crowd\n```\n",
             "book/claims.yml": yaml.safe_dump([CLAIM, elsewhere])}
    table = Book(tmp_path / "book", pages).built().page("index").select_one("table.claims")
    rows = [[cell.get_text(" ", strip=True) for cell in row.find_all("td")]
            for row in table.select("tbody tr")]
    assert [row[:2] for row in rows] == [["A1 Many are wise.", "qualified"]]
    assert table.select_one("tbody math msup")
    assert table.select_one("#claim-a1")
    assert table.select_one(".verdict-qualified").text == "qualified"
    assert [(link.text, link["href"]) for link in table.select(".experiments a")] == [("a jury", "#a_jury")]


def test_the_ledger_has_the_chapters_own_rows(tmp_path):
    glued = "from helpers.glue import glue\nglue('share', '12%')"
    other = CLAIM | {"id": "B1", "claim": "A share of {glue:text}`share`.", "verdict": "wrong", "chapter": "02_colonies",
                     "evidence": "See [there](01_crowd.md).", "experiment": []}
    later = CLAIM | {"id": "B2", "section": "Elsewhere"}
    sources = {"index.md": "# Ledger\n\n```{verdicts}\n```\n\n## Opening\n\n```{ledger} Opening\n```\n\n"
                           "```{toctree}\n01_crowd\n02_colonies\n```\n",
               "01_crowd.md": "# Crowd\n\n```{claims} 01_crowd\n```\n",
               "book/claims.yml": yaml.safe_dump([CLAIM, other, later])}
    book = Book(tmp_path / "book", sources | {"02_colonies.ipynb": [glued]})
    notebook = nbformat.read(book.folder / "02_colonies.ipynb", 4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("```{claims} 02_colonies\n```", id="claims"))
    nbformat.write(notebook, book.folder / "02_colonies.ipynb")
    page = book.built().page("index")
    rows = [[cell.get_text(" ", strip=True) for cell in row.find_all("td")] for row in page.select("table.claims tbody tr")]
    assert rows == [["A1 Many are wise.", "qualified", "Some are, by x 2 . Tested in: a jury"],
                    ["B1 A share of 12% .", "wrong", "See there ."]]
    assert [link["href"] for link in page.select("table.claims td a")] == ["01_crowd.html#a_jury", "01_crowd.html"]
    counts = [[cell.get_text(strip=True) for cell in row.find_all("td")] for row in page.select("table.verdicts tbody tr")]
    assert counts == [["Opening", "0", "1", "1", "0", "2"], ["Elsewhere", "0", "1", "0", "0", "1"],
                      ["The whole essay", "0", "2", "1", "0", "3"]]
    book.write("book/claims.yml", yaml.safe_dump([CLAIM | {"evidence": "None are."}, other, later]))
    assert "None are." in book.built().page("index").select_one("table.claims").text  # it follows its source


def test_a_claim_that_is_named_leads_to_its_row_in_the_ledger(tmp_path):
    pages = {"index.md": "# Start\n\nAs in {claim}`A1`.\n\n```{toctree}\nbook/claims\nbook/01_crowd\n```\n",
             "book/claims.md": "# Ledger\n\nNot {claim}`A1`.\n\n```{ledger} Opening\n```\n",
             "book/01_crowd.md": "# Crowd\n\n```{claims} 01_crowd\n```\n", "book/claims.yml": yaml.safe_dump([CLAIM])}
    book = Book(tmp_path / "book", pages).built()
    links = {page: [link["href"] for link in book.page(page).select("a.internal") if link.text == "A1"]
             for page in ("index", "book/claims", "book/01_crowd")}
    assert links == {"index": ["book/claims.html#claim-a1"], "book/claims": ["#claim-a1"], "book/01_crowd": ["claims.html#claim-a1"]}
    assert book.page("book/claims").select_one("#claim-a1")


def test_a_section_without_claims_stops_the_build(tmp_path):
    pages = {"index.md": "# Start\n\n```{ledger} Ending\n```\n", "01_crowd.md": "# Crowd\n",
             "book/claims.yml": yaml.safe_dump([CLAIM])}
    code, said = Book(tmp_path / "book", pages).build("-W", "--keep-going")
    assert code != 0
    assert "claims.yml has no claim of the section 'Ending'" in said


def test_a_chapter_without_claims_stops_the_build(tmp_path):
    pages = {"index.md": "# Start\n\n```{claims} 07_agents\n```\n",
             "book/claims.yml": yaml.safe_dump([CLAIM])}
    code, said = Book(tmp_path / "book", pages).build("-W", "--keep-going")
    assert code != 0
    assert "claims.yml has no claim of the chapter '07_agents'" in said


def test_a_bad_claims_file_stops_the_build(tmp_path):
    pages = {"index.md": "# Start\n\n```{claims} 01_crowd\n```\n",
             "book/claims.yml": yaml.safe_dump([CLAIM | {"verdict": "true"}])}
    code, said = Book(tmp_path / "book", pages).build()
    assert code != 0
    assert "claim A1 has the verdict 'true'" in said


def test_a_disk_that_fills_while_a_folder_is_copied_is_said_in_one_line(tmp_path):
    full = f"[Errno {errno.ENOSPC}] {os.strerror(errno.ENOSPC)}: 'there'"
    said = str(whole.stopped(shutil.Error([("here", "there", full), ("here too", "elsewhere", full)]), "the site"))
    assert said.startswith("\nThe build has stopped: there: no space left on device. Please make room")
    assert whole.stopped(shutil.Error([("here", "there", "is not a file")]), "the site") is None
    assert whole.stopped(shutil.Error("here and there are the same"), "the site") is None
