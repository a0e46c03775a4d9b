"""How much two things tell of each other: entropy and mutual information (Shannon 1948), in natural units."""
import numpy as np


def entropy(p):
    """-sum p log p, (...,), of chances p (..., m)."""
    return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=-1)


def mutual(joint):
    """(information, entropy of the rows, entropy of the columns), (...,) each, of joint chances (..., m, n)."""
    rows, columns = entropy(joint.sum(axis=-1)), entropy(joint.sum(axis=-2))
    return rows + columns - entropy(joint.reshape(*joint.shape[:-2], -1)), rows, columns
