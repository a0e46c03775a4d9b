"""A recording: what a stage shows before anyone runs it, small enough to travel with the page.

Each column of a layer (x, y, heading, kind, weight, ...) is rounded to so many levels between its
least and its most, each frame keeps only what has changed since the last, and all is gzipped:

    4 bytes     the length n of the header, little-endian
    n bytes     the header: JSON
    the rest    for each scenario, layer and column: the low bytes of its numbers, then the high
                ones; number by number, each through all its frames

`web/recording.js` is the reader.
"""
import base64
import gzip
import json
import math
from typing import NamedTuple

import numpy as np

from helpers.live import Live, packed
from helpers.scenes import Edges, Field, Points

NOTHING = 65535  # a number that is not there (nan): drawn nowhere


class Column(NamedTuple):
    """One number of a layer's rows: `levels` steps from `low` to `high`."""

    name: str
    low: float
    high: float
    levels: int


def columns_of(layer, plane) -> list[Column]:
    """How each column of `layer` is rounded. A field counts as one column."""
    if isinstance(layer, Field):
        return [Column("value", 0, layer.top, 31)]
    if isinstance(layer, Edges):
        return [Column("from", 0, 1000, 1000), Column("to", 0, 1000, 1000),
                Column("weight", 0, layer.top, 63)]
    assert isinstance(layer, Points)
    known = {"x": (0, plane[0], 2047), "y": (0, plane[1], 2047),
             "heading": (0, 2 * math.pi, 64), "kind": (0, 255, 255)}
    return [Column(name, *known[name]) for name in layer.columns.split()]


class Recording(NamedTuple):
    """`text`: the recording in base64. `said`, `scene`: the first scenario's last answer."""

    text: str
    said: dict
    scene: np.ndarray


def record(model, facts, header: dict, *, seed, steps, every) -> Recording:
    """Run every scenario of `facts` for `steps` steps.

    A frame is taken at the start and after each `every` steps. `header` goes with it.
    """
    scenarios, blob, last = [], [], None
    for number in range(len(facts["scenarios"])):
        live = Live(model, facts)
        said, scene = live.answer({"do": "start", "scenario": number, "settings": {}, "seed": seed})
        told, scenes = [said], [scene]
        for _ in range(steps // every):
            said, scene = live.answer({"do": "go", "steps": every})
            told.append(said)
            scenes.append(scene)
        last = last or (told[-1], scenes[-1])
        layout, start = {}, 0
        for name, shape in told[0]["shapes"].items():
            columns = columns_of(model.layers[name], told[0]["plane"])
            size = math.prod(shape)
            layer = np.array([scene[start:start + size] for scene in scenes])
            start += size
            layout[name] = [column._asdict() for column in columns]
            for place, column in enumerate(columns):
                blob.append(_changes(layer[:, place::len(columns)], column))
        scenarios.append({"plane": told[0]["plane"], "shapes": told[0]["shapes"], "columns": layout,
                          "steps": [said["step"] for said in told],
                          "readouts": [said["readout"] for said in told]})
    text = json.dumps({**header, "facts": packed(facts), "seed": seed, "recordings": scenarios},
                      ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    data = len(text).to_bytes(4, "little") + text + b"".join(blob)
    return Recording(base64.b64encode(gzip.compress(data, 9, mtime=0)).decode(), *last)


def _changes(values, column) -> bytes:
    """(frames, n) numbers as the bytes of their rounded changes from frame to frame."""
    span = column.high - column.low
    if column.name == "heading":
        values = np.mod(values, span)
    share = np.clip((values - column.low) / span, 0, 1)
    rounded = np.where(np.isnan(values), NOTHING, np.rint(np.nan_to_num(share) * column.levels))
    changes = np.diff(rounded.astype(np.int64), axis=0, prepend=0).T.astype(np.uint16)
    return (changes & 255).astype(np.uint8).tobytes() + (changes >> 8).astype(np.uint8).tobytes()
