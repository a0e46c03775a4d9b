import itertools

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from helpers import fields
from helpers.fields import Field

pytestmark = pytest.mark.usefixtures("one_blas_thread")


def chain(seed, length, k, size=2.0):
    rng = np.random.default_rng(seed)
    return size * rng.standard_normal((length, k)), size * rng.standard_normal((k, k))


def every_labelling(unary, transition):
    """All label sequences (k^t, t) and their scores, added up one by one."""
    length, k = unary.shape
    labellings = list(itertools.product(range(k), repeat=length))
    scores = [sum(unary[place, label] for place, label in enumerate(labels))
              + sum(transition[a, b] for a, b in itertools.pairwise(labels)) for labels in labellings]
    return np.array(labellings), np.array(scores)


CHAINS = [(0, 1, 3), (1, 2, 2), (2, 5, 3), (3, 7, 2), (4, 4, 5), (5, 6, 1)]


@pytest.mark.parametrize("seed_of, length, k", CHAINS)
def test_against_every_labelling(seed_of, length, k):
    unary, transition = chain(seed_of, length, k)
    labellings, scores = every_labelling(unary, transition)
    log_z = logsumexp(scores)
    assert fields.log_partition(unary, transition) == pytest.approx(log_z, abs=1e-8)
    for labels, score in zip(labellings, scores, strict=True):
        assert fields.path_score(unary, transition, labels) == pytest.approx(score, abs=1e-8)
    chances = np.exp(scores - log_z)
    nodes = np.array([[chances[labellings[:, place] == a].sum() for a in range(k)] for place in range(length)])
    pairs = np.array([[[chances[(labellings[:, place] == a) & (labellings[:, place + 1] == b)].sum() for b in range(k)]
                       for a in range(k)] for place in range(length - 1)]).reshape(length - 1, k, k)
    found = fields.marginals(unary, transition)
    np.testing.assert_allclose(found.nodes, nodes, atol=1e-8)
    np.testing.assert_allclose(found.pairs, pairs, atol=1e-8)
    assert found.log_partition == pytest.approx(log_z, abs=1e-8)
    assert fields.viterbi(unary, transition).tolist() == labellings[scores.argmax()].tolist()


@pytest.mark.parametrize("seed_of, length, k", [one for one in CHAINS if one[1] > 1])
def test_messages_by_their_definition(seed_of, length, k):
    unary, transition = chain(seed_of, length, k)
    forward, backward = fields.forward(unary, transition), fields.backward(unary, transition)
    for place in range(length):
        before, scores = every_labelling(unary[:place + 1], transition)
        after, rest = every_labelling(np.vstack([np.zeros((1, k)), unary[place + 1:]]), transition)
        for label in range(k):
            assert forward[place, label] == pytest.approx(logsumexp(scores[before[:, -1] == label]), abs=1e-8)
            assert backward[place, label] == pytest.approx(logsumexp(rest[after[:, 0] == label]), abs=1e-8)


@pytest.mark.parametrize("seed_of, length, k", CHAINS)
def test_the_best_places_have_most_places_right_and_viterbi_is_right_most_often(seed_of, length, k):
    unary, transition = chain(seed_of, length, k, size=0.7)
    labellings, scores = every_labelling(unary, transition)
    chances = np.exp(scores - logsumexp(scores))
    # of each labelling: how many places agree with the truth, on average over what the truth may be
    right = (labellings[:, None] == labellings[None]).sum(axis=-1) @ chances
    places, whole = fields.best_places(unary, transition), fields.viterbi(unary, transition)
    assert places.dtype == np.int64 and places.tolist() == labellings[right.argmax()].tolist()
    assert whole.tolist() == labellings[chances.argmax()].tolist()


def test_the_best_places_and_the_best_sentence_need_not_be_the_same():
    """By hand: sentences 00, 10 and 11 of chances 0.4, 0.3 and 0.3. The likeliest is 00; place 0 is likelier 1, place 1
    likelier 0."""
    with np.errstate(divide="ignore"):
        unary, transition = np.zeros((2, 2)), np.maximum(np.log([[0.4, 0], [0.3, 0.3]]), -800)
    assert fields.viterbi(unary, transition).tolist() == [0, 0]
    assert fields.best_places(unary, transition).tolist() == [1, 0]
    np.testing.assert_allclose(fields.marginals(unary, transition).nodes, [[0.4, 0.6], [0.7, 0.3]])
    assert fields.best_places(np.zeros((3, 2)), np.zeros((2, 2))).tolist() == [0, 0, 0]  # of tied ones the first


