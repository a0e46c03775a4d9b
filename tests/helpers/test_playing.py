import math

import numpy as np
import pytest

from helpers import games, imitation, playing
from helpers.playing import DARTS, RULES, SEEN, STAY, STRIDE, TRAIL, Playing

pytestmark = pytest.mark.usefixtures("one_blas_thread")
FLOW, ALONE, FICTITIOUS = RULES
RPS, GOOD = "0 -1 1; 1 0 -1; -1 1 0", "0 -1 2; 2 0 -1; -1 2 0"
SHAPLEY = "1,0 0,1 0,0; 0,0 1,0 0,1; 0,1 0,0 1,0"
PENNIES = "1,-1 -1,1; -1,1 1,-1"
PRISONERS, STAG, HAWKS = "3 0; 5 1", "4 0; 3 3", "-1 2; 0 1"
SEXES = "2,1 0,0; 0,0 1,2"
TOP_LEFT, TOP_RIGHT, TOP_MIDDLE = (25, 6 + 44 * math.sqrt(0.75)), (75, 6 + 44 * math.sqrt(0.75)), (50, 6 + 44 * math.sqrt(0.75))


def model(game=RPS, rule=FLOW, seed=1, steps=0, at=()):
    made = Playing(np.random.default_rng(seed), game=game, rule=rule)
    for place in at:
        made.poke(*place, "place")
    return run(made, steps)


def run(made, steps):
    for _ in range(steps):
        made.step()
    return made


def corner(k, left):
    """Of a triangle: first strategy on top, second on the left, third on the right."""
    return [(left + 22, 6 + 44 * math.sqrt(0.75)), (left, 6), (left + 44, 6)][k]


@pytest.mark.parametrize("game, rule", [(RPS, FLOW), (RPS, ALONE), (RPS, FICTITIOUS), (SHAPLEY, FLOW), (SHAPLEY, FICTITIOUS),
                                        (PENNIES, FLOW), (HAWKS, ALONE), (PENNIES, FICTITIOUS), (STAG, FLOW), (SEXES, FICTITIOUS)])
def test_scenes_keep_their_shapes_and_stay_on_the_plane(game, rule):
    shapes = {"drift": (DARTS, 3), "borders": (6, 3), "pure_strategies": (6, 3), "trail": (2 * TRAIL, 2), "equilibria": (60, 2),
              "average": (2, 2), "players": (2, 3)}
    made = model(game, rule)
    for _ in range(4):
        scene = made.scene()
        assert list(scene) == list(Playing.layers) and {name: array.shape for name, array in scene.items()} == shapes
        for name in shapes:
            if name != "borders":
                shown = scene[name][~np.isnan(scene[name][:, 0])]
                assert np.all((shown[:, :2] >= 0) & (shown[:, :2] <= [100, 50])) and not np.isnan(shown).any()
        for start, end, weight in scene["borders"]:
            assert weight == 0 or not np.isnan(scene["pure_strategies"][[int(start), int(end)]]).any()
        assert not made.reached()
        run(made, 40)


@pytest.mark.parametrize("game", [RPS, SHAPLEY, PRISONERS, "1,4 0,0; 0,2 1,9"])
def test_imitation_is_the_flow(game, seed):
    made = model(game, seed=seed)
    x, y, stride = made.x, made.y, made.stride
    assert stride * max(np.ptp(made.payoffs.A), np.ptp(made.payoffs.B)) == pytest.approx(STRIDE)
    xs, ys = imitation.flow(made.payoffs, x, y, time=60 * stride, step=stride)
    run(made, 60)
    np.testing.assert_allclose([made.x, made.y], [xs[-1], ys[-1]], atol=1e-9)
    assert made.time == pytest.approx(60 * stride)
    average = made.sums / 60
    np.testing.assert_allclose(average, [np.trapezoid(one, axis=0) / 60 for one in (xs, ys)], atol=1e-9)
    shown = made.scene()["average"]
    np.testing.assert_allclose(shown.ravel(), made._places(*average))


def test_fictitious_play_is_fictitious_play(seed):
    made = model(SHAPLEY, FICTITIOUS, seed=seed)
    p, q = np.array(made.seen)
    assert p.sum() == q.sum() == SEEN and np.abs(p / SEEN - made.x).max() == 0 and np.all(p >= 0)
    run(made, 300)
    played = imitation.fictitious(made.payoffs, int(made.time), p, q)
    assert np.array_equal(made.seen, [played.p[-1], played.q[-1]]) and made.time > 10_000
    np.testing.assert_allclose(made.x, played.p[-1] / played.p[-1].sum())
    assert np.isnan(made.scene()["average"]).all() and f"Round {int(made.time):,}:" in made.readout()


