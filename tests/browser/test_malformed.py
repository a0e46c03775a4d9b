"""What nobody should have given a page: packs and recordings that are not as they were made, strange addresses, a class's strange guesses.

No exception comes of any (the reader looks for them); a figure shows what it was asked for or says that it is asleep, its picture in its
place; and a word of an address or a guess is text, whatever markup it holds. What is tried comes from a seed: some of it by default, more
with --every-notebook.
"""
import copy
import json
import random
from urllib.parse import quote

import built
import pytest
from hands import TO_END
from playwright.sync_api import expect

from helpers.guesses import Pasted

MARKUP = '<img src=x onerror="hit=1"><script>hit=1</script><svg onload=hit=1>'
STRANGE = [None, True, False, -1, 0, 0.5, 3, 1e308, -1e308, 10**9, "", "x", "1", "<b>", [], {}, [[]], [0], [None], {"a": 1}, "__proto__"]
MADE = """() => Array.from(document.querySelectorAll("img, script, iframe, object, embed, base, [onerror], [onload]"), (one) => one.outerHTML)"""
STILL = {"reduced_motion": "reduce"}
PLAIN = next((explorer for explorer in built.EXPLORERS if not explorer.after and len(explorer.some_states()) > 1), None)


def spoiled(content, lot):
    """A copy in which one place, at any depth, holds something strange, or is gone, or is there twice."""
    content = copy.deepcopy(content)
    holder = content
    while True:
        key = lot.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        inside = holder[key]
        if not (isinstance(inside, (dict, list)) and inside) or lot.random() < 0.3:
            break
        holder = inside
    how = lot.randrange(4)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(inside))
    else:
        holder[key] = copy.deepcopy(lot.choice(STRANGE))
    return content


def recorded(header, frames):
    text = json.dumps(header).encode()
    return built.sealed(len(text).to_bytes(4, "little") + text + frames)


def to_ends(figure):
    """All controls to their last values, and then to their first."""
    for last in (True, False):
        figure.page.evaluate(TO_END, [f"figure#{figure.get_attribute('id')}", last])


def pytest_generate_tests(metafunc):
    many = metafunc.config.getoption("--every-notebook")
    for name, count in (("pack", 200 if many else 5), ("recording", 200 if many else 5), ("class_data", 6 if many else 1)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, range(count))


def test_a_pack_that_is_not_as_it_was_made(reader, pack):
    lot = random.Random(pack)
    content = spoiled(built.unpacked(PLAIN.pack.read_text(encoding="utf-8")), lot)
    indices = next(state for state in PLAIN.some_states() if state != PLAIN.default)
    tab = reader.open(PLAIN.page, f"#{PLAIN.name}?{PLAIN.query(indices)}", replies={rf"/_packs/.*/{PLAIN.name}\.js": built.packed(content)})
    figure = tab.locator(PLAIN.selector)
    tab.wait_for_function("([name, state]) => document.getElementById(name).dataset.state === state"
                          "|| !document.querySelector(`#${name} .explore-note`).hidden", arg=[PLAIN.name, ",".join(map(str, indices))])
    to_ends(figure)
    note = figure.locator(".explore-note")
    if note.is_visible():
        expect(note).to_contain_text("asleep: its states are damaged" if "states for" not in note.inner_text() else "states for")
        expect(figure.locator("[name]").first).to_be_disabled()
        expect(figure.locator(".explore-view svg").first).to_be_visible()
    else:
        assert figure.locator("figcaption").text_content() in content["sentences"]


def test_a_recording_that_is_not_as_it_was_made(reader, recording):
    lot = random.Random(recording)
    stage = lot.choice(built.STAGES)
    header, frames = built.recording_of(stage.pack)
    live = {name: header.pop(name) for name in ("facts", "sources", "module", "model", "seed")}  # for Python, which looks at them itself
    if recording % 5:
        header = spoiled(header, lot)
    else:
        frames = lot.choice([frames[:-2], frames[1:], frames + b"\0\0", frames[::-1], bytes(lot.randbytes(len(frames))), b""])
    header = {**header, **live} if isinstance(header, dict) else header
    tab = reader.open(stage.page, replies={rf"/_packs/.*/{stage.name}\.js": recorded(header, frames)}, **STILL)
    figure = tab.locator(stage.selector)
    if figure.get_attribute("data-waiting"):
        tab.locator(f"#{stage.after} [data-action=pass]").click()
    figure.evaluate("figure => figure.scrollIntoView()")  # its canvas may be gone
    tab.wait_for_function("(name) => { const { stage, dataset } = document.getElementById(name); return stage.recording || dataset.asleep; }",
                          arg=stage.name)
    if figure.get_attribute("data-asleep"):
        expect(figure.locator(".explore-note")).to_contain_text("This stage is asleep: it")
        expect(figure.locator(".stage-still svg")).to_be_visible()
        expect(figure.locator("[data-action=play]")).to_be_disabled()
        return
    to_ends(figure)
    figure.locator("[data-action=step]").click()
    figure.locator("[data-action=play]").click()
    figure.evaluate("() => new Promise((done) => { let frames = 5; const beat = () => frames-- ? requestAnimationFrame(beat) : done(); beat(); })")
    tab.set_viewport_size({"width": 390, "height": 800})
    assert figure.locator("output.readout").text_content() in [text for run in header["recordings"] for text in run["readouts"]]