def test_many_sentences_at_once_are_each_their_own():
    rng = np.random.default_rng(0)
    unary, transition = rng.standard_normal((2, 4, 6, 3)), rng.standard_normal((3, 3))
    together, labels = fields.marginals(unary, transition), fields.viterbi(unary, transition)
    places = fields.best_places(unary, transition)
    scores = fields.path_score(unary, transition, labels)
    for at in itertools.product(range(2), range(4)):
        alone = fields.marginals(unary[at], transition)
        for whole, part in zip(together, alone, strict=True):
            np.testing.assert_allclose(whole[at], part)
        assert labels[at].tolist() == fields.viterbi(unary[at], transition).tolist()
        assert places[at].tolist() == fields.best_places(unary[at], transition).tolist()
        assert scores[at] == pytest.approx(fields.path_score(unary[at], transition, labels[at]))


def test_scores_too_large_for_exp():
    unary, transition = chain(0, 5, 3, size=2000)
    labellings, scores = every_labelling(unary, transition)
    assert fields.log_partition(unary, transition) == pytest.approx(scores.max())
    nodes = fields.marginals(unary, transition).nodes
    np.testing.assert_allclose(nodes, np.eye(3)[labellings[scores.argmax()]], atol=1e-8)


def task(seed, lengths=(1, 3, 3, 5), d=4, k=3):
    rng = np.random.default_rng(seed)
    field = Field(rng.standard_normal((d, k)), rng.standard_normal((k, k)))
    return field, [(rng.standard_normal((length, d)), rng.integers(0, k, length)) for length in lengths]


def brute_likelihood(flat, sentences, d, k):
    field = Field(flat[:d * k].reshape(d, k), flat[d * k:].reshape(k, k))
    total = 0
    for inputs, labels in sentences:
        labellings, scores = every_labelling(inputs @ field.emission, field.transition)
        total += scores[(labellings == labels).all(axis=1)][0] - logsumexp(scores)
    return total


def counts(inputs, labels, d, k):
    """The features of one labelling, flat: the likelihood's sufficient statistics."""
    found = Field(np.zeros((d, k)), np.zeros((k, k)))
    for place, label in enumerate(labels):
        found.emission[:, label] += inputs[place]
    for a, b in itertools.pairwise(labels):
        found.transition[a, b] += 1
    return flat(found)


def flat(field):
    return np.concatenate([field.emission.ravel(), field.transition.ravel()])


def unflat(values, d, k):
    return Field(values[:d * k].reshape(d, k), values[d * k:].reshape(k, k))


@pytest.mark.parametrize("seed_of", range(3))
def test_likelihood_and_gradient_against_brute_force(seed_of):
    field, sentences = task(seed_of)
    assert fields.log_likelihood(field, sentences) == pytest.approx(brute_likelihood(flat(field), sentences, 4, 3), abs=1e-8)
    expected = np.zeros(flat(field).size)
    for inputs, labels in sentences:
        labellings, scores = every_labelling(inputs @ field.emission, field.transition)
        chances = np.exp(scores - logsumexp(scores))
        expected += counts(inputs, labels, 4, 3) - sum(
            chance * counts(inputs, one, 4, 3) for chance, one in zip(chances, labellings, strict=True))
    np.testing.assert_allclose(flat(fields.gradient(field, sentences)), expected, atol=1e-8)
    one = np.random.default_rng(0).standard_normal(expected.size) * 1e-5  # and by differences of the likelihood itself
    slope = (brute_likelihood(flat(field) + one, sentences, 4, 3) - brute_likelihood(flat(field) - one, sentences, 4, 3)) / 2
    assert expected @ one == pytest.approx(slope, abs=1e-10)


@pytest.mark.parametrize("seed_of", range(3))
def test_the_likelihood_is_concave(seed_of):
    """Its second derivative along any direction is minus the variance of that direction's features."""
    field, sentences = task(seed_of)
    rng = np.random.default_rng(seed_of)
    for _ in range(20):
        direction = rng.standard_normal(flat(field).size)
        step = 1e-4 * direction
        up, down = (flat(fields.gradient(unflat(flat(field) + way * step, 4, 3), sentences)) for way in (1, -1))
        bend = (up - down) @ direction / 2e-4
        variance = 0
        for inputs, _ in sentences:
            labellings, scores = every_labelling(inputs @ field.emission, field.transition)
            chances = np.exp(scores - logsumexp(scores))
            value = np.array([counts(inputs, one, 4, 3) @ direction for one in labellings])
            variance += chances @ value**2 - (chances @ value)**2
        assert bend == pytest.approx(-variance, rel=1e-5) and bend < 0


def test_a_field_without_neighbours_is_logistic_regression():
    rng = np.random.default_rng(1)
    inputs, labels = rng.standard_normal((80, 3)), rng.integers(0, 3, 80)
    trained = fields.train([(one[None], [label]) for one, label in zip(inputs, labels, strict=True)], 3, penalty=0.5)
    oracle = LogisticRegression(C=2, fit_intercept=False, tol=1e-10, max_iter=10_000).fit(inputs, labels)
    np.testing.assert_allclose(trained.field.emission.T, oracle.coef_, atol=1e-5)
    assert not trained.field.transition.any()


