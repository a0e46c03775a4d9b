import numpy as np
import pytest
import torch

from helpers import descent
from helpers.descent import BALLS, CELLS, FAR, INPUTS, LANDSCAPES, TRAIL, Descent
from helpers.live import Live

NAMES = list(LANDSCAPES)
LINE, TANH, SINE = NAMES
PLACES = np.array([[0.3, 2.0], [1.5, 0.7], [2.9, 2.8], [1.0, 1.0]])


def model(drops=(), steps=0, **settings):
    made = Descent(np.random.default_rng(1), **settings)
    for x, y in drops:
        made.poke(x, y, "drop")
    for _ in range(steps):
        made.step()
    return made


def by_torch(name, places, inputs, targets):
    """Losses and gradients, the model written again."""
    at = torch.tensor(places, requires_grad=True)
    x = torch.tensor(inputs)
    a, b = at[:, :1], at[:, 1:]
    said = {LINE: lambda: a * x + b, TANH: lambda: torch.tanh(a * x) + torch.tanh(b * x),
            SINE: lambda: torch.sin(a * x) + torch.sin(b * x)}[name]()
    loss = 0.5 * torch.nn.functional.mse_loss(said, torch.tensor(targets).expand_as(said), reduction="none").mean(1)
    loss.sum().backward()
    return loss.detach().numpy(), at.grad.numpy()


@pytest.mark.parametrize("name", NAMES)
def test_loss_and_slope_are_autograd_s(name):
    targets = LANDSCAPES[name][3]
    loss, slope = by_torch(name, PLACES, INPUTS, targets)
    np.testing.assert_allclose(descent.losses(name, PLACES, INPUTS, targets), loss, rtol=1e-12)
    np.testing.assert_allclose(descent.slopes(name, PLACES, INPUTS, targets), slope, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_slope_over_some_cases_is_the_slope_of_their_loss(name):
    targets, seen = LANDSCAPES[name][3], np.random.default_rng(0).random((4, INPUTS.size)) < 0.4
    found = descent.slopes(name, PLACES, INPUTS, targets, seen)
    for place, some, slope in zip(PLACES, seen, found, strict=True):
        np.testing.assert_allclose(slope, by_torch(name, place[None], INPUTS[some], targets[some])[1][0], rtol=1e-10)


@pytest.mark.parametrize("name", [TANH, SINE])
def test_the_two_units_may_change_places(name):
    made = model(landscape=name)
    np.testing.assert_allclose(made.losses(PLACES), made.losses(PLACES[:, ::-1]), rtol=1e-12)
    np.testing.assert_allclose(made.shade, made.shade.T, atol=1e-9)
    assert model(landscape=LINE).losses(PLACES)[0] != pytest.approx(model(landscape=LINE).losses(PLACES[:, ::-1])[0])
    both = model([(20, 50), (50, 20)], 300, landscape=name)
    np.testing.assert_allclose(both.places[0], both.places[1, ::-1], atol=1e-9)


def test_the_formula_for_a_line_is_least_squares():
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(2, 15))
    np.testing.assert_allclose(descent.best_line(inputs, targets), np.polyfit(inputs, targets, 1))
    np.testing.assert_array_equal(descent.best_line(inputs.tolist(), targets.tolist()), descent.best_line(inputs, targets))
    np.testing.assert_allclose(descent.best_line([0, 1e-90], [1, 2]), [1e90, 1])
    made = model(inputs=inputs, targets=targets)
    np.testing.assert_allclose(made.parameters(made.minimum[0]), np.polyfit(inputs, targets, 1))


def test_balls_roll_to_the_marked_minimum():
    made = model([(5, 5), (90, 10), (50, 95)], 600)
    np.testing.assert_allclose(made.scene()["balls"][:3, :2], np.repeat(made.minimum, 3, axis=0), atol=0.1)
    assert made.still().all()
    assert made.losses(made.places) == pytest.approx(made.losses(made.parameters(made.minimum))[0])
    assert np.isnan(model(landscape=TANH).minimum).all() and np.isnan(model(landscape=SINE).minimum).all()