def strange_addresses(lot, count):
    """Fragments that look like a state's, or like nothing."""
    words = [MARKUP, quote(MARKUP), PLAIN.name, PLAIN.controls[0].name, PLAIN.controls[0].labels[0], "javascript:hit=1", "%", "%E0%A4%A", "%00", "\u202e",
             "1e999", "-1", "nan", "=", "&", "?", "#", "'", '"', "__proto__", "constructor", "toString", "address-note", "9" * 400, "🐜", "../", "+", "[name]"]
    for number in range(count):
        kind, query = number % 3, "&".join(f"{lot.choice(words)}={lot.choice(words)}" for _ in range(lot.randrange(4)))
        yield [f"{PLAIN.name}?{query}", f"{lot.choice(words)}?{query}", "".join(lot.choices(words, k=lot.randrange(1, 5)))][kind]


def test_an_address_is_text(reader, request):
    count = 1000 if request.config.getoption("--every-notebook") else 100
    tab = reader.open(PLAIN.page)
    before = tab.evaluate(MADE)
    for fragment in strange_addresses(random.Random(1), count):
        tab.evaluate("""(fragment) => new Promise((done) => {
          addEventListener("hashchange", () => setTimeout(done), { once: true });
          const before = location.href;
          location.hash = fragment;
          if (location.href === before) done();
        })""", fragment)
    assert [one for one in tab.evaluate(MADE) if one not in before and "/_packs/" not in one] == []
    tab.evaluate("hash => { location.hash = hash }", f"{PLAIN.name}?{MARKUP}=1")
    expect(tab.locator(PLAIN.selector).locator(".explore-note")).to_contain_text(f"asks for {MARKUP[:20]}")
    assert tab.evaluate("window.hit") is None


@pytest.mark.parametrize("address", ["search.html?q={}", "book/{}", "book/01_crowd.html?highlight={}#{}", "genindex.html?q={}#{}", "slides/01_crowd.html#/{}"])
def test_an_address_of_another_kind_is_text(reader, address):
    reader.expect("status 404|404 \\(Not Found\\)" if address == "book/{}" else "(?!)")
    tab = reader.open(address.replace("{}", quote(MARKUP, safe="")))
    tab.wait_for_load_state("networkidle")
    assert [one for one in tab.evaluate(MADE) if "hit=1" in one] == []
    assert tab.evaluate("window.hit") is None


def test_what_is_not_there_leads_to_no_other_host(reader):
    reader.expect("status 404|404 \\(Not Found\\)|http://127[^ ]*/elsewhere.invalid/_static/.*MIME")
    tab = reader.open("/elsewhere.invalid/book/nothing.html")  # http://127.0.0.1:8000//elsewhere.invalid/book/nothing.html
    assert tab.evaluate("document.baseURI").startswith(reader.origins["http"])


def strange_guesses(lot):
    """A class's data as a class gives it, and as nobody should."""
    pieces = [MARKUP, "1e308", "-1e308", "1e-320", "5e-324", "nan", "inf", "-inf", "1,150", "12;13", '"a,b",3', '"', "\u202e", "٣٤", "½", "=HYPERLINK(1)", "12 lb",
              "0x10", "−5", "   ", "\t7\t8", "9" * 400, "1e999", "0", "-0", "1200", "1180", "1210", "3.5", "1.000.000", "Ann,12", "name,guess", "__proto__", "${1}"]
    return lot.choice(["\n", "\n", " ", ",", ";"]).join(lot.choices(pieces, k=lot.randrange(1, 30)))


def test_guesses_are_text_and_are_weighed_as_here(reader, class_data):
    lot = random.Random(class_data)
    tab = reader.open("book/01_crowd.html")
    figure = tab.locator("figure.paste")
    figure.scroll_into_view_if_needed()
    before = tab.evaluate(MADE)
    for _ in range(12):
        figure.locator("textarea").fill(strange_guesses(lot))
        figure.locator("[name=truth]").fill(lot.choice(["", "", "1198", "1e308", "0", "-3", MARKUP, "nan"]))
        figure.locator("[name=leave_out]").set_checked(lot.random() < 0.5)
        asked = {"text": figure.locator("textarea").input_value(), "truth": figure.locator("[name=truth]").input_value(),
                 "leave_out": figure.locator("[name=leave_out]").is_checked()}
        facts, _ = Pasted().answer(asked)
        figure.locator("[type=submit]").click()
        if facts["refused"]:
            expect(figure.locator(".explore-note")).to_have_text(" ".join(facts["refused"]), timeout=90_000)
        else:
            expect(figure.locator("output p")).to_have_text(facts["sentences"], timeout=90_000)
            expect(figure.locator(".paste-view svg")).to_have_attribute("aria-label", " ".join(facts["sentences"]))
    assert [one for one in tab.evaluate(MADE) if one not in before and "/_packs/" not in one] == []
    assert tab.evaluate("window.hit") is None
