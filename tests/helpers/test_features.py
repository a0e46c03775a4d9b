import numpy as np
import pytest
from sklearn.datasets import load_digits

from helpers import features

RING = np.array([[0, 0, 0, 0, 0], [0, 4, 4, 4, 0], [0, 4, 0, 4, 0], [0, 4, 4, 4, 0], [0, 0, 0, 0, 0]], float)
EIGHT = np.vstack([RING[1:4], RING[2:4]])  # two rings, one on the other, at the upper and lower edge
SEVEN = np.array([[2, 2, 2, 2], [0, 0, 0, 2], [0, 0, 2, 0], [0, 2, 0, 0]], float)


def test_holes_are_what_ink_encloses():
    assert features.holes([RING]).tolist() == [[1]]
    assert features.holes([EIGHT]).tolist() == [[2]]
    assert features.holes([SEVEN]).tolist() == [[0]]
    gap = RING.copy()
    gap[1, 2] = 1  # too faint to count as ink
    assert features.holes([gap]).tolist() == [[0]]
    diagonal = RING.copy()
    diagonal[1, 1] = 0  # the ring is closed at a corner, for white goes by sides only
    assert features.holes([diagonal]).tolist() == [[1]]


def test_strokes_by_hand():
    assert features.strokes([RING], 2).tolist() == [[0, 1, 2, 1, 0]]
    assert features.strokes([RING], 1).tolist() == [[0, 1, 2, 1, 0]]
    assert features.strokes([SEVEN], 2).tolist() == [[1, 1, 1, 1]]
    assert features.strokes([SEVEN], 1).tolist() == [[1, 2, 2, 1]]


def test_the_first_line_begins_with_ink_even_if_the_last_has_some():
    assert features.strokes([[[1.0, 0, 1]]], 2).tolist() == [[2]]


def test_moments_against_their_definition():
    image = np.random.default_rng(0).random((5, 7))
    down, across = (np.average(place, weights=image) for place in np.indices(image.shape))
    covariance = np.cov(*(place.ravel() for place in np.indices(image.shape)), aweights=image.ravel(), ddof=0)
    np.testing.assert_allclose(features.moments([image])[0], [down, across, covariance[0, 0], covariance[1, 1], covariance[0, 1]])


def test_symmetry():
    np.testing.assert_allclose(features.symmetry([RING]), [[1, 1]])
    # seven inked pixels, of which the upper four have one beside the middle line, and two one across it
    np.testing.assert_allclose(features.symmetry([SEVEN]), [[4 / 7, 2 / 7]])


def test_all_together_for_real_digits():
    images = load_digits().images[:50]
    found = features.hand_made(images)
    assert found.shape == (50, 2 * 8 + 2 * 8 + 8) and len(features.NAMES) == 7
    np.testing.assert_allclose(found[:, :8].sum(axis=1), 1)
    np.testing.assert_allclose(found[:, 8:16].sum(axis=1), 1)
    np.testing.assert_array_equal(found[:, 16:24], features.strokes(images, 2))
    np.testing.assert_array_equal(found[:, -1:], features.holes(images))


@pytest.mark.parametrize(("images", "message"), [
    (np.zeros((8, 8)), r"images of shape \(8, 8\): must be \(n, h, w\)"),
    (np.zeros((0, 8, 8)), r"images of shape \(0, 8, 8\)"),
    ([RING, 0 * RING], r"images\[1\]: must have some ink"),
    ([-RING], r"images.*must be finite and in \[0"),
])
def test_bad_input(images, message):
    with pytest.raises(ValueError, match=message):
        features.hand_made(images)
