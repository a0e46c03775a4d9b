import numpy as np
import pytest

from helpers import consensus, marl, team_optimum
from helpers.networked import AGENTS, BEST, COLUMNS, EVERY, LINKS, WARM, Networked

pytestmark = pytest.mark.usefixtures("one_blas_thread")
BRIDGES = [(2, 3), (0, 5), (1, 4)]


def model(seed=1, steps=0, **settings):
    made = Networked(np.random.default_rng(seed), **settings)
    for _ in range(steps):
        made.step()
    return made


def touch(made, pairs, tool="cut"):
    """Off the middle, where some of them cross."""
    for i, j in pairs:
        made.poke(*(0.6 * made.at[i] + 0.4 * made.at[j]), tool)


def test_the_team_and_its_twin_are_runs_of_the_model():
    made = model(3, 20, critic="additive", boldness=50, speed=50)
    rng = np.random.default_rng(3)
    seed = int(rng.integers(len(BEST)))
    world, draws = marl.world(AGENTS, seed), rng.random((1000, 1 + 2 * AGENTS, 1))
    known = marl.tables(world)
    for team, listen, J in zip(made.teams, (marl.listener(AGENTS, LINKS), marl.everybody), made.returns, strict=True):
        same = marl.Team(world, listen, critic="additive")
        for some in draws:
            same.scale = 50 if same.time >= WARM else 1
            same.step(some)
        np.testing.assert_allclose(team.theta, same.theta, atol=1e-9)
        assert J == pytest.approx(marl.average_return(known.P, known.R.mean(axis=-1), marl.joint(marl.play(world, same.theta)))[0])
    assert made.best == BEST[seed]


def test_the_best_that_such_agents_could_earn():
    worlds = team_optimum.worlds(marl.world(AGENTS, np.arange(len(BEST))))
    for k, seed in ((0, 9), (3, 17)):  # those of the seeds that find it
        assert team_optimum.best_in_class(worlds[k], np.random.default_rng(seed), starts=25)[0] == pytest.approx(BEST[k], abs=0.01)
    assert np.all(np.array(BEST) < [team_optimum.best_of_all(one)[0] for one in worlds])


def test_a_cut_parts_the_critics_and_leaves_the_return():
    made = model(1, 150)
    whole = made.apart
    assert not made.reached() and made.before is None and "All links are whole" in made.readout()
    touch(made, BRIDGES)
    assert made.sizes.tolist() == [3, 3] and not made.whole[[2, 5, 8]].any() and made.before == whole
    for _ in range(150):
        made.step()
    assert made.apart > 5 * whole and abs(made.returns[0] / made.returns[1] - 1) < 0.01
    assert "3 of 9 links are cut, and the team is in 2 parts" in made.readout() and "times as much as when it fell apart" in made.readout()
    touch(made, BRIDGES, "mend")
    for _ in range(20):
        made.step()
    assert made.before is None and made.apart < whole and not made.reached()


def test_bold_actors_with_a_critic_that_sees_climb():
    bold, shy = model(2, 300, critic="additive", boldness=1000), model(2, 300)
    start = model(2).returns
    assert np.all(bold.returns > start + 0.05) and np.all(np.abs(shy.returns - start) < 0.01) and bold.best - shy.returns[0] > 0.5


