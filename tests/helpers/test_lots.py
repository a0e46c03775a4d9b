import numpy as np
import pytest
from scipy import special

from helpers import lots


def test_softmax_is_scipy_s():
    scores = np.random.default_rng(0).normal(0, 30, (4, 5, 3))
    np.testing.assert_allclose(lots.softmax(scores), special.softmax(scores, axis=-1))
    np.testing.assert_allclose(lots.softmax(np.array([1e4, 0, -np.inf])), [1, 0, 0])


def test_a_draw_is_where_the_lot_falls():
    class Lots:
        def random(self, shape):
            return np.array([0, 0.1, 0.25, 0.5, 0.999])

    chances = np.broadcast_to([0.2, 0.0, 0.3, 0.5], (5, 4))
    drawn = lots.draw(chances, Lots())
    assert drawn.tolist() == [0, 0, 2, 2, 3] and drawn.dtype == np.int64
    assert lots.draw(7 * chances, Lots()).tolist() == drawn.tolist()  # they need not sum to one


def test_draws_come_as_often_as_they_should(seed):
    p, n = np.array([0.1, 0.2, 0.7]), 4000
    found = np.bincount(lots.draw(np.broadcast_to(p, (n, 3)), np.random.default_rng(seed)), minlength=3) / n
    assert np.all(np.abs(found - p) < 5 * np.sqrt(p * (1 - p) / n))


@pytest.mark.parametrize(("call", "named"), [
    (lambda rng: lots.softmax(1), "scores"),
    (lambda rng: lots.softmax(["a"]), "scores"),
    (lambda rng: lots.softmax([]), "scores"),
    (lambda rng: lots.softmax([[0, 1], [-np.inf, -np.inf]]), "scores"),
    (lambda rng: lots.softmax([0, np.nan]), "scores"),
    (lambda rng: lots.draw(1, rng), "chances"),
    (lambda rng: lots.draw(np.zeros((3, 0)), rng), "chances"),
    (lambda rng: lots.draw([0.5, -0.5], rng), "chances"),
    (lambda rng: lots.draw([[0.5, 0.5], [0, 0]], rng), "chances"),
])
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=f"^{named}"):
        call(np.random.default_rng(0))
