import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import normalized_mutual_info_score

from helpers import experts

pytestmark = pytest.mark.usefixtures("one_thread")

DIGITS = load_digits()


def rngs(*seeds):
    return [np.random.default_rng(seed) for seed in seeds]


def some_mixtures(e=3, k=4, d=5, m=7, seed=0):
    """Two mixtures with biases, cases (2, m, d) and answers (2, m)."""
    rng = np.random.default_rng(seed)
    made = experts.newborn(rngs(seed, seed + 1), e, k, d)
    made = made._replace(**{name: torch.tensor(rng.standard_normal(getattr(made, name).shape), dtype=torch.float32)
                            for name in ("bias", "last", "gate_bias", "gate_last")})
    return made, torch.tensor(rng.standard_normal((2, m, d)), dtype=torch.float32), torch.tensor(rng.integers(0, 10, (2, m)))


def softmax(z):
    z = np.exp(z - z.max())
    return z / z.sum()


def by_hand(mixture, s, x, way):
    """(g (e,), chances (10,)) of one seed's mixture for one case, in numpy, expert by expert."""
    one = experts.Mixture(*(part[s].double().numpy() for part in mixture))
    z = np.tanh(x @ one.gate_first + one.gate_bias[0]) @ one.gate_second + one.gate_last[0]
    there = [i for i in range(len(one.first)) if one.alive[i].any()]
    g = np.zeros(len(one.first))
    g[there] = softmax(z[there])
    o = [one.alive[i] * np.tanh(x @ one.first[i] + one.bias[i, 0]) @ one.second[i] + one.last[i, 0] for i in range(len(g))]
    if way == "compete":
        return g, sum(g[i] * softmax(o[i]) for i in there)
    if way == "top":
        return g, softmax(g.max() * o[int(g.argmax())])
    return g, softmax(sum(g[i] * o[i] for i in there))


