"""Every explorer of every page, over http and as a file: it answers, and what it shows is true."""
from urllib.parse import unquote_plus

import built
import pytest
from hands import (expect_state, figure_of, parsed, point_on, set_state, shown, turn)
from playwright.sync_api import expect

# {explorer: {address: sentence}}, each worked out by hand.
SENTENCES = {
    "jury": {
        # one voter is the majority
        "voters=1&competence=0.64": "1 voter, each right 64% of the time: "
                                    "the majority is right 64.0% of the time.",
        # p^3 + 3 p^2 (1 - p) = 0.216 + 0.432
        "voters=3&competence=0.6": "3 voters, each right 60% of the time: "
                                   "the majority is right 64.8% of the time.",
    },
}


def test_the_book_has_explorers():
    assert built.EXPLORERS, f"{built.SITE} has no explorers: run `make html` first"
    assert set(SENTENCES) <= {explorer.name for explorer in built.EXPLORERS}


def at_default(explorer, control, index):
    """The first state with one control elsewhere."""
    number = explorer.controls.index(control)
    return (*explorer.default[:number], index, *explorer.default[number + 1:])


def expect_said(figure, control, index):
    """The control says where it stands, to the eye and to a screen reader."""
    if control.type == "range":
        field = figure.locator(f'[name="{control.name}"]')
        output = field.locator("xpath=following-sibling::output")
        assert output.inner_text().replace(",", "") == control.labels[index]
        assert field.get_attribute("aria-valuetext").replace(",", "") == control.labels[index]


@pytest.mark.front_end
def test_it_shows_what_python_draws(tab, explorer, request):
    """The page's states are those of the pack; and, at length, of what Python draws now, in the notebook run again."""
    again = request.config.getoption("--every-notebook")
    figure = figure_of(tab, explorer)
    states = explorer.states()
    assert shown(figure) == (parsed(tab, states[explorer.default].picture),
                             states[explorer.default].sentence)
    for indices in explorer.some_states():
        set_state(figure, explorer, indices)
        now = shown(figure)
        assert now == (parsed(tab, states[indices].picture), states[indices].sentence)
        if again:
            assert states[indices] == explorer.drawn(indices)


@pytest.mark.front_end
def test_every_control_answers_the_mouse(tab, explorer):
    figure = figure_of(tab, explorer)
    for control in explorer.controls:
        field = figure.locator(f'[name="{control.name}"]')
        field.scroll_into_view_if_needed()
        last = len(control.labels) - 1
        start = explorer.default[explorer.controls.index(control)]
        if control.type == "select":
            for index in [*range(last, -1, -1), start]:
                field.select_option(index=index)
                expect_state(figure, at_default(explorer, control, index))
        elif control.type == "checkbox":
            for index in (1 - start, start):
                field.click()
                expect_state(figure, at_default(explorer, control, index))
        else:
            for share, index in ((1, last), (0, 0)):
                tab.mouse.click(*point_on(field, share))
                expect_state(figure, at_default(explorer, control, index))
                expect_said(figure, control, index)
            middle = last // 2
            tab.mouse.move(*point_on(field, 0))
            tab.mouse.down()
            for step in (0.25, 0.5, 0.75, 1):
                tab.mouse.move(*point_on(field, step * middle / last))
            tab.mouse.up()
            # a thumb of some pixels cannot be put more exactly than a pixel allows
            index = int(figure.get_attribute("data-state").split(",")[
                explorer.controls.index(control)])
            assert abs(index - middle) <= last / field.bounding_box()["width"] + 0.5
            expect_said(figure, control, index)
            turn(figure, control, start)
        expect_state(figure, explorer.default)


@pytest.mark.front_end
def test_every_control_answers_the_keyboard(tab, explorer):
    figure = figure_of(tab, explorer)
    fields = [figure.locator(f'[name="{control.name}"]') for control in explorer.controls]
    fields[0].focus()
    for control, field in zip(explorer.controls, fields, strict=True):
        expect(field).to_be_focused()  # by Tab from the control before it
        last = len(control.labels) - 1
        start = explorer.default[explorer.controls.index(control)]
        if control.type == "checkbox":
            keys = [("Space", 1 - start), ("Space", start)]
        else:
            onward, back = (("ArrowDown", "ArrowUp") if control.type == "select"
                            else ("ArrowRight", "ArrowLeft"))
            keys = [("Home", 0), (onward, 1), ("End", last), (back, last - 1)] if last else []
        for key, index in keys:
            tab.keyboard.press(key)
            expect_state(figure, at_default(explorer, control, index))
            expect_said(figure, control, index)
        turn(figure, control, start)
        field.focus()
        tab.keyboard.press("Tab")
    expect_state(figure, explorer.default)


