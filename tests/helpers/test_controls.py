"""Abbreviations become the controls that `ipywidgets.interact` would make; bad ones are named."""
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise

import ipywidgets
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.controls import controls_of

EMPTY = object()


def function_of(default=EMPTY):
    """A function of one parameter `x`."""
    if default is EMPTY:
        def jury(x):
            pass
    else:
        def jury(x=default):
            pass
    return jury


def control_of(abbreviation, default=EMPTY):
    (control,) = controls_of(function_of(default), {"x": abbreviation})
    return control


def peer_of(abbreviation, default=EMPTY):
    """The widget that ipywidgets itself makes."""
    interactive = ipywidgets.interactive(function_of(default), {"manual": True}, x=abbreviation)
    return interactive.children[0]


@pytest.mark.parametrize("default", ["", "in the middle"])
@pytest.mark.parametrize("abbreviation", [
    (0, 10), (-3, 3), (0, 10, 2), (1, 101, 10), (0, 10, 5),
    (0.0, 1.0), (0.0, 1.0, 0.25), (0.4, 0.7, 0.02), (0, 2.5, 0.5), (-0.9, 0.9, 0.3), (5, 6),
])
def test_a_slider_is_the_slider_of_interact(abbreviation, default):
    if default:
        values = control_of(abbreviation).values
        default = values[len(values) // 2 - 1]
    else:
        default = EMPTY
    ours, theirs = control_of(abbreviation, default).widget(), peer_of(abbreviation, default)
    assert type(ours) is type(theirs)
    for trait in ("min", "max", "step", "value"):
        assert getattr(ours, trait) == pytest.approx(getattr(theirs, trait), abs=1e-9), trait


@pytest.mark.parametrize(("abbreviation", "default"), [
    (["mean", "median"], EMPTY), (["mean", "median"], "median"), ([3, 1, 2], EMPTY), ([3, 1, 2], 1),
    ({"few": 3, "many": 100}, EMPTY), ({"few": 3, "many": 100}, 100), (["only"], EMPTY),
])
def test_a_choice_is_the_dropdown_of_interact(abbreviation, default):
    ours, theirs = control_of(abbreviation, default).widget(), peer_of(abbreviation, default)
    assert type(ours) is type(theirs) is ipywidgets.Dropdown
    assert ours.value == theirs.value
    assert ours.index == theirs.index
    options = theirs.options.items() if isinstance(theirs.options, dict) else zip(
        map(str, theirs.options), theirs.options, strict=True)
    assert list(ours.options) == list(options)


@pytest.mark.parametrize("default", [EMPTY, True, False])
@pytest.mark.parametrize("start", [True, False])
def test_a_checkbox_starts_as_that_of_interact(start, default):
    control = control_of(start, default)
    ours, theirs = control.widget(), peer_of(start, default)
    assert type(ours) is type(theirs) is ipywidgets.Checkbox
    assert ours.value is theirs.value is control.values[control.default]


@pytest.mark.parametrize("default", [EMPTY, "other"])
def test_a_text_is_the_text_field_of_interact(default):
    ours, theirs = control_of("hello", default).widget(), peer_of("hello", default)
    assert type(ours) is type(theirs) is ipywidgets.Text
    assert ours.value == theirs.value == "hello"


def test_numbers_in_order_stop_at_each():
    control = control_of([1, 3, 11, 1001], 11)
    assert (control.kind, control.values, control.default) == ("stops", (1, 3, 11, 1001), 2)
    assert control.labels == ("1", "3", "11", "1001")
    widget = control.widget()
    assert isinstance(widget, ipywidgets.SelectionSlider)
    assert list(widget.options) == [("1", 1), ("3", 3), ("11", 11), ("1001", 1001)]
    assert widget.value == 11


def test_labels_have_the_decimals_of_the_finest():
    assert control_of([0.5, 0.55, 0.625]).labels == ("0.500", "0.550", "0.625")
    assert control_of((0.4, 0.6, 0.05)).labels == ("0.40", "0.45", "0.50", "0.55", "0.60")


def test_controls_come_in_the_order_of_the_parameters():
    def jury(voters, competence=0.6, *, fair=True, seed=7):
        pass
    found = controls_of(jury, {"fair": True, "competence": (0.4, 0.8, 0.1), "voters": [1, 3]})
    assert [control.name for control in found] == ["voters", "competence", "fair"]
    assert [control.default for control in found] == [0, 2, 1]


@pytest.mark.parametrize(("abbreviations", "default", "control", "why"), [
    ({"x": (0, 1), "y": (0, 1)}, EMPTY, "y", "takes only x"),
    ({}, EMPTY, "x", "missing"),
    ({"x": (1, 1)}, EMPTY, "x", "empty range"),
    ({"x": (2, 1)}, EMPTY, "x", "empty range"),
    ({"x": (0.0, float("nan"))}, EMPTY, "x", "empty range"),
    ({"x": (0.0, float("inf"), 1.0)}, EMPTY, "x", "empty range"),
    ({"x": (0, 1, 0)}, EMPTY, "x", "step 0"),
    ({"x": (0, 1, -1)}, EMPTY, "x", "step -1"),
    ({"x": (0, 1, float("nan"))}, EMPTY, "x", "step nan"),
    ({"x": (0, 1, float("inf"))}, EMPTY, "x", "step inf"),
    ({"x": (0, 1, 2)}, EMPTY, "x", "wider than its range"),
    ({"x": (0, 10)}, 11, "x", "outside"),
    ({"x": (0, 10, 2)}, 5, "x", "outside"),
    ({"x": (0.4, 0.7, 0.03)}, 0.6, "x", "outside"),
    ({"x": (0.0, 1.0)}, float("nan"), "x", "outside"),
    ({"x": (0, 1)}, "0", "x", "outside"),
    ({"x": ["mean", "median"]}, "mode", "x", "outside"),
    ({"x": {"few": 3}}, "few", "x", "outside"),
    ({"x": [1, 3]}, 2, "x", "outside"),
    ({"x": (0, 1, 1, 1)}, EMPTY, "x", "allowed are"),
    ({"x": (0,)}, EMPTY, "x", "allowed are"),
    ({"x": ("a", "b")}, EMPTY, "x", "allowed are"),
    ({"x": (False, True)}, EMPTY, "x", "allowed are"),
    ({"x": 3}, EMPTY, "x", "allowed are"),
    ({"x": None}, EMPTY, "x", "allowed are"),
    ({"x": []}, EMPTY, "x", "allowed are"),
    ({"x": {}}, EMPTY, "x", "allowed are"),
    ({"x": {1, 2}}, EMPTY, "x", "allowed are"),
    ({"x": ["1", 1]}, EMPTY, "x", "two values of one name"),
    ({"x": ["a", "a"]}, EMPTY, "x", "two values of one name"),
    ({"x": {1: "a", "1": "b"}}, EMPTY, "x", "two values of one name"),
])
def test_what_cannot_be_a_control_is_named(abbreviations, default, control, why):
    with pytest.raises(ValueError, match=why) as caught:
        controls_of(function_of(default), abbreviations)
    assert "jury" in str(caught.value)
    assert repr(control) in str(caught.value)


@st.composite
def decimal_ranges(draw):
    """(low, step, number of stops) in decimals, and whether to give integers."""
    places = draw(st.integers(0, 4))
    unit = Decimal(1).scaleb(-places)
    low = draw(st.integers(-10_000, 10_000)) * unit
    return low, draw(st.integers(1, 500)) * unit, draw(st.integers(2, 60)), places == 0


@given(decimal_ranges())
@example((Decimal("-0.9"), Decimal("0.3"), 7, False))  # was -0.0 in the middle
@example((Decimal("0.4"), Decimal("0.1"), 6, False))
def test_every_stop_of_a_slider_is_the_decimal_that_it_says(given_range):
    low, step, stops, whole = given_range
    kind = int if whole else float
    control = control_of((kind(low), kind(low + step * (stops - 1)), kind(step)))
    expected = [kind(low + step * i) for i in range(stops)]
    # repr tells 0.6 from 0.6000000000000001, 0.0 from -0.0 and 1 from 1.0.
    assert list(map(repr, control.values)) == list(map(repr, expected))
    assert [Decimal(label.replace(",", "")) for label in control.labels] == [
        low + step * i for i in range(stops)]
    assert "-0" not in {label.rstrip("0").rstrip(".") for label in control.labels}
    assert [control.index(value) for value in control.values] == list(range(stops))
    assert control.default == (stops - 1) // 2


@given(st.floats(-1000, 1000), st.floats(0.01, 100), st.floats(1.01, 300))
def test_any_slider_stays_in_its_range_in_even_steps(low, step, steps):
    high = low + step * steps
    control = control_of((low, high, step))
    assert control.values[0] == pytest.approx(low, abs=1e-9)
    assert control.values[-1] <= high + 1e-6 * step
    assert high - control.values[-1] < step * (1 + 1e-6)
    for left, right in pairwise(control.values):
        assert right - left == pytest.approx(step, abs=1e-9)
    assert [control.index(value) for value in control.values] == list(range(len(control.values)))


@given(decimal_ranges(), st.data())
def test_a_slider_takes_the_nearest_stop(given_range, data):
    low, step, stops, _ = given_range
    control = control_of((float(low), float(low + step * (stops - 1)), float(step)))
    i = data.draw(st.integers(0, stops - 1))
    off = data.draw(st.floats(-0.49, 0.49)) * float(step)
    assert control.index(control.values[i] + off) == i


@given(st.lists(st.integers(-1000, 1000), min_size=1, unique=True))
def test_the_index_of_a_choice_of_numbers(values):
    control = control_of(values)
    assert control.kind == ("stops" if len(values) > 1 and values == sorted(values) else "choice")
    assert [control.index(value) for value in control.values] == list(range(len(values)))


class Attributes(HTMLParser):
    """The elements of a piece of HTML: (tag, attributes, text)."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append([tag, dict(attrs), ""])

    def handle_data(self, data):
        self.found[-1][2] += data

    def one(self, tag):
        (found,) = [(attributes, text) for name, attributes, text in self.found if name == tag]
        return found


@given(decimal_ranges())
def test_the_range_input_has_the_stops_of_the_slider(given_range):
    low, step, stops, whole = given_range
    kind = int if whole else float
    control = control_of((kind(low), kind(low + step * (stops - 1)), kind(step)))
    attributes, _ = Attributes(control.html("jury")).one("input")
    assert Decimal(attributes["min"]) == low
    assert Decimal(attributes["max"]) == low + step * (stops - 1)
    assert Decimal(attributes["step"]) == step
    assert Decimal(attributes["value"]) == low + step * control.default


def test_native_inputs_carry_name_label_and_default():
    def jury(rule="<b>", votes_for=3, fair=True):
        pass
    rule, votes, fair = controls_of(
        jury, {"rule": ["mean", "<b>"], "votes_for": [1, 3, 5], "fair": False})

    html = Attributes(rule.html("jury"))
    select, _ = html.one("select")
    assert (select["name"], select["id"], select["data-default"]) == ("rule", "jury-rule", "1")
    options = [(attributes, text) for tag, attributes, text in html.found if tag == "option"]
    assert [text for _, text in options] == ["mean", "<b>"]
    assert ["selected" in attributes for attributes, _ in options] == [False, True]
    assert html.one("label") == ({"for": "jury-rule"}, "rule")

    html = Attributes(votes.html("jury"))
    slider, _ = html.one("input")
    assert [slider[key] for key in ("type", "name", "min", "max", "step", "value")] == [
        "range", "votes_for", "0", "2", "1", "1"]
    assert slider["aria-valuetext"] == "3"
    assert html.one("label") == ({"for": "jury-votes_for"}, "votes for")
    assert html.one("output") == ({"for": "jury-votes_for", "aria-live": "off"}, "3")

    checkbox, _ = Attributes(fair.html("jury")).one("input")
    assert checkbox["type"] == "checkbox"
    assert "checked" not in checkbox  # the abbreviation says how it starts, as with interact


def test_pairs_are_a_choice_by_label_as_for_interact():
    def jury(kind=2):
        """A jury."""
    control, = controls_of(jury, {"kind": [("peers", 1), ("lords", 2)]})
    widget = ipywidgets.interactive.widget_from_abbrev([("peers", 1), ("lords", 2)], 2)
    assert (control.kind, control.labels, control.values) == ("choice", ("peers", "lords"), (1, 2))
    assert list(control.widget().options) == list(widget.options)
    assert control.widget().value == widget.value == 2


def test_a_range_of_a_billion_is_refused_before_it_is_made():
    def jury(voters=1):
        """A jury."""
    with pytest.raises(ValueError, match=r"jury: control 'voters' has 1000000001 values.*widen its step"):
        controls_of(jury, {"voters": (0, 10**9)})
