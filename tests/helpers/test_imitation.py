import math
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import linprog

from helpers import imitation, lots
from helpers.games import Game

pytestmark = pytest.mark.usefixtures("one_blas_thread")
THIRDS = np.full(3, 1 / 3)
RATIO = next(root.real for root in np.roots([1, -1, 0, -1]) if abs(root.imag) < 1e-9)  # x^3 = x^2 + 1


def symmetric(paid):
    return Game(np.array(paid, float), np.array(paid, float).T)


def rps(win=1.0, lose=1.0):
    return symmetric([[0, -lose, win], [win, 0, -lose], [-lose, win, 0]])


PENNIES = Game(np.array([[1.0, -1], [-1, 1]]), np.array([[-1.0, 1], [1, -1]]))
SHAPLEY = Game(np.eye(3), np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]]))
PRISONERS = symmetric([[3, 0], [5, 1]])
HAWK_DOVE = symmetric([[-1, 2], [0, 1]])


def random_game(rng, m=3, n=4):
    return Game(rng.standard_normal((m, n)), rng.standard_normal((m, n)))


# --- the flow --------------------------------------------------------------------------------------------


def test_field_by_its_definition(seed):
    rng = np.random.default_rng(seed)
    game, x, y = random_game(rng), rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))
    dx, dy = imitation.field(game, x, y)
    for i in range(3):
        assert dx[i] == pytest.approx(x[i] * (game.A[i] @ y - x @ game.A @ y))
    for j in range(4):
        assert dy[j] == pytest.approx(y[j] * (x @ game.B[:, j] - x @ game.B @ y))
    many = imitation.field(game, np.stack([x, THIRDS]), y)
    np.testing.assert_allclose(many[0][0], dx)
    np.testing.assert_allclose(many[0].sum(axis=1), 0, atol=1e-12)


def test_flow_is_scipy_s_of_the_fourth_order(seed):
    rng = np.random.default_rng(seed)
    game, x, y = random_game(rng), rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))
    true = solve_ivp(lambda _, s: np.concatenate(imitation.field(game, s[:3], s[3:])), (0, 3), np.concatenate([x, y]),
                     rtol=1e-11, atol=1e-13).y[:, -1]
    off = []
    for step in (0.3, 0.15, 0.01):
        xs, ys = imitation.flow(game, x, y, time=3, step=step)
        assert xs.shape == (1 + round(3 / step), 3) and ys.shape[1] == 4
        np.testing.assert_allclose(xs.sum(axis=1), 1)
        off.append(np.abs(np.concatenate([xs[-1], ys[-1]]) - true).max())
    assert off[2] < 1e-8 and off[0] < 2e-2


def test_errors_fall_as_the_fourth_power_of_the_step():
    off = [np.abs(imitation.flow(rps(), [0.5, 0.25, 0.25], time=12, step=step)[0][-1]
                  - imitation.flow(rps(), [0.5, 0.25, 0.25], time=12, step=0.005)[0][-1]).max() for step in (0.4, 0.2)]
    assert 12 < off[0] / off[1] < 20


def test_rock_paper_scissors_circles():
    """Target T13.2: x y z is constant, 0.03125; the average over time goes to 1/3; small circles take 2 pi sqrt 3."""
    xs, ys = imitation.flow(rps(), [0.5, 0.25, 0.25], time=600, step=0.2)
    assert np.array_equal(xs, ys)
    np.testing.assert_allclose(xs.prod(axis=1), 0.03125, rtol=1e-4)
    np.testing.assert_allclose(xs.mean(axis=0), 1 / 3, atol=1e-3)
    xs, _ = imitation.flow(rps(), [1 / 3 + 1e-3, 1 / 3, 1 / 3 - 1e-3], time=40, step=0.02)
    off = xs[:, 0] - 1 / 3
    up = np.flatnonzero((off[:-1] < 0) & (off[1:] >= 0))
    crossings = 0.02 * (up + off[up] / (off[up] - off[up + 1]))
    np.testing.assert_allclose(np.diff(crossings), 2 * math.pi * math.sqrt(3), atol=1e-4)


