"""A cover for each chapter, drawn from its own models and data: makes covers/NN_name.svg and covers/words.json.

    make covers

One family: what many parts do is blue, the one that the picture is about orange; no axes, no words. The colours are CSS
variables, so that a cover set into a page follows its theme. What a cover shows, with the numbers of the run that drew it,
is said in words.json. Same code, same files. The seeds are chosen for the picture's sake; the words say what is usual.

Notation
    WIDE, HIGH   the canvas, in points: all places are in them, to a tenth, which keeps the files small
    line         (k, 2) places that a stroke joins
"""
import json
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from sklearn import datasets, tree

from helpers import atlas, automata, figures, gossiping, learners, memory, quantiles, remembering, swarm, trees
from helpers.data import read_rows
from helpers.figures import BLUE, GRID, ORANGE
from helpers.svg import svg_lines

DATA = Path(__file__).parent / "data"
COVERS = Path(__file__).parent / "covers"
WIDE, HIGH = 864, 216
MIDDLE = np.array([WIDE, HIGH]) / 2


def canvas():
    fig = Figure(figsize=(WIDE / 72, HIGH / 72))
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, WIDE), ylim=(0, HIGH))
    ax.axis("off")
    return fig, ax


def strokes(ax, lines, color, width, alpha=1.0):
    """All lines as one path, which is a fraction of the bytes of a path each."""
    codes = np.concatenate([np.where(np.arange(len(line)), Outline.LINETO, Outline.MOVETO) for line in lines])
    path = Outline(np.round(np.concatenate(lines), 1), codes)
    path.should_simplify = False  # it would leave out dots
    # Without a clip path nothing needs an id. What sticks out is cut by the picture's own edge.
    ax.add_patch(PathPatch(path, fill=False, edgecolor=color, linewidth=width, alpha=alpha, capstyle="round",
                           joinstyle="round", clip_on=False))


def dots(ax, places, color, size, alpha=1.0):
    """A dot is a stroke from a place to itself, with round ends."""
    if len(places):
        strokes(ax, np.repeat(np.asarray(places)[:, np.newaxis], 2, axis=1), color, size, alpha)


def simplified(line, within):
    """The fewest places that Ramer (1972) and Douglas & Peucker (1973) need for a line, from left to right, that is
    nowhere more than `within` above or below the given one."""
    off = np.abs(line[:, 1] - np.interp(line[:, 0], line[[0, -1], 0], line[[0, -1], 1]))
    worst = off.argmax()
    if off[worst] <= within:
        return line[[0, -1]]
    return np.concatenate([simplified(line[:worst + 1], within)[:-1], simplified(line[worst:], within)])


def beeswarm(x, apart):
    """Places of the sorted x, each as near to y = 0 as it can be without coming nearer than `apart` to one before it."""
    placed = np.empty((0, 2))
    for one in np.sort(x):
        near = placed[placed[:, 0] > one - apart]
        reach = np.sqrt(apart**2 - (near[:, 0] - one)**2)
        spots = np.concatenate([[0.0], near[:, 1] + reach, near[:, 1] - reach])
        free = spots[np.all(np.abs(spots[:, np.newaxis] - near[:, 1]) >= reach - 1e-9, axis=1)]
        placed = np.vstack([placed, [one, free[np.abs(free).argmin()]]])
    return placed


def crowd():
    percentiles, pounds = np.loadtxt(DATA / "galton_1907.csv", delimiter=",", unpack=True, comments=["#", "percentile"])
    truth = 1198
    guesses = np.sort(quantiles.sample_quantiles(percentiles / 100, pounds, 787, np.random.default_rng(1907)))
    mean = guesses.mean()
    nearer = np.abs(guesses - truth) < abs(mean - truth)
    fig, ax = canvas()
    scale, centre = 2.85, (guesses[0] + guesses[-1]) / 2
    places = beeswarm(scale * (guesses - centre), 8) + MIDDLE
    line = WIDE / 2 + scale * (mean - centre)
    dots(ax, places[~nearer], BLUE, 5.6, 0.65)
    dots(ax, places[nearer], ORANGE, 5.6)
    strokes(ax, [np.array([(line, 0), (line, HIGH)])], ORANGE, 1.6)
    return fig, (f"{guesses.size} guesses of an ox's weight, drawn from Galton's published quantiles, from {guesses[0]:.0f} lb to {guesses[-1]:.0f} lb, "
                 f"and their mean, {mean:.0f} lb (the line): only {nearer.sum()} of them (orange) are nearer to the truth, {truth} lb.")


