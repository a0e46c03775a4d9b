"""What the models ask of their arguments: the good comes back as they want it, the bad is named."""
import math
from fractions import Fraction

import numpy as np
import pytest

from helpers import checks


def test_steps_make_a_time():
    assert checks.steps(5, "dt", 0.1) == 50
    assert checks.steps(4.5, "dt", 0.5, most=9) == 9


@pytest.mark.parametrize("value, expected", [
    (3, 3.0), (True, 1.0), ([1, 2.5], [1, 2.5]), (range(3), [0, 1, 2]), (10**30, 1e30), ([Fraction(1, 2), 2**70], [0.5, 2.0**70]),
    (np.float32([0.5]), [0.5]), (np.array([1, 2.5], object), [1, 2.5]), ([], [])])
def test_numbers_become_float64(value, expected):
    found = checks.numbers("x", value)
    assert found.dtype == np.float64 and found.shape == np.shape(value) and found.tolist() == expected


def test_an_array_of_float64_is_not_copied():
    array = np.ones(3)
    assert checks.finite("x", array) is array


def test_what_good_arguments_become():
    assert checks.probability("p", [0, 1]).tolist() == [0, 1]
    assert checks.counts("n", [1, 2.0]).dtype == np.int64 and checks.counts("n", [], 0).shape == (0,)
    assert checks.count("n", np.float32(3)) == 3 and type(checks.count("n", 3.0)) is int
    assert type(checks.one_number("x", np.array(1))) is float
    assert checks.vector("x", (1, 2)).tolist() == [1, 2] and checks.vector("x", [], least=0).size == 0
    assert checks.weights("w", [1, 3], 2).tolist() == [0.25, 0.75]
    assert checks.one_of("rule", "mean", ("mean", "median")) == "mean" and checks.one_of("few", 2, range(3)) == 2
    assert checks.together(a=1, b=[1, 2], c=np.ones((3, 1))) is None and checks.together() is None
    ties = np.array([[0, 1], [2, 1]], np.int32)
    assert checks.edges(3.0, ties) is ties and checks.edges(0, np.zeros((0, 2), int)).shape == (0, 2)


NO_NUMBERS = ["3", "", None, 1j, [1, 1j], ["1", "2"], np.array(["1"]), np.array([None, 1]), np.array([1 + 0j]), [[1, 2], [3]], [1, [2]], 10**400,
              [1, 10**400], {}, {1, 2}, object(), len, b"1"]


@pytest.mark.parametrize("look", [checks.numbers, checks.finite, checks.probability, checks.counts, checks.count, checks.one_number, checks.vector,
                                  lambda name, value: checks.weights(name, value, 2), lambda name, value: checks.together(**{name: value, "y": 1})])
def test_what_is_no_number_is_named(look):
    for value in NO_NUMBERS:
        with pytest.raises(ValueError, match="^x=.*: must be a number or an array of numbers"):
            look("x", value)


@pytest.mark.parametrize("call, message", [
    (lambda: checks.finite("x", [1, np.nan]), r"x=\[1, nan\]: must be finite and in \(-inf, inf\)"),
    (lambda: checks.finite("x", np.inf, 0, 1), r"x=inf: must be finite and in \[0, 1\]"),
    (lambda: checks.finite("x", 0, 0, 1, open_low=True), r"x=0: must be finite and in \(0, 1\]"),
    (lambda: checks.finite("x", 1, 0, 1, open_high=True), r"x=1: must be finite and in \[0, 1\)"),
    (lambda: checks.finite("x", np.where(np.arange(24).reshape(4, 6) == 9, 2, 0), 0, 1), r"x\[1, 3\]=2.0: must be finite and in \[0, 1\]"),
    (lambda: checks.probability("p", 1.1), r"p=1.1: must be finite and in \[0, 1\]"),
    (lambda: checks.counts("n", [1, 1.5]), r"n=\[1, 1.5\]: must be whole"),
    (lambda: checks.counts("n", 2**53 + 2), r"n=9007199254740994: must be finite and in \[1, "),
    (lambda: checks.count("n", 0), r"n=0: must be finite and in \[1, "),
    (lambda: checks.count("n", [1]), r"n=\[1\]: must be one whole number"),
    (lambda: checks.one_number("x", [1]), r"x=\[1\]: must be one number"),
    (lambda: checks.steps(5, "dt", 1e-308), r"dt=1e-308: time=5 would take more than 100,000 of it; must be greater"),
    (lambda: checks.steps(5, "dt", 0.5, most=9), r"dt=0.5: time=5 would take more than 9 of it"),
    (lambda: checks.one_number("x", math.nan), r"x=nan: must be finite and in \(-inf, inf\)"),
    (lambda: checks.one_number("x", math.inf, 0), r"x=inf: must be finite and in \[0, inf\)"),
    (lambda: checks.one_number("x", 0.0, 0, open_low=True), r"x=0.0: must be finite and in \(0, inf\)"),
    (lambda: checks.one_number("x", 1.0, 0, 1, open_high=True), r"x=1.0: must be finite and in \[0, 1\)"),
    (lambda: checks.finite("x", [0, np.nan]), r"x=\[0, nan\]: must be finite"),
    (lambda: checks.finite("x", [0, -np.inf]), r"x=\[0, -inf\]: must be finite"),
    (lambda: checks.vector("x", 1), r"x of shape \(\): must have shape \(n,\), n at least 1"),
    (lambda: checks.vector("x", [1], least=2), r"x of shape \(1,\): must have shape \(n,\), n at least 2"),
    (lambda: checks.weights("w", [1, 2], 3), r"w=\[1, 2\]: must hold 3 non-negative weights, not all zero"),
    (lambda: checks.weights("w", [0, 0], 2), r"w=\[0, 0\]: must hold 2"),
    (lambda: checks.weights("w", [1, -1], 2), r"w=\[1, -1\]: must be finite and in \[0"),
    (lambda: checks.edges("2", [[0, 1]]), r"n='2': must be a number"),
    (lambda: checks.edges(3, [[0, 1], [2]]), r"edges=\[\[0, 1\], \[2\]\]: must be a number or an array of numbers"),
    (lambda: checks.edges(3, [["0", "1"]]), r"edges=\[\['0', '1'\]\]: must be a number"),
    (lambda: checks.edges(3, [[0.0, 1.0]]), r"edges of shape \(1, 2\) and type float64: must be whole numbers of shape \(m, 2\)"),
    (lambda: checks.edges(3, [0, 1]), r"edges of shape \(2,\)"),
    (lambda: checks.edges(3, [[0, 3]]), r"edges: node 3 is not one of 3, from 0"),
    (lambda: checks.edges(3, [[-1, 1]]), r"edges: node -1 is not one of 3, from 0"),
    (lambda: checks.edges(3, [[1, 1]]), r"edges: node 1 is tied to itself"),
    (lambda: checks.one_of("rule", "mode", ("mean", "median")), r"rule='mode': must be one of 'mean', 'median'"),
    (lambda: checks.one_of("rule", np.array(["mean", "mean"]), ("mean", "median")), r"rule=array\(.*: must be one of"),
    (lambda: checks.one_of("rule", ["mean"], ("mean", "median")), r"rule=\['mean'\]: must be one of"),
    (lambda: checks.one_of("few", np.array([1]), range(3)), r"few=array\(\[1\]\): must be one of 0, 1, 2"),
    (lambda: checks.together(a=[1, 2], b=[[1, 2, 3]], c=1), r"^a of shape \(2,\), b of shape \(1, 3\), c of shape \(\): must broadcast together"),
])
def test_what_is_not_allowed_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
