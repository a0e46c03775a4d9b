import math

import numpy as np
import pytest

from helpers import relearning


@pytest.mark.parametrize(("n", "n1", "n2"), [(100, 20, 30), (40, 5, 20)])
def test_after_noise_practice_brings_back_the_rest_t4_5(seed, n, n1, n2):
    """By the share n2 / n on average; five standard errors of the ratio of means."""
    forgot, relearned = relearning.free_lunch(n, n1, n2, 300, np.random.default_rng(seed)).T
    ratio = relearned.mean() / forgot.mean()
    error = np.std(relearned - ratio * forgot) / forgot.mean() / math.sqrt(300)
    assert abs(1 - ratio - n2 / n) < 5 * error


def test_after_decay_it_makes_things_worse_t4_5(seed):
    forgot, relearned = relearning.free_lunch(100, 20, 30, 300, np.random.default_rng(seed), way="decay").T
    rise = relearned.mean() / forgot.mean() - 1
    assert 0.41 - 0.1 < rise < 0.41 + 0.1


def test_relearning_everything_ends_all_error():
    rng = np.random.default_rng(0)
    errors = relearning.free_lunch(10, 1, 9, 5, rng)  # nine of ten weights are fixed by A2
    assert errors.shape == (5, 2)
    assert (errors > 0).all()


def test_halved_weights_err_by_a_quarter_of_the_targets():
    forgot = relearning.free_lunch(30, 4, 4, 400, np.random.default_rng(1), way="decay")[:, 0]
    # the mean of four squared normals over four: 1 / 4 of it
    assert abs(forgot.mean() - 0.25) < 5 * 0.25 * math.sqrt(2 / (4 * 400))


@pytest.mark.parametrize(("arguments", "message"), [
    ({"n1": 60}, "n1=60, n2=50: must be at most 100 together"), ({"n1": 0}, "n1=0: must be"),
    ({"way": "age"}, "way='age': must be one of 'noise', 'decay'"), ({"runs": 0}, "runs=0: must be")])
def test_what_is_refused(arguments, message):
    settings = {"n": 100, "n1": 50, "n2": 50, "runs": 2} | arguments
    with pytest.raises(ValueError, match=message):
        relearning.free_lunch(rng=np.random.default_rng(0), **settings)