def colonies():
    flock = swarm.Boids(np.random.default_rng(5), birds=1000, density=0.5)
    for _ in range(600):
        flock.step()
    before, low, high = swarm.order(flock.toward), 29.0, flock.box / 4
    flock.hawk = np.array([0.55 * flock.box, low + high / 2])
    stay, behind, apart = 100, 45, 15
    ways = []
    for _ in range(stay):
        flock.step()
        ways.append(flock.at.copy())
    ways = np.array(ways[-1 - behind::apart])
    moves = np.diff(ways, axis=0)
    moves -= flock.box * np.rint(moves / flock.box)  # over the edges
    ways[:-1] = ways[-1] - np.cumsum(moves[::-1], axis=0)[::-1]
    nearest = np.hypot(*(flock.at - flock.hawk).T).min()
    scale = WIDE / flock.box
    up = (ways[-1, :, 1] - low) % flock.box
    seen = up < high
    ways[:, :, 1] += up - ways[-1, :, 1]
    ways = scale * ways[:, seen].swapaxes(0, 1)
    ways[:, :-1] = np.round(ways[:, :-1])  # whole points will do for where they were
    fig, ax = canvas()
    strokes(ax, ways, BLUE, 1, 0.42)
    dots(ax, ways[:, -1], BLUE, 2.8)
    dots(ax, scale * (flock.hawk - (0, low))[np.newaxis], ORANGE, 9)
    return fig, (f"{seen.sum()} of a thousand birds, each of which steers by those within {flock.sight:g} lengths of it, and their ways of the last {behind} steps: "
                 f"they flew with an order of {before:.2f} until a hawk (orange) stood in the way, and {stay} steps later the nearest is {nearest:.1f} lengths from it.")


def brain():
    digits = datasets.load_digits()
    pictures = np.where(digits.images >= 8, 1, -1).reshape(-1, 64)
    taught = np.array([pictures[digits.target == digit][0] for digit in range(10)])
    cue, smeared, updates = 3, 14, 13
    rng = np.random.default_rng(78)
    net = remembering.Remembering(rng, memories=taught, cue=cue)
    net.state[rng.permutation(64)[:smeared]] *= -1
    states = [net.state.copy()]
    while len(states) < 5:
        for _ in range(updates):
            net.step()
        states.append(net.state.copy())
    wrong = np.array(states) != taught[cue]
    starts = memory.flip(np.tile(taught[cue], (1000, 1)), smeared / 64, rng)
    back = np.mean([np.array_equal(memory.settle(start, net.weights, rng)[0], taught[cue]) for start in starts])
    fig, ax = canvas()
    row, column = np.divmod(np.arange(64), 8)
    for number, (state, is_wrong) in enumerate(zip(states, wrong, strict=True)):
        places = MIDDLE + np.column_stack([17.5 * (column - 3.5) + WIDE / 5 * (number - 2), 17.5 * (3.5 - row)])
        for one, color in ((~is_wrong, BLUE), (is_wrong, ORANGE)):
            dots(ax, places[one & (state > 0)], color, 13.5)
            dots(ax, places[one & (state < 0)], color, 4, 0.5)
    *most, last = wrong.sum(axis=1).tolist()
    return fig, (f"64 neurons that were taught ten digits and are shown the 3 with {smeared} of its cells turned (orange): at first, and every {updates} updates of a single "
                 f"neuron after that, {', '.join(map(str, most))} and {last} are wrong; of a thousand such starts {back:.0%} come back whole.")


def borders(said):
    """Lines between the cells of a map (rows, columns), in cells, where what is said changes."""
    lines = []
    for across in (True, False):
        here = said if across else said.T
        changes = here[1:] != here[:-1]
        for at in np.flatnonzero(changes.any(axis=1)):
            cells = np.flatnonzero(changes[at])
            for run in np.split(cells, np.flatnonzero(np.diff(cells) > 1) + 1):
                ends = np.array([(run[0], at + 1), (run[-1] + 1, at + 1)])
                lines.append(ends if across else ends[:, ::-1])
    return lines


