"""A round of bets on a page of its own: what it asks, what it answers, what it adds up, and the figure it opens."""
import itertools
import math
import re
import shutil
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from docutils import nodes
from playwright.sync_api import expect

from helpers import bets, explore, figures, predict

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from living_book.figures import place_figures, take_packs, write_page  # noqa: E402

AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}, "preload": False}
PERCENT = [34, 45, 60, 75, 90, 99]
SIDES = ("many parts", "neither", "one centre")
ANSWERS = [0, 2, 1, 0, 2, 0, 0, 1, 2, 0]
NAMES = ["A crowd, or its best judge", "Ants, or couriers with a map", "A net of memories & a book",
         "A forest, or its <best> tree", "Gossip, or a head count",
         "Neurons, or a conductor, in an orchestra of oscillators", "Traders, or an auctioneer",
         "Drivers, or a planner", "Learners, or a boss", "Modules, or one dense net"]
WHY = [f"The many kept {90 - number}%, the centre {60 + number}% <b>of it</b>." for number in range(10)]
ROWS = [(name, SIDES[answer], why) for name, answer, why in zip(NAMES, ANSWERS, WHY, strict=True)]
HEAD = """<!DOCTYPE html>
<html lang="en" data-content_root="./"><head><meta charset="utf-8"><title>Bets</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<script>const look = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.documentElement.dataset.mode = document.documentElement.dataset.theme = look;</script>
<link rel="stylesheet" href="web/figures.css"><link rel="stylesheet" href="web/explore.css"><style>
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; background: var(--fig-paper); color: var(--fig-ink); font-family: sans-serif; line-height: 1.65; }
main { max-width: 46rem; margin: auto; padding: 0.8rem; }
</style>"""


def write(folder, shown):
    """Make a page of what was `shown`, with the packs and scripts that the book's extension gives it."""
    doctree, scripts = nodes.container(), []
    doctree += [nodes.raw("", html, format="html") for html in shown]
    app = SimpleNamespace(outdir=folder, env=SimpleNamespace(docname="bets"),
                          config=SimpleNamespace(living_book_has_python=False),
                          add_js_file=lambda script, loading_method: scripts.append(script))
    take_packs(app, doctree)
    place_figures(app, doctree, "bets")
    write_page(app, "bets", None, None, doctree)
    shutil.copytree(predict.WEB, folder / "web")
    (folder / "web" / "figures.css").write_text(figures.theme_css(), encoding="utf-8")
    head = HEAD + "".join(f'<script src="web/{script}" defer></script>' for script in scripts)
    body = "".join(node.astext() for node in doctree.children)
    (folder / "bets.html").write_text(
        f"{head}</head><body><main><article><h1>Bets</h1>{body}</article></main></body></html>", encoding="utf-8")