@pytest.mark.parametrize("game", [PENNIES, rps()])
def test_two_populations_of_a_zero_sum_game_circle(game):
    """With the equilibrium in the middle the product of all shares is constant (Hofbauer & Sigmund 1998)."""
    m = len(game.A)
    xs, ys = imitation.flow(game, np.arange(1, m + 1), np.arange(1, m + 1)[::-1], time=300, step=0.1)
    product = xs.prod(axis=1) * ys.prod(axis=1)
    np.testing.assert_allclose(product, product[0], rtol=1e-4)
    np.testing.assert_allclose([xs.mean(axis=0), ys.mean(axis=0)], 1 / m, atol=0.02)
    assert np.abs(xs[-750:] - 1 / m).max() > 0.1


@pytest.mark.parametrize("win, lose, settles", [(2, 1, True), (1, 2, False)])
def test_what_winning_pays_decides_whether_one_population_settles(win, lose, settles):
    """Spirals in if a win pays more than a defeat costs, and out if it pays less (Hofbauer & Sigmund 1998, section 7.7)."""
    xs, _ = imitation.flow(rps(win, lose), [0.4, 0.35, 0.25], time=60)
    off = np.abs(xs - 1 / 3).max(axis=1)
    assert off[-1] < 1e-3 if settles else off[-200:].max() > 0.6


def test_scores_may_be_as_large_as_they_like():
    np.testing.assert_allclose(lots.softmax(np.array([[1e4, 1e4, -np.inf], [-1e4, 0, 1e4]])), [[0.5, 0.5, 0], [0, 0, 1]])
    u, v = imitation.advance(rps(500, 400), np.array([1e4, 1e4, 1e4 - 2]), np.zeros(3), 10)
    assert u.max() == v.max() == 0 and np.isfinite([u, v]).all()


def test_two_populations_never_settle_in_the_middle():
    """Where one does: the flow of two keeps volumes (up to its speed), so that nothing inside attracts."""
    xs, ys = imitation.flow(rps(2, 1), [0.4, 0.35, 0.25], [0.35, 0.4, 0.25], time=200)
    assert max(np.abs(xs[-200:] - 1 / 3).max(), np.abs(ys[-200:] - 1 / 3).max()) > 0.6


def test_hawks_and_doves():
    """One population comes to the mixture, two to an equilibrium in which one are hawks and the others doves."""
    xs, _ = imitation.flow(HAWK_DOVE, [0.9, 0.1], time=60)
    np.testing.assert_allclose(xs[-1], 0.5, atol=1e-6)
    xs, ys = imitation.flow(HAWK_DOVE, [0.51, 0.49], [0.5, 0.5], time=60)
    np.testing.assert_allclose([xs[-1], ys[-1]], [[1, 0], [0, 1]], atol=1e-6)


def test_one_population_is_kept_together():
    """Where two would part: the same flow twice, but for rounding, of three strategies that each pays to avoid."""
    A = np.array([[-2.1, 0.1, 0.2], [0.13, -1.3, 0.05], [0.2, 0.07, -0.7]])
    for game in (Game(A, A.T), Game(A, A.T.copy())):
        xs, ys = imitation.flow(game, [0.2, 0.3, 0.5], time=300, step=0.1)
        assert np.array_equal(xs, ys) and xs[-1].min() > 0.1 and np.ptp(A @ xs[-1]) < 1e-9


def test_dominated_strategies_die_and_the_extinct_stay_so():
    xs, ys = imitation.flow(PRISONERS, [0.99, 0.01], [0.9, 0.1], time=40)
    assert xs[-1, 0] < 1e-9 and ys[-1, 0] < 1e-9
    xs, _ = imitation.flow(PRISONERS, [1, 0], time=40)
    assert np.array_equal(xs[-1], [1, 0])
    xs, _ = imitation.flow(PRISONERS, [0.99, 0.01], time=2000, step=1)  # scores as far apart as they like
    assert np.array_equal(xs[-1], [0, 1])


# --- finite populations --------------------------------------------------------------------------------------


def test_very_many_imitators_take_the_steps_of_euler(seed):
    """In a game without symmetry; the error is some 1e-7 of chance and rounding."""
    rng = np.random.default_rng(seed)
    game = random_game(rng)
    xs, ys = imitation.imitators(game, [10**13, 2 * 10**13, 10**13], [10**13] * 4, time=1, step=0.05, rng=rng)
    x, y = np.array([0.25, 0.5, 0.25]), np.full(4, 0.25)
    for k in range(21):
        np.testing.assert_allclose(xs[k, 0], x, atol=1e-5)
        np.testing.assert_allclose(ys[k, 0], y, atol=1e-5)
        dx, dy = imitation.field(game, x, y)
        x, y = x + 0.05 * dx, y + 0.05 * dy


