"""Addresses that were published: each is still a page, with the figures that it had, or leads to where it went."""
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "tests" / "book")]
from living_book import moved  # noqa: E402
from test_extension import Book  # noqa: E402

PUBLISHED, MOVED = moved.published((ROOT / moved.LIST).read_text(encoding="utf-8"))


def pages(site):
    """{address: HTML} of a built site. JupyterLab's own pages are left out."""
    found = {page.relative_to(site): page for page in site.rglob("*.html")}
    return {name.as_posix(): page.read_text(encoding="utf-8") for name, page in found.items() if not {"lite", "_static"} & set(name.parts)}


def faults(published, went, site):
    """What is wrong with the list of addresses, {page: names} and {address: where to}, of a site {address: HTML}; in words."""
    found = [f"{address} is gone: say in {moved.LIST} where it went" for address in published if address not in site]
    for address, text in site.items():
        if address in published:
            figures = re.findall(r'<figure class="(?:explore|stage)\b[^"]*" id="([^"]+)"', text) if not address.startswith("slides/") else []
            names = set(re.findall(r'\bid="([^"]+)"', text))
            found += [f"{address}#{name} is not listed in {moved.LIST}" for name in figures if name not in published[address]]
            found += [f"{address}#{name} is gone: give its name to what took its place" for name in published[address] if name not in names]
        elif address not in went:
            found.append(f"{address} is not listed in {moved.LIST}")
    return found + [f"{address} does not lead to {there}" for address, there in went.items()
                    if moved.leading(address, there) != site.get(address)]


def test_every_address_that_was_published_is_there_and_every_page_is_listed():
    assert len(PUBLISHED) >= 37 and sum(map(len, PUBLISHED.values())) >= 100
    assert faults(PUBLISHED, MOVED, pages(SITE)) == []


def test_the_list_is_read():
    assert moved.published("# A title\n\na.html #x #y-1\nb/c.html\nold.html -> b/c.html#x\n") == (
        {"a.html": ["x", "y-1"], "b/c.html": []}, {"old.html": "b/c.html#x"})


@pytest.mark.parametrize(("line", "said"), [
    ("a.html", "a.html is listed twice"), ("a.html -> b.html", "a.html is listed twice"), ("c.html x", "'c.html x' is neither"),
    ("c.html ->", "'c.html ->' is neither"), ("c.html -> a.html b.html", "is neither"), ("c.html #x -> a.html", "is neither"),
    ("c.html -> d.html", "c.html has moved to d.html, which is not listed as a page"),
    ("c.html -> e.html\ne.html -> a.html", "c.html has moved to e.html, which is not listed as a page")])
def test_a_list_that_cannot_be_right_is_refused(line, said):
    with pytest.raises(ValueError, match="book/published.txt: ") as caught:
        moved.published(f"a.html #x\nb.html\n{line}\n")
    assert said in str(caught.value)


LISTED = "index.html\nsub/page.html\nold.html -> sub/page.html\nsub/deep/older.html -> index.html#a-start\n"
PAGES = {"index.md": "# A start\n\n```{toctree}\nsub/page\n```\n", "sub/page.md": "# Page\n", "book/published.txt": LISTED}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return Book(tmp_path_factory.mktemp("moved") / "book", PAGES).built()


def test_a_page_that_moved_leads_on(book):
    for address, there in (("old", "sub/page.html"), ("sub/deep/older", "../../index.html#a-start")):
        page = book.page(address)
        assert page.select_one("noscript meta[http-equiv=Refresh]")["content"] == f"0; url={there}"
        assert page.select_one("link[rel=canonical]")["href"] == page.select_one("body a")["href"] == there
        assert "has moved" in page.body.text
        assert ((book.site / address).parent / there.partition("#")[0]).resolve().is_file()


def test_faults_are_named(book):
    published, went = moved.published(LISTED)
    site = pages(book.site)
    extra = dict.fromkeys(set(site) - set(published) - set(went), [])
    assert set(extra) == {"genindex.html", "search.html"}
    assert faults(published | extra, went, site) == []
    figure = {"sub/page.html": site["sub/page.html"] + '<figure class="explore far" id="jury">'}
    assert faults(published | extra, went, site | figure) == ["sub/page.html#jury is not listed in book/published.txt"]
    assert faults(published | extra | {"sub/page.html": ["jury"]}, went, site | figure) == []
    assert faults(published | extra | {"sub/page.html": ["jury"]}, went, site) == ["sub/page.html#jury is gone: give its name to what took its place"]
    assert faults(published | extra | {"gone.html": []}, went, site) == ["gone.html is gone: say in book/published.txt where it went"]
    assert sorted(faults(published, went, site)) == [f"{address} is not listed in book/published.txt" for address in sorted(extra)]
    assert faults(published | extra, went | {"old.html": "index.html"}, site) == ["old.html does not lead to index.html"]


@pytest.mark.parametrize(("listed", "said"), [
    ("index.html\nindex.html\n", "index.html is listed twice"),
    ("index.html\nsub/page.html -> index.html\n", "sub/page.html has moved to index.html, and is a page of the book all the same")])
def test_a_list_that_contradicts_the_book_stops_the_build(tmp_path, listed, said):
    (tmp_path / "book").mkdir()
    (tmp_path / moved.LIST).write_text(listed)
    app = SimpleNamespace(confdir=tmp_path, outdir=tmp_path / "site", builder=SimpleNamespace(name="html"),
                          env=SimpleNamespace(found_docs={"index", "sub/page"}))
    with pytest.raises(ExtensionError, match=said):
        moved.write(app, None)
    assert not app.outdir.exists()
    moved.write(app, ValueError("a build that failed"))