@pytest.fixture(scope="module")
def origins(tmp_path_factory):
    """The page of bets, for `reader`: a figure waits for ten bets; a question and another figure come after."""
    folder, shown = tmp_path_factory.mktemp("bets"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORE_ENGINE", "baked")
        patch.setattr(predict, "display", lambda shows: shown.append(shows.data))
        patch.setattr(explore, "display", lambda shows: shown.append(shows.data))
        patch.setattr(predict, "_waiting", [])
        bets.bets("Which side keeps more of what it could do?", ROWS)

        @explore.explore(lost=(0, 40, 20))
        def atlas(lost=20):
            """What each side keeps."""
            figure, axes = figures.panel("lost, %", "kept, %")
            axes.plot([0, lost], [100, 100 - lost])
            return figure, f"{lost}% are lost."

        explore.predict("How many were right?", (0, 10), 5,
                        {side: f"Five, {side}." for side in predict.RANGE_WHY}, sets="count")

        @explore.explore(count=(0, 10, 5))
        def later(count=0):
            """A count."""
            return figures.panel()[0], f"{count} counted."
    write(folder, shown)
    return {"file": folder.as_uri() + "/"}


@pytest.fixture
def open_page(reader):
    return lambda **options: reader.open("bets.html", where="file", **options)


def form_of(tab):
    return tab.locator("form.bets")


def bet(form, number, choice, level=2):
    row = form.locator("fieldset").nth(number)
    row.locator("input").nth(choice).check()
    row.locator("select").select_option(index=level)


def commit(form):
    form.locator("[type=submit]").click()


def expect_waiting(tab, name="atlas"):
    figure = tab.locator(f"figure#{name}")
    expect(figure.locator(".predict-wait")).to_be_visible()
    expect(figure.locator(".explore-view svg")).to_be_hidden()


def expect_open(tab, name="atlas"):
    figure = tab.locator(f"figure#{name}")
    expect(figure.locator(".predict-wait")).to_have_count(0)
    expect(figure.locator(".explore-view svg")).to_be_visible()


def exact_score(choices, levels):
    """The mean Brier score, in hundredths, by its definition and without a rounding error."""
    total = Fraction(0)
    for answer, choice, level in zip(ANSWERS, choices, levels, strict=True):
        p = Fraction(PERCENT[level], 100)
        for outcome in range(3):
            chance = p if outcome == choice else (1 - p) / 2
            total += (chance - (outcome == answer)) ** 2
    return total / len(ANSWERS)


def exact_chances(levels):
    """The chances of 0..n right if the confidences are true: every way in which the bets can end."""
    p = [PERCENT[level] / 100 for level in levels]
    chances = [0.0] * (len(p) + 1)
    for ends in itertools.product((False, True), repeat=len(p)):
        chances[sum(ends)] += math.prod(one if end else 1 - one for one, end in zip(p, ends, strict=True))
    return chances


def expected_texts(choices, levels):
    """(first paragraph, second paragraph, score) for these bets."""
    n = len(ANSWERS)
    right = sum(choice == answer for choice, answer in zip(choices, ANSWERS, strict=True))
    p = [PERCENT[level] / 100 for level in levels]
    chances = exact_chances(levels)
    too_few = [k for k in range(n + 1) if sum(chances[:k + 1]) <= 1 / 40]
    too_many = [k for k in range(n + 1) if sum(chances[k:]) <= 1 / 40]
    verdict = ("overconfident" if right in too_few else "underconfident" if right in too_many
               else "well calibrated, within what 10 bets can tell")
    usual = [k for k in range(n + 1) if k not in too_few and k not in too_many]
    assert sum(chances[k] for k in usual) >= 19 / 20
    times = "once" if right == 1 else f"{right} times"
    spread = f"{usual[0]} to {usual[-1]}" if len(usual) > 1 else f"{usual[0]}"
    mean = math.floor(Fraction(sum(PERCENT[level] for level in levels), n) + Fraction(1, 2))
    return (f"You were right {times} in 10, and {mean}% sure on average: {verdict}.",
            f"If your confidence meant exactly what it says, you would be right {sum(p):.1f} times on average, "
            f"give or take {math.sqrt(sum(q * (1 - q) for q in p)):.1f} (one standard deviation), and {spread} times "
            "in at least 19 rounds of 20.",
            exact_score(choices, levels))


def some_bets(right, levels):
    """(choices, levels): the first `right` bets right, the others wrong, now one way and now the other."""
    return ([answer if number < right else (answer + 1 + number % 2) % 3 for number, answer in enumerate(ANSWERS)],
            levels)


@pytest.mark.parametrize(("choices", "levels", "verdict"), [
    (*some_bets(6, [2, 3, 4, 5, 0, 1, 3, 4, 2, 5]), "well calibrated"),
    (*some_bets(2, [0, 0, 0, 0, 0, 0, 0, 2, 4, 5]), "well calibrated"),  # so few in one round of 29
    (*some_bets(6, [5] * 10), "overconfident"),
    (*some_bets(9, [5] * 10), "well calibrated"),  # more than two standard deviations off, and not rare: 1 in 10
    (*some_bets(10, [2] * 10), "underconfident"),
    (*some_bets(9, [2] * 10), "well calibrated"),
    (*some_bets(1, [3] * 10), "overconfident"),
    (*some_bets(0, [0] * 10), "overconfident"),
    (*some_bets(1, [0] * 10), "well calibrated"),
    ([0] * 10, [2] * 10, "well calibrated"),
    ([2] * 10, [2] * 10, "well calibrated"),
])
def test_the_bets_are_added_up(open_page, choices, levels, verdict):
    tab = open_page()
    form = form_of(tab)
    for number, (choice, level) in enumerate(zip(choices, levels, strict=True)):
        bet(form, number, choice, level)
    commit(form)
    told = form.locator(".bets-told")
    first, second, score = expected_texts(choices, levels)
    assert verdict in first
    expect(told.locator("p").nth(0)).to_have_text(first)
    expect(told.locator("p").nth(1)).to_have_text(second)
    shown = re.match(r"Your score is (\d\.\d\d)\. ", told.locator("p").nth(2).inner_text())[1]
    assert abs(Fraction(shown) - score) <= Fraction(1, 200)
    for side in (0, 2):  # the players that the reader is held against are scored as the reader is
        if set(choices) == {side} and set(levels) == {2}:
            expect(told.locator("li").nth(1 + side // 2)).to_have_text(
                f"Someone who always bets on “{SIDES[side]}”, 60% sure, scores {shown}.")
    expect(told.locator("li")).to_have_count(3)
    for number, choice in enumerate(choices):
        row = form.locator("fieldset").nth(number)
        right = choice == ANSWERS[number]
        expect(row.locator(".bets-said")).to_have_text(
            f"{'Right' if right else 'Wrong'}. You put {PERCENT[levels[number]]}% on “{SIDES[choice]}”. "
            f"Measured: {SIDES[ANSWERS[number]]}. {WHY[number]}")
        expect(row).to_have_attribute("data-bet", "right" if right else "wrong")
    expect_open(tab)


def test_before_the_bets_nothing_is_said_and_the_figure_waits(open_page):
    tab = open_page()
    expect_waiting(tab)
    expect(tab.locator("figure#atlas .predict-wait")).to_contain_text("choose “Pass”")
    expect_waiting(tab, "later")
    expect(tab.locator("figure#later .predict-wait")).to_contain_text("choose “Show me”")
    form = form_of(tab)
    expect(form.locator(".bets-told")).to_be_hidden()
    assert {text.strip() for text in form.locator(".bets-said").all_inner_texts()} == {""}
    expect(form.locator("fieldset")).to_have_count(10)
    for number, row in enumerate(form.locator("fieldset").all()):
        expect(row.locator("legend")).to_have_text(NAMES[number])
        expect(row.locator("input:checked")).to_have_count(0)
        expect(row.get_by_label("How sure?")).to_have_value("60%")
        for side in SIDES:
            expect(row.get_by_label(side)).to_be_visible()
    expect(tab.get_by_role("group", name=NAMES[3])).to_be_visible()
    expect(tab.get_by_role("form", name="Which side keeps more of what it could do?")).to_be_visible()


def test_what_is_missing_is_named_and_gets_the_focus(open_page):
    tab = open_page()
    form = form_of(tab)
    for number in set(range(10)) - {2, 5}:
        bet(form, number, 1)
    commit(form)
    feedback = form.locator(".predict-feedback")
    expect(feedback).to_have_text(f"2 of 10 bets are missing: {NAMES[2]}; {NAMES[5]}.")
    third, sixth = (form.locator("fieldset").nth(number) for number in (2, 5))
    expect(third.locator("input").first).to_be_focused()
    for row in (third, sixth):
        expect(row).to_have_attribute("data-bet", "missing")
        expect(row.locator(".bets-said")).to_have_text("No bet yet.")
        expect(row).to_have_accessible_description("No bet yet.")
    expect(form.locator(".bets-told")).to_be_hidden()
    expect_waiting(tab)
    third.locator("select").select_option(index=5)
    expect(third.locator(".bets-said")).to_have_text("No bet yet.")
    bet(form, 2, 1, 5)
    expect(third.locator(".bets-said")).to_be_hidden()
    expect(third).not_to_have_attribute("data-bet", "missing")
    expect(sixth.locator(".bets-said")).to_have_text("No bet yet.")
    commit(form)
    expect(feedback).to_have_text(f"1 of 10 bets is missing: {NAMES[5]}.")
    expect(sixth.locator("input").first).to_be_focused()
    expect_waiting(tab)
    bet(form, 5, 0)
    commit(form)
    expect(feedback).to_have_text("")
    expect(form.locator(".bets-told")).to_be_visible()
    expect_open(tab)


def test_all_that_is_missing_is_named(open_page):
    tab = open_page()
    form = form_of(tab)
    commit(form)
    expect(form.get_by_role("status")).to_have_text(f"10 of 10 bets are missing: {'; '.join(NAMES)}.")
    expect(form.locator("input").first).to_be_focused()


def test_to_pass_shows_all_without_a_score(open_page):
    tab = open_page()
    form = form_of(tab)
    bet(form, 0, 0)
    form.locator("[data-action=pass]").click()
    told = form.locator(".bets-told")
    expect(told).to_have_text("You passed, so there is no score. Above, each row says what was measured.")
    expect(told).to_be_focused()
    for number, row in enumerate(form.locator("fieldset").all()):
        expect(row.locator(".bets-said")).to_have_text(f"Measured: {SIDES[ANSWERS[number]]}. {WHY[number]}")
        expect(row).to_have_attribute("data-bet", "passed")
    expect_open(tab)
    expect_waiting(tab, "later")


def test_what_was_bet_stays(open_page):
    tab = open_page()
    form = form_of(tab)
    for number in range(10):
        bet(form, number, 2, 4)
    commit(form)
    expect(form.get_by_role("button")).to_have_count(0)
    for field in form.locator("input, select").all():
        expect(field).to_be_hidden()


def test_the_keyboard_is_enough(open_page):
    tab = open_page()
    form = form_of(tab)
    form.locator("input").first.focus()
    for number in range(10):
        row = form.locator("fieldset").nth(number)
        tab.keyboard.press("Space")
        for _ in range(ANSWERS[number]):
            tab.keyboard.press("ArrowDown")
        expect(row.locator("input").nth(ANSWERS[number])).to_be_checked()
        tab.keyboard.press("Tab")
        expect(row.locator("select")).to_be_focused()
        tab.keyboard.press("ArrowDown")
        expect(row.locator("select")).to_have_value("75%")
        tab.keyboard.press("Tab")
    expect(form.locator("[type=submit]")).to_be_focused()
    assert form.locator("[type=submit]").evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    tab.keyboard.press("Enter")
    told = form.locator(".bets-told")
    expect(told).to_be_focused()
    expect(told).to_have_accessible_name("You were right 10 times in 10, and 75% sure on average: "
                                         "well calibrated, within what 10 bets can tell.")
    expect_open(tab)


def test_the_pass_is_two_keys_from_the_last_bet(open_page):
    tab = open_page()
    form = form_of(tab)
    form.locator("select").last.focus()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    expect(form.locator("[data-action=pass]")).to_be_focused()
    tab.keyboard.press("Enter")
    expect_open(tab)


def test_questions_beside_the_bets_work_as_ever(open_page):
    tab = open_page()
    asked = tab.locator("form#predict-how-many-were-right")
    asked.locator("input").fill("9")
    asked.locator("[type=submit]").click()
    expect(asked.locator(".predict-feedback")).to_have_text("Five, high.")
    expect_open(tab, "later")
    expect(tab.locator("figure#later")).to_have_attribute("data-state", "2")
    expect_waiting(tab)


def axe_finds(tab):
    return [f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
            for rule in Axe().run(tab, options=AXE).response["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_before_and_after(open_page, look):
    tab = open_page(color_scheme=look)
    expect(tab.locator("html")).to_have_attribute("data-theme", look)
    form = form_of(tab)
    assert axe_finds(tab) == []
    commit(form)
    assert axe_finds(tab) == []
    for number in range(10):
        bet(form, number, number % 3)
    commit(form)
    expect(form.locator(".bets-told")).to_be_visible()
    assert axe_finds(tab) == []


WIDE = """() => Array.from(document.querySelectorAll("form.bets, form.bets *"))
  .filter((element) => !element.closest("noscript") && element.getBoundingClientRect().right > innerWidth + 0.5)
  .map((element) => `${element.tagName} ${element.textContent.slice(0, 40)}`)"""


def test_nothing_scrolls_sideways(open_page):
    tab = open_page()
    form = form_of(tab)
    for number in range(10):
        bet(form, number, number % 3, 5)
    for state in ("asked", "answered"):
        for width in (320, 390, 900):
            tab.set_viewport_size({"width": width, "height": 800})
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (state, width)
            assert tab.evaluate(WIDE) == [], (state, width)
        if state == "asked":
            commit(form)
    sizes = form.evaluate("""form => Array.from(form.querySelectorAll("legend, label, select, p, li, button"),
      (element) => parseFloat(getComputedStyle(element).fontSize))""")
    assert min(sizes) >= 14


def test_without_javascript_questions_and_answers_can_be_read(open_page):
    tab = open_page(java_script_enabled=False)
    form = form_of(tab)
    for number, row in enumerate(form.locator("fieldset").all()):
        expect(row.locator("legend")).to_have_text(NAMES[number])
    expect(form.get_by_role("button")).to_have_count(0)
    details = form.locator("noscript details")
    expect(details.locator("li").first).to_be_hidden()
    details.locator("summary").click()
    assert details.locator("li").all_inner_texts() == [
        f"{name}: {SIDES[answer]}. {why}" for name, answer, why in zip(NAMES, ANSWERS, WHY, strict=True)]


KERNEL = """async ([code, html]) => {
  const { default: widget } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  window.traits = { html };
  window.saved = [];
  const model = { get: (name) => window.traits[name], set: (name, value) => { window.traits[name] = value; },
    save_changes: () => window.saved.push(structuredClone(window.traits)) };
  const el = document.createElement("div");
  document.querySelector("article").replaceChildren(el);
  widget.render({ model, el });
}"""


@pytest.mark.parametrize("passes", [False, True])
def test_in_a_kernel_the_bets_come_back(open_page, passes):
    tab = open_page()
    tab.evaluate(KERNEL, [bets.Form._esm, tab.evaluate("document.querySelector('form.bets').outerHTML")])
    form = form_of(tab)
    for number in range(10):
        bet(form, number, number % 3, number % 6)
    assert tab.evaluate("window.saved") == []
    form.locator("[data-action=pass]" if passes else "[type=submit]").click()
    (saved,) = tab.evaluate("window.saved")
    assert saved["done"] is True
    assert saved["bets"] == ([] if passes else [
        {"name": name, "choice": SIDES[number % 3], "confidence": PERCENT[number % 6] / 100}
        for number, name in enumerate(NAMES)])
