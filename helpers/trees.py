"""Decision trees as flat arrays: grown by scikit-learn, answered by NumPy alone, so in a browser too.

Notation
    m, n, d, k   trees, cases, inputs of a case, classes
    inputs       (n, d); compared as float32, as scikit-learn does, and none too large for that
    node         a place in the arrays, which hold all nodes of all trees, each tree's together
    answers      (m, n) int64: the class that each tree gives each case, -1 where it gives none
"""
from typing import NamedTuple

import numpy as np

from . import checks

MOST = float(np.finfo(np.float32).max)  # that an input may be, or minus that


class Trees(NamedTuple):
    """`roots` (m,): each tree's first node. For every node: `feature`, the input that it asks for, -1 at a
    leaf; `threshold`: a case goes `left` if its input is at most that, else `right`; `answer`: the class
    most frequent among the cases that the tree saw there."""

    roots: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    answer: np.ndarray


def flat(fitted) -> Trees:
    """The Trees of fitted tree classifiers of scikit-learn, which answer as their `predict` does.

    Their classes must be whole numbers from 0. (The trees that a forest of scikit-learn holds number its classes.)
    """
    try:
        fitted = list(fitted)
    except TypeError:
        raise ValueError(f"fitted={fitted!r}: must be a list of trees") from None
    if not fitted:
        raise ValueError("fitted=[]: must hold at least one tree")
    for one in fitted:
        if not (hasattr(one, "tree_") and hasattr(one, "classes_")):
            raise ValueError(f"fitted: {one!r} is among them; must be fitted tree classifiers")
    grown = [one.tree_ for one in fitted]
    classes = [checks.counts("classes_", one.classes_, 0) for one in fitted]
    sizes = np.array([one.node_count for one in grown], np.int64)
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)

    def joined(name, moved=False):
        parts = [getattr(one, name) for one in grown]
        if moved:  # children are numbered within their tree, -1 where there is none
            parts = [np.where(part < 0, -1, part + root) for part, root in zip(parts, roots, strict=True)]
        return np.concatenate(parts)

    return Trees(roots, np.maximum(joined("feature"), -1).astype(np.int64), joined("threshold"),
                 joined("children_left", True).astype(np.int64), joined("children_right", True).astype(np.int64),
                 np.concatenate([own[one.value[:, 0].argmax(axis=1)] for own, one in zip(classes, grown, strict=True)]))


def some(trees, chosen) -> Trees:
    """The `chosen` (indices, at least one) of the trees; the nodes of the others stay, and nothing leads to them."""
    chosen = checks.counts("chosen", chosen, 0)
    if chosen.ndim != 1 or chosen.size == 0 or chosen.max() >= len(trees.roots):
        raise ValueError(f"chosen={chosen.tolist()}: must be indices of the {len(trees.roots)} trees, at least one")
    return trees._replace(roots=trees.roots[chosen])


def sizes(trees):
    """Nodes of each tree, int64 (m,), of trees as `flat` gives them."""
    return np.diff(np.append(trees.roots, trees.feature.size))


def answers(trees, inputs, lost=None):
    """What each tree says of each case: (m, n).

    `lost`: bool for every node, true where it is gone. A case that comes to a lost node gets no answer (-1).
    """
    inputs = checks.finite("inputs", inputs, -MOST, MOST)
    most = trees.feature.max()
    if inputs.ndim != 2 or inputs.shape[1] <= most:
        raise ValueError(f"inputs of shape {inputs.shape}: must be (n, d), d at least {most + 1}")
    if lost is not None:
        lost = checks.numbers("lost", lost).astype(bool)
        if lost.shape != trees.feature.shape:
            raise ValueError(f"lost of shape {lost.shape}: must have one place for each of {trees.feature.size} nodes")
    asked = inputs.astype(np.float32)
    case = np.arange(len(inputs), dtype=np.int64)
    at = np.repeat(trees.roots[:, None], len(inputs), axis=1)
    while True:
        goes_on = trees.feature[at] >= 0
        if lost is not None:
            goes_on &= ~lost[at]
        if not goes_on.any():
            break
        low = asked[case, np.maximum(trees.feature[at], 0)] <= trees.threshold[at]
        at = np.where(goes_on, np.where(low, trees.left[at], trees.right[at]), at)
    said = trees.answer[at]
    return said if lost is None else np.where(lost[at], -1, said)
