"""Readers for whom things are missing: storage, fonts, motion, colours, speed, a mouse, the page itself. JavaScript and width are in
test_pages.py."""
import re

import pytest
from hands import expect_state, open_all, turn
from playwright.sync_api import expect

import built

CHAPTER = "book/01_crowd.html"
NO_STORAGE = """for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, { configurable: true, get() { throw new DOMException("denied", "SecurityError"); } });
}"""


def first_explorer():
    return next(explorer for explorer in built.EXPLORERS if explorer.page == CHAPTER)


def answers(tab, explorer):
    """Whether the figure takes another state when it is asked."""
    open_all(tab)
    figure = tab.locator(explorer.selector)
    figure.scroll_into_view_if_needed()
    last = [len(control.labels) - 1 for control in explorer.controls]
    for control, index in zip(explorer.controls, last, strict=True):
        turn(figure, control, index)
    expect_state(figure, last)


def test_without_storage_everything_works_till_the_page_is_left(reader):
    tab = reader.open(CHAPTER, script=NO_STORAGE)
    tab.locator("button.theme-switch-button").locator("visible=true").first.click()
    expect(tab.locator("html")).not_to_have_attribute("data-mode", "auto")
    answers(tab, first_explorer())


def test_where_no_font_comes_the_text_stands_as_it_would(reader):
    tab = reader.open(CHAPTER)
    tab.evaluate("document.fonts.ready")
    # with all in its place, what is laid out late too
    height = "document.documentElement.dataset.whole = '', document.querySelector('article > section').getBoundingClientRect().height"
    whole = tab.evaluate(height)
    reader.expect("Failed to load resource")
    bare = reader.open(CHAPTER, replies={r"\.woff2?": None})
    expect(bare.locator("article h1")).to_be_visible()
    assert bare.evaluate("[...document.fonts].some((font) => font.family === 'Inter' && font.status === 'loaded')") is False
    assert abs(bare.evaluate(height) / whole - 1) < 0.05
    answers(bare, first_explorer())


@pytest.mark.parametrize("look", ["light", "dark"])
def test_forced_colours_leave_controls_and_words(reader, look):
    tab = reader.open(CHAPTER, forced_colors="active", color_scheme=look)
    explorer = first_explorer()
    answers(tab, explorer)
    figure = tab.locator(explorer.selector)
    ink, paper = tab.evaluate("""() => { const probe = document.createElement("p"); document.body.append(probe);
      probe.style.cssText = "color: CanvasText; background: Canvas"; const style = getComputedStyle(probe);
      return [style.color, style.backgroundColor]; }""")
    assert figure.locator("figcaption").evaluate("caption => getComputedStyle(caption).color") == ink
    texts = figure.locator(".explore-view svg text")
    assert {texts.nth(i).evaluate("text => getComputedStyle(text).fill") for i in range(texts.count())} - {paper}
    expect(figure.locator("output").first).to_be_visible()


def test_who_wants_no_motion_gets_none_unasked(reader):
    tab = reader.open("book/02_colonies.html", reduced_motion="reduce")
    stage = next(stage for stage in built.STAGES if stage.page == "book/02_colonies.html")
    open_all(tab)
    figure = tab.locator(stage.selector)
    figure.scroll_into_view_if_needed()
    expect(figure.locator("[data-action=play], [data-action=toggle]").first).to_be_visible()
    moving = tab.evaluate("""() => document.getAnimations().filter((animation) => animation.playState === "running"
      && animation.effect.getTiming().duration > 50).length""")
    assert moving == 0


def test_a_slow_machine_answers_too(reader):
    tab = reader.open(CHAPTER)
    tab.context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": 2})
    answers(tab, first_explorer())


FOCUSED = """() => { const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  const ringed = (one) => { const of = getComputedStyle(one); return parseFloat(of.outlineWidth) > 0 && of.outlineStyle !== "none"
    || of.boxShadow !== "none"; };
  return { name: element.outerHTML.slice(0, 120), body: element === document.body, seen: ringed(element) || ringed(element.parentElement)
    || style.textDecorationLine.includes("underline"), top: box.top + scrollY, left: box.left,
    shown: element.checkVisibility() && box.bottom > 0 && box.top < innerHeight,
    article: Boolean(element.closest("article")) }; }"""


def test_all_is_reached_by_tab_in_order_and_seen(reader):
    """The focus goes through the article from its top to its foot, is always on the screen, and always to be seen."""
    tab = reader.open(CHAPTER, viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    open_all(tab)
    tab.evaluate("document.querySelector('article a, article button').focus()")
    stops = []
    for _ in range(60):
        tab.keyboard.press("Tab")
        stops.append(tab.evaluate(FOCUSED))
    inside = [stop for stop in stops if stop["article"]]
    assert len(inside) > 30
    assert [stop["name"] for stop in inside if not stop["seen"]] == []
    assert [stop["name"] for stop in inside if not stop["shown"]] == []
    tops = [stop["top"] for stop in inside]
    assert all(later > earlier - 60 for earlier, later in zip(tops, tops[1:], strict=False))  # within a line of controls it may go up


def test_a_missing_page_helps(reader):
    reader.expect("404")
    tab = reader.open("book/01_crowds.html")
    expect(tab.locator("article h1")).to_have_text(re.compile("not in the book"))
    expect(tab.locator("#nearest a")).to_have_attribute("href", "book/01_crowd.html")
    tab.locator("#nearest a").click()
    tab.wait_for_url("**/book/01_crowd.html")
    deep = reader.open("book/teaching/no/such/page.html")
    deep.locator("#pages a").first.click()
    deep.wait_for_url("**/book/01_crowd.html")


def test_search_finds_a_word_also_from_files(reader, where):
    tab = reader.open("search.html", fragment="?q=evaporation", where=where)
    found = tab.locator("#search-results ul.search li")
    expect(found.filter(has_text="Colonies").first).to_be_visible()
    expect(tab.locator("#search-results")).to_contain_text("Search finished")
    if where == "http":
        expect(found.locator(".context").first).to_contain_text(re.compile("evaporat", re.IGNORECASE))
        expect(tab.locator("#search-results")).not_to_contain_text("Show the code")  # it is the text that is quoted
        expect(found.locator(".context")).to_have_count(found.count())
        assert min(map(len, found.locator(".context").all_inner_texts())) > 100
    found.locator("a").first.click()
    tab.wait_for_url("**/book/**")
