"""An explorer without a kernel: every state drawn while the book is built, packed into the page.

The states of one figure share most of their lines of SVG. A pack is the table of unique lines
and, for each state, the runs of that table which make its picture, with its sentence and whether
it meets the challenge: JSON, gzipped, base64. The figure itself stands in the HTML in its default
state, so it needs neither the pack nor JavaScript to be read. `web/explore.js` is the reader.
"""
import base64
import gzip
import itertools
import json
import math
import time
import warnings
from contextlib import closing
from html import escape
from typing import NamedTuple

import joblib

from helpers.state import draw, name_of
from helpers.svg import svg_lines


class Budget(NamedTuple):
    """What one figure may cost: states to draw, bytes of its pack in base64, seconds to draw."""

    states: int
    bytes: int
    seconds: float


BUDGET = Budget(states=400, bytes=120_000, seconds=120)


def figure_html(function, controls, challenge, gate) -> str:
    """The whole figure as HTML: controls, default picture, sentence and pack.

    Raises ValueError, naming the function, the counts and the control to thin, if the figure
    passes `BUDGET`; and if its challenge is met at the start, or nowhere.
    """
    name = function.__name__
    grid = [control for control in controls if control.kind != "text"]
    count = math.prod(len(control.values) for control in grid)
    if count > BUDGET.states:
        _too_much(name, grid, f"{count} states, more than {BUDGET.states}")
    states = _draw_all(function, controls, grid)
    pictures = [_view_lines(state) for state in states]
    packed = pack(pictures, states)
    if len(packed) > BUDGET.bytes:
        _too_much(name, grid, f"{len(packed)} bytes packed, more than {BUDGET.bytes}")

    default = 0
    for control in grid:
        default = default * len(control.values) + control.default
    state = states[default]
    if challenge is not None:
        _check_challenge(name, challenge, state, states)
    indices = ",".join(str(control.default) for control in grid)
    asked = "" if challenge is None else (
        f'<p class="explore-challenge" role="status"><strong>Challenge</strong> {escape(challenge)}</p>')
    after = "" if gate is None else f' data-after="{gate.name}"'
    sets = "" if gate is None or gate.control is None else f' data-sets="{gate.control}"'
    return (
        f'<figure class="explore" id="{name}" data-explore="{name}" data-state="{indices}"'
        f'{after}{sets}>'
        f'<form class="explore-controls" autocomplete="off">'
        f'{"".join(control.html(name) for control in grid)}</form>'
        f'<div class="explore-view" role="img" aria-label="{escape(name_of(function))}">'
        f'{"".join(pictures[default])}</div>'
        f'{asked}<p class="explore-note" role="status" hidden></p>'
        f'<figcaption aria-live="polite">{escape(state.sentence)}</figcaption>'
        f'<script type="text/plain" class="figure-pack">{packed}</script></figure>')


def pack(pictures, states) -> str:
    """The states as base64 text. `pictures`: for each state, its lines."""
    table = {line: None for lines in pictures for line in lines}
    position = {line: number for number, line in enumerate(table)}
    content = {
        "lines": list(table),
        "states": [_runs([position[line] for line in lines]) for lines in pictures],
        "sentences": [state.sentence for state in states],
        "reached": [int(state.reached) for state in states],
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def _runs(numbers):
    """Consecutive numbers as [first, length, first, length, ...]."""
    flat = []
    for number in numbers:
        if flat and number == flat[-2] + flat[-1]:
            flat[-1] += 1
        else:
            flat += [number, 1]
    return flat


def _draw_all(function, controls, grid):
    """Every state, in the order of the controls' indices, the last one fastest."""
    names = [control.name for control in controls]
    choices = [dict(zip(names, values, strict=True))
               for values in itertools.product(*(control.values for control in controls))]

    def render(figure, number):
        return svg_lines(figure, f"{function.__name__}-{number}")

    start = time.monotonic()
    drawing = joblib.Parallel(n_jobs=-1 if len(choices) > 8 else 1, return_as="generator")(
        joblib.delayed(draw)(function, values, render) for values in choices)
    states = []
    with warnings.catch_warnings(), closing(drawing):
        warnings.simplefilter("ignore", UserWarning)  # joblib's, of the states given up
        for state in drawing:
            states.append(state)
            seconds = time.monotonic() - start
            if seconds > BUDGET.seconds:
                _too_much(function.__name__, grid, f"{len(states)} of {len(choices)} states took "
                          f"{seconds:.0f} s to draw, and all may take {BUDGET.seconds:.0f}")
    return states


def _check_challenge(name, challenge, first, states):
    if first.reached or not any(state.reached for state in states):
        raise ValueError(f"{name}: the challenge {challenge!r} is met "
                         f"{'where the figure starts' if first.reached else 'in no state'}; "
                         "let `reached` be true in some states, but not in the first")


def _view_lines(state):
    return [line for panel in state.panels for line in panel]


def _too_much(name, grid, what):
    widest = max(grid, key=lambda control: len(control.values), default=None)
    advice = "draw less in it" if widest is None else (
        f"thin its control {widest.name!r}, which has {len(widest.values)} values "
        f"({' x '.join(f'{control.name} {len(control.values)}' for control in grid)})")
    raise ValueError(f"{name}: {what}; {advice}")
