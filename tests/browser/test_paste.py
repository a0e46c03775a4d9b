"""A class's own guesses, in the page: pasted, dropped or chosen, weighed by Python in this browser, sent nowhere."""
import re

import pytest
from playwright.sync_api import expect

from helpers.guesses import Pasted

PAGE = "book/01_crowd.html"
LINES = "1200\n1,150 lb\nno idea\n\n1300\n1250\n1100\n1180\n99999\n"
READABLE = 9  # CSS px, as of the texts of all figures
DRAWN = """picture => {
  const scale = picture.getBoundingClientRect().width / picture.viewBox.baseVal.width;
  const boxes = (chosen) => Array.from(picture.querySelectorAll(chosen))
    .map((element) => [element.textContent, element.getBoundingClientRect()]);
  const across = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 3 && b.top < a.bottom - 3;
  const [names, ticks, lines] = [boxes(".paste-name"), boxes("text:not(.paste-name)"), boxes(".paste-mark")];
  return {
    least: scale * Math.min(...Array.from(picture.querySelectorAll("text"), (text) => parseFloat(getComputedStyle(text).fontSize))),
    crossed: names.flatMap(([name, box]) => lines.filter(([, line]) => across(box, line)).map(() => name)),
    upon: [...names, ...ticks].filter(([, a]) => [...names, ...ticks].some(([, b]) => b !== a && across(a, b))).map(([text]) => text),
    out: [...names, ...ticks].filter(([, box]) => box.left < 0 || box.right > innerWidth).map(([text]) => text),
  };
}"""
WIDEST = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def sentences(text, truth="", leave_out=True):
    return Pasted().answer({"text": text, "truth": truth, "leave_out": leave_out})[0]["sentences"]


def weigh(figure, text, truth=""):
    figure.locator("textarea").fill(text)
    figure.locator("[name=truth]").fill(truth)
    figure.locator("[type=submit]").click()


@pytest.fixture
def figure(reader):
    tab = reader.open(PAGE)
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    figure = tab.locator("figure.paste")
    figure.scroll_into_view_if_needed()
    yield figure
    assert not [url for url in asked if not re.search(r"/(?:_pyodide|_python|_static|_packs)/", url)]  # what it loads; nothing it sends


def test_what_is_changed_while_python_starts_is_weighed_too(figure):
    weigh(figure, "1\n2\n3\n")
    weigh(figure, LINES, "1198")
    expect(figure.locator("output p")).to_have_text(sentences(LINES, "1198"), timeout=90_000)


def test_python_in_the_page_says_what_it_says_here(figure):
    weigh(figure, LINES, "1198")
    told = figure.locator("output p")
    expect(told).to_have_text(sentences(LINES, "1198"), timeout=90_000)
    picture = figure.locator(".paste-view svg")
    expect(picture).to_have_attribute("aria-label", " ".join(sentences(LINES, "1198")))
    facts, numbers = Pasted().answer({"text": LINES, "truth": "1198", "leave_out": True})
    assert picture.locator(".paste-bar").count() == (len(numbers) - 1) // 2
    assert picture.locator(".paste-mark").count() == len(facts["marks"]) == 3

    figure.locator("[name=leave_out]").uncheck()
    figure.locator("[type=submit]").click()
    expect(told).to_have_text(sentences(LINES, "1198", leave_out=False))

    hostile = "7 <img src=x onerror=alert(1)>\n8"
    weigh(figure, hostile)
    expect(told).to_have_text(sentences(hostile))
    assert figure.locator("img").count() == 0

    weigh(figure, "nothing to count", "")
    expect(figure.locator(".explore-note")).to_contain_text("no number in it")
    expect(told).to_have_text(sentences(hostile))  # what was weighed last stays
    weigh(figure, "5", "five")
    expect(figure.locator(".explore-note")).to_contain_text("truth='five'")

    many = "\n".join(str(i % 997) for i in range(100_000))
    figure.locator("textarea").evaluate("""(area, text) => {
      const data = new DataTransfer();
      data.setData("text/plain", text);
      area.select();
      area.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
    }""", many)
    figure.locator("[name=truth]").fill("")
    figure.locator("[type=submit]").click()
    expect(told).to_have_text(sentences(many), timeout=60_000)
    expect(figure.locator(".explore-note")).to_be_hidden()

    figure.locator("[name=file]").set_input_files(
        {"name": "class.csv", "mimeType": "text/csv", "buffer": b"name,guess\nAnn,12\nBob,14\nCleo,19\n"})
    expect(told).to_have_text(sentences("name,guess\nAnn,12\nBob,14\nCleo,19\n"))


def test_the_keyboard_is_enough(figure):
    figure.locator("textarea").focus()
    page = figure.page
    page.keyboard.type("10\n20\n")
    for _ in range(4):  # the file, the truth, what is far out, the button
        page.keyboard.press("Tab")
    expect(figure.locator("[type=submit]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(figure.locator("output p")).to_have_text(sentences("10\n20\n"), timeout=90_000)


def test_a_file_dropped_on_it_is_read(figure):
    figure.locator("textarea").evaluate("""area => {
      const data = new DataTransfer();
      data.items.add(new File(["3\\n4\\n5"], "guesses.txt", {type: "text/plain"}));
      area.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
    }""")
    expect(figure.locator("output p")).to_have_text(sentences("3\n4\n5"), timeout=90_000)


def test_from_a_folder_it_says_why_not(reader):
    tab = reader.open(PAGE, where="file")
    figure = tab.locator("figure.paste")
    weigh(figure, "5\n6")
    expect(figure.locator(".explore-note")).to_contain_text("make serve")
    expect(figure.locator("textarea")).to_have_value("5\n6")


def test_without_pyodide_it_says_why_not(reader):
    tab = reader.open(PAGE, script="addEventListener('DOMContentLoaded', () => document.querySelector('figure.paste').dataset.python = 'missing')")
    figure = tab.locator("figure.paste")
    weigh(figure, "5\n6")
    expect(figure.locator(".explore-note")).to_contain_text("built without Python")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits(reader, width):
    tab = reader.open(PAGE, viewport={"width": width, "height": 800})
    figure = tab.locator("figure.paste")
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert tab.evaluate(WIDEST) <= 0


@pytest.mark.parametrize(("text", "truth"), [
    ("300 400 500 600 650 700 900 1400", "1198"),  # the median is left of the mean, the truth far off
    ("1120 1150 1170 1190 1205 1210 1260", "1198"),  # all within a few pixels
    ("700000 900000 1000000 1100000 1300000", "100")])
def test_its_histogram_is_legible_and_no_line_runs_through_a_name(figure, text, truth):
    weigh(figure, text.replace(" ", "\n"), truth)
    picture = figure.locator(".paste-view svg")
    expect(picture).to_be_visible(timeout=90_000)
    for width in (1280, 390, 360, 320, 768):  # it is drawn again for each
        figure.page.set_viewport_size({"width": width, "height": 800})
        figure.page.wait_for_function("""() => {
          const view = document.querySelector(".paste-view");
          return view.firstChild.viewBox.baseVal.width === Math.min(view.clientWidth, 640);
        }""")
        drawn = picture.evaluate(DRAWN)
        assert drawn.pop("least") >= READABLE, width
        assert drawn == {"crossed": [], "upon": [], "out": []}, width
