import warnings
from fractions import Fraction
from itertools import combinations, product

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from helpers import games

pytestmark = pytest.mark.usefixtures("one_blas_thread")
NAMED = games.NAMED


def rows_of(x, y):
    """Equilibria as a set, to eight digits."""
    return {tuple(row) for row in np.concatenate([x, y], axis=1).round(8) + 0.0}


def random_game(rng, m, n):
    return games.game(rng.uniform(-1, 1, (m, n)), rng.uniform(-1, 1, (m, n)))


# --- text ----------------------------------------------------------------------------------------------


def test_a_line_of_text_is_a_game():
    both = games.typed(" 3,3 0,5;5,0   1,1 ")
    np.testing.assert_array_equal(both.A, [[3, 0], [5, 1]])
    np.testing.assert_array_equal(both.B, [[3, 5], [0, 1]])
    one = games.typed("3 0; 5 1")
    np.testing.assert_array_equal(one, both)
    assert games.shown(both) == "3 0; 5 1"
    wide = games.typed("1,2 -0.5,1e2 .25,3; 0,0 1,1 2,2")
    assert wide.A.shape == (2, 3) and games.shown(wide) == "1,2 -0.5,100 0.25,3; 0,0 1,1 2,2"


numbers = st.one_of(st.integers(-9, 9).map(float), st.floats(-1000, 1000))


@given(st.data(), st.integers(2, 6), st.integers(2, 6), st.booleans())
@settings(max_examples=100, deadline=None)
def test_what_is_shown_is_read_again(data, m, n, symmetric):
    def payoffs(k):
        return data.draw(st.lists(st.lists(numbers, min_size=k, max_size=k), min_size=m, max_size=m))

    A = payoffs(m if symmetric else n)
    game = games.game(A, np.transpose(A) if symmetric else payoffs(n))
    again = games.typed(games.shown(game))
    np.testing.assert_array_equal(again, game)
    assert not symmetric or "," not in games.shown(game)


@pytest.mark.parametrize("text, message", [
    ("", r"text='': must be a game"),
    ("  ", r"text='  ': must be a game"),
    (7, r"text=7: must be a game"),
    ("1 2; 3", r"text='1 2; 3': row 2 has 1 entries, row 1 has 2; must be alike"),
    ("1 2; 3 4;", r"row 3 has 0 entries"),
    (";", r"row 1 has 0 entries"),
    ("1 2", r"1 rows of 2; must be from 2 to 6"),
    ("1; 2", r"2 rows of 1; must be from 2 to 6"),
    ("; ".join(["1 1 1 1 1 1 1"] * 7), r"text='1 1 1.*\.\.\.': 7 rows of 7; must be from 2 to 6"),
    ("1 2 3; 4 5 6", r"2 rows of 3; with one number an entry must be square"),
    ("1 x; 3 4", r"'x' must be a number, or two with a comma"),
    ("1, 2; 3 4", r"'1,' must be a number, or two with a comma"),
    ("1 nan; 3 4", r"'nan' must be finite and in \[-1000, 1000\]"),
    ("1 2; 3,3 4", r"'3,3' has 2 numbers; must be 1 in every entry, or 2"),
    ("1,1 2; 3,3 4", r"'2' has 1 numbers; must be 1 in every entry, or 2"),
    ("1,1,1 2,2,2; 3,3,3 4,4,4", r"'1,1,1' has 3 numbers"),
    ("1,inf 2,2; 3,3 4,4", r"'1,inf' must be finite"),
    ("1 2; 3 1001", r"'1001' must be finite and in \[-1000, 1000\]"),
    ("1 2; 3 -1e9", r"'-1e9' must be finite and in"),
])
def test_text_that_is_no_game(text, message):
    with pytest.raises(ValueError, match=message):
        games.typed(text)


# --- the games that have names ----------------------------------------------------------------------------


