"""Axes with rulers draw what matplotlib's own axes draw, line by line."""
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers import figures
from helpers.ruler import Ruled
from helpers.svg import svg_lines

FRAME = 0.15, 0.2, 0.8, 0.65


def drawn(axes, change):
    fig = Figure(figsize=(3.6, 2.6))
    with figures.style():
        ax = fig.add_axes(axes(fig, FRAME))
        ax.plot([1, 2, 20], [0.1, 0.5, 0.4])
        ax.set(xlabel="voters", title="majority right")
        change(ax)
        return svg_lines(fig, "one")


@pytest.mark.parametrize("change", [
    lambda ax: None,
    lambda ax: ax.set(xscale="log", xticks=[1, 10], xticklabels=["one", "ten"], ylabel="chance"),
    lambda ax: ax.set(xlim=(0, 20), ylim=(-0.3, 0.8), ylabel="chance", xticks=[0, 7, 20, 33], xticklabels=["none", "of\nseven", "all", "more"]),
    lambda ax: ax.set(xticks=[], yticks=[]),
    lambda ax: ax.set(xlim=(20, 1), ylim=(1, 0)),
    lambda ax: ax.set(xlim=(1.3, 17.7), ylim=(0.1, 0.7)),
    lambda ax: ax.xaxis.set_major_locator(MaxNLocator(30)),
    lambda ax: (ax.grid(visible=False), ax.tick_params(labelrotation=30, length=7, colors="red")),
    lambda ax: ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}"),
    lambda ax: (ax.set_axis_off(), ax.spines[:].set_visible(False)),
    lambda ax: ax.xaxis.set_visible(False),
], ids=["bare", "log", "labels", "no ticks", "turned", "ends", "many", "no grid", "format", "off", "one off"])
def test_a_ruler_draws_what_matplotlib_draws(change):
    assert drawn(Ruled, change) == drawn(Axes, change)


def test_a_ruler_has_one_tick():
    fig, ax = figures.panel()
    ax.set(xticks=range(9), xticklabels="abcdefghi")
    with figures.style():
        svg_lines(fig, "one")
    assert len(ax.xaxis.majorTicks) == 1
