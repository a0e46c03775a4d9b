import math

import numpy as np
import pytest
from scipy import integrate, stats

from helpers import synchrony
from helpers.synchrony import Orchestra


def test_order_by_hand():
    assert synchrony.order(np.array([[0, math.pi], [1, 1]])) == pytest.approx([0, 1], abs=1e-12)
    assert synchrony.order(np.array([0, math.pi / 2])) == pytest.approx(math.sqrt(0.5))
    assert synchrony.order(np.array([0, 0, math.pi])) == pytest.approx(1 / 3)


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
    assert synchrony.steady_order([0, 1, 2], 1, "lorentzian").tolist() == [0, 0, 0]
    for kind in ("normal", "lorentzian"):  # only how hard they are drawn for how much they differ matters
        np.testing.assert_allclose(synchrony.steady_order([5.0, 8], 2, kind), synchrony.steady_order([2.5, 4], 1, kind))


def test_the_measured_order_is_that_of_a_plain_loop():
    own, couplings = np.array([-0.7, 0.1, 0.4]), [0.5, 2.0]
    found = synchrony.measured_order(couplings, own, np.random.default_rng(3), time=1, warm=0.4, dt=0.1)
    for start, coupling, mean in zip(np.random.default_rng(3).uniform(-math.pi, math.pi, (2, 3)), couplings, found, strict=True):
        phase, orders = start, []
        for _ in range(14):
            phase = synchrony.advance(phase, own, coupling, 0.1)
            orders.append(abs(np.exp(1j * phase).mean()))
        assert mean == pytest.approx(np.mean(orders[4:]))
    default, same = (synchrony.measured_order([1], own, np.random.default_rng(3), **settings)
                     for settings in ({}, {"time": 60, "warm": 40, "dt": 0.05}))
    assert default == same

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


def test_kicks_by_hand():
    """Voltages 0.99, 0.93, 0.88 and 0.5: the first fires and lifts the second over the edge by 0.08, hers the third,
    and the last has three kicks of 0.08, not enough. Two who fire at once kick twice."""
    def phase(voltage):
        return np.expm1(3 * voltage) / np.expm1(3)

    class Start:
        def __init__(self, *voltages):
            self.phases = phase(np.array(voltages))

        def random(self, n):
            return self.phases

    wait = 1 - phase(0.99)
    up = np.log1p(np.expm1(3) * (phase(np.array([0.93, 0.88, 0.5])) + wait)) / 3  # when the first fires
    assert up[0] + 0.08 > 1 > up[1] + 0.08
    assert up[1] + 0.16 > 1 > up[2] + 0.24
    times, phases = synchrony.pulses(4, Start(0.99, 0.93, 0.88, 0.5), kick=0.08, firings=1)
    assert times == pytest.approx([wait])
    assert phases[0] == pytest.approx([0, 0, 0, phase(up[2] + 0.24)])
    _, phases = synchrony.pulses(3, Start(1, 1, 0.5), kick=0.08, firings=1)
    assert phases[0] == pytest.approx([0, 0, phase(0.66)])


def test_groups_by_hand():
    assert synchrony.groups([[0, 0.5, 0.5, 0], [0.1, 0.1 + 1e-12, 0.105, 0.9], [0, 0, 0, 0]]).tolist() == [2, 3, 1]


def test_it_watches_4000_firings_if_not_told_otherwise():
    assert len(synchrony.pulses(2, np.random.default_rng(0), kick=0)[0]) == 4000


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
    assert not model.reached()
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


def test_each_keeps_her_own_tempo_if_nobody_listens():
    model = Orchestra(np.random.default_rng(0), players=20, coupling=0, spread=0.5)
    start = model.phase.copy()
    play(model, 40)  # two units of time
    np.testing.assert_allclose(np.exp(1j * model.phase), np.exp(1j * (start + 2 * 0.5 * synchrony.even_frequencies(20))), atol=1e-9)
    radius = np.hypot(*(model.scene()["players"] - 1.2).T)
    assert (np.diff(radius) > 0).all()  # the tempos are sorted: the quick further out
    assert radius[[0, -1]] == pytest.approx([0.84, 1])


def test_all_go_round_even_if_they_keep_their_phases():
    model = Orchestra(np.random.default_rng(0), players=20, coupling=0, conductor=1, spread=0)
    model.phase[:] = 0
    for _ in range(3):
        before = model.scene()
        turned = play(model, 10).scene()
        assert not model.phase.any()
        for name in ("players", "conductor", "common_beat"):  # a quarter of a radian to the left
            x, y = (before[name] - 1.2).T
            np.testing.assert_allclose(turned[name] - 1.2, np.column_stack([
                x * math.cos(0.25) - y * math.sin(0.25), x * math.sin(0.25) + y * math.cos(0.25)]), atol=1e-12)
        np.testing.assert_allclose(turned["common_beat"][0], turned["players"].mean(axis=0))


def test_all_follow_the_conductor_to_his_place():
    model = play(Orchestra(np.random.default_rng(0), coupling=0, conductor=5, spread=0), 400)
    scene = model.scene()
    baton = scene["conductor"][0] - 1.2
    for x, y in scene["players"] - 1.2:
        assert math.atan2(y, x) == pytest.approx(math.atan2(baton[1], baton[0]), abs=1e-6)
    model.phase[:], model.conductor = 0.01, 0.5  # near him the distance falls as exp(-conductor * time)
    assert play(model, 20).phase == pytest.approx(0.01 * math.exp(-0.5), rel=0.01)