def test_training_arrives_at_the_one_maximum():
    sentences = fields.noisy_chain(30, 8, np.random.default_rng(0)) + fields.noisy_chain(20, 5, np.random.default_rng(1))
    trained = fields.train(sentences, 3, penalty=0.1)
    assert trained.converged
    slope = flat(fields.gradient(trained.field, sentences)) - 0.1 * flat(trained.field)
    np.testing.assert_allclose(slope, 0, atol=1e-3)
    best = fields.log_likelihood(trained.field, sentences) - 0.05 * (flat(trained.field)**2).sum()
    assert trained.path[-1] == pytest.approx(best) and np.all(np.diff(trained.path) > 0)
    assert trained.path[0] == pytest.approx(-(30 * 8 + 20 * 5) * np.log(3))  # from zero: any labels alike
    for at in range(10):
        other = flat(trained.field) + np.random.default_rng(at).standard_normal(18) * 0.05
        assert fields.log_likelihood(unflat(other, 3, 3), sentences) - 0.05 * (other**2).sum() < best


def test_neighbours_help():
    """On new sentences the trained field reads more labels than the symbols alone say, and hardly fewer than can be."""
    trained = fields.train(fields.noisy_chain(200, 20, np.random.default_rng(0)), 3).field
    symbols, labels = map(np.stack, zip(*fields.noisy_chain(1000, 20, np.random.default_rng(1)), strict=True))
    alone = (symbols.argmax(axis=-1) == labels).mean()
    right = [(fields.best_places(fields.unary_scores(field, symbols), field.transition) == labels).mean()
             for field in (trained, fields.chain_field())]
    assert abs(alone - 0.6) < 5 * np.sqrt(0.6 * 0.4 / 20_000)
    assert right[1] > alone + 0.1 and right[1] - right[0] < 0.01


def test_the_chain_is_what_it_is_said_to_be(seed):
    n, length, k, stay, right = 2000, 6, 4, 0.7, 0.5
    symbols, labels = map(np.stack, zip(*fields.noisy_chain(n, length, np.random.default_rng(seed), k=k, stay=stay, right=right),
                                        strict=True))
    assert symbols.shape == (n, length, k) and np.all(symbols.sum(axis=-1) == 1)

    def near(count, chance, of):
        return abs(count - chance * of) < 5 * np.sqrt(of * chance * (1 - chance))

    move, error = (np.diff(labels, axis=1) % k).ravel(), ((symbols.argmax(axis=-1) - labels) % k).ravel()
    for step in range(k):
        assert near((labels[:, 0] == step).sum(), 1 / k, n)
        assert near((move == step).sum(), stay if step == 0 else (1 - stay) / 3, move.size)
        assert near((error == step).sum(), right if step == 0 else (1 - right) / 3, error.size)


