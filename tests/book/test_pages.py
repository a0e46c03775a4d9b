"""Every built page, read as text: nothing from elsewhere, nothing asleep, nothing left over."""
import collections
import functools
import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
# lite/ has pages of JupyterLab's; what they load, tests/browser/test_lite.py watches
PAGES = sorted(path for path in SITE.glob("**/*.html") if not {"_static", "lite"} & set(path.parts))
NOTEBOOKS = sorted((ROOT / "book").glob("**/*.ipynb"))
LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src",
         "video": "src", "audio": "src", "embed": "src", "object": "data", "image": "href",
         "use": "href", "form": "action"}
NAMES_ONLY = {"canonical", "license", "alternate", "next", "prev", "index", "search", "author"}
ELSEWHERE = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)

every_page = pytest.mark.parametrize(
    "page", PAGES, ids=[str(path.relative_to(SITE)) for path in PAGES])


@functools.cache
def parsed(page):
    """To be read, not to be changed."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture
def soup(page):
    return parsed(page)


def test_the_book_is_built():
    assert SITE / "index.html" in PAGES, f"{SITE} has no site: run `make html` first"
    assert [page for page in PAGES if page.parent == SITE / "book"]


def test_sources_are_written_in_words_and_not_in_latex():
    listed = [source.text for source in parsed(SITE / "book" / "references.html").select("div.citation")]
    assert len(listed) > 200 and [text for text in listed if re.search(r"[\\{}]|--", text)] == []


@every_page
def test_a_page_loads_nothing_from_elsewhere(soup):
    loaded = [(element.name, element[attribute]) for name, attribute in LOADS.items()
              for element in soup.find_all(name)
              if element.has_attr(attribute) and not NAMES_ONLY & set(element.get("rel", []))]
    loaded += [("style", url) for style in soup.find_all("style")
               for url in re.findall(r"url\(['\"]?([^)'\"]*)", style.text)]
    assert len(loaded) > 3 or soup.find("meta", attrs={"http-equiv": "Refresh"})
    assert [(name, url) for name, url in loaded if ELSEWHERE.match(url)] == []


@pytest.mark.parametrize("sheet", sorted(SITE.glob("_static/**/*.css")), ids=lambda path: path.name)
def test_a_style_sheet_loads_nothing_from_elsewhere(sheet):
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    urls = re.findall(r"url\(['\"]?([^)'\"]*)|@import ['\"]([^'\"]*)", text)
    assert [url for pair in urls for url in pair if ELSEWHERE.match(url)] == []


@every_page
def test_what_a_page_loads_is_there(page, soup):
    for element in soup.select("script[src], link[rel=stylesheet], link[rel=preload], img[src]"):
        url = re.sub(r"[?#].*", "", element.get("src") or element.get("href"))
        if not url.startswith("data:"):
            assert (page.parent / url).is_file(), url


@functools.cache
def names_of(page):
    """What a link into the page may name."""
    return {element[name] for name in ("id", "name") for element in parsed(page).select(f"[{name}]")}


@every_page
def test_every_link_within_the_book_leads_to_its_place(page, soup):
    lost = []
    for link in soup.select("a[href]"):
        address = urlsplit(link["href"])
        if address.scheme or address.netloc or page.name == "404.html" and address.path == "":
            continue
        target = (page.parent / unquote(address.path)).resolve() if address.path else page
        target = target / "index.html" if target.is_dir() else target
        name = unquote(address.fragment.partition("?")[0])
        if not target.is_file() or name and target in PAGES and name not in names_of(target):
            lost.append(link["href"])
    assert lost == []


@every_page
def test_thebe_is_gone(page):
    assert "thebe" not in page.read_text(encoding="utf-8").lower()


@every_page
def test_every_id_is_there_once(soup):
    ids = collections.Counter(element["id"] for element in soup.find_all(id=True))
    assert [ident for ident, count in ids.items() if count > 1] == []


@every_page
def test_an_explorer_has_name_sentence_controls_and_default_picture(page, soup):
    for figure in soup.select("figure.explore"):
        name = figure["data-explore"]
        assert figure.figcaption.text.strip(), name
        view = figure.select_one(".explore-view")
        assert view["role"] == "img"
        assert view["aria-label"].strip(), name
        assert view.select("svg path"), name
        assert figure.select_one(".figure-pack") is None, f"{name}: its pack is in the page"
        assert (page.parent / figure["data-pack"]).is_file()
        inputs = figure.select(".explore-controls [name]")
        assert inputs, f"{name} has no controls"
        for control in inputs:
            assert figure.find("label", attrs={"for": control["id"]}).text.strip(), name
        assert figure["data-state"] == ",".join(control["data-default"] for control in inputs)
        for element in view.find_all(True):
            for value in element.attrs.values():
                assert not re.search("#000000|#ffffff", str(value)), (
                    f"{name}: {element.name} has a colour that does not follow the theme")


@every_page
def test_an_explorer_that_waits_has_its_question_above_it(page, soup):
    order = soup.select("figure.explore, form.predict")
    for number, element in enumerate(order):
        asked = element.get("data-after")
        if asked is not None:
            before = [other.get("id") for other in order[:number]]
            assert asked in before or element["data-pack"].split("_packs/")[1].rpartition(
                "/")[0] != str(page.relative_to(SITE).with_suffix("")), asked


@every_page
def test_every_answer_to_a_question_gets_its_reason(page, soup):
    for form in soup.select("form[data-predict]"):
        facts = json.loads(form["data-predict"])
        assert all(facts.get("feedback") or facts["why"].values()), form["id"]


def test_every_pack_belongs_to_a_figure():
    packs = {path.resolve() for path in SITE.glob("_packs/**/*.js")}
    used = {(page.parent / figure["data-pack"]).resolve() for page in PAGES
            for figure in parsed(page).select(
                "figure.explore, figure.stage")}
    assert packs == used


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs(notebook):
    code = [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
            if cell["cell_type"] == "code"]
    assert code
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None
            ] == []


def bibliography():
    text = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    return re.findall(r"^\s*@(?!comment|string|preamble)\w+\s*\{\s*([^,\s]+)\s*,", text,
                      flags=re.MULTILINE | re.IGNORECASE)


def cited():
    """Every key that a page of the book cites, in prose or in the claims."""
    sources = [path for kind in ("md", "ipynb", "yml") for path in (ROOT / "book").glob(f"**/*.{kind}")]
    return {key.strip() for path in sources
            for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]*)`", path.read_text(encoding="utf-8"))
            for key in keys.split(",")}


def test_every_source_is_cited_and_every_citation_has_its_source():
    keys = bibliography()
    assert len(keys) > 10
    assert len(set(keys)) == len(keys)
    assert sorted(set(keys) - cited()) == []
    assert sorted(cited() - set(keys)) == []