def go(tab, explorer, query):
    """Type another address of the same page."""
    tab.evaluate("hash => { location.hash = hash }", f"{explorer.name}?{query}")


def test_a_page_opens_at_an_address(reader, front_explorer, where):
    explorer = front_explorer
    indices = explorer.some_states()[1]
    tab = reader.open(explorer.page, f"#{explorer.name}?{explorer.query(indices)}", where=where)
    figure = tab.locator(explorer.selector)
    expect_state(figure, indices)
    expect(figure).to_be_in_viewport()


# Where the top of an element comes to rest, px from that of the screen.
SETTLED = """async (element) => {
  let [top, still] = [NaN, 0];
  while (still < 40) {
    await new Promise(requestAnimationFrame);
    const now = element.getBoundingClientRect().top;
    still = now === top ? still + 1 : 0;
    top = now;
  }
  return top;
}"""
BELOW_THE_BAR = 64
LONGEST, MOST_MOVING = (max(built.PAGES, key=lambda page: sum(figure.page == page for figure in figures), default="")
                        for figures in (built.EXPLORERS, built.STAGES))


@pytest.mark.parametrize(("page", "width"), [(LONGEST, 390), (MOST_MOVING, 1280)])
def test_links_lead_to_where_they_say_on_a_page_that_is_laid_out_late(reader, page, width):
    explorer = [explorer for explorer in built.EXPLORERS if explorer.page == page][-1]
    screen = {"viewport": {"width": width, "height": 800}}
    tab = reader.open(page, f"#{explorer.name}?{explorer.query(explorer.some_states()[1])}", **screen)
    assert tab.locator(explorer.selector).evaluate(SETTLED) == pytest.approx(BELOW_THE_BAR, abs=2)
    headings = tab.locator("article section > h2")
    number = headings.count() // 2  # the last cannot come to the top
    name = headings.nth(number).evaluate("heading => heading.parentElement.id")
    tab = reader.open(page, f"#{name}", **screen)
    heading = tab.locator("article section > h2").nth(number)
    assert heading.evaluate(SETTLED) == pytest.approx(BELOW_THE_BAR, abs=2)
    tab.mouse.move(width / 2, 400)
    before = tab.evaluate("scrollY")
    tab.mouse.wheel(0, -300)  # from here on the reader moves
    tab.wait_for_function("before => scrollY <= before - 299", arg=before)
    assert heading.evaluate(SETTLED) == pytest.approx(BELOW_THE_BAR + 300, abs=2)
    tab = reader.open(page, **screen)
    heading = tab.locator("article section > h2").nth(number)
    tab.locator(f"#pst-page-toc-nav a[href='#{name}']").first.evaluate("link => link.click()")
    assert heading.evaluate(SETTLED) == pytest.approx(BELOW_THE_BAR, abs=2)
    tab.evaluate("scrollBy(0, 100)")
    assert heading.evaluate(SETTLED) == pytest.approx(BELOW_THE_BAR - 100, abs=2)
    tab.goto(reader.origins["http"] + built.PAGES[-1])
    tab.go_back()
    assert heading.evaluate(SETTLED) == pytest.approx(BELOW_THE_BAR - 100, abs=2)


@pytest.mark.front_end
def test_an_address_opens_a_state(tab, explorer):
    figure = figure_of(tab, explorer)
    for indices in explorer.some_states():  # the default is the last
        go(tab, explorer, explorer.query(indices))
        expect_state(figure, indices)
        state = explorer.states()[indices]
        assert shown(figure) == (parsed(tab, state.picture), state.sentence)
        expect(figure).to_be_in_viewport()
        expect(figure.locator(".explore-note")).to_be_hidden()
        for control, index in zip(explorer.controls, indices, strict=True):
            expect_said(figure, control, index)


@pytest.mark.front_end
def test_the_address_follows_the_reader(tab, explorer):
    figure = figure_of(tab, explorer)
    indices = explorer.some_states()[2]
    set_state(figure, explorer, indices)
    name, _, query = tab.evaluate("location.hash").partition("?")
    assert name == f"#{explorer.name}"
    assert unquote_plus(query) == explorer.query(indices)  # which opens the state, as tested above
    set_state(figure, explorer, explorer.default)


