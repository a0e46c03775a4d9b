"""Many bets before one look: which of two sides it was, and how sure the reader is of each bet.

    bets("Which side keeps more of what it could do?",
         [("A crowd, or its best judge", "many parts", "The crowd kept 93%, the judge 80%."), ...],
         choices=("many parts", "neither", "one centre"))

The bigger sister of `predict`, with the same contract: the same form in a page and in a notebook,
the explorer that comes next opens when the reader has bet or passed, and nothing is sent or stored.

    p  the confidence put on the choice made; each of the two others gets (1 - p)/2

A bet scores Brier's (1950) sum over the three choices of (chance given - what happened)^2: 0 at best, 2 at
worst. Being proper, it is best served by the chances that one believes. Of bets with confidences p, sum p are
right on average if the confidences mean what they say, with variance sum p (1 - p), the bets being independent.
"""
import json
from collections.abc import Hashable
from html import escape
from numbers import Real

import anywidget
import traitlets

from helpers import predict

LEVELS = (34, 45, 60, 75, 90, 99)  # percent: from a guess among three to all but certain
USUAL = 60  # the level at which a bet starts
NAMED = {34: "34%, a guess", 99: "99%, all but certain"}


class Form(anywidget.AnyWidget):
    """The form in a live kernel. `bets`: [{"name", "choice", "confidence"}, ...] once `done`; empty if passed."""

    _css = predict.Form._css
    _esm = (predict.WEB / "bets.js").read_text(encoding="utf-8") + """
export default { render({ model, el }) {
  el.innerHTML = model.get("html");
  wireBets(el.firstElementChild, (bets) => {
    model.set("bets", bets);
    model.set("done", true);
    model.save_changes();
  });
} };
"""
    html = traitlets.Unicode().tag(sync=True)
    bets = traitlets.List().tag(sync=True)
    done = traitlets.Bool(False).tag(sync=True)


def bets(question: str, rows: list, choices: tuple = ("many parts", "neither", "one centre")):
    """Ask `question` of each of `rows`, (name, answer, why); feedback comes when the reader has bet on all, or passes.

    `choices`: one side, what it is called if the sides cannot be told apart, the other side. `answer`:
    the choice that was measured. `why`: a sentence with the numbers. In a kernel `bets.form` is the Form
    last shown, where a teacher can read what was bet.

    Raises ValueError, naming the argument, if there is no question, no row or no three different choices, if a
    name comes twice, a text is missing, or an answer is not among the choices.
    """
    _check(question, rows, choices)
    name = predict.address("bets", question)
    facts = {"names": [row[0] for row in rows], "choices": list(choices),
             "answers": [choices.index(answer) for _, answer, _ in rows], "why": [why for _, _, why in rows],
             "levels": LEVELS, "scores": [[brier(level / 100, right) for level in LEVELS] for right in (False, True)],
             "others": others([answer for _, answer, _ in rows], choices)}
    measured = "".join(f"<li><strong>{escape(row)}</strong>: {escape(answer)}. {escape(why)}</li>"
                       for row, answer, why in rows)
    html = (
        f'<form class="predict bets" id="{name}" aria-labelledby="{name}-question" novalidate autocomplete="off" '
        f'data-bets="{escape(json.dumps(facts))}">'
        f'<p class="bets-question" id="{name}-question">{escape(question)}</p>'
        + "".join(_row(f"{name}-{number}", row[0], choices) for number, row in enumerate(rows)) +
        '<p class="predict-actions"><button type="submit">Show what was measured</button> '
        '<button type="button" data-action="pass">Pass</button></p>'
        '<p class="predict-feedback" role="status"></p>'
        '<div class="bets-told" role="group" tabindex="-1" hidden></div>'
        f"<noscript><details><summary>What was measured</summary><ul>{measured}</ul></details></noscript></form>")
    bets.form = predict.ask(name, html, Form)


def brier(confidence: float, right: bool) -> float:
    """The score of one bet of three choices: `confidence` in the one chosen, the rest shared by the others."""
    if not isinstance(confidence, Real) or not 0 <= confidence <= 1:
        raise ValueError(f"confidence is {confidence!r}; allowed is a number from 0 to 1")
    if not isinstance(right, Hashable) or right not in (True, False):
        raise ValueError(f"right is {right!r}; allowed is True or False")
    rest = (1 - confidence) / 2
    if right:
        return (confidence - 1) ** 2 + 2 * rest ** 2
    return confidence ** 2 + (rest - 1) ** 2 + rest ** 2


def others(answers: list, choices: tuple) -> list[str]:
    """What three players who look at no row would score, on average, in a sentence each.

    Raises ValueError unless `choices` are as in `bets` and `answers` is a list or tuple of at least one of them.
    """
    _check_choices(choices)
    if not isinstance(answers, (list, tuple)) or not answers:
        raise ValueError(f"answers is {answers!r}; allowed is a list of at least one of the choices")
    for answer in answers:
        if not _is_text(answer) or answer not in choices:
            raise ValueError(f"answers has {answer!r}; it must be one of the choices, {', '.join(map(repr, choices))}")
    found = [f"Someone who says one third for each choice scores {brier(1 / 3, True):.2f}."]
    for side in (choices[0], choices[2]):
        score = sum(brier(USUAL / 100, answer == side) for answer in answers) / len(answers)
        found.append(f"Someone who always bets on “{side}”, {USUAL}% sure, scores {score:.2f}.")
    return found


def _row(name, title, choices):
    radios = "".join(f'<label><input type="radio" name="{name}" value="{index}" required> {escape(choice)}</label>'
                     for index, choice in enumerate(choices))
    options = "".join(f'<option{" selected" * (level == USUAL)}>{NAMED.get(level, f"{level}%")}</option>'
                      for level in LEVELS)
    return (f'<fieldset aria-describedby="{name}-said"><legend>{escape(title)}</legend>'
            f'<div class="bets-choices">{radios}</div><label>How sure? <select>{options}</select></label>'
            f'<p class="bets-said" id="{name}-said"></p></fieldset>')


def _check(question, rows, choices):
    if not _is_text(question):
        raise ValueError(f"question is {question!r}; it must be a text")
    _check_choices(choices)
    if not isinstance(rows, (list, tuple)) or not rows:
        raise ValueError(f"rows is {rows!r}; allowed is a list of at least one (name, answer, why)")
    for row in rows:
        if not isinstance(row, (list, tuple)) or len(row) != 3:
            raise ValueError(f"rows has {row!r}; each is (name, answer, why)")
        name, answer, why = row
        if not _is_text(name):
            raise ValueError(f"rows has the name {name!r}; it must be a text")
        if not _is_text(answer) or answer not in choices:
            raise ValueError(f"rows has the answer {answer!r} to {name!r}; it must be one of the choices, "
                             f"{', '.join(map(repr, choices))}")
        if not _is_text(why):
            raise ValueError(f"rows has the why {why!r} for {name!r}; it must be a text that says what was measured")
    names = [name for name, _, _ in rows]
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        raise ValueError(f"rows has {twice[0]!r} twice; each name may come once")


def _check_choices(choices):
    if (not isinstance(choices, (list, tuple)) or len(choices) != 3 or not all(map(_is_text, choices))
            or len(set(choices)) < 3):
        raise ValueError(f"choices is {choices!r}; allowed are three different texts: one side, "
                         "neither, the other side")


def _is_text(value):
    return isinstance(value, str) and value.strip() != ""