def test_a_minimum_off_the_map_is_not_marked():
    assert np.isnan(model(inputs=[0, 1, 2], targets=[0, 5, 10]).scene()["minimum"]).all()
    assert not np.isnan(model(inputs=[0, 1, 2], targets=[0, 3, 6]).scene()["minimum"]).any()  # on its edge


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_a_step_is_torch_s(name, momentum):
    made = model([(30, 41), (60, 50)], landscape=name, rate=0.02, momentum=momentum)
    at = torch.tensor(made.places, requires_grad=True)
    step = torch.optim.SGD([at], lr=0.02, momentum=momentum)
    for _ in range(25):
        made.step()
        at.grad = torch.tensor(by_torch(name, at.detach().numpy(), INPUTS, LANDSCAPES[name][3])[1])
        step.step()
    np.testing.assert_allclose(made.places, at.detach().numpy(), atol=1e-10)


def test_a_bowl_throws_balls_out_beyond_two_over_its_curvature():
    """Half the mean square of a x + b has the curvatures mean(x^2) and 1, along a and b, for inputs about 0."""
    edge = 2 / (INPUTS**2).mean()
    held = model([(70, 50)], 500, rate=0.98 * edge)
    assert len(held.places) == 1 and held.still().all() and held.left == held.diverged == 0
    lost = model([(70, 50)], 500, rate=1.02 * edge)
    assert len(lost.places) == 0 and lost.left == 1 and lost.diverged == 0
    scene = lost.scene()
    assert np.isnan(scene["balls"]).all() and np.isnan(scene["trails"]).all()
    assert lost.readout() == f"Step 500: no ball is left; 1 left the map and was taken off; the lowest point of the map's grid is at {lost.least:.4f}."


@pytest.mark.parametrize("rate, left, what", [(50.0, 2, "2 left the map and were"), (1e300, 2, "2 left the map and were"),
                                              (1e308, 0, "2 diverged and were")])
def test_a_ball_that_overflows_has_diverged_and_one_that_is_far_off_has_left(rate, left, what):
    made = model([(5, 5), (90, 10)], rate=rate)
    made.step()
    assert made.left == left and made.diverged == 2 - left and not len(made.places)
    assert made.readout() == f"Step 1: no ball is left; {what} taken off; the lowest point of the map's grid is at {made.least:.4f}."
    made.step()
    assert made.left == left and made.diverged == 2 - left


def test_a_ball_of_which_one_number_overflows_has_diverged():
    made = model([(5, 5), (90, 10), (60, 30)])
    made.speeds = np.array([[np.inf, 0], [9.0, np.inf], [0, 9.0]])
    made.momentum = 0.5
    made.step()
    assert made.left == 1 and made.diverged == 2
    assert "no ball is left; 1 left the map and was taken off; 2 diverged and were taken off; the lowest" in made.readout()


def test_only_those_that_left_are_taken_off():
    made = model([(1, 95), (60, 30)], rate=0.3, momentum=0.9)
    made.places[0] += 10
    kept = made.places[1].copy()
    made.step()
    assert made.left == 1 and made.diverged == 0 and len(made.places) == 1 and made.starts.tolist() == [[60, 30]]
    assert np.abs(made.places[0] - kept).max() < 0.5
    scene = made.scene()
    assert np.isnan(scene["balls"][0]).all() and not np.isnan(scene["balls"][1]).any()
    assert np.isnan(scene["trails"].reshape(BALLS, TRAIL, 2)[0]).all()
    made.poke(10, 10, "drop")  # the free rows are used again
    assert made.scene()["balls"][0, :2].tolist() == [10, 10]
    np.testing.assert_allclose(made.scene()["trails"][0], [10, 10])
    assert np.isnan(made.scene()["trails"][1:TRAIL]).all()


