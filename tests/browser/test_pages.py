"""Every page, as readers of every kind meet it."""
import re
import time

import built
import pytest
from axe_playwright_python.sync_playwright import Axe
from hands import move_all, open_all, unfold
from playwright.sync_api import expect

AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
       "preload": False}  # else axe asks for style sheets by addresses that are none
READABLE = 9  # CSS px: the least size of text in a figure
CONTRAST = 4.5  # WCAG 1.4.3
KILOBYTES, REQUESTS = 500, 25  # that a page may take, compressed, before the reader does anything; times are for `make bench`
STAY_DARK = """if (location.protocol === "http:") {
  localStorage.setItem("mode", "dark");
  localStorage.setItem("theme", "dark");
}"""


def explorers_of(page):
    return [explorer for explorer in built.EXPLORERS if explorer.page == page]


def test_a_page_is_read_from_end_to_end_without_a_complaint(reader, page, where):
    """Errors, warnings, and requests to other origins fail in the fixture `reader`."""
    tab = reader.open(page, where=where)
    if where == "http":
        tab.wait_for_load_state("networkidle")
        loaded = dict(tab.evaluate(LOADED))
        assert all(loaded.values()), loaded  # nothing came from a cache
        assert len(loaded) <= REQUESTS, sorted(loaded)
        assert sum(loaded.values()) <= 1000 * KILOBYTES, sorted(loaded.items(), key=lambda entry: -entry[1])
    open_all(tab)
    for explorer in explorers_of(page):
        tab.locator(explorer.selector).scroll_into_view_if_needed()
    tab.keyboard.press("End")
    tab.wait_for_load_state("networkidle")
    if explorers_of(page):
        assert tab.evaluate("Array.isArray(window.__bookErrors)")
        for note in tab.locator(".explore-note").all():
            expect(note).to_be_hidden()


LOADED = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map((entry) => [entry.name, entry.transferSize])"""


def test_nothing_scrolls_sideways_and_figures_are_legible_on_a_phone(reader, page):
    """320 px are also those of a window of 1280 px zoomed to 400% (WCAG 1.4.10)."""
    tab = reader.open(page, viewport={"width": 360, "height": 740})
    open_all(tab)
    sizes = tab.evaluate(SIZES)
    assert bool(sizes) == bool(explorers_of(page))
    assert [entry for entry in sizes if entry[2] < READABLE] == []
    unfold(tab)
    for width in (320, 360, 390, 768):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(WIDE) == [], width
        assert tab.evaluate(CUT) == [], width


WIDE = """() => Array.from(
      document.querySelectorAll("article :is(figure.explore, form.predict, svg, svg text, h1, h2, h3, button, legend, figcaption, select, input, span.formula:not(.long))"))
      .filter((element) => element.checkVisibility() && !element.closest("table"))
      .map((element) => [element.tagName, element.textContent.slice(0, 40) || element.name, element.getBoundingClientRect()])
      .filter(([, , box]) => box.left < -0.5 || box.right > innerWidth + 0.5)
      .map(([tag, text]) => `${tag} ${text}`)"""


# What a box that hides its overflow would cut off, tables apart, which scroll.
CUT = """() => Array.from(document.querySelectorAll("article .admonition :is(p, li) > :is(.formula, code)"))
      .filter((element) => !element.closest("table") &&
        element.getBoundingClientRect().right > element.closest(".admonition").getBoundingClientRect().right)
      .map((element) => element.textContent.slice(0, 40))"""


SIZES = """() => Array.from(document.querySelectorAll(".explore-view svg text")).map((text) => {
  const svg = text.ownerSVGElement;
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return [text.closest("figure").id, text.textContent, scale * parseFloat(getComputedStyle(text).fontSize)];
})"""


NIGHT = """new MutationObserver((changes) => {
  window.themes = [...window.themes ?? [], ...changes.map(() => document.documentElement?.dataset.theme)];
}).observe(document, { attributes: true, attributeFilter: ["data-theme"], childList: true, subtree: true });"""


@pytest.mark.parametrize("stays", [False, True], ids=["by the system", "by choice"])
def test_where_it_is_night_no_page_begins_by_day(reader, stays):
    """Nor is the page drawn again when the theme's script comes."""
    tab = reader.open(built.EXPLORERS[0].page, color_scheme="light" if stays else "dark", script=(STAY_DARK if stays else "") + NIGHT)
    tab.wait_for_load_state("networkidle")
    themes = tab.evaluate("window.themes")
    assert "dark" in themes
    assert set(themes[themes.index("dark"):]) == {"dark"}  # before: the page's own word, for who has no JavaScript
    assert "auto" not in themes


MOVED = """new PerformanceObserver((list) => {
  window.moved = (window.moved ?? 0) + list.getEntries().reduce((sum, entry) => sum + entry.value, 0);
}).observe({ type: "layout-shift", buffered: true });"""


@pytest.mark.parametrize("width", [390, 1280])
def test_what_comes_late_moves_no_line(reader, width):
    """By the measure of the browser, of which a tenth is called good; this chapter begins with a stage, a formula near it."""
    def late(route):
        time.sleep(1)
        route.fallback()

    tab = reader.open("404.html", viewport={"width": width, "height": 800}, script=MOVED)
    tab.route(re.compile(r"\.woff2"), late)
    tab.goto(reader.origins["http"] + "book/03_brain.html")
    tab.wait_for_load_state("networkidle")
    assert tab.evaluate("window.moved ?? 0") < 0.05


def by_turns(page):
    """From a server or as a file."""
    return ("http", "file")[built.PAGES.index(page) % 2]


