import numpy as np
import pytest
from sklearn.datasets import load_digits

from helpers import memory
from helpers.remembering import SCALE, Remembering

DIGITS = load_digits()
FIRST = np.array([np.where(DIGITS.images[DIGITS.target == digit][0] >= 8, 1, -1).ravel() for digit in range(10)])


def stage(seed=0, **settings):
    return Remembering(np.random.default_rng(seed), memories=FIRST, **settings)


def at(model, row, column):
    """The middle of a neuron's cell in the large picture."""
    return SCALE * (column + 0.5), model.low + SCALE * (8 - row - 0.5)


def test_hebb_holds_three_digits_and_projection_ten():
    for rule, most in (("Hebb", 3), ("projection", 10)):
        for stored in (3, 4, 10):
            model = stage(rule=rule, stored=stored)
            held = sum(np.array_equal(memory.settle(FIRST[k], model.weights, model.rng)[0], FIRST[k]) for k in range(stored))
            assert held == (stored if stored <= most else 0)


def test_energy_never_rises(seed):
    model, rng = stage(seed), np.random.default_rng(seed)
    for tool in ("smear", "kill", "cut", "smear"):
        model.poke(*at(model, *rng.integers(0, 8, 2)), tool)
    for _ in range(300):
        before = model.energy()
        model.step()
        assert model.energy() <= before + 1e-12


def test_a_step_updates_one_neuron_and_a_sweep_each_once():
    model, touched = stage(), []
    for _ in range(64):
        order = model.order[:1].tolist()
        before = model.state.copy()
        model.step()
        assert (before != model.state).sum() <= 1
        touched += order or [None]
    assert model.order.size == 0
    assert len(set(touched)) == 64  # the first order is drawn in the first step


def test_the_picture_shows_the_network_and_its_memories():
    model = stage(cue=7, stored=9)
    scene = model.scene()
    assert {array.shape for array in scene.values()} == {(44, 69)}
    large = scene["firing"][2:42, :40][::-1]
    np.testing.assert_array_equal(large[::SCALE, ::SCALE] > 0, FIRST[7].reshape(8, 8) > 0)
    np.testing.assert_array_equal(scene["firing"][35:43, 61:69][::-1] > 0, FIRST[2].reshape(8, 8) > 0)
    assert scene["firing"][2:10, 43:51].max() == 0.06  # nine is not stored
    assert scene["likeness"][12, 52:60].tolist() == [1] * 8  # seven, under its picture
    assert not scene["dead"].any()


@pytest.mark.parametrize("tool", ["smear", "kill", "cut"])
def test_a_touch_acts_on_the_neuron_under_the_pointer(tool):
    model = stage()
    model.poke(*at(model, 2, 5), tool)
    neuron = 2 * 8 + 5
    others = np.arange(64) != neuron
    if tool == "smear":
        assert model.state[neuron] == -FIRST[3][neuron]
        np.testing.assert_array_equal(model.state[others], FIRST[3][others])
    if tool == "kill":
        assert np.flatnonzero(~model.alive).tolist() == [neuron]
        assert model.state[neuron] == 0
        assert model.scene()["dead"].sum() == SCALE**2
    if tool == "cut":
        lost = ~model.kept
        assert lost[neuron].sum() == lost.sum() / 2
        assert abs(lost[neuron].sum() - 31.5) < 5 * np.sqrt(63 / 4)
        np.testing.assert_array_equal(lost, lost.T)
        assert not model.weights[lost].any()
        assert "% of the synapses cut" in model.readout()


@pytest.mark.parametrize(("place", "rows", "columns"), [
    ((2.5, 5.5), (2, 3), (5, 6)),  # where four meet: 0.71 from the middle of each
    ((2.5, 5), (2, 3), (5,)), ((2, 5.5), (2,), (5, 6)), ((2.2, 5.2), (2,), (5,)),
    ((2.29, 5), (2, 3), (5,)), ((2.24, 5), (2,), (5,))])  # 0.71 and 0.76 from the next
def test_a_touch_reaches_three_quarters_of_a_neuron(place, rows, columns):
    model = stage()
    model.poke(*at(model, *place), "kill")
    assert sorted(np.flatnonzero(~model.alive)) == [8 * row + column for row in rows for column in columns]


def test_a_change_of_rule_or_number_is_learned_at_once():
    model = stage()
    for rule, learned in (("Hebb", memory.hebb), ("projection", memory.projection)):
        model.rule = rule
        np.testing.assert_array_equal(model.weights, learned(FIRST))
        model.stored = 4
        np.testing.assert_array_equal(model.weights, learned(FIRST[:4]))
        model.stored = 10


def test_to_show_a_picture_starts_afresh():
    model = stage(cue=0)
    np.testing.assert_array_equal(model.state, FIRST[0])
    for column in (2, 3, 4, 5):
        model.poke(*at(model, 3, column), "smear")
    model.step()
    model.poke(65, 40, "show")
    assert model.smeared == 0
    assert model.order.size == 0


