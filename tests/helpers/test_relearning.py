import math

import numpy as np
import pytest

from helpers import relearning


def saving(n, n1, n2, way, seed):
    """Share of the error saved, and its standard error."""
    forgot, relearned = relearning.free_lunch(n, n1, n2, 300, np.random.default_rng(seed), way=way).T
    ratio = relearned.mean() / forgot.mean()
    return 1 - ratio, np.std(relearned - ratio * forgot) / forgot.mean() / math.sqrt(300)


@pytest.mark.parametrize(("n", "n1", "n2"), [(100, 20, 30), (40, 5, 20)])
def test_after_noise_practice_brings_back_the_rest_t4_5(seed, n, n1, n2):
    """By the share n2 / n on average; five standard errors of the ratio of means."""
    saved, error = saving(n, n1, n2, "noise", seed)
    assert relearning.expected_saving(n, n2) == n2 / n
    assert abs(saved - n2 / n) < 5 * error


@pytest.mark.parametrize(("n", "n1", "n2"), [(100, 20, 30), (40, 5, 20)])
def test_after_decay_it_makes_things_worse_t4_5(seed, n, n1, n2):
    saved, error = saving(n, n1, n2, "decay", seed)
    assert abs(saved - relearning.expected_saving(n, n2, "decay")) < 5 * error


def test_the_expected_harm_by_hand():
    assert relearning.expected_saving(100, 30, "decay") == pytest.approx(-30 / 69)  # the targets' 41% had a standard error of 3
    with pytest.raises(ValueError, match="n2=99: must be below n - 1 = 99"):
        relearning.expected_saving(100, 99)


def test_relearning_everything_ends_all_error():
    rng = np.random.default_rng(0)
    errors = relearning.free_lunch(10, 1, 9, 5, rng)  # nine of ten weights are fixed by A2
    assert errors.shape == (5, 2)
    assert (errors > 0).all()


def test_halved_weights_err_by_a_quarter_of_the_targets():
    forgot = relearning.free_lunch(30, 4, 4, 400, np.random.default_rng(1), way="decay")[:, 0]
    # the mean of four squared normals over four: 1 / 4 of it
    assert abs(forgot.mean() - 0.25) < 5 * 0.25 * math.sqrt(2 / (4 * 400))


@pytest.mark.parametrize(("n", "n1", "n2", "runs"), [(100, 20, 30, 300), (2, 1, 1, 1500)])
def test_noise_moves_each_weight_by_a_normal_number_of_its_own(seed, n, n1, n2, runs):
    """The error on A1 is then the mean of n1 squares of x . z. Its mean is n, its mean square (n**2 + 2 n) (1 + 2 / n1)."""
    forgot = relearning.free_lunch(n, n1, n2, runs, np.random.default_rng(seed))[:, 0]
    variance = (n**2 + 2 * n) * (1 + 2 / n1) - n**2
    assert abs(forgot.mean() - n) < 5 * math.sqrt(variance / runs)
    if n1 > 1:  # nearly a chi-square number of n1 degrees: kurtosis 3 + 12 / n1, and a little for z
        assert abs(forgot.std() / math.sqrt(variance) - 1) < 5 * math.sqrt((2.5 + 12 / n1) / (4 * runs))


@pytest.mark.parametrize(("arguments", "message"), [
    ({"n1": 51}, "n1=51, n2=50: must be at most 100 together"), ({"n2": 0}, "n2=0: must be"), ({"n": 0}, "n=0: must be"),
    ({"n1": 60}, "n1=60, n2=50: must be at most 100 together"), ({"n1": 0}, "n1=0: must be"),
    ({"way": "age"}, "way='age': must be one of 'noise', 'decay'"), ({"runs": 0}, "runs=0: must be")])
def test_what_is_refused(arguments, message):
    settings = {"n": 100, "n1": 50, "n2": 50, "runs": 2} | arguments
    with pytest.raises(ValueError, match=message):
        relearning.free_lunch(rng=np.random.default_rng(0), **settings)
