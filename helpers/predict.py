"""The reader commits first: a question that stands before an explorer.

    predict("How often is a jury of 101 right, if each member is right 60% of the time?",
            ["60%", "75%", "98%"], "98%",
            why={"60%": "That is one member alone.", "75%": "That is a jury of eleven."})

The form is the same in a page and in a notebook. The explorer that comes next opens when the
reader has answered or passed. `checkpoint` asks in the same form whether a section was understood, and
nothing waits for the answer. Nothing is sent or graded.
"""
import json
import os
import re
from dataclasses import dataclass, field
from html import escape
from math import isfinite
from numbers import Real
from pathlib import Path

import anywidget
import ipywidgets
import traitlets
from IPython.display import HTML, display

from helpers.figures import theme_css

WEB = Path(__file__).parent / "web"
RANGE_WHY = ("low", "high", "right", "pass")


class Form(anywidget.AnyWidget):
    """The form in a live kernel: the page's own front end, which reports the answer here."""

    _css = theme_css() + (WEB / "explore.css").read_text(encoding="utf-8")
    _esm = (WEB / "predict.js").read_text(encoding="utf-8") + """
export default { render({ model, el }) {
  el.innerHTML = model.get("html");
  wirePrediction(el.firstElementChild, (answer) => {
    model.set("answer", answer);
    model.set("done", true);
    model.save_changes();
  });
} };
"""
    html = traitlets.Unicode().tag(sync=True)
    answer = traitlets.Any().tag(sync=True)
    done = traitlets.Bool(False).tag(sync=True)


@dataclass
class Gate:
    """A question that the next explorer waits for. `control`: the control its answer sets."""

    name: str
    control: str | None
    form: anywidget.AnyWidget | None = field(default=None)

    def open_when_answered(self, explorer: ipywidgets.VBox):
        """Hide `explorer` until the form is done, and say so; then start it at the reader's answer."""
        explorer.layout.display = "none"
        unanswered = re.search(r'data-action="pass">([^<]*)<', self.form.html)[1]
        waits = ipywidgets.HTML(f"<em>Answer the question above, or choose “{unanswered}”, and the figure is shown here.</em>")
        display(waits)

        def opened(_):
            if not self.form.done:
                return
            if self.control is not None and isinstance(self.form.answer, Real):  # in a browser null is no None
                for widget in explorer.children:
                    if getattr(widget, "description", None) == self.control.replace("_", " "):
                        low, high, step = widget.min, widget.max, widget.step
                        nearest = low + round((self.form.answer - low) / step) * step
                        widget.value = min(max(nearest, low), high)
            explorer.layout.display = ""
            waits.layout.display = "none"

        self.form.observe(opened, ["done", "answer"])
        opened(None)  # who runs cell by cell may have answered before this one


_waiting: list[Gate] = []


def address(kind: str, question: str) -> str:
    """The id of a form that asks `question`. ValueError if one of the two is no text."""
    _text("kind", kind)
    _text("question", question)
    return f"{kind}-" + re.sub(r"[^a-z0-9]+", "-", question.lower())[:40].strip("-")


def ask(name: str, html: str, form: type, sets: str | None = None):
    """Show the form `html`, for which the next explorer waits; in a kernel as a widget `form`, which is returned.

    Raises ValueError if `name`, `html` or `sets` is no text.
    """
    for argument, text in (("name", name), ("html", html), ("sets", "" if sets is None else sets)):
        _text(argument, text)
    _waiting.append(Gate(name, sets, _show(html, form)))
    return _waiting[-1].form


def _text(name, value):
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}; it must be a text")


def _show(html, form):
    """The form in a page, or as a widget in a kernel, which is returned."""
    if os.environ.get("EXPLORE_ENGINE") == "baked":
        display(HTML(html))
        return None
    widget = form(html=html)
    display(widget)
    return widget


def take_gate(explorer: str, controls) -> Gate | None:
    """The question asked since the last explorer, if any; it waits no longer.

    `controls` are trusted: as controls_of makes them. Raises ValueError if its answer sets a control that is not one of `controls`' sliders.
    """
    if not _waiting:
        return None
    gate = _waiting.pop()
    _waiting.clear()
    sliders = [control.name for control in controls if control.kind == "slider"]
    if gate.control is not None and gate.control not in sliders:
        raise ValueError(f"{explorer}: the question before it sets {gate.control!r}, which is no "
                         f"slider among the controls of this figure; its sliders are {', '.join(sliders) or 'none'}")
    return gate


