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
    # 0.1 as float32 is 0.100000001, and above a threshold of 0.1, which keeps its 64 bits
    assert trees.answers(grown._replace(threshold=np.full(3, 0.1)), [[0.1]]).tolist() == [[1]]


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
    np.testing.assert_array_equal(trees.answers(grown, inputs, lost.astype(int).tolist()), found)


def test_two_trees_by_hand_of_which_one_is_a_leaf():
    grown = trees.flat([DecisionTreeClassifier().fit([[1.0], [2]], [1, 1]),
                        DecisionTreeClassifier().fit([[1.0], [2]], [0, 3])])
    assert trees.answers(grown, [[1], [2]]).tolist() == [[1, 1], [0, 3]]
    assert trees.sizes(grown).tolist() == [1, 3]
    assert grown.roots.tolist() == [0, 1]
    assert grown.feature.tolist() == [-1, 0, -1, -1] and grown.threshold[1] == 1.5
    assert grown.left.tolist() == [-1, 2, -1, -1] and grown.right.tolist() == [-1, 3, -1, -1]
    assert grown.answer[[0, 2, 3]].tolist() == [1, 0, 3]
    assert {part.dtype for name, part in grown._asdict().items() if name != "threshold"} == {np.dtype(np.int64)}


def test_a_tree_that_has_not_seen_every_class_answers_with_those_it_has_seen():
    inputs, labels = load_wine(return_X_y=True)
    fitted = DecisionTreeClassifier(random_state=0).fit(inputs[labels != 1], labels[labels != 1])
    found = trees.answers(trees.flat(one for one in [fitted]), inputs)
    np.testing.assert_array_equal(found, [fitted.predict(inputs)])
    assert set(found[0].tolist()) == {0, 2}


@pytest.mark.parametrize("arguments, message", [
    (([[1.0, 2]],), r"inputs of shape \(1, 2\): must be \(n, d\), d at least 13"),
    ((np.zeros((1, 12)),), r"inputs of shape \(1, 12\): must be \(n, d\), d at least 13"),
    (([1.0, 2],), r"inputs of shape \(2,\)"),
    (([[np.nan] * 13],), r"inputs=.*must be finite"),
    (([[4e38] * 13],), r"inputs=.*must be finite and in \[-3\.40282e\+38, 3\.40282e\+38\]"),
    ((np.zeros((2, 13)), np.ones(10_000)), r"lost of shape \(10000,\): must have one place for each of \d+ nodes"),
    ((np.zeros((2, 13)), [[], [True]]), r"lost=\[\[\], \[True\]\]: must be a number or an array"),
    ((np.zeros((2, 13)), [True]), r"lost of shape \(1,\): must have one place for each of \d+ nodes"),
])
def test_bad_input(arguments, message):
    _, grown, _ = forest()
    with pytest.raises(ValueError, match=message):
        trees.answers(grown, *arguments)


@pytest.mark.parametrize("chosen", [[], [7], [[0]], 0])
def test_bad_choice(chosen):
    with pytest.raises(ValueError, match=r"chosen=.*: must be indices of the 7 trees, at least one"):
        trees.some(forest()[1], chosen)


def test_classes_that_are_no_whole_numbers():
    with pytest.raises(ValueError, match=r"classes_=.*: must be a number or an array of numbers"):
        trees.flat([DecisionTreeClassifier().fit([[1.0], [2]], ["harmless", "cancer"])])


def test_no_trees():
    with pytest.raises(ValueError, match=r"fitted=\[\]: must hold at least one tree"):
        trees.flat([])
