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


def test_cut_into_parts_each_agrees_for_itself(seed):
    made = model(seed)
    split(made)  # the pointer may cut one wire more, that runs beside
    ends = consensus.limits(made.values, made.links)
    for _ in range(3000):
        made.step()
    np.testing.assert_allclose(made.values, ends, atol=0.01)
    assert f"{np.unique(made.part).size} parts agree each for itself" in made.readout()
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
