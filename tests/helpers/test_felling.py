import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from helpers import crowd, ensembles, felling, trees
from helpers.felling import JOIN, MAP, Felling

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(120, 2))
LABELS = (INPUTS.sum(axis=1) + RNG.normal(size=120) > 0).astype(int)
GROWN = RandomForestClassifier(12, random_state=0).fit(INPUTS[:60], LABELS[:60]).estimators_
ALIKE = [DecisionTreeClassifier(random_state=0).fit(INPUTS[:60], LABELS[:60])] * 12
RECORD = np.linspace(0.9, 0.35, 12)
SETTINGS = {"forests": {"own samples": trees.flat(GROWN), "one sample": trees.flat(ALIKE)},
            "records": {"own samples": RECORD, "one sample": RECORD},
            "inputs": INPUTS[60:], "labels": LABELS[60:], "corners": [[-2, -3], [2, 3]],
            "forest": "own samples"}


def model(steps=0, **settings):
    made = Felling(np.random.default_rng(1), **{**SETTINGS, **settings})
    for _ in range(steps):
        made.step()
    return made


def test_trees_join_one_by_one():
    made = model()
    for expected in range(1, 13):
        assert made.joined() == made.voting().sum() == expected
        for _ in range(JOIN):
            made.step()
    assert made.joined() == made.voting().sum() == 12


def test_its_error_is_scikit_learn_s():
    votes = np.array([tree.predict(INPUTS[60:]) for tree in GROWN])
    made = model(200)
    assert made.vote_error() == ensembles.vote_error(votes, LABELS[60:])
    np.testing.assert_allclose(made.alone, (votes != LABELS[60:]).mean(axis=1))
    error, average, diversity = (one.mean() for one in crowd.diversity_prediction(votes, LABELS[60:]))
    assert f"{average:.4f} each, less {diversity:.4f} for their differences, makes {error:.4f} together" in made.readout()
    assert f"12 of 12 trees vote, and are wrong on {100 * made.vote_error():.1f}% of 60 cases" in made.readout()


def test_the_best_by_their_records_are_felled():
    made = model(200)
    made.best_felled = 5
    np.testing.assert_array_equal(made.voting(), np.arange(12) >= 5)
    made.best_felled = 0
    assert made.voting().all()


def test_a_tap_fells_a_tree_and_another_plants_it():
    made = model(200)
    made.poke(*made.middle(7), "fell")
    np.testing.assert_array_equal(np.flatnonzero(~made.voting()), [7])
    made.poke(*made.middle(3), "fell")
    made.poke(*made.middle(7), "fell")
    np.testing.assert_array_equal(np.flatnonzero(~made.voting()), [3])


@pytest.mark.parametrize("x, y", [(-5, 10), (10, 10), (500, 500), (MAP + 0.5, 71.5)])
def test_a_tap_elsewhere_does_nothing(x, y):
    made = model(200)
    made.poke(x, y, "fell")
    assert made.voting().all()


def test_a_tree_that_has_not_joined_cannot_be_felled():
    made = model()
    made.poke(*made.middle(made.arrival[5]), "fell")
    assert not made.felled.any()


def test_the_large_map_is_the_vote():
    made = model(200)
    scene = made.scene()
    lead = (scene["second"] - scene["first"])[:, :MAP] / felling.SHADE
    for row, column in ((3, 60), (40, 11), (70, 35)):
        place = [[-2 + 4 * (column + 0.5) / MAP, -3 + 6 * (row + 0.5) / MAP]]
        assert lead[row, column] == pytest.approx(np.mean([2 * tree.predict(place)[0] - 1 for tree in GROWN]))


