import numpy as np
import pytest

from helpers import learners
from helpers.climbing import BLOCK, PAIRS, RECENT, Climbing

MIDDLE = {"a": 2.5 * BLOCK, "b": 1.5 * BLOCK, "c": 0.5 * BLOCK}


def model(seed=1, steps=0, **settings):
    made = Climbing(np.random.default_rng(seed), **settings)
    for _ in range(steps):
        made.step()
    return made


def led(seed, *plan):
    """The reader plays each row for so many rounds."""
    made = model(seed, player="you")
    for row, rounds in plan:
        made.poke(50, MIDDLE[row], "play")
        for _ in range(rounds):
            made.step()
    return made


def there(made):
    return np.bincount(3 * made.last[0] + made.last[1], minlength=9).reshape(3, 3)


@pytest.mark.parametrize("learner, kind", [("cautious", "independent"), ("optimistic", "optimistic")])
def test_two_learners_are_those_of_the_model(learner, kind, seed):
    made = model(seed, learner=learner)
    found = []
    for _ in range(200):
        made.step()
        found.append(made.recent[(made.time - 1) % RECENT])
    oracle = learners.play(learners.CLIMBING, PAIRS, learners.cooling(2000)[:200], np.random.default_rng(seed), kind)
    np.testing.assert_allclose(found, oracle.earned)
    np.testing.assert_allclose(there(made) / PAIRS, oracle.shares)
    assert made.balance == pytest.approx(sum(found)) and made.earned() == pytest.approx(np.mean(found[-RECENT:]))
    assert made.lowest == pytest.approx(min(0, np.cumsum(found).min())) and not made.reached()


def test_cautious_pairs_settle_below_the_peak_and_optimists_on_it(seed):
    made = model(seed, 1500)
    assert there(made)[0, 0] < PAIRS / 2 < there(made)[1].sum()
    # Who is at the peak does not fear it, and of the others nearly all do.
    fears = made.scene()["pairs"][:, 2] == 1
    assert not fears[made.last[0] == 0].any() and np.count_nonzero(~fears[made.last[0] > 0]) <= 8
    assert there(model(seed, 1500, learner="optimistic"))[0, 0] == PAIRS


def test_the_peak_is_reached_from_the_row_that_frightens_nobody(seed):
    made = led(seed, ("c", 300))
    assert np.all(made.columns.q[:, 0] >= 0) and not made.reached() and 2.5 < made.earned() < 5
    assert made.seen.tolist() == [[False] * 3, [False] * 3, [True] * 3]
    made.poke(0, MIDDLE["a"], "play")
    for _ in range(100):
        made.step()
    assert made.reached() and made.lowest == 0 and made.yours == 400


def test_straight_up_leads_into_debt(seed):
    made = led(seed, ("a", 600))
    assert made.earned() > 10 and made.lowest < 0 and not made.reached() and "more than it had earned" in made.readout()


def test_from_row_b_no_patience_helps(seed):
    made = led(seed, ("c", 300), ("b", 300), ("a", 1500))
    assert made.earned() < 5 and not made.reached() and made.lowest == 0
    assert np.count_nonzero(made.columns.q[:, 0] < 0) > PAIRS / 2


def test_a_takeover_waits_for_a_row_and_counts_from_there():
    made = led(1, ("c", 300), ("a", 100))
    assert made.reached()
    made.player = "a learner"
    assert not made.reached()
    with pytest.raises(ValueError, match="player='a learner': must be 'you'"):
        made.poke(50, 10, "play")
    made.player = "you"
    before = made.time
    made.step()
    assert made.time == before and not made.reached() and "all wait for your row" in made.readout()
    made.poke(50, MIDDLE["a"], "play")
    for _ in range(RECENT):
        assert not made.reached()
        made.step()
    assert made.reached() and "you play row a" in made.readout()


def test_the_rows_learner_learns_nothing_while_the_reader_plays():
    made = led(1, ("b", 50))
    assert not made.rows.q.any() and made.columns.q.any() and np.all(made.last[0] == 1)


@pytest.mark.parametrize("y, row", [(0, 2), (BLOCK - 0.1, 2), (BLOCK, 1), (2 * BLOCK, 0), (3 * BLOCK - 0.1, 0)])
def test_rows_from_the_top(y, row):
    made = model(player="you")
    made.poke(0, y, "play")
    assert made.row == row


def test_the_picture():
    made = model(player="you")
    first = made.scene()
    assert np.isnan(first["pairs"]).all() and not first["gain"].any() and not first["loss"].any()
    assert np.count_nonzero(first["tendency"][:, :11]) == 0  # no row yet
    made.poke(50, MIDDLE["a"], "play")
    for _ in range(5):
        made.step()
    scene = made.scene()
    assert {name: array.shape for name, array in scene.items()} == {name: array.shape for name, array in first.items()}
    for name, (x, y), value in (("gain", (35, 65), 11), ("loss", (61, 65), 30), ("gain", (87, 65), 0), ("gain", (61, 39), 0)):
        assert scene[name][int(y / 2), int(x / 2)] == value
    # A block that pays nothing is told from one that nobody has seen.
    assert scene["nothing"][32, 43] == made.seen[0, 2] and scene["nothing"][6, 17] == 0 == first["nothing"].max()
    assert scene["tendency"][32, 3] == 1 and scene["tendency"][19, 9] == 0  # the bar of row a is full
    # The bars above the columns are as high as the columns are likely: seven cells are certainty.
    np.testing.assert_allclose([scene["tendency"][40:, cell].sum() / 7 for cell in (17, 30, 43)], made.chances()[1])
    # Each row and each column has its letter, which no bar covers.
    assert [text for _, _, text in made.words] == list("abcabc")
    assert [next(row for row, y in MIDDLE.items() if abs(y - up) < 2) for _, up, _ in made.words[:3]] == list("abc")
    assert not scene["tendency"][:, :3].any() and not scene["tendency"][47:].any()
    # A dot is in the block that its pair played.
    x, y, _ = scene["pairs"].T
    np.testing.assert_array_equal((x - 22) // BLOCK, made.last[1])
    np.testing.assert_array_equal(2 - y // BLOCK, made.last[0])
    assert len(np.unique(np.round(scene["pairs"][:, :2] % 1000, 6), axis=0)) == PAIRS


def test_the_readout_says_where_the_pairs_are():
    made = led(2, ("c", 400))
    assert made.readout().startswith("Round 400, temperature 2.15, you play row c. Of 48 pairs ")
    assert f"{there(made)[2, 2]} at (c, c)" in made.readout() and "0 column players expect column a to lose" in made.readout()
    assert model().readout() == "Round 0, temperature 16.00."


@pytest.mark.parametrize("call, message", [
    (lambda: model(player="we"), r"player='we': must be one of 'a learner', 'you'"),
    (lambda: model(learner="bold"), r"learner='bold': must be one of 'cautious', 'optimistic'"),
    (lambda: model(player="you").poke(50, 3 * BLOCK, "play"), r"no row is there; tap one of the three below"),
    (lambda: model(player="you").poke(101, 1, "play"), r"x=101"),
    (lambda: model(player="you").poke(1, -1, "play"), r"y=-1"),
    (lambda: model(player="you").poke(1, 1, "push"), r"tool='push'"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
