import math

import numpy as np
import pytest
from scipy import integrate, stats

from helpers import synchrony
from helpers.synchrony import Orchestra


def test_the_pull_is_the_mean_of_all_pairs():
    phase = np.random.default_rng(0).uniform(-3, 3, 30)
    by_hand = [np.mean([math.sin(other - one) for other in phase]) for one in phase]
    np.testing.assert_allclose(synchrony.pull(phase), by_hand, atol=1e-14)


def test_a_course_is_that_of_the_equations():
    rng = np.random.default_rng(1)
    start, own = rng.uniform(-3, 3, 8), rng.standard_normal(8)
    exact = integrate.solve_ivp(lambda _, phase: own + 1.5 * synchrony.pull(phase), (0, 5), start, rtol=1e-10, atol=1e-12)
    phase = start
    for _ in range(5000):
        phase = synchrony.advance(phase, own, 1.5, 0.001)
    np.testing.assert_allclose(phase, exact.y[:, -1], atol=1e-5)


def test_two_lock_if_they_are_pulled_harder_than_they_differ():
    for coupling, locks in ((0.9, False), (1.1, True)):
        phase = np.zeros(2)
        for _ in range(20_000):
            phase = synchrony.advance(phase, np.array([-0.5, 0.5]), coupling, 0.01)
        assert (abs(phase[1] - phase[0]) < math.pi) == locks
    assert phase[1] - phase[0] == pytest.approx(math.asin(1 / 1.1), abs=1e-6)


def test_the_critical_coupling_is_two_over_pi_g():
    assert synchrony.critical_coupling(0.7) == pytest.approx(2 / (math.pi * stats.norm.pdf(0, scale=0.7)))
    assert synchrony.critical_coupling(0.7, "lorentzian") == pytest.approx(2 / (math.pi * stats.cauchy.pdf(0, scale=0.7)))


def test_steady_order_solves_its_equation():
    for coupling in (1.7, 2.5, 6):
        r = float(synchrony.steady_order(coupling))
        held = integrate.quad(lambda u: math.cos(u) ** 2 * stats.norm.pdf(coupling * r * math.sin(u)), -math.pi / 2, math.pi / 2)
        assert coupling * held[0] == pytest.approx(1, abs=1e-6)
    assert synchrony.steady_order([0, 1, 1.59]).tolist() == [0, 0, 0]
    assert synchrony.steady_order(4, 1, "lorentzian") == pytest.approx(math.sqrt(0.5))


def test_order_appears_at_the_critical_coupling(seed):
    """1000 players at even quantiles. Below K_c the beat is of the order of n**-1/2, enlarged near K_c by
    1 / (1 - K / K_c); above, it is the theory's."""
    own = synchrony.even_frequencies(1000)
    couplings = [0.8, 1.2, 1.75, 2, 3]
    found = synchrony.measured_order(couplings, own, np.random.default_rng(seed), time=30, warm=40)
    brink = synchrony.critical_coupling(1)
    assert (found[:2] < 5 / math.sqrt(1000) / (1 - np.array(couplings[:2]) / brink)).all()
    np.testing.assert_allclose(found[2:], synchrony.steady_order(couplings[2:]), atol=0.02)


def test_lorentzian_order_is_the_closed_form(seed):
    own = synchrony.even_frequencies(1000, 0.5, "lorentzian")
    found = synchrony.measured_order([1.5, 3], own, np.random.default_rng(seed), time=20, warm=30, dt=0.02)
    np.testing.assert_allclose(found, np.sqrt(1 - 1 / np.array([1.5, 3])), atol=0.02)


def test_even_frequencies_are_quantiles():
    np.testing.assert_allclose(synchrony.even_frequencies(9, 2), stats.norm.ppf((np.arange(9) + 0.5) / 9, scale=2), atol=1e-12)
    np.testing.assert_allclose(synchrony.even_frequencies(9, 2, "lorentzian"), stats.cauchy.ppf((np.arange(9) + 0.5) / 9, scale=2), atol=1e-12)