def test_an_address_that_asks_for_what_is_not_there_is_told(reader, front_explorer):
    explorer = front_explorer
    name = explorer.controls[0].name
    good = explorer.some_states()[1]
    tab = reader.open(explorer.page, f"#{explorer.name}?nonsense=1")
    figure = tab.locator(explorer.selector)
    note = figure.locator(".explore-note")
    for query in ("nonsense=1", f"{name}=%zz", f"{name}=", f"{name}=1e999", "=&=", f"{name}=<b>",
                  "__proto__=1"):
        go(tab, explorer, query)
        expect(note).to_be_visible()
        expect(note).to_contain_text("which this figure does not have")
        expect(note).to_contain_text(query.partition("=")[0])
        assert note.locator("b").count() == 0
        expect_state(figure, explorer.default)
        go(tab, explorer, explorer.query(good))
        expect_state(figure, good)
        expect(note).to_be_hidden()
        go(tab, explorer, explorer.query(explorer.default))
        expect_state(figure, explorer.default)


@pytest.mark.parametrize("fragment", ["#nosuch?x=1", "#nosuch%zz?x=1", "#?", "#?x=1", "#__proto__?x=1"])
def test_an_address_of_a_figure_that_is_not_there_is_told(reader, where, fragment):
    page = built.EXPLORERS[0].page
    tab = reader.open(page, fragment, where=where)
    note = tab.locator("#address-note")
    expect(note).to_be_visible()
    expect(note).to_contain_text("which this page does not have")


@pytest.mark.parametrize("fragment", ["#", "#%%%", "#%", "#nosuch", "#x=1"])
def test_an_ordinary_anchor_is_left_alone(reader, fragment):
    tab = reader.open(built.EXPLORERS[0].page, fragment)
    expect(tab.locator("#address-note")).to_have_count(0)
    figure = figure_of(tab, built.EXPLORERS[0])
    expect_state(figure, built.EXPLORERS[0].default)


@pytest.mark.front_end
def test_a_challenge_is_met_where_it_should_be_and_not_at_the_start(reader, explorer):
    met = [indices for indices, state in explorer.states().items() if state.reached]
    assert bool(met) == explorer.challenge
    if not met:
        return
    assert explorer.default not in met
    unmet = [indices for indices in reversed(explorer.states()) if indices not in met][:2]
    tab = reader.open(explorer.page, f"#{explorer.name}?{explorer.query(unmet[0])}")
    figure = tab.locator(explorer.selector)
    asked = figure.locator(".explore-challenge")
    # by the address, as the keys would pass other states on their way
    for indices in unmet:
        go(tab, explorer, explorer.query(indices))
        expect_state(figure, indices)
        assert figure.get_attribute("data-reached") is None
        assert "reached" not in asked.inner_text()
    set_state(figure, explorer, met[-1])
    for indices in (met[-1], unmet[0]):  # once reached, it stays so
        go(tab, explorer, explorer.query(indices))
        expect_state(figure, indices)
        expect(figure).to_have_attribute("data-reached", "true")
        assert "reached" in asked.inner_text()


@pytest.mark.parametrize(("name", "query", "sentence"), [
    (name, query, sentence) for name, table in SENTENCES.items() for query, sentence in table.items()])
def test_a_figure_says_what_pencil_and_paper_say(reader, name, query, sentence):
    explorer = next(explorer for explorer in built.EXPLORERS if explorer.name == name)
    tab = reader.open(explorer.page, f"#{name}?{query}")
    expect(tab.locator(explorer.selector).locator("figcaption")).to_have_text(sentence)


def link_of(figure):
    return figure.get_by_role("button", name="Copy link to this state")


def test_a_button_copies_the_link_that_opens_the_state(reader, where):
    explorer = PLAIN
    tab = reader.open(explorer.page, where=where, permissions=["clipboard-read", "clipboard-write"])
    figure = figure_of(tab, explorer)
    indices, other = explorer.some_states()[2], explorer.some_states()[1]
    set_state(figure, explorer, indices)
    figure.locator(f'[name="{explorer.controls[-1].name}"]').focus()
    tab.keyboard.press("Tab")
    expect(link_of(figure)).to_be_focused()
    tab.keyboard.press("Enter")
    told = figure.locator(".explore-link [role=status]")
    expect(told).to_have_text("Link copied")
    expect(told).to_be_visible()
    expect(figure.get_by_label("Link to this state", exact=True)).to_be_hidden()
    copied = tab.evaluate("navigator.clipboard.readText()")
    page, _, fragment = copied.partition("#")
    assert page == reader.origins[where] + explorer.page
    set_state(figure, explorer, other)
    expect(told).to_have_text("")  # it was another state's
    expect_state(reader.open(explorer.page, f"#{fragment}", where=where).locator(explorer.selector), indices)


