"""A baked explorer holds, state by state, what its function draws and says."""
import base64
import gzip
import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from helpers import bake, figures
from helpers.controls import controls_of
from helpers.predict import Gate
from helpers.state import draw
from helpers.svg import svg_lines

ABBREVIATIONS = {"height": (0.5, 1.0, 0.25), "shape": ["line", "bars"], "doubled": True}


def jury(height=0.75, shape="bars", doubled=False):
    """A line or bars, once or twice."""
    panels = []
    for number in range(1 + doubled):
        fig, ax = figures.panel("x", f"panel {number}")
        if shape == "line":
            ax.plot([0, 1, 2], [0, height, height / 3])
        else:
            ax.bar([0, 1, 2], [0, height, height / 3])
        ax.set(ylim=(0, 1))
        panels.append(fig)
    return panels, f"{shape} & {height:.2f}, <{doubled}>", height == 1.0 and shape == "line"


def unpack(packed):
    """The pack as any reader may see it: [(picture, sentence, reached), ...], one a state."""
    content = json.loads(gzip.decompress(base64.b64decode(packed, validate=True)))
    pictures = []
    for runs in content["states"]:
        lines = []
        for first, length in zip(runs[::2], runs[1::2], strict=True):
            assert length > 0
            assert first + length <= len(content["lines"])
            lines += content["lines"][first:first + length]
        pictures.append(lines)
    return list(zip(pictures, content["sentences"], content["reached"], strict=True))


class Page(HTMLParser):
    """Elements as (tag, attributes), and the text below each."""

    def __init__(self, html):
        super().__init__()
        self.open, self.found = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs), []))
        if tag != "input":
            self.open.append(self.found[-1])

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        self.open.pop()

    def handle_data(self, data):
        for _, _, text in self.open:
            text.append(data)

    def one(self, tag, kind=None):
        (found,) = [(attributes, "".join(text)) for name, attributes, text in self.found
                    if name == tag and (kind is None or attributes.get("class") == kind)]
        return found


def baked(function=jury, abbreviations=ABBREVIATIONS, challenge=None, gate=None):
    return bake.figure_html(function, controls_of(function, abbreviations), challenge, gate)


def pack_of(html):
    return Page(html).one("script", "figure-pack")[1]


def test_every_state_of_the_pack_is_what_the_function_draws_and_says():
    states = unpack(pack_of(baked()))
    combinations = list(itertools.product([0.5, 0.75, 1.0], ["line", "bars"], [False, True]))
    assert len(states) == len(combinations) == 12
    for (height, shape, doubled), (lines, sentence, reached) in zip(
            combinations, states, strict=True):
        values = {"height": height, "shape": shape, "doubled": doubled}
        expected = draw(jury, values, lambda figure, number: svg_lines(figure, f"jury-{number}"))
        assert lines == [line for panel in expected.panels for line in panel], values
        assert lines.count("</svg>") == 1 + doubled
        ids = re.findall(r' id="([^"]*)"', "".join(lines))
        assert len(ids) == len(set(ids)) > 0
        assert sentence == f"{shape} & {height:.2f}, <{doubled}>"
        assert reached == (height == 1.0 and shape == "line")
    assert len({tuple(lines) for lines, _, _ in states}) == 12  # else the order proves nothing


def test_the_default_state_stands_in_the_html():
    html = baked()
    page = Page(html)
    figure, _ = page.one("figure")
    assert figure["class"] == "explore"
    assert figure["data-explore"] == figure["id"] == "jury"
    # height 0.75 and bars as the function says; checked as the abbreviation says, like interact
    assert figure["data-state"] == "1,1,1"
    lines, sentence, _ = unpack(pack_of(html))[1 * 4 + 1 * 2 + 1]
    view, _ = page.one("div", "explore-view")
    assert view == {"class": "explore-view", "role": "img",
                    "aria-label": "A line or bars, once or twice"}
    assert re.search(r'<div class="explore-view"[^>]*>(.*?)</div>', html)[1] == "".join(lines)
    assert page.one("figcaption")[1] == sentence == "bars & 0.75, <True>"


def test_challenge_and_gate_are_written_only_where_there_is_one():
    plain = Page(baked())
    assert "data-after" not in plain.one("figure")[0]
    assert not [1 for tag, attributes, _ in plain.found
                if attributes.get("class") == "explore-challenge"]

    page = Page(baked(challenge="Make it < 1 & right.", gate=Gate("predict-how", "height")))
    figure, _ = page.one("figure")
    assert (figure["data-after"], figure["data-sets"]) == ("predict-how", "height")
    assert page.one("p", "explore-challenge")[1] == "Challenge Make it < 1 & right."
    figure, _ = Page(baked(gate=Gate("predict-how", None))).one("figure")
    assert figure["data-after"] == "predict-how"
    assert "data-sets" not in figure