def jump_noise(game, x):
    """Covariance that imitation adds to sqrt(n) (shares - flow) per unit of time, one population."""
    noise = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            more = sum(x[k] * x[s] * max(game.A[j, s] - game.A[i, k], 0) for k in range(3) for s in range(3))
            leap = np.eye(3)[j] - np.eye(3)[i]
            noise += x[i] * x[j] * more * np.outer(leap, leap)
    return noise


def test_errors_fall_as_the_root_of_the_number(seed):
    """Against Kurtz's limit: the variance of sqrt(n) (shares - flow) follows S' = J S + S J^T + noise."""
    game, step, time = rps(), 0.01, 2.0
    xs, _ = imitation.flow(game, [0.5, 0.25, 0.25], time=time, step=step)
    S = np.zeros((3, 3))
    for x in xs[:-1]:
        J = np.array([(imitation.field(game, x + h, x + h)[0] - imitation.field(game, x - h, x - h)[0]) / 2e-6 for h in 1e-6 * np.eye(3)]).T
        S = S + step * (J @ S + S @ J.T + jump_noise(game, x))
    for n in (400, 6400):
        rng, runs = np.random.default_rng(seed), 400
        found, same = imitation.imitators(game, [n // 2, n // 4, n // 4], time=time, step=step, rng=rng, runs=runs)
        assert found is same or np.array_equal(found, same)
        assert found.shape == (201, runs, 3) and np.allclose(found.sum(axis=2), 1) and np.allclose(found * n, np.round(found * n), atol=1e-6)
        squares = n * ((found[-1] - xs[-1]) ** 2).sum(axis=1)
        # The squares have a variance of 2 tr(S S); 3% for the finite step, and a drift of Euler's of less than n 1e-6.
        bound = 5 * math.sqrt(2 * np.trace(S @ S) / runs) + 0.03 * np.trace(S) + n * 1e-5
        assert abs(squares.mean() - np.trace(S)) < bound


def test_the_extinct_are_not_imitated():
    xs, ys = imitation.imitators(PRISONERS, [100, 0], [50, 50], time=5, step=0.1, rng=np.random.default_rng(0), runs=3)
    assert np.all(xs[..., 0] == 1) and np.all(np.diff(ys[..., 0], axis=0) <= 0) and ys[-1, 0, 0] < 0.2


# --- fictitious play ---------------------------------------------------------------------------------------------


def round_by_round(game, rounds, p, q, first):
    """Pairs (rounds, 2), by the definition, in fractions."""
    A, B = ([[Fraction(str(float(one))) for one in row] for row in paid] for paid in game)
    p, q, (i, j), pairs = list(p), list(q), first, []
    for _ in range(rounds):
        row = [sum(A[k][s] * q[s] for s in range(len(q))) for k in range(len(p))]
        column = [sum(B[s][k] * p[s] for s in range(len(p))) for k in range(len(q))]
        i = i if row[i] == max(row) else row.index(max(row))
        j = j if column[j] == max(column) else column.index(max(column))
        pairs.append((i, j))
        p[i] += 1
        q[j] += 1
    return np.array(pairs)


def test_spells_are_what_is_played_round_by_round(seed):
    rng = np.random.default_rng(seed)
    for m, n in ((2, 2), (3, 3), (2, 4), (4, 3)):
        game = Game(rng.integers(-2, 3, (m, n)) / 10, rng.integers(-2, 3, (m, n)) / 10)  # ties abound
        p, q = rng.integers(0, 4, m), rng.integers(0, 4, n)
        first = (int(rng.integers(m)), int(rng.integers(n)))
        played = imitation.fictitious(game, 150, p, q, first)
        pairs = np.repeat(played.pairs, played.rounds.astype(np.intp), axis=0)
        assert np.array_equal(pairs, round_by_round(game, 150, p.tolist(), q.tolist(), first))
        assert np.all(np.any(np.diff(played.pairs, axis=0) != 0, axis=1)) and played.rounds.min() >= 1
        ends = np.cumsum(played.rounds)
        for size, before, seen, column in ((m, p, played.p, 0), (n, q, played.q, 1)):
            counts = [before + np.bincount(pairs[:end, column], minlength=size) for end in ends]
            assert np.array_equal(seen, counts) and seen.dtype == np.int64


def test_decimals_make_no_false_ties():
    """0.1 + 0.2 is 0.3 here, as in the game ten times as large."""
    game = Game(np.array([[0.1, 0.2, 0.0], [0.3, 0.0, 0.0], [0.0, 0.0, 0.3]]), np.array([[0.2, 0.1, 0.3], [0.0, 0.3, 0.1], [0.7, 0, 0.1]]))
    ten = Game(np.round(10 * game.A), np.round(10 * game.B))
    assert all(np.array_equal(a, b) for a, b in zip(imitation.fictitious(game, 5000), imitation.fictitious(ten, 5000), strict=True))


def test_payoffs_need_no_common_unit():
    """0.5 to 0.2: the column player comes to 2/7, as makes the row player indifferent."""
    played = imitation.fictitious(Game(np.array([[0.5, 0], [0, 0.2]]), np.array([[0, 0.125], [0.04, 0]])), 10**6)
    np.testing.assert_allclose([played.q[-1] / 10**6, played.p[-1] / 10**6], [[2 / 7, 5 / 7], [0.04 / 0.165, 0.125 / 0.165]], atol=2e-3)


def test_shapley_s_game():
    """Target T13.2. Frequencies keep 0.168 to 0.336 off (1/3, 1/3, 1/3), at which both would earn 1/3."""
    assert RATIO == pytest.approx(1.465571, abs=5e-7)
    played = imitation.fictitious(SHAPLEY, 10**8)
    cycle = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 0)]
    assert [tuple(pair) for pair in played.pairs.tolist()] == (cycle * 8)[:len(played.pairs)]
    rounds = played.rounds[:-1]
    np.testing.assert_allclose(rounds[21:] / rounds[20:-1], RATIO, rtol=1e-3)
    np.testing.assert_allclose(rounds[-1] / rounds[-2], RATIO, rtol=2e-6)
    # Each strategy is kept for two spells, so that frequencies turn where they are as 1 to RATIO^-2 to RATIO^-4: at the
    # corners of an equilateral triangle, whose sides come half as near to its middle.
    corner = RATIO ** -np.array([0.0, 2, 4])
    far = np.linalg.norm(corner / corner.sum() - 1 / 3)
    assert far == pytest.approx(0.336425, abs=1e-6)
    seen = np.concatenate(np.linspace(played.p[-9:-2], played.p[-8:-1], 1000, axis=1))
    off = np.linalg.norm(seen / seen.sum(axis=1, keepdims=True) - 1 / 3, axis=1)
    assert off.max() == pytest.approx(far, abs=1e-5) and off.min() == pytest.approx(far / 2, abs=1e-5)
    earned = (played.rounds[:, None] * np.column_stack([paid[tuple(played.pairs.T)] for paid in SHAPLEY])).sum(axis=0)
    assert earned.sum() == 10**8 and earned.min() > 0.4 * 10**8  # one of them wins every round


