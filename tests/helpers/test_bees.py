import numpy as np
import pytest
from scipy import integrate, optimize, stats

from helpers import bees


@pytest.mark.parametrize(("v", "critical"), [(2, 3.5556), (3, 1.6875)])
def test_the_deadlock_breaks_at_the_critical_strength_t3_1(v, critical):
    assert bees.critical_stopping(v) == pytest.approx(critical, abs=5e-5)
    for factor, decides in ((0.97, False), (1.03, True)):
        a, b = bees.course(0.3, 0.29, (v, v), factor * critical, time=1500, dt=0.05)[-1]
        assert (abs(a - b) > 0.01) == decides


def test_rest_points_t3_1():
    below = bees.course(0.3, 0.29, (2, 2), 0.97 * bees.critical_stopping(2), time=1500, dt=0.05)[-1]
    above = bees.course(0.3, 0.29, (2, 2), 1.03 * bees.critical_stopping(2), time=1500, dt=0.05)[-1]
    assert below == pytest.approx([0.3769, 0.3769], abs=1e-3)
    assert sorted(above) == pytest.approx([0.3110, 0.4390], abs=1e-3)


@pytest.mark.parametrize("v", [1.2, 2, 5])
def test_at_the_critical_strength_the_even_state_is_on_the_brink(v):
    sigma, x = bees.critical_stopping(v), (1 - 1 / v**2) / 2
    assert np.abs(bees.flow(x, x, (v, v), sigma)) == pytest.approx(0, abs=1e-12)
    step = 1e-6
    rise = (np.array(bees.flow(x + step, x - step, (v, v), sigma))
            - np.array(bees.flow(x - step, x + step, (v, v), sigma))) / (2 * step)
    assert rise == pytest.approx([0, 0], abs=1e-6)  # neither grows nor shrinks along a = -b


def test_the_course_is_that_of_the_equations():
    path = bees.course(0.1, 0.2, (3, 2.5), 4, time=10)
    exact = integrate.solve_ivp(lambda _, state: bees.flow(*state, np.array([3, 2.5]), 4), (0, 10), (0.1, 0.2),
                                rtol=1e-10, atol=1e-12)
    assert path[-1] == pytest.approx(exact.y[:, -1], abs=1e-8)


def test_a_better_site_ends_ahead():
    def rest(state):
        return bees.flow(*state, np.array([3.0, 2.5]), 1.0)

    path = bees.course(0.2, 0.2, (3, 2.5), 1.0, time=200)[-1]
    assert path == pytest.approx(optimize.fsolve(rest, path), abs=1e-6)
    assert path[0] > path[1]


def test_many_scouts_follow_the_course(seed):
    """The time to a quorum of ten million scouts is the equations', to their step and noise."""
    run = bees.swarm_decision(5, np.random.default_rng(seed), v=(3, 2.5), sigma=2, quorum=0.5, scouts=10**7, dt=0.005)
    path = bees.course(0, 0, (3, 2.5), 2, time=20)
    assert (run.site == 0).all()
    assert run.time == pytest.approx(0.01 * np.argmax(path[:, 0] >= 0.5), rel=0.05)


def test_a_quorum_is_so_many_scouts():
    """One scout, quorum one: the first she joins; her site is A with probability v_A / (v_A + v_B)."""
    run = bees.swarm_decision(4000, np.random.default_rng(1), v=(3, 1), sigma=0, quorum=1, scouts=1)
    assert abs((run.site == 0).mean() - 0.75) < 5 * np.sqrt(0.75 * 0.25 / 4000)
    assert abs(run.time.mean() - 0.25) < 5 * 0.25 / np.sqrt(4000) + 0.02  # exponential, on a grid of 0.02


def test_patience_ends():
    run = bees.swarm_decision(3, np.random.default_rng(1), v=(3, 3), sigma=0, quorum=0.95, most=2)
    assert run.site.tolist() == [-1, -1, -1]
    assert run.time.tolist() == [2, 2, 2]


def test_a_decision_can_fall_in_the_last_moment():
    """One scout whose rates are so high that she joins in the first step: that step is also the last."""
    run = bees.swarm_decision(5, np.random.default_rng(1), v=(1e4, 1e4), sigma=0, quorum=1, scouts=1, most=0.02)
    assert (run.site >= 0).all()
    assert run.time.tolist() == [0.02] * 5


def test_there_are_200_scouts_if_not_told_otherwise():
    default, same = (bees.swarm_decision(5, np.random.default_rng(1), v=(3, 2), sigma=1, quorum=0.5, **settings)
                     for settings in ({}, {"scouts": 200, "most": 50, "dt": 0.02}))
    np.testing.assert_array_equal(default.time, same.time)


