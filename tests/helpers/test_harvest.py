import numpy as np
import pytest

from helpers import territories
from helpers.harvest import GONE, HOPS, WINDOW, Harvest
from helpers.territories import BUSHES, FULL, HIGH, POOR, RICH, WIDE


def model(seed=1, steps=0, **settings):
    made = Harvest(np.random.default_rng(seed), **settings)
    go(made, steps)
    return made


def go(made, steps):
    for _ in range(steps):
        made.step()


def tap(made, agent):
    made.poke(*made.scene()["bodies"][agent, :2], "remove")


def test_it_is_a_band_of_the_same_seed():
    made, band = model(4, 300, rule="neighbours"), territories.Band(np.random.default_rng(4), rule="neighbours")
    go(band, 300)
    assert np.array_equal(made.at, band.at) and np.array_equal(made.worth, band.worth)


def test_the_share_and_the_visits_are_those_of_the_last_steps():
    made = model(2)
    kept = []
    for _ in range(WINDOW + 130):
        made.step()
        kept.append((made.picked[0], made.ripened[0], made.arrived[0].copy(), made.target[0].copy(), made.found[0].copy()))
    kept = kept[-WINDOW:]
    assert made.share() == pytest.approx(sum(one[0] for one in kept) / sum(one[1] for one in kept))
    visits, trips, vain = np.zeros((12, BUSHES)), 0, 0
    for _, _, arrived, target, found in kept:
        visits[np.flatnonzero(arrived), target[arrived]] += 1
        trips, vain = trips + arrived.sum(), vain + (found[arrived] == 0).sum()
    assert np.array_equal(made.visits(), visits)
    said = made.readout()
    assert f"picked {100 * made.share():.0f}% of what ripened in the last {WINDOW} steps" in said
    assert f"{100 * vain / trips:.0f}% of the trips were in vain" in said
    assert f"in {100 * territories.same_visitor(visits):.0f} of 100 cases (by lot: 8)" in said


def test_what_the_readout_says_of_the_rule():
    made = model()
    assert made.readout() == "Step 0: 12 agents, each alone."
    made.step()
    assert "in the last 1 steps" in made.readout() and "Two visits" not in made.readout()
    made.rule, made.reach = "neighbours", 4
    assert "hearing neighbours within 4 cells" in made.readout()
    made.rule = "planner"
    assert "who sees berries as they hang" in made.readout()
    made.delay = 7
    assert "who sees berries of 7 steps ago" in made.readout()


def test_the_scene():
    made = model(3, 200, rule="neighbours", reach=5)
    scene = made.scene()
    assert list(scene) == list(made.layers)
    bodies, n = scene["bodies"], made.n
    assert bodies.shape == (n + BUSHES, 3) and np.array_equal(np.floor(bodies[:n, :2]), made.at[0])
    assert np.array_equal(bodies[n:, :2], made.places[0] + 0.5) and np.array_equal(bodies[n:, 2] == 1, made.rate[0] == RICH)
    assert set(bodies[:n, 2]) <= {2, 3} and np.array_equal(bodies[:n, 2] == 3, made.vain)
    assert scene["berries"].shape == (HIGH, WIDE) and scene["berries"].sum() == made.berries.sum()
    for (x, y), berries in zip(made.places[0], made.berries[0], strict=True):
        around = [(x + 1, y), (x, y + 1), (x - 1, y), (x, y - 1)]
        assert [scene["berries"][row, column] for column, row in around] == [1] * berries + [0] * (FULL - berries)
    assert np.array_equal(scene["aims"][:, :2], np.column_stack([np.arange(n), n + made.target[0]])) and np.all(scene["aims"][:, 2] == 1)
    spoken = scene["messages"]
    assert len(spoken) == n * (n - 1) // 2
    for a, b, weight in spoken.astype(int):
        assert weight == (np.abs(made.at[0, a] - made.at[0, b]).max() <= 5)
    made.rule = "alone"
    assert not made.scene()["messages"][:, 2].any()