# --- the losses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", experts.WAYS)
@pytest.mark.parametrize("gone", [None, 1])
def test_losses_case_by_case(way, gone):
    mixture, x, y = some_mixtures()
    if gone is not None:
        mixture = experts.without(mixture, [gone, 0])
    chances, g = np.zeros((2, 7, 10)), np.zeros((2, 7, 3))
    for s, m in np.ndindex(2, 7):
        g[s, m], chances[s, m] = by_hand(mixture, s, x[s, m].double().numpy(), way)
    np.testing.assert_allclose(experts.log_shares(mixture, x).exp(), g, rtol=1e-4, atol=1e-6)
    said = experts.log_chances(experts.log_shares(mixture, x), experts.answers(mixture, x), way)
    np.testing.assert_allclose(said.exp(), chances, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(said.exp().sum(-1), 1, rtol=1e-5)
    right = np.take_along_axis(chances, y.numpy()[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(experts.losses(mixture, x, y, way), -np.log(right).mean(axis=1), rtol=1e-4)
    assert experts.accuracy(mixture, x, y, way).tolist() == (chances.argmax(axis=-1) == y.numpy()).mean(axis=1).tolist()
    often = np.array([[(g[s].argmax(axis=1) == i).mean() for i in range(3)] for s in range(2)])
    balance = 3 * (often * g.mean(axis=1)).sum(axis=1)
    np.testing.assert_allclose(experts.losses(mixture, x, y, way, 0.7), -np.log(right).mean(axis=1) + 0.7 * balance, rtol=1e-4)
    np.testing.assert_allclose(experts.imbalance(experts.log_shares(mixture, x)), balance, rtol=1e-4)
    assert experts.asked(mixture, x).tolist() == g.argmax(axis=-1).tolist()
    np.testing.assert_allclose(experts.load(experts.asked(mixture, x), 3), often)


def test_who_wins_a_case_is_paid_for_it():
    """By the gate's scores the competitive loss has the slope g_i - g_i p_i(y) / sum_j g_j p_j(y): prior less posterior; by the experts'
    posterior times their own error (Jacobs et al. 1991). In the blend all have the same error, times g_i."""
    rng = np.random.default_rng(0)
    z, o = (torch.tensor(rng.standard_normal(shape), requires_grad=True) for shape in ((4,), (4, 10)))
    g, p = z.detach().softmax(-1).numpy(), o.detach().softmax(-1).numpy()
    by_z, by_o = torch.autograd.grad(-experts.log_chances(z.log_softmax(-1), o, "compete")[3], (z, o))
    posterior = g * p[:, 3] / (g * p[:, 3]).sum()
    np.testing.assert_allclose(by_z, g - posterior)
    np.testing.assert_allclose(by_o, posterior[:, None] * (p - np.eye(10)[3]))
    by_z, by_o = torch.autograd.grad(-experts.log_chances(z.log_softmax(-1), o, "blend")[3], (z, o))
    error = softmax(g @ o.detach().numpy()) - np.eye(10)[3]
    np.testing.assert_allclose(by_o, g[:, None] * error)
    along = o.detach().numpy() @ error
    np.testing.assert_allclose(by_z, g * (along - g @ along))
    _, by_o = torch.autograd.grad(-experts.log_chances(z.log_softmax(-1), o, "top")[3], (z, o))
    first = int(g.argmax())
    np.testing.assert_allclose(by_o[first], g[first] * (softmax(g[first] * o.detach().numpy()[first]) - np.eye(10)[3]))
    assert not by_o[np.arange(4) != first].any()


def test_one_expert_has_no_gate_and_every_way_is_the_same():
    mixture, x, y = some_mixtures(e=1)
    expected = experts.losses(mixture, x, y, "blend")
    for way in experts.WAYS:
        torch.testing.assert_close(experts.losses(mixture, x, y, way), expected)
    assert experts.imbalance(experts.log_shares(mixture, x)).tolist() == [1, 1]
    net = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.Linear(4, 10))
    with torch.no_grad():
        net[0].weight[:], net[0].bias[:] = mixture.first[1, 0].T, mixture.bias[1, 0, 0]
        net[2].weight[:], net[2].bias[:] = mixture.second[1, 0].T, mixture.last[1, 0, 0]
        assert torch.nn.functional.cross_entropy(net(x[1]), y[1]).item() == pytest.approx(float(expected[1]), rel=1e-5)


def test_balance():
    even = torch.full((1, 8, 4), 0.25) + 0.01 * torch.eye(4).repeat(2, 1) - 0.0025
    assert experts.imbalance(even.log()).item() == pytest.approx(1)
    assert experts.imbalance(torch.eye(4)[torch.zeros(1, 8, dtype=int)].log()).item() == pytest.approx(4)


# --- sizes, starts, lessons ------------------------------------------------------------------------


@pytest.mark.parametrize("e, k, d", [(4, 8, 64), (2, 3, 5), (1, 40, 64), (4, 1, 64)])
def test_equal_parameter_counts(e, k, d):
    """Counted; the dense net has at least as many, and with one unit less would have fewer."""
    def counted(e, k):
        made = experts.newborn(rngs(0), e, k, d)
        return sum(getattr(made, name).numel() for name in (experts.EXPERTS + experts.GATES if e > 1 else experts.EXPERTS))
    assert experts.parameters(e, k, d) == counted(e, k)
    dense = experts.dense_units(e, k, d)
    assert counted(1, dense) >= counted(e, k) > experts.parameters(1, dense, d) - (d + 11)


def test_the_sizes_in_the_book():
    assert (experts.parameters(4, 8), experts.dense_units(4, 8), experts.parameters(1, 40)) == (2996, 40, 3010)


def test_newborn_weights_are_of_the_size_they_are_said_to_have():
    made = experts.newborn(rngs(0, 1), 4, 100)
    for name, fan in (("first", 64), ("second", 100), ("gate_first", 64), ("gate_second", 8)):
        part = getattr(made, name)
        assert part.dtype == torch.float32
        assert abs(float(part.var()) * fan - 1) < 5 * (2 / part.numel())**0.5
    assert not any(getattr(made, name).any() for name in ("bias", "last", "gate_bias", "gate_last")) and made.alive.all()
    assert not torch.equal(made.first[0], made.first[1])


def test_turned():
    images = np.arange(128.0).reshape(2, 8, 8)
    assert np.array_equal(experts.turned(images, [0, 2]), [images[0], images[1, ::-1, ::-1]])
    assert np.array_equal(experts.turned(images, [1, 3])[0], images[0].T[::-1])  # to the left: the right edge comes up
    assert np.array_equal(experts.turned(experts.turned(images, [1, 3]), [3, 5]), images)


@pytest.mark.parametrize("clash", [False, True])
def test_lessons(clash):
    learned, held_out = experts.lessons(DIGITS.images, DIGITS.target, rngs(0, 1), clash=clash, learn=1000)
    for (images, answers, turns), m in ((learned, 4000), (held_out, 4 * 797)):
        assert images.shape == (2, m, 64) and images.dtype == torch.float32
        assert answers.shape == turns.shape == (2, m) and answers.dtype == turns.dtype == torch.int64
        assert turns[:, :8].tolist() == [[0, 1, 2, 3] * 2] * 2
    for s in range(2):
        everything = torch.cat([learned[0][s], held_out[0][s]])[::4].sort(0).values
        assert torch.equal(everything, torch.tensor(DIGITS.data, dtype=torch.float32).sort(0).values)  # each digit once
        upright = {tuple(image): digit for image, digit in zip(DIGITS.data, DIGITS.target, strict=True)}
        codes = np.full((4, 10), -1)
        for image, answer, turn in zip(learned[0][s, :400], learned[1][s], learned[2][s], strict=False):
            back = tuple(np.rot90(image.numpy().reshape(8, 8), -int(turn)).ravel())
            digit = upright[back]
            assert codes[turn, digit] in (-1, answer)
            codes[turn, digit] = answer
        assert np.array_equal(np.sort(codes), [range(10)] * 4)
        assert np.array_equal(codes, [range(10)] * 4) != clash and len({tuple(code) for code in codes.tolist()}) == (4 if clash else 1)
    assert not torch.equal(learned[0][0], learned[0][1])


# --- training --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way, balance", [("blend", 0), ("compete", 0.3), ("top", 0.3)])
def test_training_is_adam_on_each_seeds_own_lots(way, balance):
    """Each seed side by side against it alone, by torch's Adam with a rate that falls to 0."""
    mixture, x, y = some_mixtures(m=20)
    made = experts.train(mixture, x, y, way, rngs(5, 6), steps=4, batch=3, rate=0.05, balance=balance)
    for s, rng in enumerate(rngs(5, 6)):
        alone = experts.Mixture(*(part[s:s + 1].clone() for part in mixture))
        parts = [part.requires_grad_() for part in alone[:8]]
        adam = torch.optim.Adam(parts, lr=0.05)
        for step in range(4):
            adam.param_groups[0]["lr"] = 0.05 * (1 - step / 4)
            lot = rng.integers(0, 20, 3)
            adam.zero_grad()
            experts.losses(alone, x[s:s + 1, lot], y[s:s + 1, lot], way, balance).sum().backward()
            adam.step()
        for one, two, old in zip(made[:8], parts, mixture, strict=False):
            torch.testing.assert_close(one[s:s + 1], two.detach(), rtol=1e-3, atol=1e-5)
            assert not torch.equal(one[s], old[s]) and not one.requires_grad


def test_only_what_may_learn_learns():
    mixture, x, y = some_mixtures()
    made = experts.train(mixture, x, y, "compete", rngs(0, 1), steps=3, only=experts.GATES)
    for name in experts.Mixture._fields:
        assert torch.equal(getattr(made, name), getattr(mixture, name)) == (name not in experts.GATES)
    assert torch.equal(experts.train(mixture, x, y, "top", rngs(0, 1), steps=0).first, mixture.first)


def test_same_seed_same_mixture():
    mixture, x, y = some_mixtures()
    one, two, other = (experts.train(mixture, x, y, "compete", rngs(*seeds), steps=5, batch=4) for seeds in ((0, 1), (0, 1), (2, 1)))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True)) and not torch.equal(one.first, other.first)


