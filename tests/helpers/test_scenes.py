import numpy as np

from helpers.scenes import touched


def test_what_the_pointer_touches():
    a, b = np.array([[0.0, 0], [0, 0], [10, 10]]), np.array([[10.0, 0], [0, 10], [20, 20]])
    for at, expected in (((5, 1), [True, False, False]), ((5, 1.01), [False] * 3), ((-0.5, -0.5), [True, True, False]),
                         ((10.9, 0), [True, False, False]), ((11.1, 0), [False] * 3), ((15, 16), [False, False, True])):
        assert touched(np.array(at), a, b, 1.0).tolist() == expected, at


def test_an_edge_may_be_a_point():
    point = np.array([[1.0, 2.0]])
    assert touched(np.array([1, 2.5]), point, point, 0.5).tolist() == [True]
    assert touched(np.array([1, 2.6]), point, point, 0.5).tolist() == [False]
