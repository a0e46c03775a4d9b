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


def test_ink_is_half_of_the_image_s_own_most():
    assert features.inked([[[4.0, 2, 1.9]], [[0.4, 0.9, 0.5]]]).tolist() == [[[True, True, False]], [[False, True, True]]]


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


def test_all_together_by_hand():
    found = features.hand_made([SEVEN[:3]])[0]  # three rows of four columns
    np.testing.assert_allclose(found[:7], [4 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 2 / 6, 2 / 6])  # six inked pixels
    assert found[7:14].tolist() == [1, 1, 1, 1, 1, 2, 1]
    # rows 0 (four times), 1, 2; columns 0, 1, 2, 3, then 3, 2
    np.testing.assert_allclose(found[14:19], [3 / 6, 11 / 6, 5 / 6 - 1 / 4, 27 / 6 - 121 / 36, 7 / 6 - 11 / 12])
    np.testing.assert_allclose(found[19:], [4 / 6, 3 / 6, 0])  # left-right the first row; upside down the third pixel of rows 0 and 2, and row 1


def test_all_together_for_real_digits():
    images = load_digits().images[:50]
    found = features.hand_made(images)
    assert found.shape == (50, 2 * 8 + 2 * 8 + 8) and len(features.NAMES) == 7
    np.testing.assert_allclose(found[:, :8].sum(axis=1), 1)
    np.testing.assert_allclose(found[:, 8:16].sum(axis=1), 1)
    np.testing.assert_array_equal(found[:, 16:24], features.strokes(images, 2))
    np.testing.assert_array_equal(found[:, 32:37], features.moments(images))
    np.testing.assert_array_equal(found[:, 37:39], features.symmetry(images))
    np.testing.assert_array_equal(found[:, -1:], features.holes(images))
    np.testing.assert_allclose(found[7], features.hand_made(images[[7]])[0])  # each image by itself


@pytest.mark.parametrize("unit", [1e-300, 1 / 16, 1e306])
def test_the_unit_of_the_ink_is_all_one(unit):
    images = load_digits().images[:20]
    np.testing.assert_allclose(features.hand_made(unit * images), features.hand_made(images), atol=1e-12)


@pytest.mark.parametrize("axis", [0, 3, -1, None])
def test_a_line_is_a_row_or_a_column(axis):
    with pytest.raises(ValueError, match=f"axis={axis}: must be"):
        features.strokes([RING], axis)


@pytest.mark.parametrize(("images", "message"), [
    (np.zeros((8, 8)), r"images of shape \(8, 8\): must be \(n, h, w\)"),
    (np.zeros((0, 8, 8)), r"images of shape \(0, 8, 8\)"),
    ([RING, 0 * RING], r"images\[1\]: must have some ink"),
    ([-RING], r"images.*must be finite and in \[0"),
])
def test_bad_input(images, message):
    with pytest.raises(ValueError, match=message):
        features.hand_made(images)