def test_a_sweep_is_in_an_order_drawn_by_lot():
    model = stage(5)
    model.step()
    assert model.order.tolist() == np.random.default_rng(5).permutation(64)[1:].tolist()


def test_a_neuron_without_a_field_stays_as_it_is():
    model = stage(stored=3, cue=2)
    model.kept[:] = np.eye(64, dtype=bool)  # every synapse is cut
    model.rule = "Hebb"
    for _ in range(64):
        model.step()
    np.testing.assert_array_equal(model.state, FIRST[2])


def test_when_all_are_dead_nothing_is_remembered():
    model = stage()
    for row in range(8):
        for column in range(8):
            model.poke(*at(model, row, column), "kill")
    assert not model.likeness().any()
    assert not model.reached()
    assert model.readout() == "Step 0: energy 0.00; nearest to its memory 0, with 50% of the neurons right; 64 of 64 neurons dead."
    model.step()
    assert not model.state.any()


def test_the_picture_shows_how_many_synapses_are_lost():
    model = stage()
    for _ in range(3):
        for place in ((2, 5), (2, 6), (7, 0)):
            model.poke(*at(model, *place), "cut")
    assert model.kept.diagonal().all()  # no neuron has a synapse with itself to lose
    lost = (~model.kept).sum(axis=1) / 63
    shown = model.scene()["synapses_lost"][2:42, :40][::-1][::SCALE, ::SCALE]
    np.testing.assert_allclose(shown.ravel(), lost / 2)
    assert model.readout().endswith(f"; {100 * lost.mean():.0f}% of the synapses cut.")


def test_a_bar_is_as_long_as_the_overlap_and_none_if_it_is_negative():
    model = stage(cue=7)
    model.state[:32] *= -1  # an overlap of 0 with the seven
    assert not model.scene()["likeness"][12, 52:60].any()
    model.state[:] = FIRST[7]
    model.state[:8] *= -1  # of 3/4
    assert model.scene()["likeness"][12, 52:60].tolist() == [1] * 6 + [0] * 2
    model.state[:] = -FIRST[7]
    assert not model.scene()["likeness"][12, 52:60].any()


def test_between_the_small_pictures_nothing_is_shown():
    model = stage(cue=3)
    for x in (42.9, 51, 51.9, 60.5, 69):  # columns of 8 from 43, 52 and 61
        for y in (20, 40):
            model.poke(x, y, "show")
    for y in (43, 43.9, 34.9, 34, 33.5):  # the upper row lies between 35 and 43, the next ends at 32
        model.poke(45, y, "show")
    assert model.cue == 3
    model.poke(43, 35, "show")
    assert model.cue == 0
    model.poke(50.9, 42.9, "show")
    assert model.cue == 0
    model.poke(52, 35, "show")
    assert model.cue == 1


def test_the_dead_cannot_be_smeared():
    model = stage()
    model.poke(*at(model, 3, 3), "kill")
    model.poke(*at(model, 3, 3), "smear")
    assert model.smeared == 0
    assert model.state[27] == 0
    model.poke(*at(model, 3, 3.5), "smear")  # one of the two lives
    model.poke(*at(model, 5, 5), "smear")
    assert model.smeared == 2


def test_the_readout_names_a_memory_that_is_stored():
    model = stage(stored=3, cue=7)
    overlaps = [int(FIRST[7] @ FIRST[k]) / 64 for k in range(3)]
    best = overlaps.index(max(overlaps))
    assert f"nearest to its memory {best}, with {50 + 50 * overlaps[best]:.0f}% of the neurons right" in model.readout()


def test_a_touch_outside_the_picture_does_nothing():
    model = stage()
    before = model.scene()
    for tool in ("smear", "kill", "cut"):
        model.poke(20, 0.5, tool)
        model.poke(20, 43.5, tool)
        model.poke(40.2, 20, tool)
        model.poke(60, 20, tool)
        for x in np.arange(0.5, 40):
            model.poke(x, model.low - 0.01, tool)
            model.poke(x, model.low + 40, tool)
    model.poke(20, 30, "show")
    for name, array in model.scene().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_small_picture_can_be_shown_if_it_is_stored():
    model = stage(cue=3, stored=8)
    model.poke(*at(model, 0, 0), "kill")
    model.poke(65, 40, "show")  # the third in the upper row
    expected = FIRST[2].copy()
    expected[0] = 0
    np.testing.assert_array_equal(model.state, expected)
    model.poke(45, 5, "show")  # nine, not stored
    assert model.cue == 2


