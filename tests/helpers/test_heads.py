import numpy as np
import pytest
import torch

from helpers import coalitions, heads, recovery

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def trained():
    """(net, losses, tokens, periods): a net half trained, and sequences that it has not seen."""
    rng = np.random.default_rng(0)
    return *heads.train(rng, steps=300), *heads.sequences(40, rng)


@pytest.fixture(scope="module")
def games(trained):
    net, _, tokens, periods = trained
    return heads.games(net, tokens, periods)


def softmax(z):
    z = np.exp(z - z.max(axis=-1, keepdims=True))
    return z / z.sum(axis=-1, keepdims=True)


def by_hand(net, tokens, on=None, means=None):
    """Scores of one sequence (LENGTH, TOKENS), and what the heads look at and write, place by place and head by head, in numpy; heads
    that are not `on` write their `means`."""
    net = heads.Net(*(part.double().numpy() for part in net))
    x = np.array([net.embed[token] + net.place[t] for t, token in enumerate(tokens[:heads.LENGTH].tolist())])
    looked, wrote = [], []
    for layer in range(heads.LAYERS):
        for head in range(heads.HEADS):
            query, key, value = (x @ part[layer, head] for part in (net.query, net.key, net.value))
            a = np.zeros((heads.LENGTH, heads.LENGTH))
            for t in range(heads.LENGTH):
                a[t, :t + 1] = softmax(query[t] @ key[:t + 1].T / np.sqrt(heads.SMALL))
            looked.append(a)
            number = layer * heads.HEADS + head
            wrote.append(a @ value @ net.output[layer, head] if on is None or on >> number & 1 else means[number])
        x = x + sum(wrote[-heads.HEADS:])
    return x @ net.unembed, np.array(looked), np.array(wrote)


def test_sequences(seed):
    tokens, periods = heads.sequences(2000, np.random.default_rng(seed))
    assert tokens.shape == (2000, heads.LENGTH + 1) and tokens.dtype == periods.dtype == torch.int64
    low, high = heads.PERIODS
    often = np.bincount(periods, minlength=high + 1)[low:]
    assert len(often) == high - low + 1 and np.all(np.abs(often - 400) < 5 * np.sqrt(2000 * 0.2 * 0.8))
    for row, period in zip(tokens.tolist()[:50], periods.tolist(), strict=False):
        assert len(set(row[:period])) == period and row[period:] == row[:heads.LENGTH + 1 - period]
    first = np.bincount(tokens[:, 0], minlength=heads.TOKENS)
    assert len(first) == heads.TOKENS and np.all(np.abs(first - 2000 / 24) < 5 * np.sqrt(2000 / 24))
    where = heads.asked(periods)
    assert where.sum(1).tolist() == (heads.LENGTH - periods).tolist() and not where[:, :low].any() and where[:, high:].all()


def test_scores_by_hand(trained):
    net, _, tokens, periods = trained
    attention, wrote = heads.written(net, tokens)
    said = heads.scores(net, tokens)
    cross, over = [], []
    for m in range(3):
        expected, looked, made = by_hand(net, tokens[m])
        np.testing.assert_allclose(said[m], expected, atol=1e-4)
        np.testing.assert_allclose(attention[m], looked, atol=1e-5)
        np.testing.assert_allclose(wrote[m], made, atol=1e-4)
        for t in range(int(periods[m]), heads.LENGTH):
            right = int(tokens[m, t + 1])
            cross.append(-np.log(softmax(expected[t])[right]))
            over.append(expected[t, right] - expected[t].mean())
    assert heads.loss(said[:3], tokens[:3], periods[:3]).item() == pytest.approx(np.mean(cross), rel=1e-3, abs=1e-5)
    assert heads.margin(said[:3], tokens[:3], periods[:3]).item() == pytest.approx(np.mean(over), rel=1e-4)


def test_nobody_looks_ahead(trained):
    net, _, tokens, _ = trained
    changed = tokens[:4].clone()
    changed[:, 15:] = (changed[:, 15:] + 1) % heads.TOKENS
    one, other = heads.scores(net, tokens[:4]), heads.scores(net, changed)
    assert torch.equal(one[:, :15], other[:, :15]) and not torch.equal(one[:, 15], other[:, 15])


def test_the_sum_of_what_is_written_is_what_is_said(trained):
    net, _, tokens, periods = trained
    added, _ = heads.direct(net, tokens, periods)
    rest = heads.margin(heads.first_stream(net, tokens) @ net.unembed, tokens, periods).item()
    assert added.sum() + rest == pytest.approx(heads.margin(heads.scores(net, tokens), tokens, periods).item(), rel=1e-4)