def test_it_learns_and_the_gate_divides_the_work():
    learned, held_out = experts.lessons(DIGITS.images / 16, DIGITS.target, rngs(0), clash=True)
    made = experts.train(experts.newborn(rngs(1), 4, 8), *learned[:2], "compete", rngs(2), steps=300)
    assert experts.accuracy(made, *held_out[:2], "compete")[0] > 0.6
    assert experts.specialisation(experts.asked(made, held_out[0]), held_out[2].numpy(), 4)[0] > 0.05


# --- who is asked, and damage ----------------------------------------------------------------------


def test_specialisation_against_scikit_learn():
    rng = np.random.default_rng(0)
    choices, tasks = rng.integers(0, 3, (5, 200)), rng.integers(0, 4, (5, 200))
    tasks[0], choices[1] = (choices[0] + 1) % 4, 2
    choices[2] = np.where(rng.random(200) < 0.6, tasks[2] % 3, choices[2])
    found = experts.specialisation(choices, tasks, 3)
    np.testing.assert_allclose(found, [normalized_mutual_info_score(a, b) for a, b in zip(tasks, choices, strict=True)], atol=1e-12)
    assert found[0] == pytest.approx(1) and found[1] == 0 and 0.1 < found[2] < 0.9
    assert experts.specialisation([[1, 1]], [[0, 0]], 2).tolist() == [0]