def test_fictitious_play_goes_faster_and_faster_but_not_too_fast():
    made, times = model(SHAPLEY, FICTITIOUS), []
    for _ in range(800):
        made.step()
        times.append(made.time)
    ahead = np.diff(times)
    assert times[0] == SEEN // 50 and ahead[0] == 2 and ahead.max() == 20_000 == ahead[-1] and np.all(np.diff(ahead) >= 0)
    # Who always miss each other change so often that a step is cut short.
    made = model("1 0; 0 1", FICTITIOUS, at=[(70, 5)], steps=300)
    before, seen = made.time, sum(made.seen[0])
    made.step()
    assert 30 <= made.time - before < seen // 50 and made.time - before == sum(made.seen[0]) - seen
    made = model(PRISONERS, FICTITIOUS, steps=1000)  # a spell without an end
    assert made.x[1] > 0.99


def test_one_population(seed):
    made = model(RPS, ALONE, seed=seed)
    product = made.x.prod()
    run(made, 200)
    assert np.array_equal(made.x, made.y) and made.x.prod() == pytest.approx(product, rel=1e-3)
    scene = made.scene()
    assert np.isnan(scene["players"][1, :2]).all() and scene["players"][0, 2] == 2 and scene["borders"][:, 2].sum() == 3
    assert np.isnan(scene["pure_strategies"][3:]).all()
    assert made.readout().count("/") == 2 and " and " not in made.readout()
    # Of hawks and doves' equilibria only the mixed one is for one population; it is where they come to.
    made = model(HAWKS, ALONE, steps=400, seed=seed)
    np.testing.assert_allclose(made.x, 0.5, atol=0.01)
    assert len(made.all_equilibria[0]) == 3 and len(made.equilibria[0]) == 1
    made = model(HAWKS, at=[(60, 20)], steps=400)
    np.testing.assert_allclose([made.x, made.y], [[1, 0], [0, 1]], atol=0.01)


def test_one_population_is_kept_together():
    """Where two would part, for rounding: each of the strategies pays to avoid."""
    made = model("-2.1 0.1 0.2; 0.13 -1.3 0.05; 0.2 0.07 -0.7", ALONE, steps=5000)
    assert np.array_equal(made.x, made.y) and made.off(made.x, made.y) < 1e-6 and made.x.min() > 0.1


def test_what_was_seen_is_rounded_to_the_nearest():
    assert playing._parts(np.array([0.501, 0.297, 0.202])) == [50, 30, 20]
    assert playing._parts(np.array([0.25, 0.75])) == [25, 75]


def test_corners_of_the_square_tell_who_plays_what():
    assert model(PENNIES).scene()["pure_strategies"][:4].tolist() == [[70, 45, 0], [70, 5, 3], [30, 5, 1], [30, 45, 3]]


def test_places(seed):
    for k in range(3):
        made = model(at=[corner(k, 3), corner((k + 1) % 3, 53)])
        assert made.x.argmax() == k and made.y.argmax() == (k + 1) % 3 and made.x.max() > 0.98
        np.testing.assert_allclose(made.scene()["players"], [[*made._places(made.x, made.y)[:2], 0], [*made._places(made.x, made.y)[2:], 1]])
        made = model(rule=ALONE, at=[corner(k, 28)])
        assert made.x.argmax() == k and np.array_equal(made.x, made.y)
    rng = np.random.default_rng(seed)
    x, y = rng.dirichlet(np.ones(3), 2) * 0.9 + 0.1 / 3
    made = model()
    at = made._places(x, y)
    made.poke(*at[:2], "place")
    made.poke(*at[2:], "place")
    np.testing.assert_allclose([made.x, made.y], [x, y], atol=1e-12)
    made = model(PENNIES, at=[(62, 13)])  # 0.8 to the right, 0.2 upwards
    np.testing.assert_allclose([made.x, made.y], [[0.8, 0.2], [0.2, 0.8]])
    np.testing.assert_allclose(made.scene()["players"][0], [62, 13, 2])
    assert np.isnan(made.scene()["players"][1, 0])
    made = model(HAWKS, ALONE, at=[(62, 13)])
    np.testing.assert_allclose([made.x, made.y], 0.5)
    made = model(PENNIES, at=[(0, 50)])  # beyond: at the border, where nothing is extinct
    np.testing.assert_allclose([made.x, made.y], [[0.005 / 1.005, 1 / 1.005], [1 / 1.005, 0.005 / 1.005]])
    assert model(at=[(50, 50)]).y[0] > 0.6 and model(at=[(49.9, 50)]).x[0] > 0.6