@pytest.mark.front_end
def test_the_phone_menu_opens_and_leads_on(reader, page):
    tab = reader.open(page, where=by_turns(page), viewport={"width": 390, "height": 800})
    links = tab.locator("nav.bd-docs-nav a:visible")
    expect(links).to_have_count(0)
    tab.locator("button.primary-toggle").click()
    expect(links.first).to_be_visible()
    expect(links.first).to_be_in_viewport()
    target = links.first.get_attribute("href").partition("#")[0] or page.rpartition("/")[2]
    links.first.click()
    tab.wait_for_url(re.compile(re.escape(target.removeprefix("../"))))


def axe_finds(tab):
    tab.evaluate("document.documentElement.dataset.whole = ''")  # as for a reader who has come everywhere: see book.css
    found = Axe().run(tab, options=AXE).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
            for rule in found for node in rule["nodes"]]


def test_axe_finds_nothing_and_text_in_figures_stands_out(reader, page, look, request):
    """After the answers, by day with all controls at their most, by night at their least; axe at length also before."""
    tab = reader.open(page, color_scheme=look)
    expect(tab.locator("html")).to_have_attribute("data-theme", look)
    if request.config.getoption("--every-notebook"):
        assert axe_finds(tab) == []
    open_all(tab)
    assert faint(tab, look) == []
    assert tab.evaluate(OTHER_TYPE) == []
    move_all(tab, last=look == "light")
    assert axe_finds(tab) == []


def test_axe_finds_nothing_where_dark_is_a_choice_by_day(reader, at_length):
    tab = reader.open(built.EXPLORERS[0].page, color_scheme="light", script=STAY_DARK)
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    assert axe_finds(tab) == []


PAINTS = """() => Array.from(document.querySelectorAll("figure.explore")).map((figure) => [
  figure.id, getComputedStyle(figure).backgroundColor,
  Array.from(figure.querySelectorAll(".explore-view svg text"),
    (text) => [text.textContent, getComputedStyle(text).fill])])"""


OTHER_TYPE = """() => Array.from(document.querySelectorAll("figure:is(.explore, .stage), form.predict"))
  .filter((figure) => getComputedStyle(figure).fontFamily !== getComputedStyle(document.body).fontFamily)
  .map((figure) => figure.id)"""


def luminance(paint):
    """The relative luminance of "rgb(r, g, b)" (WCAG 2.2)."""
    assert paint.startswith("rgb("), paint
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
              for value in (int(part) / 255 for part in paint[4:-1].split(","))]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def faint(tab, look):
    """Texts of figures that stand out too little from their paper, which is dark by night alone."""
    found = []
    for name, paper, texts in tab.evaluate(PAINTS):
        assert (luminance(paper) < 0.2) == (look == "dark"), name
        assert texts, name
        found += [(name, text, paint) for text, paint in texts if contrast(paint, paper) < CONTRAST]
    return found


@pytest.mark.front_end
def test_without_javascript_there_are_figure_and_sentence(reader, page):
    tab = reader.open(page, where=by_turns(page), java_script_enabled=False)
    expect(tab.locator("article h1")).to_be_visible()
    bar = tab.locator(".bd-header-article").evaluate("bar => getComputedStyle(bar).backgroundColor")
    assert bar == "rgb(255, 255, 255)"  # text scrolls beneath it
    for explorer in explorers_of(page):
        figure = tab.locator(explorer.selector)
        expect(figure.locator(".explore-view svg").first).to_be_visible()
        box = figure.locator(".explore-view svg").first.bounding_box()
        assert min(box["width"], box["height"]) > 100
        expect(figure.locator("figcaption")).to_have_text(
            explorer.states()[explorer.default].sentence)
        expect(figure.locator("figcaption")).to_be_visible()
        for control in explorer.controls:
            expect(figure.locator(f'[name="{control.name}"]')).to_be_hidden()
        expect(figure.locator(".explore-link")).to_have_count(0)
        expect(figure.locator(".explore-note")).to_be_hidden()
    for form in (form for form in built.FORMS if form.page == page):
        expect(tab.locator(f"#{form.name} button").first).to_be_hidden()
        told = tab.locator(f"#{form.name} noscript")
        expect(told).to_be_visible()
        told.scroll_into_view_if_needed()  # before, it is not laid out, and has no text
        expect(told).to_have_text(form.facts["told"], use_inner_text=True)


def test_first_paint_asks_for_no_pack_far_away(reader):
    page = max(built.PAGES, key=lambda page: len(explorers_of(page)))
    assert len(explorers_of(page)) > 3
    tab = reader.open(page)
    tab.wait_for_load_state("networkidle")
    asked = tab.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    last = explorers_of(page)[-1]
    assert not [url for url in asked if url.endswith(f"/{last.name}.js")]
    tab.locator(last.selector).scroll_into_view_if_needed()
    tab.wait_for_function("name => performance.getEntriesByType('resource').some("
                          "(entry) => entry.name.endsWith(`/${name}.js`))", arg=last.name)


@pytest.mark.front_end
def test_on_paper_there_are_figure_and_sentence_and_no_controls(reader, page):
    tab = reader.open(page)
    tab.emulate_media(media="print")
    for explorer in explorers_of(page):
        figure = tab.locator(explorer.selector)
        expect(figure.locator(".explore-view svg").first).to_be_visible()
        expect(figure.locator("figcaption")).to_be_visible()
        for control in explorer.controls:
            expect(figure.locator(f'[name="{control.name}"]')).to_be_hidden()
        expect(figure.locator(".explore-link")).to_be_hidden()


def test_the_front_page_leads_to_the_book(reader, where):
    tab = reader.open("index.html", where=where)
    tab.wait_for_url("**/book/intro.html")
    expect(tab.locator("article h1")).to_be_visible()