def test_the_chain_s_own_field_by_hand():
    found = fields.chain_field(k=3, stay=0.8, right=0.6)
    np.testing.assert_allclose(np.exp(found.transition), [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    np.testing.assert_allclose(np.exp(found.emission), [[0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]])


def test_the_chain_s_own_field_has_a_score_of_mean_nought(seed):
    """E of the gradient is 0 at the true field; its variance, by every symbol and label of a short chain."""
    n, length, k = 3000, 3, 2
    field = fields.chain_field(k=k, stay=0.8, right=0.7)
    variance = np.zeros(2 * k * k)
    for symbols in itertools.product(range(k), repeat=length):
        inputs = np.eye(k)[list(symbols)]
        labellings, scores = every_labelling(inputs @ field.emission, field.transition)
        joint = np.exp(scores) / k  # the chance of labels and symbols: the first label is any
        features = np.array([counts(inputs, one, k, k) for one in labellings])
        mean = joint @ features / joint.sum()
        variance += joint @ (features - mean)**2
    sentences = fields.noisy_chain(n, length, np.random.default_rng(seed), k=k, stay=0.8, right=0.7)
    assert np.all(np.abs(flat(fields.gradient(field, sentences))) < 5 * np.sqrt(n * variance))


U, T = np.zeros((3, 2)), np.zeros((2, 2))
F = Field(np.zeros((4, 2)), T)
S = (np.zeros((3, 4)), [0, 1, 1])
SENTENCES = (lambda some: fields.train(some, 3), lambda some: fields.log_likelihood(F, some),
             lambda some: fields.gradient(F, some))
FIELDS = (lambda field: fields.unary_scores(field, S[0]), lambda field: fields.log_likelihood(field, [S]),
          lambda field: fields.gradient(field, [S]))


@pytest.mark.parametrize("call, message", [
    *[(lambda f=f: f(np.zeros((0, 2)), T), r"unary of shape \(0, 2\): must be \(..., t, 2\), t at least 1") for f in (
        fields.forward, fields.backward, fields.marginals, fields.log_partition, fields.viterbi, fields.best_places)],
    (lambda: fields.forward([[0, np.nan]], T), r"unary=.*nan.*must be finite"),
    (lambda: fields.forward(U, [[0, -np.inf], [0, 0]]), r"transition=.*inf.*must be finite"),
    (lambda: fields.forward(U, np.zeros((2, 3))), r"transition of shape \(2, 3\): must be \(k, k\)"),
    (lambda: fields.viterbi(U, np.zeros((3, 3))), r"unary of shape \(3, 2\): must be \(..., t, 3\)"),
    (lambda: fields.viterbi([1, 2], T), r"unary of shape \(2,\)"),
    (lambda: fields.path_score(U, T, [0, 1, 2]), r"labels: 2 is not one of 2 labels, from 0"),
    (lambda: fields.path_score(U, T, [0, 1, -1]), r"labels=.*must be finite and in \[0"),
    (lambda: fields.path_score(U, T, [0, 1]), r"labels of shape \(2,\): must have shape \(3,\)"),
    (lambda: fields.path_score(U, T, [0, 1, 0.5]), r"labels=.*must be whole"),
    (lambda: fields.unary_scores(F, np.zeros((0, 4))), r"inputs of shape \(0, 4\): must be \(..., t, 4\)"),
    (lambda: fields.unary_scores(F, np.zeros((3, 3))), r"inputs of shape \(3, 3\): must be \(..., t, 4\)"),
    (lambda: fields.unary_scores((np.zeros((4, 3)), T), S[0]), r"emission of shape \(4, 3\): must be \(d, 2\)"),
    (lambda: fields.log_likelihood(F, []), r"sentences=\[\]: must hold at least one"),
    (lambda: fields.log_likelihood(F, [S, (np.zeros((0, 4)), [])]), r"inputs of sentences\[1\] of shape \(0, 4\)"),
    (lambda: fields.gradient(F, [S, (np.zeros((1, 3)), [0])]), r"inputs of sentences\[1\] of shape \(1, 3\): must be \(t, 4\)"),
    (lambda: fields.gradient(F, [S, (np.full((1, 4), np.inf), [0])]), r"inputs of sentences\[1\]=.*must be finite"),
    (lambda: fields.gradient(F, [S, (np.zeros((1, 4)), [2])]), r"labels of sentences\[1\]: 2 is not one of 2 labels"),
    (lambda: fields.gradient(F, [(S[0], [0, 1])]), r"labels of sentences\[0\] of shape \(2,\): must have shape \(3,\)"),
    (lambda: fields.train([S], 1), r"k=1: must be finite and in \[2"),
    (lambda: fields.train([S], 2, penalty=0), r"penalty=0: must be finite and in \(0"),
    (lambda: fields.train([([1.0, 2], [0, 1])], 2), r"inputs of sentences\[0\] of shape \(2,\): must be \(t, d\)"),
    *[(lambda f=f: f([np.eye(3)]), r"(?s)sentence 0 of sentences=array.*: must be \(inputs \(t, d\), labels \(t,\)\)")
      for f in SENTENCES],
    *[(lambda f=f: f([S, 3]), r"sentence 1 of sentences=3: must be \(inputs") for f in SENTENCES],
    *[(lambda f=f: f([S, (S[0],)]), r"(?s)sentence 1 of sentences=\(array.*: must be \(inputs") for f in SENTENCES],
    *[(lambda f=f: f(None), r"sentences=None: must be a list of \(inputs \(t, d\), labels \(t,\)\)") for f in SENTENCES],
    *[(lambda f=f: f(3), r"field=3: must be emission \(d, k\) and transition \(k, k\)") for f in FIELDS],
    *[(lambda f=f: f((T,)), r"(?s)field=\(array.*: must be emission") for f in FIELDS],
    *[(lambda f=f: f((T, T, T)), r"(?s)field=\(array.*: must be emission") for f in FIELDS],
    (lambda: fields.noisy_chain(0, 5, None), r"count=0: must be finite and in \[1"),
    (lambda: fields.noisy_chain(5, 0, None), r"length=0: must be finite and in \[1"),
    (lambda: fields.noisy_chain(5, 5, None, stay=2), r"stay=2: must be finite and in \[0, 1\]"),
    (lambda: fields.noisy_chain(5, 5, None, right=-1), r"right=-1: must be finite and in \[0, 1\]"),
    (lambda: fields.chain_field(stay=1), r"stay=1: must be finite and in \(0, 1\)"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