def test_paths_lead_from_bush_to_bush():
    made = model(5)
    came = [[] for _ in range(made.n)]
    for _ in range(150):
        made.step()
        for agent in np.flatnonzero(made.arrived[0]):
            came[agent].append(int(made.target[0, agent]))
    paths = made.scene()["paths"].reshape(made.n, HOPS, 3)
    for agent, bushes in enumerate(came):
        assert len(bushes) > HOPS
        for k in range(HOPS):
            assert paths[agent, k].tolist() == pytest.approx([made.n + bushes[-2 - k], made.n + bushes[-1 - k], 1 - k / HOPS])
    assert not model().scene()["paths"][:, 2].any() and not model().scene()["aims"][:, 2].any()


def test_an_agent_tapped_is_gone():
    made = model(1, 100)
    at = made.at[0, 4].copy()
    tap(made, 4)
    assert made.left() == 11 and not made.alive[0, 4]
    go(made, 50)
    scene = made.scene()
    assert np.array_equal(made.at[0, 4], at) and np.isnan(scene["bodies"][4, :2]).all() and scene["aims"][4, 2] == 0
    assert not scene["paths"].reshape(12, HOPS, 3)[4, :, 2].any() and "11 agents" in made.readout()
    made.at[0] = 20, 10
    made.at[0, 4] = 2, 2
    with pytest.raises(ValueError, match="no agent is near"):
        made.poke(2.5, 2.5, "remove")
    for agent in (0, 1, 2, 3, 5, 6, 7, 8, 9, 10):
        tap(made, agent)
    assert "1 agent," in made.readout() and "Two visits" not in made.readout()
    with pytest.raises(ValueError, match="the last agent"):
        tap(made, 11)


def test_bushes_are_planted_and_parched():
    made = model()
    poor, rich = np.flatnonzero(made.rate[0] == POOR)[0], np.flatnonzero(made.rate[0] == RICH)[0]
    made.poke(*(made.places[0, poor] + 0.5), "plant")
    made.poke(*(made.places[0, rich] + 0.5), "parch")
    assert made.rate[0, poor] == RICH and made.rate[0, rich] == POOR and made.tended
    assert np.count_nonzero(made.rate == RICH) == territories.RICH_ONES
    other = model()
    before = other.rate.copy()
    other.poke(0, 0, "plant")  # no bush is near
    assert np.array_equal(before, other.rate) and not other.tended


def challenge(delay=20, gone=GONE, rule="neighbours", tended=False, planned=WINDOW, after=1500):
    made = model(1, planned, rule="planner", delay=delay)
    assert not made.reached()
    for agent in range(gone):
        tap(made, agent)
    if tended:
        made.poke(*(made.places[0, 0] + 0.5), "plant")
    made.rule, made.reach, made.delay = rule, 12, 0  # with fresh news nine pick more than twelve did, sent by the planner
    met = []
    for _ in range(after):
        made.step()
        met.append(made.reached())
    return made, met


def test_the_challenge_is_met_by_nine_who_talk_after_a_planner_with_old_news():
    made, met = challenge()
    assert any(met) and not any(met[:WINDOW - 1]) and met[-1] == (made.share() > made.planned)
    assert f"Sent by the planner all 12 picked {100 * made.planned:.0f}%." in made.readout()


@pytest.mark.parametrize("but", [{"delay": 0}, {"gone": GONE - 1}, {"rule": "planner"}, {"rule": "bookkeeper"}, {"tended": True}, {"planned": WINDOW - 1}])
def test_the_challenge_is_not_met_otherwise(but):
    assert not any(challenge(**but)[1])


def test_a_change_of_rule_starts_the_count_anew():
    made = model(1, WINDOW - 1, rule="planner")
    made.delay = 3
    go(made, WINDOW - 1)
    assert made.planned is None
    made.step()
    assert made.planned == made.share()
    tap(made, 0)
    go(made, 5)
    assert made.calm == 5
    fewer = model(1, rule="planner")
    tap(fewer, 0)
    go(fewer, WINDOW + 1)
    assert fewer.planned is None and fewer.calm == WINDOW + 1


@pytest.mark.parametrize("call, message", [
    (lambda: model(rule="shout"), r"rule='shout'"),
    (lambda: setattr(model(), "delay", 99), r"delay=99"),
    (lambda: model(agents=0), r"agents=0"),
    (lambda: model().poke(0, 0, "saw"), r"tool='saw'"),
    (lambda: model().poke(31, 0, "plant"), r"x=31"),
    (lambda: model().poke(0, 21, "plant"), r"y=21"),
    (lambda: model(agents=1, seed=3).poke(0, 0, "remove"), r"no agent is near; tap one"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
