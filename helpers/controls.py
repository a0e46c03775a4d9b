"""The controls of an explorer, from the abbreviations of `ipywidgets.interact`.

    (min, max) or (min, max, step)   a slider
    [a, b, ...]                      a choice; of numbers in order: a slider that stops at each
    {"label": value, ...}            a choice by label; so is [("label", value), ...]
    True or False                    a checkbox
    "text"                           a text field: in a kernel, and in a stage that runs live

Any control but a text holds a finite list of values and is always at one of them, by its index. So
a kernel and a page can never differ by a rounded number.
"""
import json
import math
from dataclasses import dataclass
from html import escape
from inspect import Parameter, signature
from numbers import Integral, Real

import ipywidgets

MOST_VALUES = 10_000  # more than any screen has pixels for


@dataclass(frozen=True)
class Control:
    """One control: `values[i]` is called `labels[i]`; `default` is the index it starts at."""

    name: str
    kind: str  # "slider", "stops", "choice", "check" or "text"
    values: tuple
    labels: tuple
    default: int

    @property
    def title(self) -> str:
        return self.name.replace("_", " ")

    def index(self, value) -> int:
        """The index of `value`, or of the stop nearest to it on a slider."""
        if self.kind == "slider":
            low, high = self.values[0], self.values[-1]
            return round((value - low) / (high - low) * (len(self.values) - 1))
        return self.values.index(value)

    def widget(self) -> ipywidgets.ValueWidget:
        """The control as a widget, as `interact` would make it."""
        start = self.values[self.default]
        look = {"description": self.title, "style": {"description_width": "initial"}}
        options = list(zip(self.labels, self.values, strict=True))
        if self.kind == "check":
            return ipywidgets.Checkbox(start, **look)
        if self.kind == "text":
            return ipywidgets.Text(start, **look)
        if self.kind == "choice":
            return ipywidgets.Dropdown(options=options, value=start, **look)
        if self.kind == "stops":
            return ipywidgets.SelectionSlider(options=options, value=start, **look)
        low, high, step = self.values[0], self.values[-1], self.values[1] - self.values[0]
        if all(isinstance(value, int) for value in self.values):
            return ipywidgets.IntSlider(start, low, high, step, **look)
        return ipywidgets.FloatSlider(start, min=low, max=high, step=step,
                                      readout_format=f".{_decimals(step)}f", **look)

    def html(self, figure: str) -> str:
        """The control as a native input named after the parameter, with its label."""
        ident, start = f"{figure}-{self.name}", self.default
        common = f'id="{ident}" name="{self.name}" data-default="{start}"'
        title = f'<label for="{ident}">{escape(self.title)}</label>'
        if self.kind == "check":
            checked = " checked" if self.values[start] else ""
            return f'<div class="control"><input type="checkbox" {common}{checked}>{title}</div>'
        if self.kind == "text":
            return (f'<div class="control">{title}<input type="text" id="{ident}" name="{self.name}" '
                    f'data-default="{escape(self.values[0])}" value="{escape(self.values[0])}" '
                    f'spellcheck="false" autocapitalize="off"></div>')
        if self.kind == "choice":
            options = "".join(
                f'<option{" selected" if i == start else ""}>{escape(label)}</option>'
                for i, label in enumerate(self.labels))
            return f'<div class="control">{title}<select {common}>{options}</select></div>'
        if self.kind == "stops":
            low, high, step, value = 0, len(self.values) - 1, 1, start
        else:
            low, high, value = self.values[0], self.values[-1], self.values[start]
            step = round(self.values[1] - low, 12)
        return (
            f'<div class="control">{title}<input type="range" {common} min="{low}" max="{high}" '
            f'step="{step}" value="{value}" aria-valuetext="{escape(self.labels[start])}" '
            f"data-labels='{escape(json.dumps(self.labels, ensure_ascii=False))}'>"
            f'<output for="{ident}" aria-live="off">{escape(self.labels[start])}</output></div>')


