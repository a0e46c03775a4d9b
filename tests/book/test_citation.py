"""How to cite the book: the facts of CITATION.cff, in words and as BibTeX that others can read."""
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from pybtex.database import parse_file, parse_string

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


def disagreeing(works, entries):
    """{title: [fact]}: where works of CITATION.cff differ from a bibliography's entries with the same title or address."""
    found = {}
    for work in works:
        for entry in entries:
            theirs = {fact: entry.fields.get(fact) for fact in ("title", "year", "url", "doi")}
            theirs["title"] = re.sub("[{}]", "", theirs["title"])
            theirs["authors"] = [{"family-names": " ".join(person.prelast_names + person.last_names),
                                  "given-names": " ".join(person.first_names + person.middle_names)} for person in entry.persons.get("author", [])]
            ours = {fact: work.get(fact) for fact in theirs} | {"year": str(work["year"])}
            if ours["title"] == theirs["title"] or any(ours[fact] and ours[fact] == theirs[fact] for fact in ("url", "doi")):
                found[work["title"]] = [fact for fact in ours if ours[fact] != theirs[fact]]
    return found


def test_what_is_in_the_bibliography_too_agrees_with_it():
    entries = list(parse_file(ROOT / "book" / "references.bib").entries.values())
    assert disagreeing(FACTS["references"], entries) == {work["title"]: [] for work in FACTS["references"]}


def test_what_disagrees_is_found():
    essay, = FACTS["references"]
    entries = list(parse_file(ROOT / "book" / "references.bib").entries.values())
    for changed in ({"title": "The Power"}, {"year": 2024}, {"url": "https://x.org"}, {"doi": "10.1/x"},
                    {"authors": [{"family-names": "Yang", "given-names": "X."}]}):
        assert disagreeing([essay | changed], entries) == {(essay | changed)["title"]: list(changed)}
    assert disagreeing([essay | {"title": "Another", "url": "https://x.org"}], entries) == {}


def test_the_file_is_what_citation_file_format_1_2_0_asks_for():
    assert FACTS["cff-version"] == "1.2.0"
    assert {"cff-version", "message", "title", "authors"} <= set(FACTS)
    assert set(FACTS) <= {"abstract", "authors", "cff-version", "contact", "date-released", "doi", "identifiers", "keywords", "license", "message",
                          "preferred-citation", "references", "repository-code", "title", "type", "url", "version"}
    assert FACTS["type"] == "software"
    for work in [FACTS, *FACTS["references"]]:
        assert work["title"] and work["type"] and work["authors"]
        assert all(set(author) <= {"name"} or set(author) <= {"family-names", "given-names", "orcid"} for author in work["authors"])


def test_code_and_text_have_their_licences_and_all_files_name_the_same():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n") and "Creative Commons Attribution 4.0 International" in text
    assert FACTS["license"] == ["MIT", "CC-BY-4.0"]
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["license"] == "MIT"
    assert FACTS["authors"][0]["name"] in text
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)" in readme and "[MIT licence](LICENSE)" in readme


@pytest.mark.parametrize("page", ["book/intro.html", "book/teaching/hub.html", "genindex.html"])
def test_the_foot_of_a_page_leads_there(page, section):
    soup = BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")
    file, _, name = soup.select_one("footer .cite-book a")["href"].partition("#")
    assert ((SITE / page).parent / file).resolve() == SITE / "book" / "intro.html" or (file, page) == ("", "book/intro.html")
    assert name == section["id"]