@pytest.mark.parametrize("x, y", [(0, 0), (CELLS, CELLS), (0, CELLS), (17.25, 80.5)])
def test_a_ball_lies_where_it_is_dropped(x, y):
    for name in NAMES:
        made = model([(x, y)], landscape=name)
        scene = made.scene()
        np.testing.assert_allclose(scene["balls"][0, :2], [x, y])
        np.testing.assert_allclose(scene["trails"][0], [x, y])
        low, high = LANDSCAPES[name][1:3]
        np.testing.assert_allclose(made.places[0], [low + (high - low) * x / CELLS, low + (high - low) * y / CELLS])


@pytest.mark.parametrize("name", NAMES)
def test_the_map_is_the_loss(name):
    made = model(landscape=name)
    shade = made.scene()["loss"]
    assert shade.shape == (CELLS, CELLS) and shade.min() == 0 and shade.max() == 1
    low, high = LANDSCAPES[name][1:3]
    share = (np.arange(CELLS) + 0.5) / CELLS
    for row, column in ((3, 60), (70, 11)):
        place = np.array([[low + (high - low) * share[column], low + (high - low) * share[row]]])
        loss = by_torch(name, place, INPUTS, LANDSCAPES[name][3])[0][0]
        most = (loss - made.least) / shade[row, column] ** 2 + made.least
        assert most == pytest.approx(model(landscape=name).losses(
            made.parameters(np.argwhere(shade == 1)[:, ::-1] + 0.5))[0])
    assert made.least == made.losses(made.parameters(np.argwhere(shade == 0)[:1, ::-1] + 0.5))[0]


def test_a_trail_is_where_the_ball_was_a_cell_apart():
    made, been = model([(5, 60)], rate=0.01), [[5, 60]]
    for _ in range(300):
        made.step()
        been.append(made.cells(made.places[0]))
    trail = made.scene()["trails"].reshape(BALLS, TRAIL, 2)[0]
    trail = trail[~np.isnan(trail[:, 0])]
    assert 20 < len(trail) <= TRAIL
    assert np.abs(trail[:, None] - np.array(been)).sum(-1).min(axis=1).max() == 0
    apart = np.hypot(*np.diff(trail, axis=0).T)
    assert apart.min() >= 1 and np.median(apart) < 2


def test_a_long_trail_keeps_its_last_points():
    made = model([(2, 2)], landscape=SINE, rate=1e-6)
    been = []
    for walk in range(TRAIL + 5):
        made.places[0] = made.parameters([2 + 1.5 * walk, 2])
        made.step()
        been.append(made.cells(made.places[0]))
    trail = made.scene()["trails"].reshape(BALLS, TRAIL, 2)[0]
    np.testing.assert_allclose(np.sort(trail[:, 0]), np.array(been)[-TRAIL:, 0])


def test_one_ball_more_than_the_map_holds_takes_the_oldest_s_place():
    made = model([(10 + 5 * ball, 50) for ball in range(BALLS)], 2)
    made.poke(80, 80, "drop")
    assert len(made.places) == BALLS and made.starts[:, 0].tolist() == [15 + 5 * ball for ball in range(BALLS - 1)] + [80]
    assert made.left == made.diverged == 0 and len(set(made.slots.tolist())) == BALLS
    np.testing.assert_allclose(made.scene()["balls"][0, :2], [80, 80])
    made.step()
    assert made.readout().startswith(f"Step 3: {BALLS} rolling")


