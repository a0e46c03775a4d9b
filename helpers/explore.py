"""A figure with controls, alive in a kernel and in the built page: a drop-in for `interact`.

    @explore(voters=[1, 3, 11, 51, 101], competence=(0.40, 0.70, 0.02))
    def jury(voters=11, competence=0.60):
        "Chance that a majority of independent voters is right."
        ...
        return figure, "11 voters, each right 60% of the time: the majority is right 75.3%."

In a kernel the controls are ipywidgets. While the book is built (`EXPLORE_ENGINE=baked`) every
state is drawn once and packed into the page, where it answers without a kernel. The function is
the same, and so is what it says.
"""
import os
from html import escape
from pathlib import Path

import ipywidgets
from IPython.display import HTML, display

from helpers import bake
from helpers.controls import controls_of
from helpers.figures import theme_css
from helpers.predict import checkpoint, predict, take_gate
from helpers.state import draw, name_of
from helpers.svg import svg_lines

__all__ = ["checkpoint", "explore", "predict"]

LOOK = theme_css() + (Path(__file__).parent / "web" / "explore.css").read_text(encoding="utf-8")  # as in a page


def explore(challenge: str | None = None, **abbreviations):
    """Show the decorated function with a control for each keyword, as `interact` does.

    The function returns a Figure, (Figure, sentence) or (Figure, sentence, reached); a list of
    Figures stands side by side. Its docstring's first line is the name of the picture, the
    sentence its caption. `challenge`: one line that asks the reader for a state in which
    `reached` is true. In a kernel the function gets an attribute `widget`, as `interact` gives.

    Raises ValueError for a control that the function does not take, an empty range, a step that
    is not positive, a default outside its control, a function without a docstring; when the
    page is built, also for a figure that passes its budget (`bake.BUDGET`). A state that raises
    or gives no figure is a RuntimeError. Each message names the function and the control or
    the state, and says what to do.
    """
    def show(function):
        if not (function.__doc__ or "").strip():
            raise ValueError(f"{function.__name__} has no docstring: give it one whose first line "
                             "names the picture for those who cannot see it")
        controls = controls_of(function, abbreviations)
        gate = take_gate(function.__name__, controls)
        if os.environ.get("EXPLORE_ENGINE") == "baked":
            display(HTML(bake.figure_html(function, controls, challenge, gate)))
        else:
            function.widget = _widget(function, controls, challenge)
            if gate is not None:
                gate.open_when_answered(function.widget)
            display(function.widget)
        return function
    return show


def _widget(function, controls, challenge):
    """The explorer of a live kernel: the controls, and below them the picture and its sentence."""
    widgets = {control.name: control.widget() for control in controls}

    def redraw(**chosen):
        values = {control.name: chosen[control.name] if control.kind == "text"
                  else control.values[control.index(chosen[control.name])]
                  for control in controls}
        state = draw(function, values, lambda figure, number: "\n".join(svg_lines(figure, f"{function.__name__}-{number}")))
        asked = "" if challenge is None else (
            f'<p class="explore-challenge"><strong>{"Reached" if state.reached else "Challenge"}</strong> {escape(challenge)}</p>')
        display(HTML(
            f'<style>{LOOK}</style><figure class="explore" data-reached="{str(state.reached).lower()}">'
            f'<div class="explore-view" role="img" aria-label="{escape(name_of(function))}">{"".join(state.panels)}</div>'
            f"{asked}<figcaption>{escape(state.sentence)}</figcaption></figure>"))

    return ipywidgets.VBox([*widgets.values(), ipywidgets.interactive_output(redraw, widgets)])
