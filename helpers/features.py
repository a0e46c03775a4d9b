"""Features of handwritten digits that a person thought of.

Notation
    images    (n, h, w) ink, 0 for none; more is darker
    inked     where there is at least half of the image's most ink
None depends on the unit of the ink. Each feature function returns (n, f); NAMES tells `hand_made`'s groups of columns.
"""
import numpy as np
from scipy import ndimage

from . import checks

NAMES = ("ink in each row", "ink in each column", "strokes met in each row", "strokes met in each column",
         "middle and spread", "symmetry", "holes")


def _images(images):
    images = checks.finite("images", images, 0)
    if images.ndim != 3 or 0 in images.shape:
        raise ValueError(f"images of shape {images.shape}: must be (n, h, w), none of them 0")
    most = images.max(axis=(1, 2), keepdims=True)
    if np.any(most == 0):
        raise ValueError(f"images[{int(most.argmin())}]: must have some ink")
    return np.ldexp(images, -np.frexp(most)[1])  # by a power of two, which is exact: none is too large to square or sum


def inked(images):
    """Where there is at least half of the image's most ink: bool (n, h, w)."""
    images = _images(images)
    return images >= images.max(axis=(1, 2), keepdims=True) / 2


def strokes(images, axis):
    """How often ink begins along each line: lines are rows for axis 2, columns for axis 1; (n, lines)."""
    axis = checks.one_of("axis", checks.count("axis", axis), (1, 2))
    dark = inked(images)
    begins = dark & ~np.roll(dark, 1, axis)
    first = [slice(None)] * 3
    first[axis] = 0
    begins[tuple(first)] = dark[tuple(first)]
    return begins.sum(axis=axis).astype(float)


def moments(images):
    """Middle (down, across), variances (down, across) and covariance of the ink, in pixels and their squares: (n, 5)."""
    images = _images(images)
    share = images / images.sum(axis=(1, 2), keepdims=True)
    down, across = np.indices(images.shape[1:], np.int64)
    middle = [(share * place).sum(axis=(1, 2)) for place in (down, across)]
    off = [place - mean[:, None, None] for place, mean in zip((down, across), middle, strict=True)]
    return np.stack([*middle, *((share * off[i] * off[j]).sum(axis=(1, 2)) for i, j in ((0, 0), (1, 1), (0, 1)))], axis=1)


def symmetry(images):
    """Cosine of the angle between each image and its mirror images, left-right and upside down: (n, 2)."""
    images = _images(images)
    power = (images**2).sum(axis=(1, 2))
    return np.stack([(images * np.flip(images, axis)).sum(axis=(1, 2)) / power for axis in (2, 1)], axis=1)


def holes(images):
    """White regions that ink encloses, sides only counting as neighbours: (n, 1). An 8 has two, a 0 one."""
    dark = np.pad(inked(images), ((0, 0), (1, 1), (1, 1)))
    return np.array([[ndimage.label(~one)[1] - 1] for one in dark], float)


def hand_made(images):
    """All of NAMES, side by side: (n, 2 h + 2 w + 8)."""
    images = _images(images)
    total = images.sum(axis=(1, 2), keepdims=True)
    return np.hstack([(images / total).sum(axis=2), (images / total).sum(axis=1), strokes(images, 2), strokes(images, 1),
                      moments(images), symmetry(images), holes(images)])