def test_dead_neurons_stay_dead_and_cuts_outlast_a_change_of_rule():
    model = stage()
    model.poke(*at(model, 4, 4), "kill")
    model.poke(*at(model, 1, 1), "cut")
    lost = ~model.kept
    model.rule, model.stored = "Hebb", 3
    for _ in range(200):
        model.step()
    assert model.state[36] == 0
    assert not model.weights[lost].any()


def test_the_challenge_asks_for_a_third_dead_a_smear_and_the_memory():
    model = stage()
    assert not model.reached()
    for column in range(8):
        for row in (0, 7):
            model.poke(*at(model, row, column), "kill")
    for row in range(1, 7):
        model.poke(*at(model, row, 0), "kill")
    assert (~model.alive).sum() == 22
    assert not model.reached()  # nothing was smeared
    for column in (2, 3, 4, 5):
        model.poke(*at(model, 3, column), "smear")
    assert not model.reached()
    for _ in range(400):
        model.step()
    assert model.reached() == np.array_equal(model.state[model.alive], FIRST[3][model.alive])
    model.state[model.alive] = FIRST[3][model.alive]
    assert model.reached()
    model.alive[:] = True
    model.state[:] = FIRST[3]
    assert not model.reached()


def test_the_challenge_on_its_borders():
    pictures = np.array([[1, 1, 1, -1, -1, -1, 1, 1, 1], [1, -1, 1, 1, -1, 1, 1, -1, 1]])
    model = Remembering(np.random.default_rng(0), memories=pictures, stored=2, cue=0)

    def touch(neuron, tool):
        model.poke(SCALE * (neuron % 3 + 0.5), model.low + SCALE * (3 - neuron // 3 - 0.5), tool)

    touch(0, "kill")
    touch(1, "kill")
    for neuron in (4, 5, 4, 5):
        touch(neuron, "smear")
    assert not model.reached()  # two of nine are less than a third
    touch(2, "kill")
    assert model.reached()  # smeared and back, and six of nine live
    model.show(0)
    for neuron in (4, 5, 5):
        touch(neuron, "smear")
    model.state[3:] = pictures[0][3:]
    assert not model.reached()  # smeared three times
    touch(4, "smear")
    assert not model.reached()  # one is wrong
    model.state[3:] = pictures[1][3:]
    assert not model.reached()  # whole, but another memory than was shown
    model.state[3:] = pictures[0][3:]
    assert model.reached()


def test_the_readout():
    model = stage()
    assert model.readout() == f"Step 0: energy {model.energy():.2f}; the network shows its memory 3 exactly."
    model.step()  # a neuron of a stored memory does not change
    assert model.readout().startswith("Step 1: ")
    for place in ((0, 0), (1, 3), (5, 5)):
        model.poke(*at(model, *place), "smear")
    model.poke(*at(model, 7, 7), "kill")
    assert model.readout().endswith("nearest to its memory 3, with 95% of the neurons right; 1 of 64 neurons dead.")
    model.kept[:] = np.eye(64, dtype=bool)
    assert model.readout().endswith("; 1 of 64 neurons dead; 100% of the synapses cut.")


def test_the_same_seed_gives_the_same_run():
    states = []
    for seed in (1, 1, 2):
        model = stage(seed)
        model.poke(*at(model, 1, 1), "cut")
        for _ in range(30):
            model.step()
        states.append((model.order, model.kept))
    np.testing.assert_array_equal(states[0][0], states[1][0])
    assert (states[0][1] != states[2][1]).any()


@pytest.mark.parametrize(("call", "message"), [
    (lambda: stage(cue=10), "cue=10: must be below the number of memories, 10"),
    (lambda: stage(cue=-1), "cue=-1: must be"),
    (lambda: Remembering(np.random.default_rng(0), memories=FIRST[:0]), r"memories of shape \(0, 64\): must have shape"),
    (lambda: Remembering(np.random.default_rng(0), memories=FIRST[None]), r"memories of shape \(1, 10, 64\): must have shape"),
    (lambda: stage(stored=0), "stored=0: must be"),
    (lambda: stage(stored=-2), "stored=-2: must be"),
    (lambda: stage(stored=11), "stored=11: must be at most the number of memories, 10"),
    (lambda: stage(rule="magic"), "rule='magic': must be one of 'Hebb', 'projection'"),
    (lambda: Remembering(np.random.default_rng(0), memories=FIRST[:, :60]), r"memories of shape \(10, 60\): must have shape"),
    (lambda: Remembering(np.random.default_rng(0), memories=FIRST * 2), r"memories of shape \(10, 64\): must be \+1 or -1"),
    (lambda: stage().poke(-1, 3, "kill"), "x=-1: must be"),
    (lambda: stage().poke(3, np.nan, "kill"), "y=nan: must be"),
    (lambda: stage().poke(3, 44.5, "show"), r"y=44.5: must be finite and in \[0, 44\]"),
    (lambda: stage().poke(1, 3, "heal"), "tool='heal': must be one of"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