def test_the_same_to_the_byte_twice_whatever_the_time(monkeypatch):
    now = baked()
    monkeypatch.setattr("time.time", lambda: 10**9)
    assert baked() == now


def test_a_figure_without_controls_is_one_state():
    def still():
        """A still picture."""
        return figures.panel()[0]
    html = baked(still, {})
    assert len(unpack(pack_of(html))) == 1
    assert Page(html).one("figure")[0]["data-state"] == ""
    assert Page(html).one("figcaption")[1] == "A still picture."


def test_a_text_field_is_for_kernels_only():
    def titled(name="you", height=1):
        """A title."""
        fig, ax = figures.panel()
        ax.set_title(name)
        return fig, f"{name} {height}"
    html = baked(titled, {"name": "you", "height": [1, 2]})
    assert [sentence for _, sentence, _ in unpack(pack_of(html))] == ["you 1", "you 2"]
    assert [attributes["name"] for tag, attributes, _ in Page(html).found if tag == "input"] == [
        "height"]
    assert Page(html).one("figure")[0]["data-state"] == "0"


@pytest.mark.parametrize(("budget", "count"), [
    (bake.Budget(states=11, bytes=10**6, seconds=600), "12 states, more than 11"),
    (bake.Budget(states=12, bytes=1000, seconds=600), r"\d{4,} bytes packed, more than 1000"),
    (bake.Budget(states=12, bytes=10**6, seconds=-1), r"1 of \d+ states took \d+ s to draw, and all may take -1"),
])
def test_a_budget_that_is_passed_names_what_to_thin(monkeypatch, budget, count):
    monkeypatch.setattr(bake, "BUDGET", budget)
    with pytest.raises(ValueError, match=count) as caught:
        baked()
    said = str(caught.value)
    assert said.startswith("jury: ")
    assert "control 'height', which has 3 values" in said
    assert "height 3 x shape 2 x doubled 2" in said


def test_too_many_states_are_refused_before_any_is_drawn(monkeypatch):
    def never(height=0.5, shape="line", doubled=False):
        """Not drawn."""
        raise AssertionError
    monkeypatch.setattr(bake, "BUDGET", bake.BUDGET._replace(states=11))
    with pytest.raises(ValueError, match="never: 12 states"):
        baked(never)


def test_the_budget_itself_may_be_spent(monkeypatch):
    size = len(pack_of(baked()))
    monkeypatch.setattr(bake, "BUDGET", bake.Budget(states=12, bytes=size, seconds=600))
    baked()
    monkeypatch.setattr(bake, "BUDGET", bake.Budget(states=12, bytes=size - 1, seconds=600))
    with pytest.raises(ValueError, match=f"{size} bytes packed"):
        baked()


def test_a_state_that_fails_is_named():
    def ratio(voters=1):
        """One by voters."""
        if voters == 0:
            raise ZeroDivisionError("no voters")
        return figures.panel()[0]
    with pytest.raises(RuntimeError, match=r"ratio\(voters=0\) raised ZeroDivisionError: no voters"):
        baked(ratio, {"voters": (-1, 1)})


def herd(people=10, trust=0.5):
    """Two panels as a chapter has them: forty curves, a band, labels; a hundred marks, a line."""
    rng = np.random.default_rng(1)
    rounds = np.arange(6)
    guesses = 1200 + rng.normal(0, 60, 40)[:, None] * (1 - trust) ** rounds
    left, ax = figures.panel("round of talk", "forty guesses, pounds")
    ax.plot(rounds, guesses.T, color=figures.SKY, linewidth=1)
    ax.axhline(1198, color=figures.GREEN)
    figures.label(ax, 5, 1210, "the ox, 1198 lb", figures.GREEN, ha="right")
    ax.set(ylim=(1000, 1400))
    right, ax = figures.panel("people", "error, pounds")
    x = np.arange(1, 101)
    ax.plot(x, 60 / np.sqrt(x), color=figures.BLUE)
    ax.plot(x[::5], np.abs(rng.normal(0, 60, 20)) / np.sqrt(x[::5]), "o", color=figures.ORANGE)
    ax.plot(people, 60 / np.sqrt(people), "o", color=figures.PURPLE, ms=8)
    ax.set(ylim=(0, 70))
    return [left, right], f"{people} people who trust {trust:.0%}"


def test_fifty_states_of_two_panels_take_sixty_kilobytes():
    html = baked(herd, {"people": (10, 100, 10), "trust": (0.1, 0.9, 0.2)})
    packed = pack_of(html)
    assert len(unpack(packed)) == 50
    assert len(packed) <= 60_000