def ensembles():
    lumps = datasets.load_breast_cancer()
    two = lumps.data[:, [list(lumps.feature_names).index(name) for name in ("worst texture", "worst area")]]
    cancer = 1 - lumps.target
    depth, rng = 4, np.random.default_rng(1993)
    learn, unseen = np.split(rng.permutation(len(cancer)), [150])
    grown = []
    for _ in range(40):
        sample = rng.choice(learn, learn.size)
        grown.append(tree.DecisionTreeClassifier(max_features="sqrt", max_depth=depth, random_state=int(rng.integers(2**31)))
                     .fit(two[sample], cancer[sample]))
    forest = trees.flat(grown)
    low, high = np.array([13, 300]), np.array([42, 1400])
    cell = 3  # points
    x, y = np.meshgrid((np.arange(WIDE // cell) + 0.5) * cell / WIDE, (np.arange(HIGH // cell) + 0.5) * cell / HIGH)
    said = trees.answers(forest, low + np.column_stack([x.ravel(), y.ravel()]) * (high - low)).reshape(-1, *x.shape)
    votes = trees.answers(forest, two[unseen]) == cancer[unseen]
    alone, together = 1 - votes.mean(), 1 - np.mean(votes.mean(axis=0) > 0.5)
    fig, ax = canvas()
    for one in said:
        strokes(ax, [cell * line for line in borders(one)], BLUE, 0.9, 0.3)
    strokes(ax, [cell * line for line in borders(said.mean(axis=0) > 0.5)], ORANGE, 2.6)
    return fig, (f"{len(grown)} trees, each of at most {depth} questions in a row and from a sample of its own, draw their borders between harmless lumps and cancer (blue), by texture and area, "
                 f"and so does their vote (orange): on {unseen.size} unseen cases a tree is wrong in {alone:.1%}, the vote in {together:.1%}.")


def learning():
    rows, cell = 32, 6
    t, offset = np.mgrid[:rows, 1 - rows:rows]
    computed, run = automata.rule_90_cell(t, offset), automata.from_one(30, rows - 1)
    fig, ax = canvas()
    for cells, side in ((computed, -1), (run, 1)):
        places = MIDDLE + np.stack([side * WIDE / 4 + cell * offset, cell * ((rows - 1) / 2 - t)], axis=-1)
        asked = (offset == 0) & (side == 1)
        dots(ax, places[(cells == 1) & ~asked], BLUE, 4.9)
        dots(ax, places[(cells == 1) & asked], ORANGE, 4.9)
    return fig, (f"Two automata grow from one cell for {rows - 1} steps: the {computed.sum()} ones of rule 90 (left) were each computed from a formula, without running it; "
                 f"for the centre column of rule 30 (orange, {run[:, rows - 1].sum()} ones of {rows}) nobody knows how but to run it.")


def signals():
    towns = gossiping.Gossiping(np.random.default_rng(4), how="pairs meet")
    half, rounds, tied = gossiping.NODES // 2, 216, 40
    between = [(gossiping.SIZE / 2, y) for y in np.arange(0, gossiping.SIZE, gossiping.REACH)]
    for place in between:
        towns.poke(*place, "cut")
    bridges = np.count_nonzero(~towns.whole)
    values = [towns.values]
    for now in range(rounds):
        if now == tied:
            for place in between:
                towns.poke(*place, "mend")
        towns.step()
        values.append(towns.values)
    values = np.array(values)
    apart, left = (np.diff(values[at].reshape(2, half).mean(axis=1))[0] for at in (tied, -1))
    fig, ax = canvas()
    x = np.linspace(0, WIDE, len(values))
    for number, y in enumerate((HIGH / 2 + 6.2 * (values - towns.first)).T):
        strokes(ax, [simplified(np.column_stack([x, y]), 0.7)], BLUE if number < half else ORANGE, 1.1, 0.5)
    return fig, (f"{2 * half} thermometers in two towns (blue, orange); two neighbours who meet take the mean of both. While no wire is between the towns each comes to a mean of its own, {apart:.1f} degrees apart; "
                 f"with {bridges} wires, in the last {rounds - tied} of {rounds} rounds, they come within {left:.1f}.")


def agents():
    pairs, rounds, every = 48, 720, 10
    rng = np.random.default_rng(3)
    rows, columns = (learners.Independent(pairs, 3, 3) for _ in range(2))
    hopes = [rows.q.max(axis=1)]
    for temperature in learners.cooling(rounds):
        learners.one_round(learners.tables(learners.CLIMBING), rows, columns, temperature, rng)
        hopes.append(rows.q.max(axis=1))
    hopes = np.array(hopes[::every])
    best = learners.CLIMBING.max()
    climbed = np.abs(hopes[-1] - best) < 0.5
    others = hopes[-1, ~climbed]
    fig, ax = canvas()
    x = np.linspace(0, WIDE, len(hopes))
    for pair in np.argsort(climbed, kind="stable"):  # those who climb lie on top
        line = np.column_stack([x, 22 + 15.6 * hopes[:, pair]])
        strokes(ax, [simplified(line, 0.7)], *((ORANGE, 1.1, 0.9) if climbed[pair] else (BLUE, 1.1, 0.45)))
    return fig, (f"{pairs} pairs learn the climbing game: what one of each pair expects of its best action, in {rounds} rounds. {climbed.sum()} pairs come to the {best:g} points that all could have (orange), "
                 f"the others settle for {others.min():.0f} to {others.max():.0f}.")


def stance():
    of = {(row["pair"], row["test"], float(row["level"])): row for row in read_rows(DATA / "atlas.csv")}
    levels = (0.0, *atlas.SHARES)

    def qualities(pair, side):
        """Mean quality and half of its interval at each level, (2, levels)."""
        rows = [of[(pair, "adversary", level) if level else (pair, "noise", 0.0)] for level in levels]
        return np.array([[float(row[side]), float(row[side + "_half"])] for row in rows]).T

    fig, ax = canvas()
    step = WIDE / len(atlas.PAIRS)
    strokes(ax, [np.array([(0, 52), (WIDE, 52)])], GRID, 1)
    firmest = sorted(atlas.PAIRS, key=lambda pair: -qualities(pair, "many")[0, -2])
    for number, pair in enumerate(firmest):
        x = step * (number + 0.14) + 0.72 * step * np.array(levels) / levels[-1]
        for side, color in (("one", ORANGE), ("many", BLUE)):
            quality, half = qualities(pair, side)
            y = 52 + 136 * quality
            around = np.column_stack([np.r_[x, x[::-1]], np.r_[y + 136 * half, (y - 136 * half)[::-1]]]).round(1)
            ax.fill(*around.T, color=color, alpha=0.22, linewidth=0, clip_on=False)
            strokes(ax, [np.column_stack([x, y])], color, 1.6)
            dots(ax, np.column_stack([x, y]), color, 4.2)
    return fig, (f"The {len(firmest)} systems of the atlas and their centralized twins: the quality that is left when one who knows the system takes "
                 f"none to {levels[-1]:.0%} of its parts, with 95% intervals. One kind is blue, the other orange: which is which, the chapter asks first.")


CHAPTERS = {f"{number:02d}_{draw.__name__}": draw
            for number, draw in enumerate((crowd, colonies, brain, ensembles, learning, signals, agents, stance), 1)}


def drawn(chapter):
    """A chapter's cover, (SVG, words)."""
    with figures.style():
        fig, words = CHAPTERS[chapter]()
        first, *rest = svg_lines(fig, chapter)
    return "\n".join([first.replace("<svg ", '<svg class="cover" ', 1), *rest]) + "\n", words


def main():
    words = {}
    for chapter in CHAPTERS:
        begun = time.perf_counter()
        picture, words[chapter] = drawn(chapter)
        (COVERS / f"{chapter}.svg").write_text(picture, encoding="utf-8")
        print(f"{chapter}: {len(picture) / 1000:.0f} kB, {time.perf_counter() - begun:.1f} s. {words[chapter]}", flush=True)
    (COVERS / "words.json").write_text(json.dumps(words, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
