import math

import numpy as np
import pytest

from helpers import consensus
from helpers.gossiping import BRIDGES, CLOSE, NODES, Gossiping

pytestmark = pytest.mark.usefixtures("one_blas_thread")


def model(seed=1, steps=0, **settings):
    made = Gossiping(np.random.default_rng(seed), **settings)
    for _ in range(steps):
        made.step()
    return made


def bridges(made):
    return [pair for pair in made.edges if (pair[0] < NODES // 2) != (pair[1] < NODES // 2)]


def touch(made, pair, tool):
    made.poke(*made.at[pair].mean(axis=0), tool)


def split(made):
    for pair in bridges(made):
        touch(made, pair, "cut")


@pytest.mark.parametrize("how", ["all listen", "pairs meet"])
def test_all_come_to_the_mean_that_was_there_at_first(how, seed):
    made = model(seed, how=how)
    start = made.values.mean()
    for _ in range(30):
        made.step()
        assert made.values.mean() == pytest.approx(start)
    for _ in range(1500):
        made.step()
    assert np.abs(made.values - start).max() < CLOSE and np.all(made.scene()["nodes"][:, 2] == 2)


def test_two_towns_and_few_wires_between_them(seed):
    made = model(seed)
    assert len(bridges(made)) == BRIDGES and consensus.parts(NODES, made.edges).max() == 0
    assert len({node for pair in bridges(made) for node in pair}) == 2 * BRIDGES
    assert np.all((made.at >= 0) & (made.at <= 100)) and made.rho < 1


def test_forty_nodes_the_cold_town_on_the_left(seed):
    made = model(seed)
    assert made.at.shape == (40, 2) and made.values.shape == (40,)
    for half, middle, warmth in ((slice(20), 26, 12), (slice(20, 40), 74, 28)):
        x, y = made.at[half].T
        assert np.all(((x - middle) / 22) ** 2 + ((y - 50) / 39.6) ** 2 <= 1 + 1e-9)
        assert abs(made.values[half].mean() - warmth) < 5 * 6 / np.sqrt(20)
    within = made.values.reshape(2, 20).std(axis=1, ddof=1)
    assert abs(np.sqrt((within**2).mean()) / 6 - 1) < 5 / np.sqrt(2 * 38)


def test_nodes_keep_their_distance(seed):
    """Discs of radius 5 about 19 nodes cover at most 0.55 of a town, pi 22 39.6: that all thirty places drawn for a
    node fall into them has a chance below 2e-8."""
    at = model(seed).at
    d = np.linalg.norm(at[:, np.newaxis] - at, axis=2)
    assert d[np.triu_indices(40, 1)].min() > 5


def test_wires_lead_to_the_four_nearest_and_between_the_nearest_pairs(seed):
    made = model(seed)
    d = np.linalg.norm(made.at[:, np.newaxis] - made.at, axis=2)
    expected = set()
    for node in range(40):
        town = [other for other in range(40) if other // 20 == node // 20 and other != node]
        expected |= {(min(node, other), max(node, other)) for other in sorted(town, key=lambda other: d[node, other])[:4]}
    used = set()
    for i, j in sorted(((i, j) for i in range(20) for j in range(20, 40)), key=lambda pair: d[pair]):
        if len(used) < 8 and not {i, j} & used:
            used |= {i, j}
            expected.add((i, j))
    assert [tuple(pair) for pair in made.edges.tolist()] == sorted(expected)


def test_how_near_the_pointer_must_come(seed):
    made = model(seed)
    a, b = made.at[made.edges[0]]
    along = (b - a) / np.linalg.norm(b - a)
    aside = np.array([-along[1], along[0]])
    for off, cut in ((2.45, True), (2.55, False)):
        for spot in ((a + b) / 2 + off * aside, (a + b) / 2 - off * aside, a - off * along, b + off * along):
            made.poke(*spot, "cut")
            assert made.whole[0] != cut
            made.poke(*(a + b) / 2, "mend")
    lowest = made.at[:, 1].argmin()
    x, y = made.at[lowest]
    made.poke(x, y - 4.95, "stubborn")
    assert np.flatnonzero(made.stubborn).tolist() == [lowest]
    with pytest.raises(ValueError, match="no node is near"):
        made.poke(x, y - 5.05, "stubborn")


def test_five_kinds_of_node_by_how_far_from_the_first_mean():
    made = model()
    made.values = np.full(40, made.first)
    made.values[:9] += [0, 0.95, -0.95, 1.05, -1.05, 9.95, -9.95, 10.05, -10.05]
    assert made.scene()["nodes"][:, 2].tolist() == [2, 2, 2, 3, 1, 3, 1, 4, 0] + [2] * 31


def test_cut_into_parts_each_agrees_for_itself(seed):
    made = model(seed)
    split(made)  # the pointer may cut one wire more, that runs beside
    ends = consensus.limits(made.values, made.links)
    for _ in range(3000):
        made.step()
    np.testing.assert_allclose(made.values, ends, atol=0.01)
    assert made.rho == 1 and f"{np.unique(made.part).size} parts agree each for itself" in made.readout()
    assert f"{np.count_nonzero(~made.whole)} wires are cut" in made.readout()


def test_mended_wires_bring_all_together_again():
    made = model()
    split(made)
    for pair in bridges(made):
        touch(made, pair, "mend")
    assert made.whole.all() and "Spectral gap" in made.readout()
    for _ in range(800):
        made.step()
    assert np.ptp(made.values) < 0.01 and not made.reached()


def test_reached_only_when_both_have_agreed():
    made = model()
    split(made)
    assert np.count_nonzero(~made.whole) == BRIDGES and not made.reached()
    for _ in range(200):
        made.step()
    assert made.reached()
    late = model(steps=800)  # they had agreed before the cut: nothing to disagree on
    split(late)
    assert not late.reached()


def test_reached_needs_two_large_parts_that_agree_within_but_not_with_each_other():
    def made(apart=10.05, spread=0.95):
        made = model()
        split(made)
        made.values = np.repeat([10.0, 10 + apart], 20)
        made.values[0] += spread  # and the mean of the left by a twentieth of it
        return made

    assert made(apart=10.1).reached() and made(apart=-10.05).reached()
    assert not made(apart=9.95).reached() and not made(apart=-9.9).reached()
    assert not made(apart=20, spread=1.05).reached()
    listening = made(apart=20)
    listening.poke(*listening.at[7], "stubborn")
    assert not listening.reached()
    more = made(apart=20)  # one wire more than need be
    touch(more, more.links[0], "cut")
    assert np.unique(more.part).size == 2 and not more.reached()


@pytest.mark.parametrize("smaller, large", [(14, False), (15, True), (25, True), (26, False)])
def test_a_part_is_large_from_fifteen_nodes(smaller, large):
    made = model()
    made.part = np.where(np.arange(40) < smaller, 0, smaller)
    made.values = np.where(made.part == 0, 5.0, 35)
    assert made.reached() == large


def test_what_the_readout_says():
    made = model()
    made.values = np.append(np.linspace(3, 30, 39), 20)
    made.first = 19.96
    W = consensus.matrix(40, made.edges, consensus.weights(40, made.edges))
    steps = math.ceil(math.log(0.1) / math.log(consensus.rho(W)))
    assert made.readout() == (f"Step 0: 3.0 to 30.0 degrees; the mean at first was 20.0. Spectral gap {1 - made.rho:.4f}: "
                              f"disagreement falls to a tenth in {steps} steps. 0 numbers sent.")
    made.how, made.sent, made.stubborn[:2] = "pairs meet", 1234, True
    assert made.readout() == "Step 0: 3.0 to 30.0 degrees; the mean at first was 20.0. 2 listen to nobody. 1,234 numbers sent."
    made.part, made.stubborn[:], made.whole[:3] = np.repeat([0, 5, 20, 32], [5, 15, 12, 8]), False, False
    made.values = made.part * 1.0
    said = made.readout()
    assert "3 wires are cut, and 4 parts agree each for itself (15 near 5.0, 12 near 20.0, 8 near 32.0, …). " in said
    made.part = np.repeat([0, 5, 20], [5, 15, 20])
    made.values = made.part * 1.0
    assert "3 parts agree each for itself (20 near 20.0, 15 near 5.0, 5 near 0.0). 1,234 numbers sent." in made.readout()


def test_a_stubborn_node_draws_all_to_itself():
    made = model()
    made.poke(*made.at[3], "stubborn")
    held = made.values[3]
    for _ in range(5000):
        made.step()
    np.testing.assert_allclose(made.values, held, atol=1e-3)
    assert "1 listens to nobody" in made.readout() and np.isfinite(made.scene()["stubborn_ones"]).sum() == 2
    made.poke(*made.at[3], "stubborn")
    assert not made.stubborn.any()


def test_numbers_sent_are_counted():
    made = model(steps=3)
    assert made.sent == 3 * 2 * len(made.edges)
    met = model(steps=3, how="pairs meet")
    assert 0 < met.sent <= 3 * NODES and met.sent % 2 == 0


def test_with_every_wire_cut_nothing_changes():
    made = model()
    for pair in made.edges:
        touch(made, pair, "cut")
    before = made.values.copy()
    made.step()
    made.how = "pairs meet"
    made.step()
    assert np.array_equal(made.values, before) and made.sent == 0 and f"{NODES} parts" in made.readout()


@pytest.mark.parametrize("call, message", [
    (lambda: model(how="shout"), r"how='shout': must be one of 'all listen', 'pairs meet'"),
    (lambda: model().poke(0, 0, "stubborn"), r"no node is near; tap one"),
    (lambda: model().poke(0, 101, "cut"), r"y=101"),
    (lambda: model().poke(0, 0, "saw"), r"tool='saw'"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
