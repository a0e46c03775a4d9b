import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from helpers import recovery

pytestmark = pytest.mark.usefixtures("one_thread")

DIGITS = load_digits()
IMAGES, LABELS = torch.tensor(DIGITS.data / 16, dtype=torch.float32), torch.tensor(DIGITS.target)


@pytest.fixture(scope="module")
def readers():
    return recovery.taught(recovery.newborn(range(4), 32), IMAGES[:1200], LABELS[:1200])


def test_scores_by_hand():
    """Two neurons, of which the second network has lost one; the first digit's score, others only the last bias."""
    first = torch.tensor([[[1.0, -1], [2, 1]]]).expand(2, -1, -1)
    second = torch.zeros(2, 2, 10)
    second[:, :, 0] = torch.tensor([3.0, 5])
    last = torch.zeros(2, 1, 10)
    last[:, :, 1] = 4
    made = recovery.Readers(first, torch.tensor([[[0.5, 0.25]]]).expand(2, -1, -1), second, last,
                            torch.tensor([[[1.0, 1]], [[1, 0]]]))
    images = torch.tensor([[1.0, 0], [0, 1]])
    # hidden: (1.5, 0) as -0.75 is cut off, and (2.5, 1.25)
    found = recovery.scores(made, images)
    assert found[:, :, 0].tolist() == [[4.5, 13.75], [4.5, 7.5]]
    assert found[:, :, 1].tolist() == [[4, 4], [4, 4]]
    assert not found[:, :, 2:].any()
    made = made._replace(last=last * torch.tensor([[[1.0]], [[1.5]]]))  # a 1 of 6 outvotes 4.5, not 7.5
    assert recovery.accuracy(made, images, torch.tensor([0, 0])).tolist() == [1, 0.5]


def test_newborn_weights_are_of_the_size_they_are_said_to_have():
    made = recovery.newborn([3, 4], 1000)
    for part, spread in ((made.first, 1 / 8), (made.second, 1 / 1000**0.5)):
        for network in part:
            assert abs(float(network.std()) / spread - 1) < 5 / (2 * network.numel()) ** 0.5
            assert abs(float(network.mean())) < 5 * spread / network.numel() ** 0.5
    assert not recovery.scores(made, torch.zeros(2, 64)).any()
    assert made.alive.all()


@pytest.mark.parametrize("own_images", [False, True])
def test_teaching_is_adam_on_the_mean_cross_entropy(own_images):
    """Each network against one of torch's own making, taught alone."""
    start = recovery.newborn([5, 6], 4)
    before = [part.clone() for part in start]
    images, labels = IMAGES[:40].reshape(2, 20, 64), LABELS[:40].reshape(2, 20)
    made = recovery.taught(start, *((images, labels) if own_images else (images[0], labels[0])), passes=7, rate=0.05)
    for network in range(2):
        alone = torch.nn.Sequential(torch.nn.Linear(64, 4), torch.nn.ReLU(), torch.nn.Linear(4, 10))
        with torch.no_grad():
            for layer, weights, bias in ((alone[0], start.first, start.bias), (alone[2], start.second, start.last)):
                layer.weight[:], layer.bias[:] = weights[network].T, bias[network, 0]
        step = torch.optim.Adam(alone.parameters(), lr=0.05)
        seen = network if own_images else 0
        for _ in range(7):
            step.zero_grad()
            torch.nn.functional.cross_entropy(alone(images[seen]), labels[seen]).backward()
            step.step()
        for layer, weights, bias in ((alone[0], made.first, made.bias), (alone[2], made.second, made.last)):
            torch.testing.assert_close(weights[network], layer.weight.detach().T, rtol=1e-3, atol=1e-4)
            torch.testing.assert_close(bias[network, 0], layer.bias.detach(), rtol=1e-3, atol=1e-4)
    for part, old in zip(start, before, strict=True):  # who is taught is a new reader
        torch.testing.assert_close(part, old, rtol=0, atol=0)
        assert not part.requires_grad


def test_it_takes_150_passes_if_not_told_otherwise():
    start = recovery.newborn([5], 4)
    one, same = (recovery.taught(start, IMAGES[:20], LABELS[:20], **settings) for settings in ({}, {"passes": 150, "rate": 0.01}))
    torch.testing.assert_close(one.first, same.first)


def test_a_lesion_is_as_large_as_it_is_said_and_each_network_s_own():
    born = recovery.newborn(range(20), 8)
    for lesion, left in ((0, 8), (0.3, 6), (0.7, 2), (1, 0)):  # 2.4 and 5.6 neurons, rounded
        hurt = recovery.lesioned(born, lesion, np.random.default_rng(0))
        assert (hurt.alive.sum(-1) == left).all()
    hurt = recovery.lesioned(born, 0.5, np.random.default_rng(0))
    assert len({tuple(alive) for alive in hurt.alive[:, 0].tolist()}) > 5
    again = recovery.lesioned(hurt, 0.5, np.random.default_rng(1))
    assert (again.alive <= hurt.alive).all()  # the dead stay dead


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
    torch.testing.assert_close(again.alive, hurt.alive)
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


def test_which_digits_come_once_more_is_drawn_by_lot(seed):
    """One image of each digit, three of them shown to each of 500 networks: a digit by three in ten."""
    labels = torch.arange(10)
    _, shown = recovery.sample(torch.zeros(10, 64), labels, 3, 500, np.random.default_rng(seed))
    assert all(len(set(row)) == 3 for row in shown.tolist())
    share = np.bincount(shown.ravel().numpy(), minlength=10) / 500
    assert (np.abs(share - 0.3) < 5 * np.sqrt(0.21 / 500)).all()
    _, everything = recovery.sample(torch.zeros(10, 64), labels, 10, 1, np.random.default_rng(seed))
    assert sorted(everything[0].tolist()) == list(range(10))
    assert sorted(recovery.sample(torch.zeros(3, 64), torch.tensor([9, 9, 1]), 2, 1, np.random.default_rng(seed))[1][0].tolist()) == [1, 9]


def test_the_same_seed_gives_the_same_reader():
    one, same, other = (recovery.newborn([seed], 8) for seed in (1, 1, 2))
    torch.testing.assert_close(one.first, same.first)
    assert (one.first != other.first).any()


@pytest.mark.parametrize(("call", "message"), [
    (lambda: recovery.newborn([1], 0), "hidden=0: must be"),
    (lambda: recovery.lesioned(recovery.newborn([1], 4), 1.5, np.random.default_rng(0)), "lesion=1.5: must be"),
    (lambda: recovery.lesioned(recovery.newborn([1], 4), -0.1, np.random.default_rng(0)), "lesion=-0.1: must be"),
    (lambda: recovery.lesioned(recovery.newborn([1], 4), np.nan, np.random.default_rng(0)), "lesion=nan: must be"),
    (lambda: recovery.sample(IMAGES[:5], LABELS[:5], 0, 1, np.random.default_rng(0)), "examples=0: must be"),
    (lambda: recovery.sample(IMAGES[:5], LABELS[:5], 6, 1, np.random.default_rng(0)), "examples=6: must be at most the number of images, 5"),
    (lambda: recovery.taught(recovery.newborn([1], 4), IMAGES[:5], LABELS[:5], passes=0), "passes=0: must be"),
])
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