def test_without_an_expert():
    mixture, x, _ = some_mixtures()
    hurt = experts.without(mixture, [2, 0])
    g = experts.log_shares(hurt, x).exp()
    assert not g[0, :, 2].any() and not g[1, :, 0].any()
    whole = experts.log_shares(mixture, x).exp()
    torch.testing.assert_close(g[0, :, :2], whole[0, :, :2] / whole[0, :, :2].sum(-1, keepdim=True))  # the others' shares grow alike
    assert mixture.alive.all() and torch.equal(hurt.first, mixture.first)
    for way in experts.WAYS:
        assert experts.losses(hurt, x, torch.zeros(2, 7, dtype=int), way).isfinite().all()
    made = experts.train(hurt, x, torch.zeros(2, 7, dtype=int), "compete", rngs(0, 1), steps=3)
    assert all(part.isfinite().all() for part in made) and not experts.log_shares(made, x).exp()[0, :, 2].any()


def test_lesioned():
    mixture, x, _ = some_mixtures(e=1, k=40)
    hurt = experts.lesioned(mixture, 0.25, np.random.default_rng(0))
    assert hurt.alive.sum(-1).tolist() == [[30], [30]] and not torch.equal(hurt.alive[0], hurt.alive[1])
    dead = hurt.alive[0, 0] == 0
    changed = hurt._replace(first=hurt.first.clone())
    changed.first[0, 0, :, dead] = 9
    assert torch.equal(experts.answers(changed, x)[0], experts.answers(hurt, x)[0])
    assert experts.lesioned(mixture, 0, np.random.default_rng(0)).alive.all()


@pytest.mark.parametrize("call, message", [
    (lambda: experts.newborn(rngs(0), 0, 3), r"experts=0: must be finite and in \[1"),
    (lambda: experts.newborn(rngs(0), 2, 0), r"units=0"),
    (lambda: experts.turned(np.full((1, 8, 8), np.nan), [0]), r"images\[0, 0, 0\]=nan: must be finite"),
    (lambda: experts.turned(np.ones((1, 8, 8)), [-1]), r"turns=\[-1\]: must be finite and in \[0"),
    (lambda: experts.lessons(DIGITS.images, DIGITS.target, [], clash=False, learn=1797), r"learn=1797: must be below the number of digits, 1797"),
    (lambda: experts.lessons(DIGITS.images, DIGITS.target, [], clash=False, learn=0), r"learn=0"),
    (lambda: experts.log_chances(torch.zeros(2), torch.zeros(2, 10), "fight"), r"way='fight': must be one of 'blend', 'compete', 'top'"),
    (lambda: experts.train(*some_mixtures(), "top", rngs(0, 1), steps=-1), r"steps=-1"),
    (lambda: experts.train(*some_mixtures(), "top", rngs(0, 1), steps=1, batch=0), r"batch=0"),
    (lambda: experts.train(*some_mixtures(), "top", rngs(0, 1), steps=1, rate=0), r"rate=0: must be finite and in \(0, 1\]"),
    (lambda: experts.train(*some_mixtures(), "top", rngs(0, 1), steps=1, balance=-1), r"balance=-1: must be finite and in \[0"),
    (lambda: experts.train(*some_mixtures(), "top", rngs(0, 1), steps=1, only=("alive",)), r"only='alive': must be one of 'first'"),
    (lambda: experts.lesioned(some_mixtures()[0], 2, None), r"share=2: must be finite and in \[0, 1\]"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