def test_shapley_s_cycle_catches_all_beliefs(seed):
    rng = np.random.default_rng(seed)
    p, q = (rng.multinomial(10_000, rng.dirichlet(np.ones(3))) for _ in range(2))
    played = imitation.fictitious(SHAPLEY, 10**12, p, q)
    np.testing.assert_allclose(played.rounds[-3] / played.rounds[-4], RATIO, rtol=1e-3)
    assert np.linalg.norm(played.p[-1] / played.p[-1].sum() - 1 / 3) > 0.16


def test_zero_sum_games_converge(seed):
    """Robinson 1951: both frequencies come to secure the value, which scipy's linear programme knows."""
    rng = np.random.default_rng(seed)
    A = rng.integers(-5, 6, (3, 4)).astype(float)
    played = imitation.fictitious(Game(A, -A), 10**6)
    p, q = played.p[-1] / 10**6, played.q[-1] / 10**6
    value = linprog([0, 0, 0, -1], A_ub=np.column_stack([-A.T, np.ones(4)]), b_ub=np.zeros(4), A_eq=[[1, 1, 1, 0]], b_eq=[1],
                    bounds=[(0, None)] * 3 + [(None, None)]).x[-1]
    assert (p @ A).min() - 1e-9 <= value <= (A @ q).max() + 1e-9
    assert (A @ q).max() - (p @ A).min() < 0.05


