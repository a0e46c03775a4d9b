"""How to cite the book: the facts of CITATION.cff, in words and as BibTeX that others can read."""
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from pybtex.database import parse_string

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
FACTS = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from living_book import citation  # noqa: E402


def test_what_is_not_known_is_left_out_and_a_name_that_is_no_person_s_stays_whole():
    book, essay = citation.works({"title": "A Book", "version": 2, "authors": [{"name": "The Town and its Authors"}], "references": [
        {"title": "An Essay", "year": 1907, "url": "https://x.org", "authors": [
            {"family-names": "Le Bon", "given-names": "Ann"}, {"family-names": "Cox", "given-names": "Bob"}]}]}, "2026")
    assert citation.bibtex(book) == ("@misc{authors2026,\n  author = {{The Town and its Authors}},\n  title = {A Book},\n"
                                     "  year = {2026},\n  version = {2},\n}")
    assert citation.bibtex(essay) == ("@misc{bon1907,\n  author = {Le Bon, Ann and Cox, Bob},\n  title = {An Essay},\n"
                                      "  year = {1907},\n  url = {https://x.org},\n}")
    assert citation.words(essay).astext() == "Le Bon, Ann; Cox, Bob (1907). An Essay. https://x.org"


@pytest.fixture(scope="module")
def section():
    page = BeautifulSoup((SITE / "book" / "intro.html").read_text(encoding="utf-8"), "html.parser")
    return page.select_one("section#how-to-cite")


def test_the_introduction_says_what_the_file_says(section):
    essay, = FACTS["references"]
    assert FACTS["message"] in section.text
    words = [item.text for item in section.select("li")]
    assert FACTS["title"] in words[0] and f"Version {FACTS['version']}." in words[0]
    assert section.select_one("li a")["href"] == essay["url"]
    entries = list(parse_string(section.select_one("pre").text, "bibtex").entries.values())
    assert [(entry.fields["title"], entry.fields.get("url")) for entry in entries] == [(FACTS["title"], None), (essay["title"], essay["url"])]
    assert [entry.persons["author"][0].last_names for entry in entries] == [["{" + FACTS["authors"][0]["name"] + "}"], ["Yang"]]
    assert entries[0].fields["year"] in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_version_is_the_project_s():
    assert FACTS["version"] == tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@pytest.mark.parametrize("page", ["book/intro.html", "book/teaching/hub.html", "genindex.html"])
def test_the_foot_of_a_page_leads_there(page, section):
    soup = BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")
    file, _, name = soup.select_one("footer .cite-book a")["href"].partition("#")
    assert ((SITE / page).parent / file).resolve() == SITE / "book" / "intro.html" or (file, page) == ("", "book/intro.html")
    assert name == section["id"]