@pytest.mark.parametrize("n", [2, 10, 60])
def test_kicking_neurons_fall_into_one_step(seed, n):
    """Mirollo and Strogatz's theorem: from almost every start."""
    times, phases = synchrony.pulses(n, np.random.default_rng(seed), kick=0.3 / n, firings=20_000)
    count = synchrony.groups(phases)
    assert count[-1] == 1
    assert not phases[-1].any()
    assert (np.diff(count) <= 0).all()  # who has met never parts
    assert (np.diff(times) > 0).all()


def test_without_kicks_nobody_ever_meets():
    times, phases = synchrony.pulses(7, np.random.default_rng(0), kick=0, firings=70)
    assert (synchrony.groups(phases) == 7).all()
    np.testing.assert_allclose(times[7:] - times[:-7], 1, atol=1e-9)


def test_one_kick_by_hand():
    class Start:
        def random(self, n):
            return np.array([0.9, 0.5])
    times, phases = synchrony.pulses(2, Start(), kick=0.1, firings=1)
    voltage = math.log(1 + (math.exp(3) - 1) * 0.6) / 3 + 0.1
    assert times[0] == pytest.approx(0.1)
    assert phases[0] == pytest.approx([0, (math.exp(3 * voltage) - 1) / (math.exp(3) - 1)])


def play(model, steps):
    for _ in range(steps):
        model.step()
    return model


def test_the_orchestra_finds_its_beat_and_finds_it_again(seed):
    model = play(Orchestra(np.random.default_rng(seed), coupling=2), 400)
    assert model.order() > 0.85
    assert not model.reached()
    turns = np.random.default_rng(seed)
    for _ in range(400):  # a hand that goes round and round
        if model.order() < 0.45:
            break
        angle = turns.uniform(0, 2 * math.pi)
        model.poke(1.2 + 0.9 * math.cos(angle), 1.2 + 0.9 * math.sin(angle), "startle")
    assert model.startled
    assert play(model, 600).reached()
    model.conductor = 1
    assert not model.reached()


def test_a_conductor_holds_them_and_his_going_ends_it():
    model = play(Orchestra(np.random.default_rng(0), coupling=0, conductor=2), 400)
    assert model.order() > 0.85
    assert not np.isnan(model.scene()["conductor"]).any()
    model.poke(0, 0, "sack the conductor")
    assert np.isnan(model.scene()["conductor"]).all()
    assert play(model, 600).order() < 0.4
    assert "no conductor" in model.readout()


def test_only_who_plays_near_the_pointer_is_startled():
    model = play(Orchestra(np.random.default_rng(0), coupling=0), 5)
    before, places = model.phase.copy(), model.scene()["players"]
    model.poke(2.1, 1.2, "startle")
    near = np.hypot(*(places - (2.1, 1.2)).T) < 0.35
    assert near.any()
    np.testing.assert_array_equal(before != model.phase, near)


def test_the_scene_stays_on_the_plane():
    model = play(Orchestra(np.random.default_rng(0), players=40), 50)
    scene = model.scene()
    assert {name: array.shape for name, array in scene.items()} == {
        "players": (40, 2), "common_beat": (1, 2), "conductor": (1, 2)}
    assert (scene["players"] > 0).all()
    assert (scene["players"] < 2.4).all()


@pytest.mark.parametrize(("call", "message"), [
    (lambda rng: Orchestra(rng, players=1), "players=1: must be"),
    (lambda rng: Orchestra(rng, coupling=np.nan), "coupling=nan: must be"),
    (lambda rng: Orchestra(rng, spread=-1), "spread=-1: must be"),
    (lambda rng: Orchestra(rng).poke(3, 1, "startle"), "x=3: must be"),
    (lambda rng: Orchestra(rng).poke(1, 1, "applaud"), "tool='applaud': must be one of"),
    (lambda rng: synchrony.critical_coupling(0), "spread=0: must be"),
    (lambda rng: synchrony.critical_coupling(1, "even"), "kind='even': must be one of"),
    (lambda rng: synchrony.steady_order(np.nan), "coupling=nan: must be"),
    (lambda rng: synchrony.measured_order([1, np.nan], [0, 1], rng), r"couplings=\[1, nan\]: must be"),
    (lambda rng: synchrony.pulses(1, rng, kick=0.1), "n=1: must be"),
    (lambda rng: synchrony.pulses(5, rng, kick=-0.1), "kick=-0.1: must be"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