def test_careful_swarms_are_slower_and_better(seed):
    low, high = (bees.swarm_decision(400, np.random.default_rng(seed), v=(3, 2.7), sigma=2, quorum=quorum, scouts=100)
                 for quorum in (0.2, 0.7))
    assert np.median(high.time) > 5 * np.median(low.time)
    error = 5 * np.sqrt(2 * 0.25 / 400)
    assert (high.site == 0).mean() > (low.site == 0).mean() + 0.33 - error


def test_majority_site_by_hand():
    dancers = np.array([[3, 2, 1], [4, 2, 1], [0, 0, 0], [1, 5, 1]])
    assert bees.majority_site(dancers).tolist() == [-1, 0, -1, 1]


def test_bees_who_do_not_listen_divide_by_quality(seed):
    """lambda = 0: each bee's cycle is a Markov chain with rest pi / (1 - pi's sum) ... so the expected
    dancers of a site are proportional to finding * quality."""
    runs, quality = 200, np.array([3, 5, 7, 9, 10])
    dancers = bees.scouts_agree(runs, np.random.default_rng(seed), interdependence=0, finding=0.05)
    weight = 0.05 * quality
    share = weight / (1 + weight.sum())
    # bees are independent: binomial
    error = np.sqrt(200 * share * (1 - share) / runs)
    assert (np.abs(dancers.mean(axis=0) - 200 * share) < 5 * error).all()


def test_bees_who_copy_dance_for_the_mean_quality(seed):
    """lambda = 0 and nobody judges: as above, with 6.8 rounds for each site."""
    dancers = bees.scouts_agree(200, np.random.default_rng(seed), interdependence=0, independence=0)
    share = 0.05 * 6.8 / (1 + 5 * 0.05 * 6.8)
    assert (np.abs(dancers.mean(axis=0) - 200 * share) < 5 * np.sqrt(200 * share * (1 - share) / 200)).all()


def dances(quality, error):
    """E max(x, 1) for x normal about the quality: how many rounds a judge dances on average."""
    z = (quality - 1) / error
    return 1 + (quality - 1) * stats.norm.cdf(z) + error * stats.norm.pdf(z)


@pytest.mark.parametrize("error", [0.5, 2.0, 5.0])
def test_bees_who_misjudge_dance_for_the_mean_of_what_they_judge(seed, error):
    """lambda = 0, as above: the expected dancers are proportional to the expected dance, but for the five points
    that stand for the normal errors (2%)."""
    runs, quality = 200, np.array([3.0, 5, 7, 9, 10])
    dancers = bees.scouts_agree(runs, np.random.default_rng(seed), interdependence=0, error=error)
    weight = 0.05 * dances(quality, error)
    share = weight / (1 + weight.sum())
    bound = 5 * np.sqrt(200 * share * (1 - share) / runs) + 0.02 * 200 * share
    assert (np.abs(dancers.mean(axis=0) - 200 * share) < bound).all()


def test_errors_of_judging_are_spread_over_the_dancers():
    """In the first round nobody dances; in the second each stops by what she judged: of site quality 3 and error 3, by
    E 1 / max(x, 1) over Gauss and Hermite's five points. One site, found by all at once."""
    x, odds = np.polynomial.hermite_e.hermegauss(5)
    stop = (odds / odds.sum()) @ (1 / np.maximum(3 + 3 * x, 1))
    first, second = (bees.scouts_agree(300, np.random.default_rng(1), interdependence=0, qualities=[3], finding=1,
                                       steps=steps, error=3) for steps in (1, 2))
    assert (first == 200).all()
    # those who stop rest for the round
    error = np.sqrt(200 * stop * (1 - stop) / 300)
    assert abs((200 - second).mean() - 200 * stop) < 5 * error
    assert abs(stop - 1 / 3) > 0.03


def test_who_copies_makes_no_errors_of_her_own():
    one, same = (bees.scouts_agree(5, np.random.default_rng(1), interdependence=0.5, independence=0, error=error).mean()
                 for error in (0.0, 3.0))
    assert one == pytest.approx(same, rel=0.3)


def test_listening_and_judging_are_both_needed(seed):
    """List, Elsholtz and Seeley's finding: the best interdependence lies inside."""
    def best(weight, own=1.0):
        found = bees.scouts_agree(200, np.random.default_rng(seed), interdependence=weight, independence=own)
        return (bees.majority_site(found) == 4).mean()

    inside = best(0.8)
    assert inside > 0.9
    assert best(0.2) < 0.1
    assert best(0.99) < inside - 0.1
    assert best(0.8, own=0) < 0.1


def test_numbers_stay_possible():
    dancers = bees.scouts_agree(50, np.random.default_rng(2), interdependence=1, steps=40)
    assert dancers.sum() == 0  # who only listens never starts
    dancers = bees.scouts_agree(50, np.random.default_rng(2), interdependence=0.9, bees=30)
    assert dancers.shape == (50, 5)
    assert (dancers >= 0).all()
    assert (dancers.sum(axis=1) <= 30).all()


