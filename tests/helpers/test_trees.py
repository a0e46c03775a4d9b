import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from helpers import trees


def forest(load=load_wine, size=7, **options):
    inputs, labels = load(return_X_y=True)
    fitted = RandomForestClassifier(size, random_state=0, **options).fit(inputs[::2], labels[::2])
    return fitted, trees.flat(fitted.estimators_), inputs


@pytest.mark.parametrize("load", [load_wine, load_digits])
def test_every_tree_answers_as_scikit_learn_does(load):
    fitted, grown, inputs = forest(load)
    expected = [tree.predict(inputs) for tree in fitted.estimators_]
    np.testing.assert_array_equal(trees.answers(grown, inputs), np.array(expected))
    np.testing.assert_array_equal(trees.sizes(grown), [tree.tree_.node_count for tree in fitted.estimators_])


def test_inputs_on_a_threshold_go_left():
    inputs = np.array([[0.0], [1]])
    grown = trees.flat([DecisionTreeClassifier().fit(inputs, [0, 1])])
    assert trees.answers(grown, [[0.5], [np.nextafter(0.5, 1)], [0.6]]).tolist() == [[0, 0, 1]]  # float32: still 0.5


def test_some_trees_of_a_forest():
    _, grown, inputs = forest()
    every = trees.answers(grown, inputs)
    np.testing.assert_array_equal(trees.answers(trees.some(grown, [5, 2]), inputs), every[[5, 2]])


def test_a_case_that_comes_to_a_lost_node_gets_no_answer():
    fitted, grown, inputs = forest()
    every = trees.answers(grown, inputs)
    rng = np.random.default_rng(1)
    lost = rng.random(grown.feature.size) < 0.2
    found = trees.answers(grown, inputs, lost)
    for number, (tree, root) in enumerate(zip(fitted.estimators_, grown.roots, strict=True)):
        passed = tree.decision_path(inputs.astype(np.float32)).toarray().astype(bool)
        meets = (passed & lost[root:root + tree.tree_.node_count]).any(axis=1)
        np.testing.assert_array_equal(found[number], np.where(meets, -1, every[number]))
    assert (found == -1).any() and (found >= 0).any()
    np.testing.assert_array_equal(trees.answers(grown, inputs, np.zeros(lost.size, bool)), every)
    assert (trees.answers(grown, inputs, np.ones(lost.size, bool)) == -1).all()


def test_a_tree_that_is_one_leaf():
    grown = trees.flat([DecisionTreeClassifier(max_depth=1).fit([[1.0], [2]], [1, 1]),
                        DecisionTreeClassifier().fit([[1.0], [2]], [0, 1])])
    assert trees.answers(grown, [[1], [2]]).tolist() == [[0, 0], [0, 1]]
    assert trees.sizes(grown).tolist() == [1, 3]


@pytest.mark.parametrize("arguments, message", [
    (([[1.0, 2]],), r"inputs of shape \(1, 2\): must be \(n, d\), d at least 13"),
    (([1.0, 2],), r"inputs of shape \(2,\)"),
    (([[np.nan] * 13],), r"inputs=.*must be finite"),
    ((np.zeros((2, 13)), [True]), r"lost of shape \(1,\): must have one place for each of \d+ nodes"),
])
def test_bad_input(arguments, message):
    _, grown, _ = forest()
    with pytest.raises(ValueError, match=message):
        trees.answers(grown, *arguments)


def test_no_trees():
    with pytest.raises(ValueError, match=r"fitted=\[\]: must hold at least one tree"):
        trees.flat([])
