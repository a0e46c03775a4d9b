"""The printed book: links that lead where they led, page numbers that are true, nothing cut, nothing dead."""
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import built
import pytest
from pypdf import PdfReader

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext" / "living_book"))
import paper  # noqa: E402

PRINTED = {"book/intro", "book/01_crowd", "book/claims"}
SITE = "https://book.example"


@pytest.mark.parametrize(("link", "printed", "published"), [
    ("#fork", "#book-01_crowd--fork", "#book-01_crowd--fork"),
    ("claims.html", "#book-claims", "#book-claims"),
    ("claims.html#c6", "#book-claims--c6", "#book-claims--c6"),
    ("intro.html#jury?voters=11", "#book-intro--jury", f"{SITE}/book/intro.html#jury?voters=11"),
    ("https://doi.org/10.1/x", "https://doi.org/10.1/x", "https://doi.org/10.1/x"),
    ("../lite/index.html?path=a.ipynb", None, f"{SITE}/lite/index.html")])
def test_a_link_leads_into_the_document_or_to_the_site(link, printed, published):
    for site, wanted in (("", printed), (SITE, published)):
        made = paper.joined(f'<p id="a"><a href="{link}">b</a></p>', "book/01_crowd", PRINTED, site)
        assert made.startswith('<p id="book-01_crowd--a">')
        found = re.search(r' href="([^"]*)"', made)
        assert (found and found[1]) == wanted


def test_names_within_a_picture_stay_together():
    made = paper.joined('<clipPath id="c"/><g clip-path="url(#c)"/><use xlink:href="#d"/>', "book/intro", PRINTED, "")
    assert made == '<clipPath id="book-intro--c"/><g clip-path="url(#book-intro--c)"/><use xlink:href="#book-intro--d"/>'


def test_the_book_is_printed_in_its_order():
    wanted = paper.pages()
    assert wanted[:2] == ["book/intro", "book/01_crowd"]
    assert {f"{page}.html" for page in wanted} == set(built.PAGES)


def test_a_page_that_is_not_built_is_named():
    with pytest.raises(FileNotFoundError, match="nowhere.html is not there: run `make html` first"):
        paper.gathered(None, ["book/nowhere"], "")


def test_an_address_that_is_none_is_named(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["paper.py", "--site", "book.example"])
    with pytest.raises(SystemExit):
        paper.main()
    assert "--site=book.example: must begin with https://" in capsys.readouterr().err


@pytest.fixture
def on_paper(browser, tmp_path):
    """Opens a page as the printed book has it."""
    tabs = []

    def open_page(page):
        articles, styles = paper.gathered(browser, [page], SITE)
        source = tmp_path / "book.html"
        source.write_text(paper.document(articles, styles, {}, SITE), encoding="utf-8")
        tabs.append(browser.new_page(viewport={"width": 658, "height": 930}))  # A4 without its margins
        tabs[-1].goto(source.as_uri())
        tabs[-1].emulate_media(media="print")
        return tabs[-1]

    yield open_page
    for tab in tabs:
        tab.close()


# Figures that lack something on paper, and tables that are too wide for it.
LACKS = """() => {
  const seen = (element) => element !== null && element.getBoundingClientRect().height > 20 && (element.tagName !== "IMG" || element.naturalWidth > 20);
  return Array.from(document.querySelectorAll("figure.explore, figure.stage"))
    .filter((figure) => !seen(figure.querySelector(".explore-view svg, .film img")) || !seen(figure.querySelector("a.live")))
    .concat(Array.from(document.querySelectorAll("table")).filter((table) => table.getBoundingClientRect().right > innerWidth))
    .map((element) => element.id || element.textContent.slice(0, 60));
}"""


def test_every_figure_has_its_picture_and_its_address_on_paper(on_paper, request):
    pages = [page.removesuffix(".html") for page in built.PAGES if built.soup(page).select("figure.explore, figure.stage")]
    if not request.config.getoption("--every-notebook"):
        pages = [next(stage.page.removesuffix(".html") for stage in built.STAGES if stage.after is not None)]
    for page in pages:
        assert on_paper(page).evaluate(LACKS) == [], page


def test_bets_have_their_answers_on_paper_and_where_to_bet(on_paper):
    tab = on_paper("book/08_stance")
    form = tab.locator("form.bets")
    assert form.locator("fieldset").count() == form.locator("li:visible").count() > 5
    assert form.locator("select:visible").count() == 0
    assert form.locator("a.live").inner_text().endswith(f"{SITE}/book/08_stance.html#{form.get_attribute('id').partition('--')[2]}")


def test_what_takes_the_reader_s_numbers_says_on_paper_where_it_is(on_paper, at_length):
    figure = on_paper("book/01_crowd").locator("figure.paste")
    assert figure.locator("p").inner_text().startswith("Not on paper")
    assert figure.locator("a.live").inner_text().endswith(f"{SITE}/book/01_crowd.html#our-guesses")
    assert figure.locator("form, textarea").count() == 0


def test_two_pages_printed(tmp_path, at_length):
    wanted, target = ["book/intro", "book/02_colonies"], tmp_path / "two.pdf"
    with ThreadPoolExecutor(1) as apart:  # Playwright allows one loop a thread, and the tests' own browser has this one
        apart.submit(paper.make, target, wanted, SITE).result()
    reader = PdfReader(target)
    text = [page.extract_text() for page in reader.pages]
    places = paper.numbered(target)
    for title in ("At the fork", "Flocks", "Exercises"):
        number = int(re.search(rf"^{title} (\d+)$", text[1], re.MULTILINE)[1])
        assert title in text[number - 1]
        assert number in places.values()
    whole = " ".join(text)
    for dead in ("Run it live\n", "Show the code", "Check my answer", "Show me", "\n000\n"):
        assert dead not in whole
    assert "The answer:" in whole and f"{SITE}/book/02_colonies.html#race" in whole
    stages = [stage for stage in built.STAGES if stage.page == "book/02_colonies.html"]
    assert sum(len(page.images) for page in reader.pages) >= 4 * len(stages)
    for page in reader.pages:
        for link in page.get("/Annots", []):
            action = link.get_object().get("/A", {})
            if "/URI" in action:
                assert action["/URI"].startswith(("http://", "https://"))
    assert target.stat().st_size < 40e6