@pytest.mark.parametrize("game", [rps(), PENNIES])
def test_where_imitation_circles_fictitious_play_converges(game):
    played = imitation.fictitious(game, 10**6)
    m = len(game.A)
    np.testing.assert_allclose([played.p[-1] / 10**6, played.q[-1] / 10**6], 1 / m, atol=2e-3)
    assert 500 < len(played.rounds) < 2000  # spells grow as the root of the time


def test_an_equilibrium_in_pure_strategies_holds_for_ever():
    assert list(imitation.spells(PRISONERS, [3, 0], [0, 0], (0, 0))) == [(0, 1, 1), (1, 1, math.inf)]
    played = imitation.fictitious(PRISONERS, 10**15)
    assert played.pairs.tolist() == [[0, 0], [1, 1]] and played.rounds.tolist() == [1, 10**15 - 1]
    assert list(islice(imitation.spells(symmetric([[1, 1], [1, 1]]), [0, 5], [0, 0], (1, 0)), 3)) == [(1, 0, math.inf)]


def test_they_can_miss_each_other_for_ever():
    """A coordination game: the frequencies come to an equilibrium, and nothing is ever earned (Fudenberg & Kreps 1993)."""
    played = imitation.fictitious(symmetric(np.eye(2)), 10_000, first=(0, 1))
    assert np.all(played.pairs[:, 0] != played.pairs[:, 1])
    np.testing.assert_allclose(played.p[-1] / 10_000, 0.5, atol=1e-3)


# --- regret --------------------------------------------------------------------------------------------------------


def test_regrets_by_their_definition(seed):
    rng = np.random.default_rng(seed)
    game = random_game(rng)
    z = rng.dirichlet(np.ones(12)).reshape(3, 4)
    row, column = imitation.regrets(game, z)
    for j in range(3):
        for k in range(3):
            assert row[j, k] == pytest.approx(sum(z[j, s] * (game.A[k, s] - game.A[j, s]) for s in range(4)))
    for j in range(4):
        for k in range(4):
            assert column[j, k] == pytest.approx(sum(z[s, j] * (game.B[s, k] - game.B[s, j]) for s in range(3)))
    assert imitation.worst_regret(game, z) == pytest.approx(max(row.max(), column.max()))
    np.testing.assert_allclose(imitation.worst_regret(game, np.stack([z, z])), max(row.max(), column.max()))


def test_correlated_equilibria_have_no_regret():
    six = (SHAPLEY.A + SHAPLEY.B) / 6  # one wins, by lot
    for game, z in ((SHAPLEY, six), (SHAPLEY, np.full((3, 3), 1 / 9)), (PRISONERS, np.array([[0, 0], [0, 1.0]]))):
        assert imitation.worst_regret(game, z) == pytest.approx(0, abs=1e-12)
    assert imitation.worst_regret(PRISONERS, np.array([[1.0, 0], [0, 0]])) == 2


def test_regret_matching_by_its_definition(seed):
    rng, again = np.random.default_rng(seed), np.random.default_rng(seed)
    runs = 4
    game = Game(np.column_stack([SHAPLEY.A, [0, 0, 0]]), 3 * np.column_stack([SHAPLEY.B, [0, 0.1, 0.2]]))
    found = imitation.regret_matching(game, [1, 7, 400], rng, runs)
    pairs = list(zip(again.integers(0, 3, runs).tolist(), again.integers(0, 4, runs).tolist(), strict=True))
    counts, kept = np.zeros((runs, 3, 4)), []
    for done in range(1, 401):
        for run, pair in enumerate(pairs):
            counts[run][pair] += 1
        if done in (1, 7, 400):
            kept.append(counts / done)
        lots = again.random(runs), again.random(runs)
        for run, pair in enumerate(pairs):
            after = []
            for player, (regret, paid, now) in enumerate(zip(imitation.regrets(game, counts[run] / done), game, pair, strict=True)):
                lot, chosen = lots[player][run], now
                for k, more in enumerate(regret[now]):
                    lot -= max(more, 0) / (np.ptp(paid) * len(regret))
                    if lot < 0:
                        chosen = k
                        break
                after.append(chosen)
            pairs[run] = tuple(after)
    np.testing.assert_allclose(found, kept, atol=1e-12)


