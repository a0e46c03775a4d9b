import numpy as np
import pytest
from scipy import optimize

from helpers import labour


def test_response_by_hand():
    assert labour.response(3, 4) == pytest.approx(9 / 25)
    assert labour.response([0, 8], [1, 8]) == pytest.approx([0, 0.5])


@pytest.mark.parametrize(("f", "stimulus", "majors", "minors"), [
    (0.1, 0.3641, 0.0102, 0.3692), (0.5, 0.7152, 0.0381, 0.6285), (0.9, 2.3267, 0.2805, None),
    (1.0, 2.6667, 0.3333, None)])
def test_steady_states_t2_6(f, stimulus, majors, minors):
    found = labour.steady_state(f)
    assert found.stimulus == pytest.approx(stimulus, abs=5e-5)
    assert found.majors == pytest.approx(majors, abs=5e-5)
    if minors is not None:
        assert found.minors == pytest.approx(minors, abs=5e-5)


@pytest.mark.parametrize("f", [0, 0.03, 0.2, 0.6, 0.95, 1])
def test_the_steady_state_balances_demand_and_work(f):
    def missing(s):
        active = [labour.response(s, theta) / (labour.response(s, theta) + 0.2) for theta in (8, 1)]
        return 1 - 3 * (f * active[0] + (1 - f) * active[1])

    root = optimize.brentq(missing, 1e-6, 100)
    assert labour.steady_state(f).stimulus == pytest.approx(root, rel=1e-9)


def test_the_rise_is_in_wilson_s_range():
    few, many = labour.steady_state([0.1, 0.9]).majors
    assert many / few == pytest.approx(27.4, abs=0.1)
    assert (labour.WILSON_RISE, labour.WILSON_RESTORED) == ((15, 30), 0.75)  # Wilson 1984
    low, high = labour.WILSON_RISE
    assert low <= many / few <= high


def test_a_large_colony_settles_at_the_steady_state(seed):
    """Time means of 2000 members over 20 runs: five standard errors of runs, by their spread."""
    course = labour.simulate(1000, 1000, 500, np.random.default_rng(seed), runs=20)
    exact = labour.steady_state(0.5)
    for caste, share in ((0, exact.majors), (1, exact.minors)):
        means = course.active[200:, caste].mean(axis=0) / 1000
        # fluctuations shift the mean by order 1 / N beside their own error
        assert abs(means.mean() - share) < 5 * means.std(ddof=1) / np.sqrt(20) + 2e-3
    means = course.stimulus[200:].mean(axis=0)
    assert abs(means.mean() - exact.stimulus) < 5 * means.std(ddof=1) / np.sqrt(20) + 5e-3


def test_who_is_gone_does_not_work_and_the_others_take_over(seed):
    course = labour.simulate(20, 180, 600, np.random.default_rng(seed), runs=10, removed=300)
    assert (course.active[301:, 1] == 0).all()
    before, after = course.active[150:300, 0].mean(), course.active[400:, 0].mean()
    assert after > 10 * before
    assert after / 20 == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize(("caste", "left"), [("minors", 4), ("majors", 16)])
def test_a_caste_is_taken_away_at_its_step(caste, left, scaled):
    settings = {"majors": 4, "minors": 16, "steps": 80, "runs": 9, "threshold": (1, 1)}
    whole = labour.simulate(**settings, rng=np.random.default_rng(3))
    course = labour.simulate(**settings, rng=np.random.default_rng(3), removed=50, caste=caste, scaled=scaled)
    gone = ("majors", "minors").index(caste)
    np.testing.assert_array_equal(course.active[:51], whole.active[:51])
    assert course.active[50, gone].any()
    assert not course.active[51:, gone].any()
    members = np.where(np.arange(80) < 50, 20, left if scaled else 20)[:, np.newaxis]  # who shares the work of a step
    np.testing.assert_allclose(course.stimulus[1:], np.maximum(
        course.stimulus[:-1] + 1 - 3 * course.active[1:].sum(axis=1) / members, 0))


def test_takeover_by_the_balance():
    scaled, whole = labour.takeover(0.5), labour.takeover(0.5, scaled=False)
    before = labour.steady_state(0.5).majors
    assert scaled.rise == pytest.approx((1 / 3) / before)
    assert whole.rise == pytest.approx(min(2 / 3, 1 / 1.2) / before)
    assert scaled.restored == pytest.approx(1)
    assert whole.restored == pytest.approx(1)
    assert labour.takeover(0.1, scaled=False).restored < 0.3


def test_numbers_stay_possible(seed):
    course = labour.simulate(7, 3, 200, np.random.default_rng(seed), runs=5)
    assert course.active.shape == (201, 2, 5)
    assert (course.active >= 0).all()
    assert (course.active[:, 0] <= 7).all()
    assert (course.active[:, 1] <= 3).all()
    np.testing.assert_allclose(course.stimulus[1:], np.maximum(
        course.stimulus[:-1] + 1 - 3 * course.active[1:].sum(axis=1) / 10, 0))


def test_the_same_seed_gives_the_same_course():
    one, same = (labour.simulate(5, 5, 50, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one.active, same.active)


@pytest.mark.parametrize(("call", "message"), [
    (lambda rng: labour.response(-1, 1), "stimulus=-1: must be"),
    (lambda rng: labour.response(1, 0), "threshold=0: must be"),
    (lambda rng: labour.steady_state(1.5), "f=1.5: must be"),
    (lambda rng: labour.steady_state(0.5, demand=2.6), r"demand=2.6: must be below relief / \(1 \+ quitting\) = 2.5"),
    (lambda rng: labour.steady_state(0.5, demand=1, relief=2, quitting=1), r"demand=1.0: must be below .* = 1, or s grows"),
    (lambda rng: labour.steady_state(0.5, quitting=0), "quitting=0: must be"),
    (lambda rng: labour.steady_state(np.nan), "f=nan: must be"),
    (lambda rng: labour.takeover(0), "f=0: must be"),
    (lambda rng: labour.takeover(1), "f=1: must be"),
    (lambda rng: labour.simulate(-1, 5, 5, rng), "majors=-1: must be"),
    (lambda rng: labour.simulate(5, 5, 5, rng, removed=0), "removed=0: must be"),
    (lambda rng: labour.simulate(5, 0, 5, rng, removed=2, caste="majors"), "caste='majors': must leave somebody"),
    (lambda rng: labour.simulate(0, 0, 5, rng), "majors [+] minors=0: must be"),
    (lambda rng: labour.simulate(5, 5, 5, rng, removed=2, caste="queens"), "caste='queens': must be one of"),
    (lambda rng: labour.simulate(0, 5, 5, rng, removed=2), "caste='minors': must leave somebody"),
    (lambda rng: labour.simulate(5, 5, 5, rng, threshold=(1, 2, 3)), "threshold of shape"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