def test_the_same_seed_gives_the_same_swarm():
    one, same = (bees.swarm_decision(20, np.random.default_rng(1), v=(2, 2), sigma=5, quorum=0.5) for _ in range(2))
    np.testing.assert_array_equal(one.time, same.time)


@pytest.mark.parametrize(("call", "message"), [
    (lambda rng: bees.course(0.6, 0.5, (2, 2), 1), "a=.*must sum to at most 1"),
    (lambda rng: bees.course(0.1, 0.1, (2, 2), 1, dt=1e-5), "dt=1e-05: time=60 would take more than 100,000 of it"),
    (lambda rng: bees.course(0.1, 0.1, (2, 2, 2), 1), r"v of shape \(3,\): must be"),
    (lambda rng: bees.course(0.1, 0.1, (2, 0), 1), r"v=\(2, 0\): must be"),
    (lambda rng: bees.course(0.1, 0.1, (2, 2), -1), "sigma=-1: must be"),
    (lambda rng: bees.course(-0.1, 0.1, (2, 2), 1), "a=-0.1: must be"),
    (lambda rng: bees.scouts_agree(5, rng, interdependence=0.5, qualities=(0.5, 3)), r"qualities=\(0.5, 3\): must be"),
    (lambda rng: bees.scouts_agree(5, rng, interdependence=0.5, independence=-0.1), "independence=-0.1: must be"),
    (lambda rng: bees.swarm_decision(5, rng, v=(2, 2), sigma=1, quorum=1.01), "quorum=1.01: must be"),
    (lambda rng: bees.swarm_decision(5, rng, v=(2, 2), sigma=1, quorum=0.5, scouts=0), "scouts=0: must be"),
    (lambda rng: bees.course(0.1, 0.1, (2, 2), 1, dt=0), "dt=0: must be"),
    (lambda rng: bees.course(0.1, 0.1, (2, 4), 3.5, dt=0.11), r"dt=0.11: must be finite and in \(0, 0.1\]"),
    (lambda rng: bees.course([0.1, 0.2], [0.1] * 3, (2, 2), 1), r"a of shape \(2,\), b of shape \(3,\): must broadcast together"),
    (lambda rng: bees.flow("0.1", 0.1, (2, 2), 1), "a='0.1': must be a number"),
    (lambda rng: bees.flow(0.1, 0.1, (2, 0), 1), r"v=\(2, 0\): must be"),
    (lambda rng: bees.flow([0.1, 0.2], 0.1, (2, 2), [1, 2, 3]), r"a of shape \(2,\), .* sigma of shape \(3,\): must broadcast together"),
    (lambda rng: bees.majority_site([3, 1]), r"dancers of shape \(2,\): must be \(runs, sites\)"),
    (lambda rng: bees.majority_site(np.zeros((2, 0))), r"dancers of shape \(2, 0\)"),
    (lambda rng: bees.swarm_decision(5, rng, v=(2, 2), sigma=1, quorum=0.5, most=-1), "most=-1: must be"),
    (lambda rng: bees.critical_stopping(1), "v=1: must be"),
    (lambda rng: bees.swarm_decision(5, rng, v=(2, 2), sigma=-1, quorum=0.5), "sigma=-1: must be"),
    (lambda rng: bees.swarm_decision(5, rng, v=(2, 2), sigma=1, quorum=0), "quorum=0: must be"),
    (lambda rng: bees.scouts_agree(5, rng, interdependence=1.2), "interdependence=1.2: must be"),
    (lambda rng: bees.scouts_agree(5, rng, interdependence=0.5, error=-0.1), "error=-0.1: must be"),
    (lambda rng: bees.scouts_agree(5, rng, interdependence=0.5, finding=0.3), "finding=0.3: must be"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))


def test_a_quorum_is_rounded_up():
    def times(quorum):
        return bees.swarm_decision(4000, np.random.default_rng(1), v=(3, 3), sigma=0, quorum=quorum, scouts=3,
                                   dt=0.001).time

    np.testing.assert_array_equal(times(0.5), times(2 / 3))
    exact, more = (bees.swarm_decision(9, np.random.default_rng(1), v=(3, 3), sigma=0, quorum=quorum, scouts=100).time
                   for quorum in (0.07, 0.065))  # 0.07 * 100 is a little above 7, but is seven
    np.testing.assert_array_equal(exact, more)
    assert times(0.5).mean() > 1.2 * times(1 / 3).mean()


def test_a_tie_is_tossed():
    site = bees.swarm_decision(2000, np.random.default_rng(1), v=(1e3, 1e3), sigma=0, quorum=0.5, scouts=2).site
    assert abs(site.mean() - 0.5) < 5 * 0.5 / np.sqrt(2000)
