"""The book's figure style: one look in a page, in a kernel and on paper.

Nothing changes when this module is imported; `style()` holds only while a figure is drawn.
A figure is sized for the place where it will be read: `panel` for half a page (two stand side by
side, or one above the other on a phone), `panel(wide=True)` for a picture that stands alone.
"""
import pickle
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager

from helpers.ruler import Ruled

FONTS = Path(__file__).parent / "web" / "fonts"

# name: (on light paper, on dark paper). A figure is drawn in the light colours; the page puts a
# CSS variable in the place of each. Every colour that may carry text has at least 4.5:1 on its paper,
# and the hues are those of Okabe and Ito (2008), told apart by colour-blind readers.
THEME = {
    "ink": ("#1d2329", "#e6e9ec"),
    "muted": ("#59636e", "#a3adb8"),
    "faint": ("#88929d", "#69737f"),  # what stands there to compare with: 3:1 on its paper
    "grid": ("#dfe3e8", "#343b44"),
    "paper": ("#fefefe", "#14181e"),
    "blue": ("#0069a6", "#5bb3ea"),
    "orange": ("#b84a00", "#f58f4c"),
    "green": ("#007a58", "#35c79c"),
    "purple": ("#9a4380", "#dd97c5"),
    "gold": ("#8a6400", "#e3b341"),
    "sky": ("#c4e0f2", "#1d425b"),
    "peach": ("#f6d5c0", "#5c3218"),
}
SCHEME = {"scheme": ("light", "dark")}  # how the browser draws its own radios and fields
INK, MUTED, FAINT, GRID, PAPER, BLUE, ORANGE, GREEN, PURPLE, GOLD, SKY, PEACH = (
    light for light, _ in THEME.values()
)
LEFT, RIGHT, BOTTOM, TOP = 0.5, 0.22, 0.52, 0.36  # inches: a panel's margins
CYCLE = [BLUE, ORANGE, GREEN, PURPLE, GOLD]


@cache
def _font_family() -> str:
    """Register the book's own font (the page serves the same) and return its name."""
    for weight in ("regular", "semibold"):
        fontManager.addfont(FONTS / f"inter-{weight}.otf")
    return FontProperties(fname=FONTS / "inter-regular.otf").get_name()


@contextmanager
def style():
    """The book's look, for the figures drawn inside the `with` block."""
    with matplotlib.rc_context({
        "font.family": _font_family(),
        "font.size": 10,
        "text.color": INK,
        "text.parse_math": False,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.labelsize": 10,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.titlepad": 9,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.prop_cycle": matplotlib.cycler(color=CYCLE),
        "axes.unicode_minus": True,
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "hatch.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": 9.5,
        "ytick.labelsize": 9.5,
        "xtick.major.size": 3,
        "ytick.left": False,
        "ytick.major.size": 0,
        "lines.linewidth": 2,
        "lines.solid_capstyle": "round",
        "patch.linewidth": 0,
        "patch.force_edgecolor": False,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "image.cmap": "cividis",
        "svg.fonttype": "none",
        "svg.hashsalt": "decentralization",
    }):
        yield


def panel(x="", y="", *, wide=False, height=2.6):
    """A figure with one axes: `x` named below it, `y` above it, where it is read without tilting.

    `wide`: 4.2 inches instead of 3.6; `height` in inches. The margins are fixed, so that nothing
    but the data moves from one state of an explorer to the next. Returns (Figure, Axes).
    """
    width = 4.2 if wide else 3.6
    fig = pickle.loads(_bare(width, height))
    ax = fig.axes[0]
    ax.set_xlabel(x)
    ax.set_title(y, x=-(LEFT - 0.08) / (width - LEFT - RIGHT), y=1)  # with y given, matplotlib need not look for room
    return fig, ax


def _made(width, height):
    """A panel with nothing in it, but with its rulers' ticks."""
    with style():
        fig = Figure(figsize=(width, height))
        frame = LEFT / width, BOTTOM / height, 1 - (LEFT + RIGHT) / width, 1 - (BOTTOM + TOP) / height
        ax = fig.add_axes(Ruled(fig, frame))
        for axis in (ax.xaxis, ax.yaxis):
            axis.get_major_ticks(1)
    return fig


@cache
def _bare(width, height) -> bytes:
    """Such a panel, pickled: to read one takes a quarter of the time that it takes to make one."""
    return pickle.dumps(_made(width, height))


def label(ax, x, y, text, color=INK, *, ha="center", va="bottom", offset=None):
    """Write `text` beside its mark, in the mark's colour: a direct label in place of a legend.

    `ha` and `va` say which part of the text is at the mark; it keeps 4 points of distance, or
    `offset`, (right, up) in points.
    """
    if offset is None:
        offset = {"left": 4, "right": -4}.get(ha, 0), {"bottom": 4, "top": -4}.get(va, 0)
    return ax.annotate(text, (x, y), offset, textcoords="offset points", color=color, ha=ha, va=va,
                       fontsize=9.5, annotation_clip=False)


def theme_css() -> str:
    """The figure colours as CSS variables: for light pages, for dark ones, and light for paper. Jupyter says which on its body."""
    light, dark = ("".join(f"--fig-{name}:{pair[column]};" for name, pair in (THEME | SCHEME).items())
                   for column in (0, 1))
    is_dark = ":is(html[data-theme=dark],body[data-jp-theme-light=false])"
    return f":root{{{light}}}\n{is_dark}{{{dark}}}\n@media print{{{is_dark}{{{light}}}}}\n"