def test_noise_leaves_cases_out_by_lot():
    seen = []

    class Spy(Descent):
        def step(self):
            before = self.places.copy()
            super().step()
            seen.append((self.places - before) / -self.rate)
    made = Spy(np.random.default_rng(3), noise=0.75, rate=1e-3)
    for _ in range(5):
        made.poke(20, 20, "drop")
    for _ in range(400):
        made.step()
        made.places[:], made.speeds[:] = made.parameters([20, 20]), 0
    found, true = np.array(seen), descent.slopes(LINE, made.places[:1], INPUTS, made.targets)[0]
    a, b = made.places[0]
    off = (a * INPUTS + b - made.targets) * INPUTS
    m, kept = 40, 10  # a sample without replacement: variance s^2 / kept (1 - kept / m)
    spread = off.std(ddof=1) / kept**0.5 * (1 - kept / m) ** 0.5
    n = found[:, :, 0].size
    assert abs(found[:, :, 0].mean() - true[0]) < 5 * spread / n**0.5
    assert found[:, :, 0].std() == pytest.approx(spread, rel=5 / (2 * n) ** 0.5 * 1.5)
    assert len(np.unique(found[0, :, 0].round(9))) == 5  # each ball its own


def test_without_noise_no_lots_are_drawn():
    made = model([(20, 20)], 5)
    assert made.rng.random() == np.random.default_rng(1).random()
    made = model([(20, 20)], 5, noise=0.01)  # less than half a case
    assert made.rng.random() == np.random.default_rng(1).random()
    assert model([(20, 20)], 5, noise=0.999).readout()  # one case is left


def test_a_noisy_ball_does_not_lie_still_and_a_calmed_one_does():
    made = model([(60, 30)], 400, noise=0.5)
    assert not made.still().any() and "1 rolling at loss" in made.readout()
    made.noise = 0
    for _ in range(600):
        made.step()
    assert made.still().all() and "1 lying still at loss" in made.readout()
    assert made.scene()["balls"][0, 2] == 1


def test_a_ball_that_is_carried_does_not_lie_still():
    made = model([(60, 30)], rate=0.05, momentum=0.9)
    made.places[0] = made.parameters(made.minimum[0])
    made.speeds[0] = 0.01
    assert not made.still().any()
    made.speeds[0] = 0
    assert made.still().all()
    made.places[0, 0] += 0.01
    assert not made.still().any()


def test_rate_and_momentum_are_live():
    made = model([(20, 20)], 3, rate=0.01)
    made.rate, made.momentum = 0.1, 0.5
    before, speed = made.places.copy(), made.speeds.copy()
    made.step()
    np.testing.assert_allclose(made.places - before, 0.5 * speed - 0.1 * descent.slopes(LINE, before, INPUTS, made.targets))
    assert set(Descent.live) == {"rate", "momentum", "noise"}


def ends(rate, momentum):
    """Of balls dropped all over the mountain range, twelve at a time: which meet the challenge."""
    grid, met = [(x, y) for x in range(2, CELLS, 8) for y in range(2, CELLS, 8)], []
    for first in range(0, len(grid), BALLS):
        made = model(grid[first:first + BALLS], 300, landscape=SINE, rate=rate, momentum=momentum)
        met.append(made.reached())
    return np.array(met)


def test_the_challenge_takes_more_than_plain_descent():
    for rate in (0.05, 0.5):
        assert not ends(rate, 0.0).any()
    some = ends(0.5, 0.9)
    assert some.any() and not some.all()


def test_the_challenge_is_to_come_from_afar_to_a_lowest_valley_and_lie_still():
    made = model([(60, 26)], 400, landscape=SINE)  # near the least
    at = made.cells(made.places[0])
    np.testing.assert_allclose(np.sort(made.places[0]), [2, 5], atol=0.05)
    assert made.still().all() and made.losses(made.places)[0] <= made.least and not made.reached()
    for start, met in ((at + [0, FAR + 0.01], True), (at + [0, FAR - 0.01], False), (at[::-1] + [1, 1], False), (at[::-1] + [0, FAR + 0.01], True)):
        made.starts[0] = start
        assert made.reached() == met
    made.speeds[0] = 0.01
    assert not made.reached()  # it only passes
    made.speeds[0] = 0
    made.landscape = TANH
    assert not made.reached()
    high = model([(80, 80)], 800, landscape=SINE)  # a valley, not a lowest one
    assert high.still().all() and high.losses(high.places)[0] > high.least
    high.starts[0] = [2, 2]
    assert not high.reached()
    assert not model(landscape=SINE).reached()
    assert not model([(5, 5)], 900).reached()  # in the bowl that takes nothing