# --- training --------------------------------------------------------------------------------------


def test_newborn_weights_are_of_the_size_they_are_said_to_have():
    net = heads.newborn(np.random.default_rng(0))
    for name, variance in (("embed", 1 / 48), ("place", 1 / 48), ("unembed", 1 / 192), ("query", 1 / 48), ("key", 1 / 48), ("value", 1 / 48),
                           ("output", 1 / 48)):
        part = getattr(net, name)
        assert part.dtype == torch.float32
        assert abs(float(part.var()) / variance - 1) < 5 * (2 / part.numel())**0.5
    assert [tuple(part.shape) for part in net] == [(24, 48), (24, 48), (48, 24), *[(2, 4, 48, 12)] * 3, (2, 4, 12, 48)]


def test_training_is_adam_on_fresh_sequences():
    net, losses = heads.train(np.random.default_rng(3), steps=4, batch=5, rate=0.02)
    rng = np.random.default_rng(3)
    other = heads.Net(*(part.requires_grad_() for part in heads.newborn(rng)))
    adam = torch.optim.Adam(other, betas=(0.9, 0.98))
    for step, rate in enumerate([0.02 / 50, 0.02 * 2 / 50, 0.02 * 3 / 50, 0.02 * 4 / 50]):
        adam.param_groups[0]["lr"] = rate
        tokens, periods = heads.sequences(5, rng)
        value = heads.loss(heads.scores(other, tokens), tokens, periods)
        assert losses[step] == pytest.approx(value.item(), rel=1e-5)
        adam.zero_grad()
        value.backward()
        adam.step()
    for one, two in zip(net, other, strict=True):
        torch.testing.assert_close(one, two.detach())
        assert not one.requires_grad


def test_the_rate_falls_in_the_last_third(monkeypatch):
    rates, real = [], torch.optim.Adam.step
    monkeypatch.setattr(torch.optim.Adam, "step", lambda adam, *rest: (rates.append(adam.param_groups[0]["lr"]), real(adam, *rest)))
    heads.train(np.random.default_rng(0), steps=150, batch=1, rate=0.01)
    assert rates[49:101] == [0.01] * 52 and rates[0] == pytest.approx(0.01 / 50)
    np.testing.assert_allclose(rates[100:], 0.01 * np.arange(50, 0, -1) / 50)


def test_same_seed_same_net():
    one, two, other = (heads.train(np.random.default_rng(seed), steps=3)[0] for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True)) and not torch.equal(one.embed, other.embed)


def test_it_learns_by_induction(trained, games):
    """Near no loss; with one layer alone hardly better than a guess among the 24, log 24. Heads of the second layer look at the answer,
    those of the first at the token before."""
    net, losses, tokens, periods = trained
    assert losses[0] == pytest.approx(np.log(24), abs=0.3) and losses[-20:].mean() < 0.2
    assert games.loss[-1] > -0.2 and max(games.loss[0b1111], games.loss[0b11110000]) < 0.4 - np.log(24)
    previous, induction = heads.roles(net, tokens, periods)
    assert induction[4:].max() > 0.6 and induction[:4].max() < 0.2
    assert previous[:4].max() > 0.15 and previous[4:].max() < 0.1


def test_roles_by_hand(trained):
    net, _, tokens, periods = trained
    found = [[], []]
    for m in range(3):
        looked, p = by_hand(net, tokens[m])[1], int(periods[m])
        for t in range(p, heads.LENGTH):
            found[0].append(looked[:, t, t - 1])
            found[1].append(sum(looked[:, t, j] for j in range(t + 1) if tokens[m, j] == tokens[m, t + 1]))
    for one, expected in zip(heads.roles(net, tokens[:3], periods[:3]), found, strict=True):
        np.testing.assert_allclose(one, np.mean(expected, axis=0), atol=1e-5)


# --- the games -------------------------------------------------------------------------------------


def test_everybody_is_the_net_and_nobody_its_means(trained, games):
    net, _, tokens, periods = trained
    said = heads.scores(net, tokens)
    assert games.loss[-1] == pytest.approx(-heads.loss(said, tokens, periods).item(), rel=1e-4)
    assert games.margin[-1] == pytest.approx(heads.margin(said, tokens, periods).item(), rel=1e-5)
    said = (heads.first_stream(net, tokens) + heads.written(net, tokens)[1].mean(0).sum(0)) @ net.unembed
    assert games.loss[0] == pytest.approx(-heads.loss(said, tokens, periods).item(), rel=1e-5)
    assert games.margin[0] == pytest.approx(heads.margin(said, tokens, periods).item(), rel=1e-4)