def test_a_start_forgets_what_was():
    made = model(steps=50)
    assert np.isfinite(made.scene()["trail"][:100]).all() and np.isnan(made.scene()["trail"][100:]).all()
    y = made.y
    made.poke(*TOP_LEFT, "place")
    np.testing.assert_allclose(made.y, y)
    assert made.steps == made.time == 0 and made.x[0] > 0.98
    assert np.isnan(made.scene()["trail"]).all() and np.isnan(made.scene()["average"]).all() and not made.sums.any()
    run(made, TRAIL + 2)
    assert np.isfinite(made.scene()["trail"]).all()


def test_a_rule_may_change_while_they_play():
    made = model(steps=30)
    x, y = made.x, made.y
    made.rule = FICTITIOUS
    np.testing.assert_allclose([made.x, made.y], [x, y], atol=1 / SEEN)
    run(made, 30)
    x = made.x
    made.rule = ALONE
    np.testing.assert_allclose([made.x, made.y], [x, x])
    shapley = model(SHAPLEY, steps=5)
    with pytest.raises(ValueError, match="one population needs a symmetric game"):
        shapley.rule = ALONE
    assert shapley.rule == FLOW and shapley.alone is False
    shapley.step()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("game", [RPS, GOOD, HAWKS])
def test_darts_point_where_players_would_go(game, rule):
    """Placed at a dart, a player's first step is along it."""
    made = model(game, rule, at=[(60, 30)])
    darts = made.scene()["drift"]
    shown = np.flatnonzero(~np.isnan(darts[:, 0]))
    assert shown.size == {(3, True): 36, (2, True): 12, (3, False): 72, (2, False): 64}[len(made.x), rule == ALONE]
    for k in shown[::5]:
        there = model(game, rule, at=[(60, 30), darts[k, :2]])
        np.testing.assert_allclose(there.scene()["players"][:, :2][0 if darts[k, 0] < 50 or len(made.x) == 2 or rule == ALONE else 1],
                                   darts[k, :2], atol=0.5)
        side = slice(2, 4) if darts[k, 0] > 50 and len(made.x) == 3 and rule != ALONE else slice(0, 2)
        before = there._places(there.x, there.y)[side]
        if rule != FICTITIOUS:
            there.stride = 1e-5
        there.step()
        moved = there._places(there.x, there.y)[side] - before
        turn = (math.atan2(moved[1], moved[0]) - darts[k, 2] + math.pi) % (2 * math.pi) - math.pi
        assert abs(turn) < (0.15 if rule == FICTITIOUS else 0.01)  # who are counted have shares in whole per cent


def test_equilibria_are_marked():
    marks = model(SEXES).scene()["equilibria"]
    shown = {tuple(np.round(mark, 6).tolist()) for mark in marks[~np.isnan(marks[:, 0])]}
    assert shown == {(70, 45), (30, 5), (round(30 + 40 * 2 / 3, 6), round(5 + 40 / 3, 6))}
    marks = model().scene()["equilibria"]
    np.testing.assert_allclose(marks[:2], [[25, 6 + 22 / math.sqrt(3)], [75, 6 + 22 / math.sqrt(3)]])
    assert np.isnan(marks[2:]).all()


def test_what_it_says():
    made = model(PENNIES, at=[(62, 13)])
    assert made.readout() == ("Time 0.0: row player 80/20, column player 20/80 %. The best reply would gain 0.96 and 0.24. "
                              "The nearest equilibrium marked is 30.0 percentage points off.")
    said = run(made, 1).readout()
    assert "Time 0.1: " in said and said.endswith("off, their average so far 30.7 from one.")
    made = model(RPS, at=[corner(0, 3), corner(1, 53)])
    assert "row player 99/0/0, column player 0/99/0 %" in made.readout() and "off." in made.readout()
    assert made.off(np.array([0.5, 0.3, 0.2]), np.full(3, 1 / 3)) == pytest.approx(1 / 6)
    assert made.off(np.full(3, 1 / 3), np.array([0.5, 0.5, 0])) == pytest.approx(1 / 3)


# --- what is to be seen ----------------------------------------------------------------------------------------------


def test_rock_paper_scissors_circles_and_its_average_does_not():
    made = model(at=[corner(0, 3), corner(1, 53), (25, 15), (70, 22)], steps=2000)
    off = made.off(made.x, made.y)
    assert off > 0.1 and made.off(*made.sums / made.steps) < 0.02 and not made.reached()


def test_shapley_s_game_is_learnt_by_neither_rule():
    for rule in (FLOW, FICTITIOUS):
        made = model(SHAPLEY, rule, steps=800)
        offs = [made.off(made.x, made.y) for _ in range(200) if made.step() is None]
        assert min(offs) > 0.16
    assert max(offs) < 0.27


def test_fictitious_play_learns_rock_paper_scissors_and_pennies(seed):
    for game in (RPS, PENNIES):
        made = model(game, FICTITIOUS, seed=seed, steps=600)
        assert made.off(made.x, made.y) < 0.01 and not made.reached()