def controls_of(function, abbreviations: dict, given=()) -> list[Control]:
    """The controls of `function`, in the order of its parameters; those `given` need none.

    Raises ValueError, naming function and control, for a control that the function does not
    take, a parameter that has neither control nor default, an empty range, a step that is not
    positive, or a default that its control cannot reach.
    """
    parameters = signature(function).parameters
    for name in abbreviations:
        if name not in parameters:
            raise ValueError(f"{function.__name__}: there is a control {name!r}, but the function "
                             f"takes only {', '.join(parameters) or 'no parameters'}")
    found = []
    for name, parameter in parameters.items():
        where = f"{function.__name__}: control {name!r}"
        if name in abbreviations:
            found.append(_control(where, name, abbreviations[name], parameter.default))
        elif parameter.default is Parameter.empty and name not in given:
            raise ValueError(f"{where} is missing: give it a range, a list or a default")
    return found


def _control(where, name, given, default):
    if isinstance(given, bool):
        kind, values, labels = "check", (False, True), ("no", "yes")
    elif isinstance(given, str):
        kind, values, labels = "text", (given,), (given,)
    elif isinstance(given, tuple) and len(given) in (2, 3) and _are_numbers(given):
        kind, values = "slider", _steps(where, *given)
        labels = _number_labels(values)
    elif given and (isinstance(given, dict) or _are_pairs(given)):
        given = dict(given)
        kind, values, labels = "choice", tuple(given.values()), tuple(map(str, given))
    elif isinstance(given, list) and given:
        values = tuple(given)
        ordered = len(values) > 1 and _are_numbers(values) and values == tuple(sorted(set(values)))
        kind = "stops" if ordered else "choice"
        labels = _number_labels(values) if ordered else tuple(map(str, values))
    else:
        raise ValueError(f"{where} is {given!r}; allowed are (min, max), (min, max, step), a list "
                         "or dict that is not empty, True, False, or a text")
    if len(set(labels)) < len(labels):
        raise ValueError(f"{where} has two values of one name among {', '.join(labels)}")
    return Control(name, kind, values, labels, _default(where, kind, values, given, default))


def _default(where, kind, values, given, default):
    if kind == "check":
        return int(given)  # as with `interact`, the abbreviation says how it starts
    if kind == "text":
        return 0
    if default is Parameter.empty:
        return (len(values) - 1) // 2 if kind == "slider" else 0
    for index, value in enumerate(values):
        if value == default or (kind == "slider" and _are_numbers([default])
                                and math.isclose(value, default, abs_tol=1e-9)):
            return index
    raise ValueError(f"{where} starts at {default!r}, which is outside it: it takes "
                     f"{', '.join(map(str, values[:3]))}{', ...' if len(values) > 3 else ''}"
                     f"{f', {values[-1]}' if len(values) > 3 else ''}")


def _steps(where, low, high, step=None):
    if not all(map(math.isfinite, (low, high))) or low >= high:
        raise ValueError(f"{where} is the empty range ({low}, {high}): min must be below max")
    if step is None:
        step = 1 if isinstance(low, Integral) and isinstance(high, Integral) else 0.1
    if not (math.isfinite(step) and step > 0):
        raise ValueError(f"{where} has the step {step}: it must be positive")
    count = math.floor((high - low) / step + 1e-9) + 1
    if count < 2:
        raise ValueError(f"{where} has the step {step}, which is wider than its range "
                         f"({low}, {high})")
    if count > MOST_VALUES:
        raise ValueError(f"{where} has {count} values, more than {MOST_VALUES}: widen its step")
    if all(isinstance(number, Integral) for number in (low, high, step)):
        return tuple(int(low) + i * int(step) for i in range(count))
    return tuple(round(low + i * step, 10) + 0.0 for i in range(count))  # + 0.0: never -0.0


def _are_pairs(given):
    return isinstance(given, list) and all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in given)


def _are_numbers(values):
    return all(isinstance(value, Real) and not isinstance(value, bool) for value in values)


def _decimals(number):
    return len(f"{number:.10f}".rstrip("0").rpartition(".")[2])


def _number_labels(values):
    """Numbers as text, all with as many decimals as the finest needs."""
    places = max(_decimals(value) for value in values)
    return tuple(f"{value:.{places}f}" for value in values)
