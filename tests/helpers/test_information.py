import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from helpers import information


def test_entropy():
    np.testing.assert_allclose(information.entropy(np.array([[0.5, 0.5, 0], [1, 0, 0], [1 / 3, 1 / 3, 1 / 3]])), [np.log(2), 0, np.log(3)])


@pytest.mark.parametrize("shape", [(2, 3), (5, 4)])
def test_mutual_information_is_scikit_learn_s(shape):
    counts = np.random.default_rng(0).integers(0, 9, (3, *shape))
    told, rows, columns = information.mutual(counts / counts.sum(axis=(1, 2), keepdims=True))
    for k, table in enumerate(counts):
        assert told[k] == pytest.approx(mutual_info_score(None, None, contingency=table))
        np.testing.assert_allclose([rows[k], columns[k]], [information.entropy(table.sum(axis=axis) / table.sum()) for axis in (1, 0)])


def test_who_tells_all_and_who_tells_nothing():
    told, rows, columns = information.mutual(np.diag([0.25, 0.75]))
    assert told == pytest.approx(rows) == pytest.approx(columns)
    assert information.mutual(np.outer([0.25, 0.75], [0.5, 0.3, 0.2]))[0] == pytest.approx(0, abs=1e-15)