@pytest.mark.parametrize("at, ends", [((66, 41), 0), ((55, 30), 1)])
def test_stag_hunters_end_where_they_began(at, ends):
    made = model(STAG, at=[at], steps=800)
    assert made.x.argmax() == made.y.argmax() == ends and made.off(made.x, made.y) < 0.01


def test_prisoners_defect(seed):
    made = model(PRISONERS, seed=seed, steps=800)
    assert made.x[1] > 0.99 and made.y[1] > 0.99 and not made.reached()


# --- the challenge ------------------------------------------------------------------------------------------------------


FAR_OFF = (50, 35)


def test_the_challenge_is_met_by_a_game_that_rewards_winners_in_one_population():
    made = model(GOOD, ALONE, at=[FAR_OFF])
    steps = 0
    while not made.reached():
        made.step()
        steps += 1
        assert steps < 2000
    assert made.settled == STAY and made.off(made.x, made.y) <= 0.02 and made.far >= 0.2
    made.poke(*FAR_OFF, "place")  # from where it must come once more
    assert made.settled == 0 and not made.reached()
    made.settled = STAY
    made.step()
    assert made.settled == 0 and not made.reached()


@pytest.mark.parametrize("game, rule, at", [
    (RPS, ALONE, FAR_OFF),  # circles
    (RPS, ALONE, (50.1, 6 + 22 / math.sqrt(3))),  # small circles, all near
    ("0 -2 1; 1 0 -2; -2 1 0", ALONE, FAR_OFF),  # spirals out
    (GOOD, ALONE, (50.1, 6 + 22 / math.sqrt(3))),  # began there
    (GOOD, FICTITIOUS, FAR_OFF),  # not by imitation
    (RPS, FICTITIOUS, FAR_OFF),
    (GOOD, FLOW, FAR_OFF),  # two populations
    (PRISONERS, FLOW, FAR_OFF),  # nothing mixed
    (PRISONERS, ALONE, FAR_OFF),
    (HAWKS, ALONE, (65, 40)),  # mixed, but not the only one
    ("-1 0 0; 0 -1 0; 0 0 -1", ALONE, FAR_OFF),
    (PENNIES, FLOW, (60, 40)),
])
def test_and_by_nothing_else(game, rule, at):
    made = model(game, rule, at=[at])
    for _ in range(1200):
        assert not made.reached()
        made.step()


@pytest.mark.parametrize("call, message", [
    (lambda: model("1 2 3 4; 1 2 3 4; 1 2 3 4; 1 2 3 4"), r"game='1 2 3 4; .*': must have two rows and two columns, or three and three"),
    (lambda: model("1"), r"game='1': 1 rows of 1"),
    (lambda: model("1,2 3,4 5,6; 1,1 2,2 3,3"), r"game=.*two rows and two columns"),
    (lambda: model("1 x; 2 3"), r"'x'"),
    (lambda: model(rule="guessing"), r"rule='guessing': must be one of 'imitation'"),
    (lambda: model(SHAPLEY, ALONE), r"rule='imitation, one population', game='1,0 .*: one population needs a symmetric game"),
    (lambda: model().poke(10, 10, "push"), r"tool='push'"),
    (lambda: model().poke(-1, 10, "place"), r"x=-1"),
    (lambda: model().poke(10, 51, "place"), r"y=51"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_game_that_is_typed_while_they_play():
    made = model(steps=30)
    x, y = made.x, made.y
    made.game = SHAPLEY  # of three strategies, too: they go on from where they are
    np.testing.assert_allclose([made.x, made.y], [x, y])
    assert (made.steps, made.time, made.rule) == (0, 0.0, FLOW)
    np.testing.assert_array_equal(made.payoffs.B, games.typed(SHAPLEY).B)
    with pytest.raises(ValueError, match=r"rule='imitation, one population', game='1,0 .*needs a symmetric game"):
        made.rule = ALONE
    assert made.rule == FLOW and not made.alone
    shapes = {name: layer.shape for name, layer in made.scene().items()}
    made.game = HAWKS  # of two
    assert made.x.shape == made.y.shape == (2,) and made.strategies == 2
    assert {name: layer.shape for name, layer in made.scene().items()} == shapes
    made.rule = ALONE
    before = made.payoffs
    for mistyped in (PENNIES, "1 2; 3", "one"):
        with pytest.raises(ValueError, match="game='"):
            made.game = mistyped
        assert made.payoffs is before and made.alone
        made.step()


def test_a_game_in_which_all_is_one():
    made = model("1 1; 1 1", steps=10)
    assert not made.reached() and np.isnan(made.scene()["drift"]).all() and "gain 0.00 and 0.00" in made.readout()