def test_the_challenge_needs_the_one_cheap_cut():
    made = model(1, 200)
    made.apart = 99.0
    assert not made.reached()
    touch(made, [(0, 5), (2, 3)])
    assert not made.reached() and "2 of 9 links are cut, and news reaches everybody" in made.readout()
    touch(made, [(1, 4)])
    made.apart = 9.99 * made.before
    assert not made.reached()
    made.apart = 10.01 * made.before
    assert made.reached()
    fell, _ = made.before, made.step()
    touch(made, BRIDGES)  # cut once more: it fell apart when it did
    assert made.before == fell != made.apart
    made.apart = 11 * made.before
    made.returns = made.returns * [1.011, 1]
    assert not made.reached()
    one = model(1, 200)
    touch(one, [(0, 1), (0, 2), (0, 5)])  # three links as well, but one agent alone
    one.apart = 99.0
    assert one.sizes.tolist() == [1, 5] and not one.reached() and "parts" in one.readout()
    more = model(1, 200)
    touch(more, [*BRIDGES, (0, 1)])
    more.apart = 99.0
    assert more.sizes.tolist() == [3, 3] and not more.reached()
    ways = [kept for kept in range(2**9) if 9 - kept.bit_count() <= 3]  # every way to cut three links or fewer
    halves = [kept for kept in ways if np.unique(consensus.parts(AGENTS, LINKS[[kept >> k & 1 == 1 for k in range(9)]]), return_counts=True)[1].tolist() == [3, 3]]
    assert len(halves) == 1


def test_the_scene():
    made = model(1)
    scene = made.scene()
    shapes = {name: values.shape for name, values in scene.items()}
    assert scene["links"][:, 2].all() and np.isfinite(scene["history"][:COLUMNS, 1]).all() and np.isnan(scene["history"][COLUMNS:]).all()
    for _ in range(EVERY * COLUMNS + 1):
        made.step()
    scene = made.scene()
    assert {name: values.shape for name, values in scene.items()} == shapes and np.isfinite(scene["history"]).all()
    best, twin, team, apart = scene["history"].reshape(4, COLUMNS, 3)
    assert [part[0, 2] for part in (best, twin, team, apart)] == [0, 1, 2, 3]
    assert team[-1, 1] == pytest.approx(24.5 + 22.5 * (made.returns[0] - 1.9) / 0.95) and twin[-1, 1] == pytest.approx(24.5 + 22.5 * (made.returns[1] - 1.9) / 0.95)
    assert best[0, 1] == pytest.approx(24.5 + 22.5 * (made.best - 1.9) / 0.95) and apart[-1, 1] == pytest.approx(1.5 + 17 * (np.log10(made.apart) + 4) / 5)
    assert scene["agents"][:, 2].max() == 0
    touch(made, BRIDGES)
    for _ in range(200):
        made.step()
    after = made.scene()
    length = np.linalg.norm(made.teams[0].w.mean(axis=0))
    assert np.array_equal(after["agents"][:, 2], np.searchsorted([0.05, 0.5], made.teams[0].off()[:, 0] / length))
    assert after["agents"][:, 2].min() >= 1 and after["links"][[2, 5, 8], 2].max() == 0
    assert np.array_equal(after["history"][2 * COLUMNS:3 * COLUMNS - 33, 1], team[33:, 1])  # the past moves on to the left
    made.teams[0].w[0] += 100
    assert made.scene()["agents"][0, 2] == 2
    for i, j in LINKS:
        assert np.linalg.norm(made.at[i] - made.at[j]) > 10


def test_alone_and_live_settings():
    made = model(1, 60)
    touch(made, LINKS)
    assert made.sizes.size == AGENTS and f"{AGENTS} parts" in made.readout()
    made.speed, made.boldness = 1, 20
    before = made.teams[0].time
    made.step()
    assert made.teams[0].time == before + 1 and model(5, 3).readout() == model(5, 3).readout()


@pytest.mark.parametrize("call, message", [
    (lambda: model(critic="deep"), r"critic='deep': must be one of \"the paper's\", 'additive'"),
    (lambda: model(boldness=-1), r"boldness=-1"),
    (lambda: model(boldness=4000), r"boldness=4000"),
    (lambda: model(speed=0), r"speed=0"),
    (lambda: model(speed=51), r"speed=51: must be at most 50"),
    (lambda: model().poke(0, 101, "cut"), r"y=101"),
    (lambda: model().poke(-1, 0, "cut"), r"x=-1"),
    (lambda: model().poke(0, 0, "saw"), r"tool='saw'"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