def test_it_is_a_mountain_range():
    """Balls from all over come to lie in many valleys of different heights; in the bowl in one."""
    found = {}
    for name in (LINE, SINE):
        losses = []
        for row in range(6, CELLS, 10):
            made = model([(x, row) for x in range(6, CELLS, 10)], 400, landscape=name, rate=0.1)
            losses += made.losses(made.places[made.still()]).tolist()
        found[name] = np.unique(np.round(losses, 3)).size
    assert found[LINE] == 1 and found[SINE] >= 8


@pytest.mark.parametrize("name", NAMES)
def test_rounding_does_not_grow(name):
    """What a last digit changes stays far below what the browser tests allow, 1e-6."""
    drops = [(8 + 7.3 * ball, (37 * ball + 21) % CELLS) for ball in range(BALLS)]
    one, other = model(drops, landscape=name), model(drops, landscape=name)
    for _ in range(300):
        one.step()
        other.step()
        other.places *= 1 + 1e-15
    np.testing.assert_array_equal(one.slots, other.slots)
    np.testing.assert_allclose(one.scene()["balls"], other.scene()["balls"], atol=1e-9)


def test_the_scene_never_changes_its_shape_in_a_live_run():
    facts = {"scenarios": [{"settings": {"landscape": SINE, "noise": 0.3}, "pokes": [[0, "drop", 9, 9], [3, "drop", 60, 30]]}],
             "controls": {"rate": [0.05, 5.0]}}
    live = Live(Descent, facts)
    said, first = live.answer({"do": "start", "scenario": 0, "settings": {}, "seed": 1})
    for number in range(20):
        said, scene = live.answer({"do": "go", "steps": 3, "pokes": [["drop", 5 * number, 40]]})
        assert scene.shape == first.shape
    said, scene = live.answer({"do": "go", "steps": 3, "set": {"rate": 1}, "pokes": [["drop", -1, 40]]})
    assert said["refused"] == [f"x=-1: must be finite and in [0, {CELLS}]"]
    assert "left the map" in said["readout"] and not said["reached"]


def test_what_it_says():
    made = model()
    assert made.readout() == "Step 0: no ball on the map yet."
    made = model([(20, 20)])
    loss = made.losses(made.places)[0]
    assert made.readout() == f"Step 0: 1 rolling at loss {loss:.4f}; the lowest point of the map's grid is at {made.least:.4f}."
    made = model([(20, 20), (60, 32)])
    low, high = sorted(made.losses(made.places))
    assert f"2 rolling at loss {low:.4f} to {high:.4f};" in made.readout()


@pytest.mark.parametrize("settings, message", [
    ({"landscape": "a plain"}, "landscape='a plain': must be one of 'a straight line', 'two tanh units', 'two sine units'"),
    ({"rate": 0}, r"rate=0: must be finite and in \(0, inf\)"),
    ({"rate": -0.1}, "rate=-0.1: must be finite and in"),
    ({"rate": np.nan}, "rate=nan: must be finite"),
    ({"momentum": 1}, r"momentum=1: must be finite and in \[0, 1\)"),
    ({"momentum": -0.1}, "momentum=-0.1"),
    ({"noise": 1}, r"noise=1: must be finite and in \[0, 1\)"),
    ({"inputs": [1, 2]}, "inputs, targets: must be given both, or neither"),
    ({"targets": [1, 2]}, "inputs, targets: must be given both, or neither"),
    ({"inputs": [1, np.inf], "targets": [1, 2]}, r"inputs=.*must be finite and in \[-1000, 1000\]"),
    ({"inputs": [1, 2], "targets": [1, np.nan]}, "targets=.*must be finite"),
    ({"inputs": [1, 2], "targets": [1, 2e3]}, "targets=.*must be finite and in"),
    ({"inputs": [1, 2], "targets": [1, 2, 3]}, r"inputs, targets of shapes \(2,\), \(3,\): must be alike"),
    ({"inputs": [], "targets": []}, r"inputs of shape \(0,\): must have shape \(n,\), n at least 1"),
    ({"inputs": [2, 2], "targets": [1, 2]}, "inputs: all are 2.0; must not all be the same"),
])
def test_bad_input(settings, message):
    with pytest.raises(ValueError, match=message):
        model(**settings)


