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
THREE = DecisionTreeClassifier(random_state=0).fit(INPUTS[:60], np.resize([0, 1, 2], 60))
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


def test_a_step_is_one_moment():
    assert model(3).readout().startswith("Step 3: 1 of 1 trees vote")


def test_trees_join_in_an_order_drawn_by_lot():
    orders = [Felling(np.random.default_rng(seed), **SETTINGS).arrival.tolist() for seed in range(20)]
    assert all(sorted(order) == list(range(12)) for order in orders)
    assert len(set(map(tuple, orders))) == 20  # of 12! orders, two alike among twenty: once in 2.5 million


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
    votes = np.array([tree.predict(INPUTS[60:]) for tree in GROWN[5:]])
    assert f"a tree alone on {100 * np.mean(votes != LABELS[60:]):.1f}%." in made.readout()
    assert f"wrong on {100 * ensembles.vote_error(votes, LABELS[60:]):.1f}%" in made.readout()
    error, average, diversity = (one.mean() for one in crowd.diversity_prediction(votes, LABELS[60:]))
    assert f"{average:.4f} each, less {diversity:.4f} for their differences, makes {error:.4f} together" in made.readout()
    lead = (made.scene()["second"] - made.scene()["first"])[40, 11] / felling.SHADE
    place = [[-2 + 4 * 11.5 / MAP, -3 + 6 * 40.5 / MAP]]
    assert lead == pytest.approx(np.mean([2 * tree.predict(place)[0] - 1 for tree in GROWN[5:]]))
    margins = ensembles.margins(votes, LABELS[60:])
    np.testing.assert_array_equal(made.scene()["cases"][:, 2] == 2, margins < 1e-9)
    made.best_felled = 0
    assert made.voting().all()


def test_of_equal_records_the_first_are_the_best():
    records = dict.fromkeys(["own samples", "one sample"], np.resize([0.5, 0.6], 48))
    many = {"own samples": trees.flat(GROWN * 4), "one sample": trees.flat(ALIKE * 4)}
    made = model(500, forests=many, records=records, best_felled=10)
    np.testing.assert_array_equal(np.flatnonzero(~made.voting()), np.arange(1, 20, 2))


def test_a_tap_fells_a_tree_and_another_plants_it():
    made = model(200)
    made.poke(*made.middle(7), "fell")
    np.testing.assert_array_equal(np.flatnonzero(~made.voting()), [7])
    made.poke(*made.middle(3), "fell")
    made.poke(*made.middle(7), "fell")
    np.testing.assert_array_equal(np.flatnonzero(~made.voting()), [3])


def test_where_the_small_maps_are():
    made = model(200)
    assert made.plane == (MAP + 18, MAP)  # twelve trees, eight in a column, each nine cells wide with its gap
    places = [made.middle(tree) for tree in made.arrival]
    assert places[0] == (77, 67) and places[7] == (77, 4) and places[8] == (86, 67)
    assert len(set(places)) == 12


@pytest.mark.parametrize("x, y, felled", [(73, 63, True), (80.9, 70.9, True), (72.9, 63, False), (73, 62.9, False),
                                          (81, 65, False), (75, 71, False)])
def test_a_tap_counts_up_to_the_edge_of_a_small_map(x, y, felled):
    made = model(200)
    made.poke(x, y, "fell")
    assert made.felled.tolist() == [felled and tree == made.arrival[0] for tree in range(12)]


@pytest.mark.parametrize("x, y", [(-5, 10), (10, 10), (500, 500), (MAP + 0.5, 71.5)])
def test_a_tap_elsewhere_does_nothing(x, y):
    made = model(200)
    made.poke(x, y, "fell")
    assert made.voting().all()


def test_a_tree_that_has_not_joined_cannot_be_felled():
    made = model()
    made.poke(*made.middle(made.arrival[5]), "fell")
    assert not made.felled.any()
    scene = made.scene()  # and has no map
    shown = (scene["first"] + scene["second"])[:, MAP:] > 0
    assert shown.sum() == 64 and shown[63:71, 1:9].all()


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
    made.poke(x + 1, y + 1, "fell")
    assert made.scene()["second"][here].max() == felling.STANDS
    made.best_felled = 5  # with it goes the fifth of them
    assert made.scene()["second"][here].max() == felling.FELLED


def test_the_maps_are_the_chosen_forest_s():
    made = model(200)
    made.forest = "one sample"
    scene = made.scene()
    lead = (scene["second"] - scene["first"])[:, :MAP] / felling.SHADE
    share = (np.arange(MAP) + 0.5) / MAP
    expected = [ALIKE[0].predict(np.column_stack([-2 + 4 * share, np.full(MAP, -3 + 6 * up)])) for up in share]
    np.testing.assert_allclose(lead, 2 * np.array(expected) - 1)
    share = (np.arange(8) + 0.5) / 8
    expected = [ALIKE[0].predict(np.column_stack([-2 + 4 * share, np.full(8, -3 + 6 * up)])) for up in share]
    np.testing.assert_array_equal(scene["second"][63:71, 73:81] == felling.STANDS, np.array(expected) == 1)