def test_a_small_map_is_its_tree_s_and_pales_when_it_is_felled():
    made = model(200)
    x, y = made._corner(int(np.flatnonzero(made.arrival == 4)[0]))
    here = (slice(y, y + felling.SMALL), slice(x, x + felling.SMALL))
    share = (np.arange(8) + 0.5) / 8
    expected = [[GROWN[4].predict([[-2 + 4 * across, -3 + 6 * up]])[0] for across in share] for up in share]
    np.testing.assert_array_equal(made.scene()["second"][here] == felling.STANDS, np.array(expected) == 1)
    np.testing.assert_array_equal(made.scene()["first"][here] == felling.STANDS, np.array(expected) == 0)
    made.poke(x + 1, y + 1, "fell")
    assert made.scene()["second"][here].max() == felling.FELLED


def test_cases_are_shown_where_they_lie_and_how_they_fared():
    made = model(200)
    x, y, kind = made.scene()["cases"].T
    inside = (np.abs(INPUTS[60:]) <= [2, 3]).all(axis=1)
    np.testing.assert_array_equal(np.isnan(x), ~inside)
    np.testing.assert_allclose(x[inside], MAP * (INPUTS[60:][inside, 0] + 2) / 4)
    np.testing.assert_allclose(y[inside], MAP * (INPUTS[60:][inside, 1] + 3) / 6)
    right = ensembles.margins(made.votes, LABELS[60:]) > 1e-9  # a tie is no right answer
    np.testing.assert_array_equal(kind, np.where(right, LABELS[60:], 2))


def test_trees_that_are_alike_are_worth_one():
    made = model(200)
    made.forest = "one sample"
    assert made.vote_error() == pytest.approx(made.alone[0])
    assert "less 0.0000 for their differences" in made.readout()


def test_the_challenge_asks_for_a_full_forest_without_its_best_that_beats_the_average_tree():
    made = model(200)
    assert not made.reached()
    made.best_felled = 9
    assert made.reached() == (made.vote_error() < made.alone.mean())
    good = np.argsort(made.alone, kind="stable")[-9:]  # the records call the worst the best
    records = np.full(12, 0.1)
    records[good] = 0.9
    lucky = model(200, records={"own samples": records, "one sample": records}, best_felled=9)
    assert lucky.reached()
    assert not model(10, records={"own samples": records, "one sample": records}, best_felled=9).reached()
    lucky.best_felled = 8
    assert not lucky.reached()


def test_without_a_vote_there_is_nothing_to_say():
    made = model()
    made.poke(*made.middle(made.arrival[0]), "fell")
    assert made.readout() == "Step 0: no tree votes."
    assert not made.reached()
    scene = made.scene()
    assert not scene["first"][:, :MAP].any() and not scene["second"][:, :MAP].any()


@pytest.mark.parametrize("settings, message", [
    ({"forests": {}, "records": {}}, "forests, records: must be mappings with the same names"),
    ({"records": {"own samples": RECORD}}, "forests, records: must be mappings with the same names"),
    ({"records": {"own samples": RECORD, "one sample": RECORD[:3]}}, "forests: 'one sample' has 12 trees and 3 records"),
    ({"inputs": INPUTS}, r"inputs of shape \(120, 2\): must be \(n, 2\)"),
    ({"labels": np.ones(60)}, r"inputs of shape \(60, 2\).*some are 0"),
    ({"corners": [[0, 0], [0, 1]]}, r"corners=.*must be the least of both inputs"),
    ({"forest": "taiga"}, "forest='taiga': must be one of 'own samples', 'one sample'"),
    ({"best_felled": 12}, "best_felled=12: must be below the number of trees, 12"),
    ({"best_felled": -1}, "best_felled=-1: must be finite and in"),
])
def test_bad_input(settings, message):
    with pytest.raises(ValueError, match=message):
        model(**settings)


def test_a_bad_touch():
    with pytest.raises(ValueError, match="tool='prune': must be one of 'fell'"):
        model().poke(1, 1, "prune")
    with pytest.raises(ValueError, match="x=nan: must be finite"):
        model().poke(np.nan, 1, "fell")