@pytest.mark.parametrize("name, pure, mixed", [
    ("prisoners' dilemma", [[1, 1]], None), ("stag hunt", [[0, 0], [1, 1]], ([3 / 4, 1 / 4], [3 / 4, 1 / 4])),
    ("chicken", [[0, 1], [1, 0]], ([1 / 3, 2 / 3], [1 / 3, 2 / 3])), ("coordination", [[0, 0], [1, 1]], ([1 / 2] * 2, [1 / 2] * 2)),
    ("battle of the sexes", [[0, 0], [1, 1]], ([3 / 5, 2 / 5], [2 / 5, 3 / 5])), ("matching pennies", [], ([1 / 2] * 2, [1 / 2] * 2)),
    ("rock paper scissors", [], ([1 / 3] * 3, [1 / 3] * 3)), ("Shapley's game", [], ([1 / 3] * 3, [1 / 3] * 3)),
    ("climbing", [[0, 0], [1, 1]], ([5 / 16, 0, 11 / 16], [5 / 16, 0, 11 / 16]))])
def test_classics(name, pure, mixed):
    """By hand: each has the pure equilibria of the textbooks and at most one more."""
    game = NAMED[name]
    assert games.pure(game).tolist() == pure and games.pure(game).shape == (len(pure), 2)
    x, y = games.equilibria(game)
    assert len(x) == len(pure) + (mixed is not None)
    for k, (row, column) in enumerate(pure):
        assert x[k, row] == 1 and y[k, column] == 1
    if mixed:
        np.testing.assert_allclose(x[-1], mixed[0], atol=1e-12)
        np.testing.assert_allclose(y[-1], mixed[1], atol=1e-12)


def test_targets():
    """T13.2 and T13.3: the games as they are given there."""
    np.testing.assert_array_equal(NAMED["Shapley's game"], [np.eye(3), [[0, 1, 0], [0, 0, 1], [1, 0, 0]]])
    np.testing.assert_array_equal(NAMED["climbing"], [[[11, -30, 0], [-30, 7, 6], [0, 0, 5]]] * 2)
    np.testing.assert_array_equal(games.penalty(-7), [[[10, 0, -7], [0, 2, 0], [-7, 0, 10]]] * 2)
    np.testing.assert_array_equal(NAMED["penalty"], games.penalty(-10))
    assert games.team_optimum(NAMED["climbing"]) == (0, 0, 22)
    assert games.pure(games.penalty(0)).tolist() == [[0, 0], [1, 1], [2, 2]]


def test_kinds_of_the_classics():
    for name in ("prisoners' dilemma", "stag hunt", "chicken", "coordination", "rock paper scissors"):
        assert "," not in games.shown(NAMED[name])
    for name in ("matching pennies", "rock paper scissors"):
        np.testing.assert_array_equal(NAMED[name].A, -NAMED[name].B)
    A, B = NAMED["battle of the sexes"]
    assert A[0, 0] > A[1, 1] and B[0, 0] < B[1, 1]
    dare = NAMED["chicken"].A
    assert dare[0, 0] < dare[1, 0] < dare[1, 1] < dare[0, 1]  # crash, yield alone, both yield, dare alone
    stag = NAMED["stag hunt"].A
    assert stag[0, 0] > stag[1, 0] >= stag[1, 1] > stag[0, 1]


# --- all equilibria --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("m, n", [(2, 2), (2, 3), (3, 2), (3, 3), (4, 3), (4, 4), (2, 6)])
def test_equilibria_are_nashpy_s(m, n, seed):
    rng = np.random.default_rng(seed)
    for _ in range(6):
        game = random_game(rng, m, n)
        # Its support_enumeration (0.0.43) loses equilibria to rounding: some chance comes out as -1e-17.
        theirs = list(nashpy.Game(*game).vertex_enumeration())
        x, y = games.equilibria(game)
        assert rows_of(x, y) == rows_of(*(np.array(side) for side in zip(*theirs, strict=True)))
        assert len(x) == len(theirs) and len(x) % 2 == 1  # an odd number (Wilson 1971)
        assert games.regret(game, x, y).max() < 1e-9


