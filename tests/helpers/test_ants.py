import numpy as np
import pytest

from helpers import ants


def test_choice_by_hand():
    assert ants.choice(0, 0) == 0.5
    assert ants.choice(20, 0) == pytest.approx(40**2 / (40**2 + 20**2))
    assert ants.choice([0, 10], 10, k=5, n=3) == pytest.approx([5**3 / (5**3 + 15**3), 0.5])
    assert ants.choice(3, 7, n=1.5) == pytest.approx(23**1.5 / (23**1.5 + 27**1.5))
    assert ants.choice(3, 7, n=0) == 0.5
    assert ants.choice(3, 7) + ants.choice(7, 3) == pytest.approx(1)


def test_one_ant_after_the_other():
    crossings = ants.equal_bridge(50, 40, np.random.default_rng(1))
    assert crossings.shape == (51, 40)
    assert (crossings[0] == 0).all()
    assert set(np.unique(np.diff(crossings, axis=0))) == {0, 1}


def test_a_linear_choice_is_polya_s_urn(seed):
    """The share's mean and variance are the beta-binomial's; five standard errors."""
    runs, gone = 2000, 300
    share = ants.equal_bridge(gone, runs, np.random.default_rng(seed), n=1)[gone] / gone
    mean, variance = ants.polya_share(gone)
    assert variance == pytest.approx((1 / (4 * 41)) * (40 + gone) / gone)  # Beta(20, 20), and the last draws
    assert abs(share.mean() - mean) < 5 * np.sqrt(variance / runs)
    # the share is nearly normal: its variance has the relative standard error sqrt(2 / runs)
    assert abs(share.var() / variance - 1) < 5 * np.sqrt(2 / runs)


@pytest.mark.parametrize(("n", "gone", "locked", "mean"), [
    (2, 100, 0.10, 0.656), (2, 500, 0.49, 0.776), (2, 1000, 0.71, 0.840),
    (1, 1000, 0.00, 0.564), (1.5, 1000, 0.21, None), (3, 1000, 0.98, None)])
def test_equal_branches_t2_1(seed, n, gone, locked, mean):
    """The target's own tolerance, 0.02, and five standard errors of 1000 runs."""
    runs = 1000
    first = ants.equal_bridge(gone, runs, np.random.default_rng(seed), n=n)[gone]
    winner = np.maximum(first, gone - first) / gone
    spread = 0.02 + 5 * np.sqrt(max(locked * (1 - locked), 0.005) / runs)
    assert abs((winner > 0.8).mean() - locked) < spread
    if mean is not None:
        assert abs(winner.mean() - mean) < 0.02 + 5 * 0.13 / np.sqrt(runs)


def test_the_urn_hardly_ever_locks(seed):
    first = ants.equal_bridge(1000, 2000, np.random.default_rng(seed), n=1)[1000]
    assert (np.maximum(first, 1000 - first) > 800).mean() < 0.005


RUNS = 300
CLOSE = 0.03 + 5 * np.sqrt(0.25 / RUNS)  # T2.2's own tolerance and five standard errors of a share


def last_minutes(**settings):
    return ants.double_bridge(RUNS, 1800, **settings)[-5:].mean(axis=0)


def test_a_shorter_branch_wins_more_often_t2_2(seed):
    equal = last_minutes(rng=np.random.default_rng(seed), ratio=1)
    unequal = last_minutes(rng=np.random.default_rng(seed), ratio=2)
    assert abs((equal > 0.8).mean() - 0.44) < CLOSE
    assert abs((equal < 0.2).mean() - 0.44) < CLOSE
    assert abs(unequal.mean() - 0.74) < CLOSE
    assert abs((unequal > 0.8).mean() - 0.66) < 0.03 + CLOSE
    assert abs((unequal < 0.2).mean() - 0.18) < CLOSE
    assert unequal.mean() > equal.mean()


def test_a_late_shortcut_is_not_taken_t2_2(seed):
    late = ants.late_shortcut([0], RUNS, np.random.default_rng(seed))
    assert late.shape == (1, RUNS)
    assert (late > 0.5).sum() == 0
    assert late.mean() < 0.001


def test_before_it_opens_nobody_takes_the_short_branch():
    shares = ants.double_bridge(20, 300, np.random.default_rng(0), ratio=2, opened=180)
    assert shares.shape == (5, 20)
    assert (shares[:3] == 0).all()


def test_it_opens_in_its_second():
    shares = [ants.double_bridge(2000, 60, np.random.default_rng(0), ratio=2, opened=opened)[0] for opened in (60, 59, 0)]
    assert not shares[0].any()
    # in the last second alone two ants at most can take it, each with a chance of one in four or less
    assert 0 < (shares[1] > 0).mean() < 0.5
    assert (shares[2] > 0).all()


