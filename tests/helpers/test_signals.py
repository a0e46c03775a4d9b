import numpy as np
import pytest

from helpers import signals


def test_fidelity_is_numpy_s_correlation(seed):
    rng = np.random.default_rng(seed)
    sent, received = rng.normal(5, 2, (3, 50)), rng.normal(1, 3, (3, 50))
    expected = [np.corrcoef(s, r)[0, 1] for s, r in zip(sent, received, strict=True)]
    np.testing.assert_allclose(signals.fidelity(sent, received), expected, atol=1e-12)
    np.testing.assert_allclose(signals.fidelity(sent, 3 - 2 * sent), -1)


def test_what_never_varies_says_nothing():
    assert signals.fidelity([1.0, 2, 3], [7, 7, 7]) == 0


def test_signals_may_be_alike_and_two_trials_are_enough():
    np.testing.assert_allclose(signals.fidelity([[1.0, 2], [1, 2]], [[3.0, 5], [5, 3]]), [1, -1])
    np.testing.assert_allclose(signals.fidelity([[1.0, 2, 3]], [[3.0, 5, 7]]), [1])
    with pytest.raises(ValueError, match="t at least 2"):  # three signals of one trial
        signals.fidelity([[1], [2], [3]], [[1], [2], [3]])


def test_a_number_has_the_bytes_of_double_precision():
    assert signals.NUMBER == np.float64(0).nbytes


def test_a_late_signal_is_found_where_it_arrives():
    sent = np.random.default_rng(0).standard_normal(300)
    assert signals.arrival(sent, np.roll(sent, 4), 10) == (pytest.approx(1), 4)
    assert signals.arrival(sent, 2 * sent, 10) == (pytest.approx(1), 0)
    assert signals.arrival(sent, np.roll(sent, 12), 10)[0] < 0.3
    for late in (9, 10, 11):  # the last lags that are tried, and the first that is not
        found = signals.arrival(sent, np.roll(sent, late), 10)
        assert found == (pytest.approx(1), late) if late <= 10 else found[0] < 0.3


def test_the_shortest_signal_in_which_an_arrival_can_be_found():
    assert signals.arrival([1, 2], [3, 5], 0) == (pytest.approx(1), 0)
    assert signals.arrival([1, 3, 2], [0, 1, 3], 1) == (pytest.approx(1), 1)


def test_of_lags_that_are_equally_good_the_shortest():
    assert signals.arrival(np.arange(10.0), np.ones(10), 5) == (0, 0)
    wave = np.tile([1.0, -1, 0, 0], 5)
    assert signals.arrival(wave, wave, 8)[1] == 0  # and not 8, by a rounding


@pytest.mark.parametrize("call, message", [
    (lambda: signals.fidelity([1, 2], [1, 2, 3]), r"sent, received of shapes \(2,\), \(3,\): must be alike"),
    (lambda: signals.fidelity([1], [1]), r"t at least 2"),
    (lambda: signals.fidelity(1, 1), r"sent, received of shapes \(\), \(\): must be alike"),
    (lambda: signals.fidelity([[1, 2, 3], [2, 2, 2]], [[1, 2, 3], [1, 2, 3]]), r"sent: never varies"),
    (lambda: signals.fidelity([2, 2, 2], [1, 2, 3]), r"sent: never varies"),
    (lambda: signals.fidelity([1, np.nan], [1, 2]), r"sent=.*nan.*: must be finite"),
    (lambda: signals.arrival([1, 2, 3], [1, 2, 3], 2), r"sent of shape \(3,\): must be \(t,\), t at least 4 for lags up to 2"),
    (lambda: signals.arrival([1, 2, 3], [1, 2, 3], -1), r"most=-1"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