def solved(rows, ends):
    """The one solution of linear equations in fractions, or None if there is none or there are more."""
    rows = [[*map(Fraction, row), Fraction(end)] for row, end in zip(rows, ends, strict=True)]
    unknowns, done = len(rows[0]) - 1, 0
    for column in range(unknowns):
        pivot = next((k for k in range(done, len(rows)) if rows[k][column]), None)
        if pivot is None:
            return None
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [entry / rows[done][column] for entry in rows[done]]
        for k in range(len(rows)):
            if k != done:
                rows[k] = [a - rows[k][column] * b for a, b in zip(rows[k], rows[done], strict=True)]
        done += 1
    return None if any(row[-1] for row in rows[done:]) else [rows[k][-1] for k in range(unknowns)]


def subsets(n):
    return [set(chosen) for k in range(1, n + 1) for chosen in combinations(range(n), k)]


def extreme(payoff):
    """In fractions: all x that one support and one set of best replies pin down; payoff (m, n) is the other player's."""
    m, n = len(payoff), len(payoff[0])
    found = {}
    for played, best in product(subsets(m), subsets(n)):
        rows = [[*(k == i for i in range(m)), 0] for k in range(m) if k not in played]
        rows += [[*(payoff[i][j] for i in range(m)), -1] for j in best] + [[*[1] * m, 0]]
        x = solved(rows, [0] * (len(rows) - 1) + [1])
        if x is not None and min(x[:-1]) >= 0:
            gets = [sum(x[i] * payoff[i][j] for i in range(m)) for j in range(n)]
            if max(gets) == x[-1]:
                found[tuple(x[:-1])] = {j for j in range(n) if gets[j] == max(gets)}
    return found


@pytest.mark.parametrize("m, n", [(2, 2), (2, 3), (3, 3)])
def test_extreme_equilibria_of_degenerate_games(m, n, seed):
    """Against the same definition in fractions, for payoffs 0, 1, 2: nearly all of these games are degenerate."""
    rng = np.random.default_rng(seed)
    for _ in range(8):
        A, B = rng.integers(0, 3, (2, m, n))
        expected = {tuple(map(float, x + y))
                    for (x, to_x), (y, to_y) in product(extreme(B.tolist()).items(), extreme(A.T.tolist()).items())
                    if all(j in to_x for j in range(n) if y[j]) and all(i in to_y for i in range(m) if x[i])}
        x, y = games.equilibria(games.game(A, B))
        assert rows_of(x, y) == {tuple(np.round(row, 8)) for row in expected} and len(x) == len(expected)


def test_a_degenerate_game_of_nashpy_s_manual():
    """Zero-sum; nashpy's manual says that its three algorithms each miss some. Rows 1, 2 are alike, so any share of them does."""
    A = np.array([[0.0, -1, 1], [-1, 0, 1], [-1, 0, 1]])
    x, y = games.equilibria(games.game(A, -A))
    assert rows_of(x, y) == {(0.5, 0.5, 0, 0.5, 0.5, 0), (0.5, 0, 0.5, 0.5, 0.5, 0)}
    share = np.linspace(0, 1, 11)[:, np.newaxis]
    assert games.regret(games.game(A, -A), share * x[0] + (1 - share) * x[1], np.tile(y[0], (11, 1))).max() < 1e-12


def test_a_game_in_which_nothing_matters():
    x, y = games.equilibria(games.game(np.ones((2, 3)), np.zeros((2, 3))))
    assert len(x) == 6 and len(games.pure(games.game(np.ones((2, 3)), np.zeros((2, 3))))) == 6
    assert np.all((x == 0) | (x == 1)) and np.all((y == 0) | (y == 1))


def test_the_order_of_equilibria():
    x, y = games.equilibria(NAMED["penalty"])
    assert (x > 0).sum(axis=1).tolist() == [1, 1, 1, 2, 2, 2] and x[:3].tolist() == np.eye(3).tolist()


