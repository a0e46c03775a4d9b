"""Previews of terms and sources: what is told beside a link, to whom, how long, and where on the screen."""
import built
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from test_pages import AXE

CHAPTER, GLOSSARY = "book/01_crowd.html", "book/glossary.html"
TERM, SOURCE = 'article a[href*="glossary.html#term-"]', 'article a[href*="references.html#"]'
WITHIN = 'article dd a[href^="#term-"]'  # the glossary's own
ASKED = 'script[src*="preview-texts"]'


def target(link):
    """The text, without white space, of what a link leads to, as its own page has it."""
    page, _, name = link.get_attribute("href").partition("#")
    found = built.soup(f"book/{page}" if page else GLOSSARY).find(id=name)
    definition = found.find_next_sibling("dd")
    own = found.contents[0] + definition.text if definition else found.p.text
    return "".join(own.split())


def expect_told(tab, link, more=""):
    box = tab.get_by_role("tooltip")
    expect(box).to_be_visible()
    assert "".join(box.text_content().split()) == target(link) + "".join(more.split())
    expect(link).to_have_attribute("aria-describedby", box.get_attribute("id"))
    return box


def lines_of(link):
    return link.evaluate("link => Array.from(link.getClientRects(), (line) => line.toJSON())")


@pytest.mark.parametrize("kind", [TERM, SOURCE], ids=["term", "source"])
def test_a_mouse_that_rests_on_a_link_is_told_and_one_that_leaves_is_not(reader, kind, where):
    tab = reader.open(CHAPTER, where=where)
    link = tab.locator(kind).first
    title = link.get_attribute("title")
    assert tab.locator(ASKED).count() == 0
    link.hover()
    box = expect_told(tab, link)
    assert link.get_attribute("title") is None  # the browser would tell it once more
    box.hover()
    tab.mouse.move(0, 0)
    expect(box).to_have_count(0)
    assert link.get_attribute("title") == title
    assert link.get_attribute("aria-describedby") is None


def test_a_formula_is_told_as_a_formula(reader):
    tab = reader.open(GLOSSARY)
    names = [term["id"] for term in built.soup(GLOSSARY).select("dl.glossary > dt[id]") if term.find_next_sibling("dd").select("math")]
    link = tab.locator(", ".join(f'article dd a[href="#{name}"]' for name in names)).first
    link.hover()
    box = expect_told(tab, link)
    assert box.locator("math").first.evaluate("math => math instanceof MathMLElement")


def test_the_mouse_may_cross_to_the_box_and_rest_there(reader):
    tab = reader.open(GLOSSARY)
    tab.clock.install()
    link = tab.locator(WITHIN).first
    link.hover()
    tab.clock.run_for(1000)
    box = expect_told(tab, link)
    tab.locator("article h1").hover()
    tab.clock.run_for(100)
    box.hover()
    tab.clock.run_for(10_000)
    expect(box).to_be_visible()
    tab.keyboard.press("Escape")
    expect(box).to_have_count(0)


def test_the_keyboard_is_told_until_it_goes_on_or_escapes(reader):
    tab = reader.open(GLOSSARY)
    links = tab.locator(WITHIN)
    links.nth(1).focus()  # a script's focus is shown as the keyboard's before the mouse is used
    box = expect_told(tab, links.nth(1))
    tab.keyboard.press("Escape")
    expect(box).to_have_count(0)
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Tab")
    expect_told(tab, links.nth(1))
    tab.keyboard.press("Tab")
    expect(links.nth(1)).not_to_be_focused()
    expect(links.nth(1)).not_to_have_attribute("aria-describedby", "preview")


def test_a_mouse_that_passes_does_not_take_it_from_the_keyboard(reader):
    tab = reader.open(GLOSSARY)
    tab.clock.install()
    link = tab.locator(WITHIN).first
    link.focus()
    expect_told(tab, link)
    tab.locator("article h1").hover()
    tab.clock.run_for(10_000)
    expect_told(tab, link)


def test_a_term_s_link_to_itself_tells_nothing(reader):
    tab = reader.open(GLOSSARY)
    tab.clock.install()
    tab.locator("article dt").first.hover()  # shows its link
    tab.locator("article dt .headerlink").first.hover()
    tab.clock.run_for(10_000)
    assert tab.locator(ASKED).count() == 0


def test_a_tap_tells_and_another_follows_the_link(reader):
    tab = reader.open(GLOSSARY, has_touch=True)
    link = tab.locator(WITHIN).first
    link.tap()
    box = expect_told(tab, link, "Tap the link again to go there.")
    tab.locator("article h1").tap()
    expect(box).to_have_count(0)
    link.tap()
    expect_told(tab, link, "Tap the link again to go there.")
    link.tap()
    tab.wait_for_url(f"**{link.get_attribute('href')}")
    expect(box).to_have_count(0)


def test_a_tap_follows_the_link_of_which_nothing_is_known(reader):
    tab = reader.open(GLOSSARY, has_touch=True, replies={r"preview-texts\.js": "window.previewTexts = {}"})
    link = tab.locator(WITHIN).first
    link.tap()
    tab.wait_for_url(f"**{link.get_attribute('href')}")


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("edge", ["start", "end"])
def test_it_is_on_the_screen_and_beside_its_link(reader, width, edge):
    tab = reader.open(GLOSSARY, viewport={"width": width, "height": 700})
    link = tab.locator(WITHIN).nth(12)
    link.evaluate("(link, block) => link.scrollIntoView({ block, behavior: 'instant' })", edge)
    link.focus()
    box, line = expect_told(tab, link).bounding_box(), lines_of(link)[0]
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert box["y"] >= 0 and box["y"] + box["height"] <= 700
    assert box["y"] + box["height"] <= line["top"] if edge == "end" else box["y"] >= line["bottom"]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_of_a_broken_link_it_is_beside_the_line_that_the_mouse_is_on(reader):
    tab = reader.open(GLOSSARY, viewport={"width": 390, "height": 700})
    link = next(link for link in tab.locator(WITHIN).all() if len(lines_of(link)) > 1)
    link.evaluate("link => link.scrollIntoView({ block: 'center', behavior: 'instant' })")
    line = lines_of(link)[-1]
    tab.mouse.move(line["left"] + 3, (line["top"] + line["bottom"]) / 2)
    box = expect_told(tab, link).bounding_box()
    assert 0 < line["top"] - (box["y"] + box["height"]) < 10


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_in_it_and_paper_has_none(reader, look):
    tab = reader.open(GLOSSARY, color_scheme=look)
    tab.locator(WITHIN).first.hover()
    box = tab.get_by_role("tooltip")
    expect(box).to_be_visible()
    assert Axe().run(tab, context="#preview", options=AXE).response["violations"] == []
    tab.emulate_media(media="print")
    expect(tab.locator("#preview")).to_be_hidden()


def test_where_the_texts_do_not_load_a_link_is_a_link(reader):
    reader.expect("net::ERR_FAILED")
    tab = reader.open(CHAPTER, replies={"preview-texts": None})
    link = tab.locator(SOURCE).first
    title = link.get_attribute("title")
    with tab.expect_event("requestfailed", lambda request: "preview-texts" in request.url):
        link.hover()
    expect(tab.get_by_role("tooltip")).to_have_count(0)
    assert link.get_attribute("title") == title
    link.click()
    tab.wait_for_url("**/references.html#*")
