"""How much two things tell of each other: entropy and mutual information (Shannon 1948), in natural units."""
import numpy as np

from . import checks


def entropy(p):
    """-sum p log p, (...,), of chances p (..., m); ValueError for what is no chance."""
    p = checks.finite("p", p, 0, 1 + 1e-9)  # a sum of chances may round to a little more than 1
    if not p.ndim:
        raise ValueError(f"p={float(p)!r}: must have shape (..., m)")
    return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=-1)


def mutual(joint):
    """(information, entropy of the rows, entropy of the columns), (...,) each, of joint chances (..., m, n)."""
    joint = checks.probability("joint", joint)
    if joint.ndim < 2 or 0 in joint.shape:
        raise ValueError(f"joint of shape {joint.shape}: must be (..., m, n), none of them 0")
    if joint.sum(axis=(-2, -1)).max() > 1 + 1e-9:
        raise ValueError(f"joint, summed: {joint.sum(axis=(-2, -1)).max():g}; must be at most 1")
    rows, columns = entropy(joint.sum(axis=-1)), entropy(joint.sum(axis=-2))
    return rows + columns - entropy(joint.reshape(*joint.shape[:-2], -1)), rows, columns
