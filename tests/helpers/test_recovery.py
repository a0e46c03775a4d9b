import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from helpers import recovery

DIGITS = load_digits()
IMAGES, LABELS = torch.tensor(DIGITS.data / 16, dtype=torch.float32), torch.tensor(DIGITS.target)


@pytest.fixture(scope="module")
def readers():
    return recovery.taught(recovery.newborn(range(4), 32), IMAGES[:1200], LABELS[:1200])


def test_taught_readers_read(readers):
    assert (recovery.accuracy(recovery.newborn(range(4), 32), IMAGES, LABELS) < 0.3).all()
    assert (recovery.accuracy(readers, IMAGES[1200:], LABELS[1200:]) > 0.9).all()


def test_networks_side_by_side_do_not_touch_one_another(readers):
    alone = recovery.taught(recovery.newborn([2], 32), IMAGES[:1200], LABELS[:1200])
    for part, own in zip(readers[:4], alone[:4], strict=True):
        torch.testing.assert_close(part[2:3], own, rtol=1e-3, atol=1e-4)


def test_dead_neurons_say_nothing_and_learn_nothing(readers):
    hurt = recovery.lesioned(readers, 0.5, np.random.default_rng(0))
    assert (hurt.alive.sum(-1) == 16).all()
    again = recovery.taught(hurt, IMAGES[:50], LABELS[:50], passes=20)
    for seed in range(4):
        dead = hurt.alive[seed, 0] == 0
        torch.testing.assert_close(again.first[seed][:, dead], readers.first[seed][:, dead])
        torch.testing.assert_close(again.second[seed][dead], readers.second[seed][dead])
        only = readers._replace(first=torch.where(dead, 0, readers.first[seed]), bias=torch.where(dead, 0, readers.bias[seed]),
                                second=readers.second[seed], last=readers.last[seed], alive=torch.ones(1, 32))
        torch.testing.assert_close(recovery.scores(hurt, IMAGES[:9])[seed], recovery.scores(only, IMAGES[:9]))


def test_relearning_needs_fewer_examples_than_learning_from_nothing(readers):
    """Half of the neurons dead, twenty examples: every one of the four networks is ahead of its newborn twin."""
    hurt = recovery.lesioned(readers, 0.5, np.random.default_rng(0))
    fresh = recovery.lesioned(recovery.newborn(range(50, 54), 32), 0.5, np.random.default_rng(0))
    images, labels = recovery.sample(IMAGES[:1200], LABELS[:1200], 20, 4, np.random.default_rng(1))
    after, new = (recovery.accuracy(recovery.taught(one, images, labels), IMAGES[1200:], LABELS[1200:]) for one in (hurt, fresh))
    assert (after > new + 0.03).all()
    assert (after > recovery.accuracy(hurt, IMAGES[1200:], LABELS[1200:])).all()


def test_a_sample_has_the_digits_evenly():
    images, labels = recovery.sample(IMAGES, LABELS, 25, 3, np.random.default_rng(0))
    assert images.shape == (3, 25, 64)
    for row, own in zip(labels, images, strict=True):
        count = np.bincount(row.numpy(), minlength=10)
        assert count.min() == 2
        assert count.max() == 3
        for image, label in zip(own, row, strict=True):
            assert (LABELS[(IMAGES == image).all(1)] == label).all()
    assert (labels[0] != labels[1]).any()


def test_the_same_seed_gives_the_same_reader():
    one, same, other = (recovery.newborn([seed], 8) for seed in (1, 1, 2))
    torch.testing.assert_close(one.first, same.first)
    assert (one.first != other.first).any()


@pytest.mark.parametrize(("call", "message"), [
    (lambda: recovery.newborn([1], 0), "hidden=0: must be"),
    (lambda: recovery.lesioned(recovery.newborn([1], 4), 1.5, np.random.default_rng(0)), "lesion=1.5: must be"),
    (lambda: recovery.sample(IMAGES[:5], LABELS[:5], 6, 1, np.random.default_rng(0)), "examples=6: must be at most the number of images, 5"),
    (lambda: recovery.taught(recovery.newborn([1], 4), IMAGES[:5], LABELS[:5], passes=0), "passes=0: must be"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