@pytest.mark.parametrize("call, message", [
    (lambda: descent.best_line([2, 2], [1, 2]), "inputs: all are 2.0; must not all be the same"),
    (lambda: descent.best_line([0.1] * 3, [1, 2, 3]), "inputs: all are 0.1; must not"),  # their mean is not quite 0.1
    (lambda: descent.best_line([1, 1 + 1e-200, 1], [1, 2, 3]), "inputs: all are 1.0; must not"),
    (lambda: descent.best_line([0, 1e-200], [1, 2]), "inputs: all are 0.0; must not"),  # its square is 0
    (lambda: descent.best_line([1, np.nan], [1, 2]), r"inputs=\[1, nan\]: must be finite and in"),
    (lambda: descent.best_line([1, 1e200], [1, 2]), r"inputs=\[1, 1e\+200\]: must be finite and in"),
    (lambda: descent.best_line([1, 2], [1, np.nan]), r"targets=\[1, nan\]: must be finite and in"),
    (lambda: descent.best_line([1, 2], [1, 2, 3]), r"inputs, targets of shapes \(2,\), \(3,\): must be alike"),
    (lambda: descent.best_line(3, 4), r"inputs of shape \(\): must have shape \(n,\)"),
    *[(lambda f=f: f("x", PLACES, INPUTS, INPUTS), "landscape='x': must be one of 'a straight line', 'two tanh units'") for f in (
        descent.losses, descent.slopes)],
    (lambda: descent.losses(LINE, [1, 2], INPUTS, INPUTS), r"places of shape \(2,\): must be \(k, 2\)"),
    (lambda: descent.slopes(LINE, [[1, 2, 3]], INPUTS, INPUTS), r"places of shape \(1, 3\): must be \(k, 2\)"),
    (lambda: descent.losses(LINE, [[1, np.nan]], INPUTS, INPUTS), "places=.*nan.*: must be finite"),
    (lambda: descent.losses(LINE, PLACES, INPUTS, [1]), r"inputs, targets of shapes \(40,\), \(1,\): must be alike"),
])
def test_bad_input_of_the_functions(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_lists_are_as_good_as_arrays():
    for function in (descent.losses, descent.slopes):
        np.testing.assert_array_equal(function(SINE, PLACES.tolist(), [1, 2], [3, 4]),
                                      function(SINE, PLACES, np.array([1.0, 2]), np.array([3.0, 4])))


def test_a_bad_assignment_changes_nothing():
    made = model()
    for name, value in (("rate", -1), ("momentum", 1), ("noise", 2)):
        before = getattr(made, name)
        with pytest.raises(ValueError, match=f"{name}={value}"):
            setattr(made, name, value)
        assert getattr(made, name) == before


@pytest.mark.parametrize("x, y, tool, message", [
    (-0.1, 5, "drop", "x=-0.1: must be finite and in"), (5, CELLS + 0.1, "drop", "y=96.1: must be finite and in"),
    (np.nan, 5, "drop", "x=nan"), (5, 5, "throw", "tool='throw': must be one of 'drop'")])
def test_a_bad_drop(x, y, tool, message):
    made = model()
    with pytest.raises(ValueError, match=message):
        made.poke(x, y, tool)
    assert not len(made.places)


def test_a_map_without_relief_is_blank():
    assert not model(landscape=TANH, inputs=[0, 0], targets=[1, 1]).scene()["loss"].any()
