"""A panel is the copy of one that was made once: it draws as that one would, and keeps nothing of another."""
import pytest

from helpers import figures
from helpers.svg import svg_lines


def drawn(fig, ax):
    with figures.style():
        ax.set_xlabel("voters")
        ax.set_title("majority right", x=-(figures.LEFT - 0.08) / (fig.get_figwidth() - figures.LEFT - figures.RIGHT), y=1)
        ax.plot([1, 2, 20], [0.1, 0.5, 0.4])
        ax.bar([3, 4], [0.2, 0.3])
        figures.label(ax, 4, 0.3, "four")
        return svg_lines(fig, "one")


@pytest.mark.parametrize("change", [
    lambda ax: None,
    lambda ax: ax.set(xscale="log", ylim=(0, 2)),
    lambda ax: ax.set(xticks=range(1, 20), yticks=[0, 0.5], yticklabels=["none", "half"]),
    lambda ax: ax.tick_params(labelrotation=30, length=7),
    lambda ax: ax.twinx().plot([1, 20], [5, 9]),
    lambda ax: ax.imshow([[1, 2], [3, 4]], aspect="auto"),
    lambda ax: (ax.grid(visible=False), ax.spines["left"].set_visible(False), ax.invert_yaxis()),
])
def test_a_panel_draws_as_if_it_were_made_anew(change):
    new = figures._made(3.6, 2.6)
    with figures.style():
        copy, ax = figures.panel("voters", "majority right")
        change(new.axes[0])
        change(ax)
    assert drawn(copy, ax) == drawn(new, new.axes[0])


def test_a_panel_keeps_nothing_of_the_one_before():
    with figures.style():
        first, ax = figures.panel("voters", "majority right")
        before = drawn(first, ax)
        ax.set(xscale="log", yticks=[0, 0.1], xlabel="other")
        assert drawn(*figures.panel("voters", "majority right")) == before


def test_a_panel_is_in_the_book_s_style_wherever_it_is_made():
    _, ax = figures.panel()
    assert not ax.spines["top"].get_visible()
    assert ax.xaxis.get_major_ticks()[0].label1.get_fontsize() == 9.5