def test_a_late_shortcut_is_a_double_bridge_by_rates():
    settings = {"ratio": 1.5, "opened": 60, "k": 5, "n": 1}
    late = ants.late_shortcut([0.1, 0.6], 3, np.random.default_rng(2), seconds=240, last=2, **settings)
    bridge = ants.double_bridge(6, 240, np.random.default_rng(2), evaporation=[0.1] * 3 + [0.6] * 3, **settings)
    np.testing.assert_allclose(late, (bridge[2:].mean(axis=0)).reshape(2, 3))
    default, same = (ants.late_shortcut([0.1], 2, np.random.default_rng(2), **settings)
                     for settings in ({}, {"opened": 1800, "seconds": 3600, "ratio": 2, "last": 5}))
    np.testing.assert_array_equal(default, same)


def test_forgetting_lets_go_of_everything(seed):
    """At 90% a minute no colony has a firm trail, and shares lie around a half."""
    shares = ants.late_shortcut([0.9], RUNS, np.random.default_rng(seed), opened=0)[0]
    assert ((shares > 0.8) | (shares < 0.2)).mean() < 0.02
    assert abs(shares.mean() - 0.5) < 5 * 0.12 / np.sqrt(RUNS)


def test_the_same_seed_gives_the_same_run():
    one, same, other = (ants.double_bridge(5, 240, np.random.default_rng(seed), ratio=2) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize(("k", "n"), [(20, 2), (0.1, 1)])  # the second feels every single mark
def test_one_bridge_step_by_step(k, n):
    """Against a plain loop over seconds, with the same draws."""
    runs, seconds = 3, 180
    rng = np.random.default_rng(4)
    draws = [rng.random((2, 2, runs)) for _ in range(seconds)]
    shares = ants.double_bridge(runs, seconds, np.random.default_rng(4), ratio=1.5, evaporation=0.3, k=k, n=n)
    keep = 0.7 ** (1 / 60)
    for run in range(runs):
        mark = [[0.0, 0.0], [0.0, 0.0]]
        arrivals = {}
        short = [[] for _ in range(3)]
        for second in range(seconds):
            mark = [[amount * keep for amount in end] for end in mark]
            laid = list(arrivals.pop(second, []))
            for end in (0, 1):
                if draws[second][0][end][run] < 0.5:
                    a, b = ((k + amount) ** n for amount in mark[end])
                    branch = 0 if draws[second][1][end][run] < a / (a + b) else 1
                    short[second // 60].append(branch == 0)
                    laid.append((end, branch))
                    arrivals.setdefault(second + (20, 30)[branch], []).append((1 - end, branch))
            for end, branch in laid:
                mark[end][branch] += 1
        assert shares[:, run] == pytest.approx([np.mean(minute) for minute in short])


def test_the_steepest_choice_between_the_most_and_the_least_is_a_number():
    assert ants.choice(1e12, 0, k=1e-12, n=20) == 1 and ants.choice(0, 0, k=1e-12, n=20) == 0.5
    assert ants.choice(1e12, 1e12, k=1e12, n=20) == 0.5


@pytest.mark.parametrize(("call", "message"), [
    (lambda rng: ants.choice(-1, 0), "a=-1: must be finite and in"),
    (lambda rng: ants.choice(1, 0, k=0), "k=0: must be finite and in"),
    (lambda rng: ants.choice(1, 0, n=-1), "n=-1: must be finite and in"),
    (lambda rng: ants.choice(1, 0, n=21), "n=21: must be finite and in"),
    (lambda rng: ants.equal_bridge(5, 5, rng, n=21), "n=21: must be finite and in"),
    (lambda rng: ants.double_bridge(5, 60, rng, ratio=2, k=1e13), "k=10000000000000.0: must be finite and in"),
    (lambda rng: ants.choice([1, 2], [1, 2, 3]), r"a of shape \(2,\), b of shape \(3,\), k of shape \(\): must broadcast together"),
    (lambda rng: ants.choice(1, np.nan), "b=nan: must be finite and in"),
    (lambda rng: ants.equal_bridge(5, 0, rng), "runs=0: must be finite and in"),
    (lambda rng: ants.double_bridge(5, 60, rng, ratio=2, evaporation=-0.1), "evaporation=-0.1: must be finite and in"),
    (lambda rng: ants.late_shortcut([1.1], 5, rng), r"rates=\[1.1\]: must be finite and in"),
    (lambda rng: ants.equal_bridge(0, 5, rng), "ants=0: must be finite and in"),
    (lambda rng: ants.double_bridge(5, 90, rng, ratio=2), "seconds=90: must be a multiple of 60"),
    (lambda rng: ants.double_bridge(5, 60, rng, ratio=0.5), "ratio=0.5: must be finite and in"),
    (lambda rng: ants.double_bridge(5, 60, rng, ratio=2, evaporation=1.1), "evaporation=1.1: must be finite and in"),
    (lambda rng: ants.double_bridge(5, 60, rng, ratio=2, evaporation=[0.1, 0.2]), r"evaporation of shape \(2,\)"),
    (lambda rng: ants.late_shortcut([-0.1], 5, rng), r"rates=\[-0.1\]: must be finite and in"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