@pytest.mark.parametrize("scale, shift", [(1e-3, 0), (20, 300), (1, -30)])
def test_units_of_payoffs_do_not_matter(scale, shift):
    for game in NAMED.values():
        x, y = games.equilibria(game)
        again = games.equilibria(games.game(scale * game.A + shift, game.B))
        np.testing.assert_allclose(np.concatenate(again), np.concatenate([x, y]), atol=1e-8)


# --- replies, regret, and the rest -------------------------------------------------------------------------------


def test_payoffs_replies_and_regret_by_loops(seed):
    rng = np.random.default_rng(seed)
    game = random_game(rng, 3, 4)
    x, y = rng.dirichlet(np.ones(3), 5), rng.dirichlet(np.ones(4), 5)
    got, regret, (rows, columns) = games.payoffs(game, x, y), games.regret(game, x, y), games.replies(game, x, y)
    for k in range(5):
        row = [sum(game.A[i, j] * y[k, j] for j in range(4)) for i in range(3)]
        column = [sum(game.B[i, j] * x[k, i] for i in range(3)) for j in range(4)]
        mine = sum(x[k, i] * row[i] for i in range(3)), sum(y[k, j] * column[j] for j in range(4))
        assert (got[0][k], got[1][k]) == (pytest.approx(mine[0]), pytest.approx(mine[1]))
        assert regret[k] == pytest.approx(max(max(row) - mine[0], max(column) - mine[1]))
        assert rows[k].tolist() == [w == max(row) for w in row] and columns[k].tolist() == [w == max(column) for w in column]


def test_replies_of_those_who_are_indifferent():
    rows, columns = games.replies(NAMED["rock paper scissors"], [1 / 3] * 3, [0.5, 0.5, 0])
    assert rows.tolist() == [False, True, False] and columns.all()
    rows, columns = games.replies(NAMED["chicken"], [1 / 3, 2 / 3], [1 / 3, 2 / 3])
    assert rows.all() and columns.all()


def test_regret_is_of_either_player():
    assert games.regret(NAMED["prisoners' dilemma"], [1, 0], [1, 0]) == 2
    assert games.regret(NAMED["battle of the sexes"], [1, 0], [0, 1]) == 2
    assert games.regret(games.game([[5, 5], [0, 0]], [[1, 0], [0, 0]]), [1, 0], [0, 1]) == 1
    assert games.regret(games.game([[1, 5], [0, 0]], [[1, 0], [0, 0]]), [0, 1], [0, 1]) == 5


def test_pure_equilibria_by_brute_force(seed):
    rng = np.random.default_rng(seed)
    for _ in range(20):
        A, B = rng.integers(0, 4, (2, 3, 4))
        expected = [[i, j] for i in range(3) for j in range(4) if A[i, j] == A[:, j].max() and B[i, j] == B[i].max()]
        found = games.pure(games.game(A, B))
        assert found.tolist() == expected and found.dtype == np.int64


def test_what_is_secured_is_the_linear_programme_s(seed):
    rng = np.random.default_rng(seed)
    for game in [random_game(rng, 3, 4), games.game(*rng.integers(0, 3, (2, 3, 3))), NAMED["climbing"]]:
        for found, payoff in zip(games.secured(game), (game.A, game.B.T), strict=True):
            m, n = payoff.shape
            best = linprog([0] * m + [-1], A_ub=np.column_stack([-payoff.T, np.ones(n)]), b_ub=np.zeros(n),
                           A_eq=[[1] * m + [0]], b_eq=[1], bounds=[(0, None)] * m + [(None, None)])
            assert found == pytest.approx(-best.fun, abs=1e-9)


def test_nobody_gets_less_than_is_secured(seed):
    rng = np.random.default_rng(seed)
    game = random_game(rng, 3, 3)
    for got, sure in zip(games.payoffs(game, *games.equilibria(game)), games.secured(game), strict=True):
        assert np.all(got >= sure - 1e-9)


