"""A stage's scene standing still: for paper, and for readers without JavaScript."""
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from helpers.figures import INK, THEME, style
from helpers.scenes import Edges, Field
from helpers.svg import svg_lines

WIDTH = 4.2  # inches


def still(name, layers, said, scene, colors, words=()) -> str:
    """The scene as SVG. `said`, `scene`: an answer of `Live`; `colors`: {layer: names of colours}; `words`: [x, y, text] each."""
    width, height = said["plane"]
    arrays, start = {}, 0
    for layer, shape in said["shapes"].items():
        size = int(np.prod(shape))
        arrays[layer] = scene[start:start + size].reshape(shape)
        start += size
    with style():
        figure = Figure(figsize=(WIDTH, WIDTH * height / width))
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        ax.axis("off")
        for layer, array in arrays.items():
            kind, paints = layers[layer], [THEME[color][0] for color in colors[layer]]
            if isinstance(kind, Field):
                fade = LinearSegmentedColormap.from_list("fade", [paints[0] + "00", paints[0]])
                ax.imshow(np.sqrt(np.clip(array / kind.top, 0, 1)), cmap=fade, vmin=0, vmax=1,
                          origin="lower", extent=(0, width, 0, height), interpolation="nearest")
            elif isinstance(kind, Edges):
                drawn = array[array[:, 2] > 0.02 * kind.top]
                ends = arrays[kind.between][drawn[:, :2].astype(np.int64), :2]
                ax.add_collection(LineCollection(ends, colors=paints[0],
                                                 linewidths=0.75 * kind.width * drawn[:, 2] / kind.top))
            else:
                _points(ax, kind.columns.split(), array[~np.isnan(array[:, 0])], paints)
        for x, y, text in words:
            ax.text(x, y, text, color=INK, fontsize=9, va="center_baseline")
        return "".join(svg_lines(figure, f"{name}-still"))


def _points(ax, columns, rows, paints):
    kinds = rows[:, columns.index("kind")].astype(np.int64) if "kind" in columns else np.zeros(len(rows), np.int64)
    size = 7 if len(rows) <= 4 else 4 if len(rows) <= 60 else 2.2
    for kind, paint in enumerate(paints):
        some = rows[kinds == kind]
        ax.plot(some[:, 0], some[:, 1], "o", color=paint, ms=size, mew=0)
