"""One state of an explorer: what its function drew and said for one choice of the controls."""
import gc
import sys
from typing import NamedTuple

from matplotlib.figure import Figure

from helpers.figures import style
from helpers.wording import minus


class State(NamedTuple):
    """What is shown: the rendered panels, the sentence, and whether the challenge is met."""

    panels: list
    sentence: str
    reached: bool


def draw(function, values: dict, render) -> State:
    """Call `function(**values)` in the book's style; `render(figure, number)` each of its figures.

    The function returns a Figure or a list of Figures, alone or followed by a sentence, or by a
    sentence and `reached`. Raises RuntimeError, naming the function and the state, if it raises,
    returns anything else, or says nothing.
    """
    collecting = gc.isenabled()
    gc.disable()  # a figure is full of cycles: it goes in one collection, after it is drawn, and not in pieces while it grows
    try:
        return _drawn(function, values, render)
    finally:
        if collecting:
            gc.enable()


def _drawn(function, values, render):
    call = f"{function.__name__}({', '.join(f'{key}={value!r}' for key, value in values.items())})"
    with style():
        try:
            result = function(**values)
        except Exception as error:
            raise RuntimeError(f"{call} raised {type(error).__name__}: {error}. Mend the function, "
                               "or leave this state out of its controls") from error
        drawn, sentence, reached = _parts(result, function)
        if not drawn or not all(isinstance(figure, Figure) for figure in drawn):
            raise RuntimeError(f"{call} returned {result!r}, which has no figure; return a "
                               "Figure, (Figure, sentence) or (Figure, sentence, reached)")
        if not isinstance(sentence, str) or not sentence.strip():
            raise RuntimeError(f"{call} said {sentence!r}; its sentence must be a text that says "
                               "the state in words")
        panels = [render(figure, number) for number, figure in enumerate(drawn)]
    if "matplotlib.pyplot" in sys.modules:
        for figure in drawn:  # else a notebook would show pyplot's figures once more
            sys.modules["matplotlib.pyplot"].close(figure)
    return State(panels, minus(sentence), bool(reached))


def name_of(function) -> str:
    """The first line of the docstring, without its full stop: the accessible name."""
    return function.__doc__.strip().splitlines()[0].rstrip(".")


def _parts(result, function):
    drawn, *said = result if isinstance(result, tuple) and len(result) <= 3 and result else (result,)
    sentence, reached = (*said, *(f"{name_of(function)}.", False)[len(said):])
    return drawn if isinstance(drawn, list) else [drawn], sentence, reached