def predict(question: str, choices_or_range, answer, why: dict, sets: str | None = None):
    """Ask `question`; feedback comes when the reader answers or passes.

    `choices_or_range`: a list of texts, or (min, max[, step]) for a number. `answer`: the right
    choice; for a number, the number or the (low, high) that counts as right. `why`: what to say to
    each choice (every wrong one must have its own), or to a number that is "low", "high" and
    "right", and to a reader who would rather "pass". `sets`: the slider of the next explorer that
    takes the reader's number.

    Raises ValueError, naming the argument, if one is of another type, if the answer is not among the choices or in the
    range, if a wrong choice has no feedback, or if `why` speaks of a choice that is not there.
    """
    name = address("predict", question)
    if isinstance(choices_or_range, tuple):
        inputs, facts = _number(name, choices_or_range, answer, why)
    else:
        inputs, facts = _choices(name, choices_or_range, answer, why)
    if sets is not None and not isinstance(choices_or_range, tuple):
        raise ValueError(f"sets is {sets!r}, but only a number can set a slider")
    ask(name, _form("predict", name, question, inputs, facts, f"<p>{escape(facts['told'])}</p>"), Form, sets)


def checkpoint(question: str, choices: list, answer: str, why: dict):
    """Ask whether the section was understood; the arguments, and the errors, are those of `predict` with a list of choices.

    `why` says something to each choice, also to the right one.
    """
    name = address("check", question)
    inputs, facts = _choices(name, choices, answer, why, "choices")
    if not why.get(answer):
        raise ValueError(f"why must say something to the right choice too, {answer!r}")
    told = f"<details><summary>The answer</summary><p>{escape(facts['told'])}</p></details>"
    _show(_form("predict check", name, question, inputs, facts, told), Form)


def _form(kind, name, question, inputs, facts, told):
    """The form's HTML; `told`: what stands below it where no script runs."""
    return (
        f'<form class="{kind}" id="{name}" data-predict="{escape(json.dumps(facts))}">'
        f"<fieldset><legend>{escape(question)}</legend>{inputs}</fieldset>"
        '<p class="predict-actions"><button type="submit">Check my answer</button> '
        '<button type="button" data-action="pass">Show me</button></p>'
        '<p class="predict-feedback" role="status"></p>'
        f"<noscript>{told}</noscript></form>")


def _choices(name, choices, answer, why, argument="choices_or_range"):
    if (not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices)
            or len(choices) < 2 or len(set(choices)) < len(choices)):
        raise ValueError(f"{argument} is {choices!r}; allowed are a list of at least two different texts, "
                         "or in a prediction (min, max) or (min, max, step)")
    if not isinstance(answer, str) or answer not in choices:
        raise ValueError(f"answer is {answer!r}, which is not among the choices {choices}")
    _texts(why)
    unsaid = [choice for choice in choices if choice != answer and not why.get(choice)]
    unknown = [choice for choice in why if choice not in choices]
    if unsaid or unknown:
        raise ValueError(f"why must say something to each wrong choice; it lacks {unsaid} and has "
                         f"{unknown}, which are no choices")
    inputs = "".join(
        f'<label><input type="radio" name="{name}" value="{index}" required> {escape(choice)}'
        "</label>" for index, choice in enumerate(choices))
    feedback = [why.get(choice, "") for choice in choices]
    right = choices.index(answer)
    return inputs, {"right": right, "feedback": feedback,
                    "told": f"The answer: {answer}. {feedback[right]}".strip()}


def _number(name, bounds, answer, why):
    if (len(bounds) not in (2, 3) or not _are_finite(bounds) or not bounds[0] < bounds[1]
            or not all(step > 0 for step in bounds[2:])):
        raise ValueError(f"choices_or_range is {bounds!r}; allowed is (min, max) or "
                         "(min, max, step) with min below max and a positive step")
    interval = answer if isinstance(answer, tuple) else (answer, answer)
    if (len(interval) != 2 or not _are_finite(interval)
            or not bounds[0] <= interval[0] <= interval[1] <= bounds[1]):
        raise ValueError(f"answer is {answer!r}; it must be a number or (low, high) inside {bounds}")
    _texts(why)
    if set(why) != set(RANGE_WHY) or not all(why.values()):
        raise ValueError(f"why has {list(why)}; for a number it says something to each of "
                         f"{', '.join(RANGE_WHY)}")
    step = bounds[2] if len(bounds) == 3 else "any"
    inputs = (f'<label>Your number <input type="number" name="{name}" min="{bounds[0]}" '
              f'max="{bounds[1]}" step="{step}" required></label>')
    interval = [number if isinstance(number, (int, float)) else float(number) for number in interval]  # JSON knows no others
    return inputs, {"interval": interval, "why": why, "told": why["pass"]}


def _texts(why):
    if not isinstance(why, dict) or not all(isinstance(text, str) for text in why.values()):
        raise ValueError(f"why is {why!r}; it must be a dict of texts")


def _are_finite(numbers):
    return all(isinstance(number, Real) and isfinite(number) for number in numbers)