def test_prices_of_anarchy():
    assert games.price_of_anarchy(NAMED["prisoners' dilemma"]) == 3
    assert games.price_of_anarchy(NAMED["stag hunt"]) == pytest.approx(8 / 6)
    assert games.price_of_anarchy(NAMED["coordination"]) == pytest.approx(2)  # the mixture is the worst
    assert games.price_of_anarchy(NAMED["battle of the sexes"]) == pytest.approx(5 / 2.4)
    assert games.team_optimum(NAMED["prisoners' dilemma"]) == (0, 0, 6)
    assert games.team_optimum(games.typed("1,0 0,0 0,0; 0,0 0,0 2,5")) == (1, 2, 7)


def test_exact_potentials(seed):
    """A = P + what the column alone decides, B = P + what the row alone decides: all games that have a potential P."""
    rng = np.random.default_rng(seed)
    P = rng.uniform(-5, 5, (3, 4))
    game = games.game(P + rng.uniform(-5, 5, 4), P + rng.uniform(-5, 5, (3, 1)))
    np.testing.assert_allclose(games.exact_potential(game), P - P[0, 0], atol=1e-9)
    with pytest.raises(ValueError, match="game: has no exact potential"):
        games.exact_potential(games.game(game.A + 1e-3 * np.eye(3, 4), game.B))
    with pytest.raises(ValueError, match="game: has no exact potential"):
        games.exact_potential(random_game(rng, 3, 3))


def test_potentials_of_the_classics():
    assert games.exact_potential(NAMED["prisoners' dilemma"]).tolist() == [[0, 2], [2, 3]]
    np.testing.assert_array_equal(games.exact_potential(NAMED["climbing"]), NAMED["climbing"].A - 11)
    with pytest.raises(ValueError, match=r"round rows 0, 1 and columns 0, 1 sum to 8; must be 0"):
        games.exact_potential(NAMED["matching pennies"])  # each mover gains 2, for ever


@pytest.mark.parametrize("call, message", [
    (lambda: games.game([[1, 2], [3, np.nan]], np.ones((2, 2))), r"A=.*must be finite"),
    (lambda: games.game(np.ones((2, 2)), [[1, 2], [3, 2000]]), r"B=.*2000.*: must be finite and in \[-1000, 1000\]"),
    (lambda: games.game(np.ones((2, 2)), np.ones((2, 3))), r"A, B of shapes \(2, 2\), \(2, 3\): must be alike"),
    (lambda: games.game(np.ones((1, 2)), np.ones((1, 2))), r"A, B of shapes .* with 2 to 6 actions"),
    (lambda: games.game(np.ones((2, 7)), np.ones((2, 7))), r"A, B of shapes .* with 2 to 6 actions"),
    (lambda: games.penalty(1), r"k=1: must be finite and in \[-1000, 0\]"),
    (lambda: games.regret(NAMED["climbing"], [0.5, 0.5], [1, 0, 0]), r"x of shape \(2,\): must be \(..., 3\)"),
    (lambda: games.regret(NAMED["climbing"], [1, 0, 0], 1.0), r"y of shape \(\): must be \(..., 3\)"),
    (lambda: games.payoffs(NAMED["climbing"], [1, 0, 0], [0.5, 0.4, 0]), r"y: chances sum to 0.9; must sum to 1"),
    (lambda: games.replies(NAMED["chicken"], [1.5, -0.5], [1, 0]), r"x=\[1.5, -0.5\]: must be finite and in \[0"),
    (lambda: games.price_of_anarchy(NAMED["matching pennies"]), r"game: the least payoff is -1, .* must be at least 0, and above 0"),
    (lambda: games.price_of_anarchy(games.typed("5,1 0,-2; 0,0 1,1")), r"game: the least payoff is -2, the least sum in"),
    (lambda: games.price_of_anarchy(games.typed("0 0; 0 1")), r"game: the least payoff is 0, the least sum in an equilibrium 0;"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_large_games_are_quiet_and_sound(seed):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        game = random_game(np.random.default_rng(seed), 6, 6)
        x, y = games.equilibria(game)
    assert len(x) % 2 == 1 and games.regret(game, x, y).max() < 1e-8