@pytest.mark.parametrize("clipboard", ["undefined", "{ writeText: () => Promise.reject(new Error('refused')) }"], ids=["none", "refuses"])
def test_where_nothing_can_be_copied_the_link_is_shown_and_selected(reader, clipboard):
    explorer = PLAIN
    tab = reader.open(explorer.page, viewport={"width": 360, "height": 800},
                      script=f"Object.defineProperty(navigator, 'clipboard', {{ value: {clipboard} }})")
    figure = figure_of(tab, explorer)
    link_of(figure).click()
    field = figure.get_by_label("Link to this state", exact=True)
    expect(field).to_be_focused()
    expect(field).not_to_be_editable()
    assert tab.evaluate("getSelection().toString()") == field.input_value()
    assert unquote_plus(field.input_value()) == f"{reader.origins['http']}{explorer.page}#{explorer.name}?{explorer.query(explorer.default)}"
    inner, outer = field.bounding_box(), figure.bounding_box()
    assert inner["width"] > 100 and inner["x"] >= outer["x"]
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert link_of(figure).bounding_box()["y"] >= figure.locator("figcaption").bounding_box()["y"]
    set_state(figure, explorer, explorer.some_states()[1])
    expect(field).to_be_hidden()


NEVER = "(?!)"


def broken(explorer):
    """{what is wrong: (reply instead of the pack, what the note says, what the console may say)}"""
    script = explorer.pack.read_text(encoding="utf-8")
    content = built.unpacked(script)
    few = content | {key: content[key][:-1] for key in ("states", "sentences", "reached")}
    return {
        "missing": (None, "did not load", "net::ERR_FAILED"),
        "garbage": ("nothing(like[a pack", "damaged", "SyntaxError|Unexpected identifier"),
        "empty": ("", "damaged", NEVER),
        "no base64": ('figurePack("???");', "damaged", NEVER),
        "truncated": (script[:len(script) // 2] + '");', "damaged", NEVER),
        "no gzip": ('figurePack("aGVsbG8=");', "damaged", NEVER),
        "too few states": (built.packed(few), "states for", NEVER),
        "no states": (built.packed(content | {"states": [], "sentences": []}), "damaged", NEVER),
        "no lines": (built.packed({key: content[key] for key in content if key != "lines"}), "damaged",
                     NEVER),
        "no DecompressionStream": (script, "DecompressionStream", NEVER),
    }


def expect_asleep(figure, explorer, before, why):
    note = figure.locator(".explore-note")
    expect(note).to_be_visible()
    expect(note).to_contain_text(why)
    assert shown(figure) == before
    expect_state(figure, explorer.default)
    expect(figure.locator(".explore-view svg").first).to_be_visible()
    for control, index in zip(explorer.controls, explorer.default, strict=True):
        field = figure.locator(f'[name="{control.name}"]')
        expect(field).to_be_disabled()
        expect_said(figure, control, index)  # the controls stand where the picture is
        if control.type == "range":
            now = field.evaluate("field => Math.round((field.value - field.min) / field.step)")
        elif control.type == "select":
            now = field.evaluate("field => field.selectedIndex")
        else:
            now = field.evaluate("field => Number(field.checked)")
        assert now == index


PATIENT = next((explorer for explorer in built.EXPLORERS if explorer.after), None)
PLAIN = next((explorer for explorer in built.EXPLORERS if not explorer.after), None)


@pytest.mark.parametrize("fault", list(broken(PLAIN)) if PLAIN else ["no site"])
@pytest.mark.parametrize(("explorer", "ask"), [(PLAIN, "address"), (PATIENT, "look")],
                         ids=["asked by address", "waiting for an answer"])
def test_a_figure_that_cannot_wake_stays_and_says_why(reader, explorer, fault, ask, request):
    """By default each fault is met in one of the two ways, by turns."""
    if list(broken(PLAIN)).index(fault) % 2 != (ask == "look"):
        request.getfixturevalue("at_length")
    reply, why, complaint = broken(explorer)[fault]
    reader.expect(complaint)
    script = "delete window.DecompressionStream" if fault == "no DecompressionStream" else None
    fragment = f"#{explorer.name}?{explorer.query(explorer.some_states()[1])}" if ask == "address" else ""
    tab = reader.open(explorer.page, fragment, script=script,
                      replies={f"/_packs/.*/{explorer.name}\\.js": reply})
    state = explorer.states()[explorer.default]
    before = parsed(tab, state.picture), state.sentence
    expect_asleep(figure_of(tab, explorer), explorer, before, why)


def test_a_sleeping_figure_leaves_the_others_awake(reader):
    page = PLAIN.page
    other = next(explorer for explorer in built.EXPLORERS
                 if explorer.page == page and explorer.name != PLAIN.name and not explorer.after)
    tab = reader.open(page, replies={f"/_packs/.*/{PLAIN.name}\\.js": ""})
    figure = figure_of(tab, other)
    set_state(figure, other, other.some_states()[1])
    expect(figure.locator(".explore-note")).to_be_hidden()