@pytest.mark.parametrize("on", [0b1, 0b10000, 0b11100111, 0b00101000, 0b01111111])
def test_a_coalition_by_hand(trained, games, on):
    net, _, tokens, periods = trained
    means = heads.written(net, tokens)[1].mean(0).double().numpy()
    said = torch.tensor(np.array([by_hand(net, row, on, means)[0] for row in tokens]))
    assert games.loss[on] == pytest.approx(-heads.loss(said, tokens, periods).item(), rel=1e-3)
    assert games.margin[on] == pytest.approx(heads.margin(said, tokens, periods).item(), rel=1e-3)


def test_heads_of_the_second_layer_add_up_in_the_margin(games):
    """What they write goes straight into the scores: none can hear of another."""
    size = abs(coalitions.total(games.margin))
    for i in range(4, 8):
        for j in range(4, i):
            assert np.abs(coalitions.together(games.margin, i, j)).max() < 1e-5 * size


def test_within_a_layer_substitutes_across_layers_complements(games):
    index = coalitions.interactions(games.loss)
    assert index[4:, 4:][np.triu_indices(4, 1)].max() < 0 and index[:4, :4].min() < 0 < index[:4, 4:].max()
    assert index[:4, :4].sum() < 0 < index[:4, 4:].sum()


def test_what_heads_add_with_another_off(trained, games):
    """Off in the second layer: only what it writes itself changes, to its means. Off in the first: those of the second change too; all
    together are the game's value."""
    net, _, tokens, periods = trained
    whole, off = heads.direct(net, tokens, periods)
    rest = heads.margin(heads.first_stream(net, tokens) @ net.unembed, tokens, periods).item()
    for head in range(heads.ALL):
        assert off[head].sum() + rest == pytest.approx(games.margin[255 - (1 << head)], rel=1e-4)
        same = [k for k in range(heads.ALL) if k != head and (k < 4 or head >= 4)]
        np.testing.assert_allclose(off[head][same], whole[same], rtol=1e-5, atol=1e-6)
    assert np.abs(off[:4, 4:] - whole[4:]).min() > 1e-4


def test_softmax_is_a_contest_for_a_fixed_budget():
    z = torch.tensor(np.random.default_rng(0).standard_normal(6), requires_grad=True)
    found = heads.crowding(z.softmax(-1).detach().numpy())
    np.testing.assert_allclose(found, torch.autograd.functional.jacobian(lambda z: z.softmax(-1), z), atol=1e-12)
    off = ~np.eye(6, dtype=bool)
    assert found[off].max() < 0 < found[~off].min()
    np.testing.assert_allclose(found.sum(axis=0), 0, atol=1e-15)
    assert heads.crowding(np.full((2, 3, 4), 0.25)).shape == (2, 3, 4, 4)


# --- hidden units that read digits -----------------------------------------------------------------


def test_games_of_hidden_units():
    rng = np.random.default_rng(0)
    readers = recovery.newborn([0, 1], 3, inputs=5)
    images, digits = torch.tensor(rng.random((7, 5)), dtype=torch.float32), torch.tensor(rng.integers(0, 10, 7))
    found = heads.unit_games(readers, images, digits)
    assert found.shape == (2, 8) and found.dtype == np.float64
    for s in range(2):
        first, bias, second, last = (part[s].double().numpy() for part in readers[:4])
        hidden = np.maximum(images.double().numpy() @ first + bias, 0)
        for on in range(8):
            here = np.array([hidden[:, k] if on >> k & 1 else np.full(7, hidden[:, k].mean()) for k in range(3)]).T
            chances = softmax(here @ second + last)
            assert found[s, on] == pytest.approx(np.log(chances[np.arange(7), digits.numpy()]).mean(), rel=1e-5)
    dead = readers._replace(alive=torch.tensor([[[1.0, 0, 1]]]).expand(2, -1, -1))
    assert not coalitions.shapley(heads.unit_games(dead, images, digits))[:, 1].any()


@pytest.mark.parametrize("call, message", [
    (lambda: heads.sequences(0, None), r"m=0: must be finite and in \[1"),
    (lambda: heads.train(None, steps=0), r"steps=0"),
    (lambda: heads.train(None, batch=0), r"batch=0"),
    (lambda: heads.train(None, rate=0), r"rate=0: must be finite and in \(0, 1\]"),
    (lambda: heads.crowding([0.5, 0.6]), r"attention of shape \(2,\): must be weights that sum to one"),
    (lambda: heads.crowding(1.0), r"attention of shape \(\)"),
    (lambda: heads.crowding([1.5, -0.5]), r"attention=\[1.5, -0.5\]: must be finite and in \[0, 1\]"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