def test_cases_are_shown_where_they_lie_and_how_they_fared():
    made = model(200)
    x, y, kind = made.scene()["cases"].T
    inside = (np.abs(INPUTS[60:]) <= [2, 3]).all(axis=1)
    np.testing.assert_array_equal(np.isnan(x), ~inside)
    np.testing.assert_allclose(x[inside], MAP * (INPUTS[60:][inside, 0] + 2) / 4)
    np.testing.assert_allclose(y[inside], MAP * (INPUTS[60:][inside, 1] + 3) / 6)
    right = ensembles.margins(made.votes, LABELS[60:]) > 1e-9  # a tie is no right answer
    np.testing.assert_array_equal(kind, np.where(right, LABELS[60:], 2))


@pytest.mark.parametrize("draw", range(30))
def test_cases_on_the_edge_of_the_map_are_on_it(draw):
    inputs = np.random.default_rng(draw).normal(size=(60, 2))
    cases = model(inputs=inputs, corners=[inputs.min(axis=0), inputs.max(axis=0)]).scene()["cases"]
    np.testing.assert_allclose([cases[:, :2].min(axis=0), cases[:, :2].max(axis=0)], [[0, 0], [MAP, MAP]], atol=1e-9)


def test_trees_that_are_alike_are_worth_one():
    made = model(200)
    made.poke(*made.middle(3), "fell")
    made.forest = "one sample"
    assert made.voting().all()  # another forest stands unharmed
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
    lucky.best_felled = 9
    for tree in np.flatnonzero(lucky.voting()):  # the rest fall by hand
        lucky.poke(*lucky.middle(tree), "fell")
    assert not lucky.voting().any() and not lucky.reached()
    records = np.where(np.arange(12) == made.alone.argmin(), 0.1, 0.9)  # all but the truly best tree are felled
    assert model(200, records={"own samples": records, "one sample": records}, best_felled=11).reached()
    early = model(10 * JOIN, records={"own samples": records, "one sample": records}, best_felled=11)
    assert early.voting().any() and early.joined() == 11 and not early.reached()


@pytest.mark.parametrize("size", range(4, 24))
def test_a_forest_that_errs_as_its_average_tree_does_not_beat_it(size):
    made = model(200, forests={"own samples": trees.flat(ALIKE[:1] * size)}, records={"own samples": np.full(size, 0.5)},
                 best_felled=size - 1)
    assert made.joined() == size and not made.reached()


def test_without_a_vote_there_is_nothing_to_say():
    made = model()
    made.poke(*made.middle(made.arrival[0]), "fell")
    assert made.readout() == "Step 0: no tree votes."
    assert not made.reached()
    scene = made.scene()
    assert not scene["first"][:, :MAP].any() and not scene["second"][:, :MAP].any()
    np.testing.assert_array_equal(scene["cases"][:, 2], LABELS[60:])  # nor is anything wrong


@pytest.mark.parametrize("settings, message", [
    ({"forests": {}, "records": {}}, "forests, records: must be mappings with the same names"),
    ({"records": {"own samples": RECORD}}, "forests, records: must be mappings with the same names"),
    ({"records": {"own samples": RECORD, "other": RECORD}}, "forests, records: must be mappings with the same names"),
    ({"records": ["own samples", "one sample"]}, "forests, records: must be mappings with the same names"),
    ({"records": {"own samples": RECORD, "one sample": 2 * RECORD}}, r"records=.*must be finite and in \[0, 1\]"),
    ({"forests": {**SETTINGS["forests"], "one sample": trees.flat(ALIKE[:5])}}, "forests: 'one sample' has 5 trees and 12 records; all must have 12"),
    ({"forests": {**SETTINGS["forests"], "one sample": trees.flat([THREE] * 12)}}, "forests: 'one sample' answers 2; there are the classes 0 and 1"),
    ({"records": {"own samples": RECORD, "one sample": RECORD[:3]}}, "forests: 'one sample' has 12 trees and 3 records"),
    ({"inputs": INPUTS}, r"inputs of shape \(120, 2\): must be \(60, 2\), one case for each label"),
    ({"inputs": INPUTS[60:, :1]}, r"inputs of shape \(60, 1\)"),
    ({"labels": np.ones(60)}, r"labels of shape \(60,\), \[1\]: must be \(n,\), some 0, the others 1"),
    ({"labels": 2 * LABELS[60:]}, r"labels of shape \(60,\), \[0, 2\]"),
    ({"labels": LABELS[60:, None]}, r"labels of shape \(60, 1\)"),
    ({"labels": 0, "inputs": [0, 0]}, r"labels of shape \(\), \[0\]"),
    ({"corners": [[0, 0, 0], [1, 1, 1]]}, r"corners=.*must be the least of both inputs"),
    ({"corners": [[0, 0], [1, 1e300]]}, r"corners=.*must be finite and in"),
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
    with pytest.raises(ValueError, match="tree=12: must be below the number of trees, 12"):
        model().middle(12)
    with pytest.raises(ValueError, match="x=nan: must be finite"):
        model().poke(np.nan, 1, "fell")