def test_only_who_played_together_can_be_startled_out_of_it():
    hand = [(1.2 + 0.9 * math.cos(angle), 1.2 + 0.9 * math.sin(angle)) for angle in np.arange(0, 2 * math.pi, 0.3)]
    alone = play(Orchestra(np.random.default_rng(0), coupling=0), 5)
    for place in hand:
        alone.poke(*place, "startle")
    assert alone.order() < 0.5
    assert not alone.startled
    model = play(Orchestra(np.random.default_rng(0), coupling=2), 400)
    model.poke(1.2, 1.2, "startle")  # nobody plays there
    assert model.order() > 0.85
    assert not model.startled
    model.coupling = 0
    model.phase[::6] += math.pi  # a sixth against the rest: two thirds of the beat are left
    model.step()
    model.poke(1.2, 1.2, "startle")
    assert 0.5 < model.order() < 0.8
    assert not model.startled
    for place in hand:
        model.poke(*place, "startle")
    assert model.order() < 0.5
    assert model.startled


def test_a_touch_where_nobody_plays_does_nothing():
    model = play(Orchestra(np.random.default_rng(0), coupling=0, conductor=1), 5)
    before = model.phase.copy()
    for place in ((1.2, 1.2), (0, 0), (2.4, 0), (0, 2.4), (2.4, 2.4)):
        model.poke(*place, "startle")
    np.testing.assert_array_equal(model.phase, before)
    assert model.conductor == 1


def test_the_readout_of_an_orchestra():
    model = play(Orchestra(np.random.default_rng(0), coupling=1.5, conductor=2, spread=0.5), 3)
    # 0.5 sqrt(8 / pi) = 0.798
    assert model.readout() == f"Step 3: the common beat r is {model.order():.2f}; coupling 1.5 (critical: 0.80), conductor 2."
    model.spread = 0
    assert "(critical: 0.00)" in model.readout()


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
    (lambda rng: Orchestra(rng, coupling=21), r"coupling=21: must be finite and in \[0, 20\]"),
    (lambda rng: setattr(Orchestra(rng), "coupling", np.nan), "coupling=nan: must be"),
    (lambda rng: setattr(Orchestra(rng), "conductor", -1), "conductor=-1: must be"),
    (lambda rng: Orchestra(rng).poke(1, np.nan, "startle"), "y=nan: must be"),
    (lambda rng: Orchestra(rng).poke(1, -0.1, "startle"), "y=-0.1: must be"),
    (lambda rng: synchrony.even_frequencies(1), "n=1: must be"),
    (lambda rng: synchrony.even_frequencies(5, 0), "spread=0: must be"),
    (lambda rng: synchrony.even_frequencies(5, 1, "even"), "kind='even': must be one of"),
    (lambda rng: synchrony.steady_order(-1), "coupling=-1: must be"),
    (lambda rng: synchrony.measured_order([1], [0], rng), r"own of shape \(1,\): must have shape"),
    (lambda rng: synchrony.measured_order([1], [0, 1], rng, warm=0), "warm=0: must be"),
    (lambda rng: synchrony.measured_order([1], [0, 1], rng, time=0.01, dt=0.05), "time=0.01: must be at least dt"),
    (lambda rng: synchrony.pulses(5, rng, kick=0.1, bend=0), "bend=0: must be"),
    (lambda rng: synchrony.pulses(5, rng, kick=np.nan), "kick=nan: must be"),
    (lambda rng: Orchestra(rng, spread=-1), "spread=-1: must be"),
    (lambda rng: Orchestra(rng).poke(3, 1, "startle"), "x=3: must be"),
    (lambda rng: Orchestra(rng).poke(1, 1, "applaud"), "tool='applaud': must be one of"),
    (lambda rng: synchrony.critical_coupling(0), "spread=0: must be"),
    (lambda rng: synchrony.critical_coupling(1, "even"), "kind='even': must be one of"),
    (lambda rng: synchrony.steady_order(np.nan), "coupling=nan: must be"),
    (lambda rng: synchrony.measured_order([1, np.nan], [0, 1], rng), r"couplings=\[1, nan\]: must be"),
    (lambda rng: synchrony.pulses(1, rng, kick=0.1), "n=1: must be"),
    (lambda rng: synchrony.pulses(5, rng, kick=-0.1), "kick=-0.1: must be"),
    (lambda rng: synchrony.order(1.0), r"phase of shape \(\): must be"),
    (lambda rng: synchrony.pull([np.inf]), r"phase=\[inf\]: must be"),
    (lambda rng: synchrony.advance([1.0, 2], [1.0, 2, 3], 1, 0.1), r"phase of shape \(2,\), own of shape \(3,\).*: must broadcast"),
    (lambda rng: synchrony.steady_order(1, [1, 2]), r"spread=\[1, 2\]: must be one number"),
    (lambda rng: synchrony.measured_order([1], [0, 1], rng, dt=1e-9), "dt=1e-09: .* must be at most 1000000 such steps"),
    (lambda rng: synchrony.rise(-4, 1), "phase=-4: must be"),
    (lambda rng: synchrony.rise(0.5, 701), "bend=701: must be"),
    (lambda rng: synchrony.groups(1), r"phases of shape \(\): must be"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
