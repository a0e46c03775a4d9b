"""What a moving model shows: the layers of its scene.

A model that a stage can show is a class whose instances have

    plane       (width, height) of what is drawn, in the model's unit of length; the origin is at
                the lower left
    layers      {name: Field, Points or Edges}, drawn in this order
    tools       {name: gesture} of what `poke` takes; a gesture is one of GESTURES
    live        names of the settings that may be assigned while it runs; another one restarts it
    step()      moves it on by one tick
    scene()     {name: array}, an array for each layer, of the same shape at every step
    poke(x, y, tool)    the reader's pointer, in the plane's unit; ValueError where it may not
    readout()   the state in one sentence

and, where they are wanted, `words`, ((x, y, text), ...) that stand in the picture all the time, each beginning at its
place; and, for a stage with a challenge, `reached()`. It is made as `Model(rng, **settings)`.
"""
from typing import NamedTuple

import numpy as np

GESTURES = ("tap", "stroke", "follow")  # once a click; all along a drag; wherever the pointer goes


class Field(NamedTuple):
    """A (rows, columns) array over the whole plane, row 0 at y = 0, of numbers from 0 to `top`."""

    top: float
    unit: str = ""


class Points(NamedTuple):
    """An (n, columns) array: "x y", then perhaps "heading" in radians, then perhaps "kind", a
    whole number from 0 that tells one sort of point from another."""

    columns: str = "x y"
    unit: str = ""


class Edges(NamedTuple):
    """An (m, 3) array: from, to, weight. The first two number points of the layer `between`; the
    weight is a number from 0 to `top`, and an edge of weight 0 is not drawn. An edge of weight `top` is
    `width` pixels wide."""

    between: str
    top: float = 1.0
    unit: str = ""
    width: float = 4.0


def touched(at, a, b, reach):
    """Which of the straight edges from a (m, 2) to b (m, 2) come within `reach` of the pointer at (2,): bool (m,).

    An edge may be as short as a point. `at`, `a`, `b` and `reach` are trusted: the pointer is the stage's, the rest the model's own.
    """
    square = ((b - a) ** 2).sum(axis=1)
    along = np.clip(((at - a) * (b - a)).sum(axis=1) / np.where(square > 0, square, 1), 0, 1)
    return ((a + along[:, np.newaxis] * (b - a) - at) ** 2).sum(axis=1) <= reach**2