def test_regret_matching_comes_to_correlated_equilibria_where_fictitious_play_does_not(seed):
    z = imitation.regret_matching(SHAPLEY, [100, 3000], np.random.default_rng(seed), runs=100)
    worst = imitation.worst_regret(SHAPLEY, z)
    assert worst[0].mean() > 0.15 and worst[1].mean() < 0.08 and worst[1].max() < 0.15
    played = imitation.fictitious(SHAPLEY, 10**6)
    joint = np.bincount(played.pairs @ [3, 1], played.rounds, 9).reshape(3, 3) / 10**6
    assert imitation.worst_regret(SHAPLEY, joint) > 0.1


@pytest.mark.parametrize("call, message", [
    (lambda: imitation.flow(SHAPLEY, THIRDS, time=1), r"y=None: one population needs a symmetric game"),
    (lambda: imitation.flow(rps(), [1, -1, 1], time=1), r"x=\[1, -1, 1\]"),
    (lambda: imitation.flow(rps(), THIRDS, time=10, step=5e-5), r"step=5e-05: time=10 would take more than 20,000 of it"),
    (lambda: imitation.imitators(rps(), [1, 1, 1], time=1, step=1e-308, rng=None), r"step=1e-308: time=1 would take more"),
    (lambda: imitation.flow(rps(), THIRDS, [1, 1], time=1), r"y=\[1, 1\]: must hold 3"),
    (lambda: imitation.flow(rps(), THIRDS, time=-1), r"time=-1"),
    (lambda: imitation.flow(rps(), THIRDS, time=1, step=0), r"step=0"),
    (lambda: imitation.imitators(SHAPLEY, [1, 1, 1], time=1, step=0.1, rng=None), r"y=None"),
    (lambda: imitation.imitators(rps(), [1, 1], time=1, step=0.1, rng=None), r"heads=\[1, 1\]: must hold 3 whole numbers, not all zero"),
    (lambda: imitation.imitators(rps(), [1, 1, 1], [0, 0, 0], time=1, step=0.1, rng=None), r"others=\[0, 0, 0\]"),
    (lambda: imitation.imitators(rps(), [1, 1, 1], time=1, step=0.6, rng=None), r"step=0.6: must be finite and in \(0, 0.5\]"),
    (lambda: imitation.imitators(Game(np.eye(2), 4 * np.eye(2)), [1, 1], [1, 1], time=1, step=0.3, rng=None), r"step=0.3: .* \(0, 0.25\]"),
    (lambda: imitation.imitators(rps(), [1, 1, 1], time=math.inf, step=0.1, rng=None), r"time=inf"),
    (lambda: imitation.imitators(rps(), [1, 1, 1], time=1, step=0.1, rng=None, runs=0), r"runs=0"),
    (lambda: imitation.fictitious(rps(), 0), r"rounds=0"),
    (lambda: imitation.fictitious(rps(), 5, [1, 2]), r"p of shape \(2,\): must be \(3,\)"),
    (lambda: imitation.fictitious(rps(), 5, None, [1, 2, 0.5]), r"q=\[1, 2, 0.5\]: must be whole"),
    (lambda: imitation.fictitious(rps(), 5, first=(0, 3)), r"first=\[0, 3\]: must be a row below 3 and a column below 3"),
    (lambda: imitation.fictitious(rps(), 5, first=(3, 0)), r"first=\[3, 0\]"),
    (lambda: imitation.fictitious(rps(), 5, first=(0, 0, 0)), r"first=\[0, 0, 0\]"),
    (lambda: imitation.regret_matching(rps(), [5, 5], None), r"rounds=\[5, 5\]: must be whole numbers, each above the last"),
    (lambda: imitation.regret_matching(rps(), 5, None), r"rounds=5"),
    (lambda: imitation.regret_matching(rps(), [], None), r"rounds=\[\]"),
    (lambda: imitation.regret_matching(rps(), [5], None, runs=0), r"runs=0"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
