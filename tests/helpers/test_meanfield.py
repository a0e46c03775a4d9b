import numpy as np
import pytest
from scipy.integrate import solve_ivp

from helpers import meanfield, signals
from helpers.meanfield import Game

pytestmark = pytest.mark.usefixtures("one_blas_thread")

GAMES = [Game(), Game(a=0.5, q=0.3, eps=2, c=1.5, sigma=0.7, spread=0.4, horizon=2), Game(a=0, q=2, eps=4, c=3, spread=1)]


def test_systemic_risk_game_t11_1():
    players = [2, 10, 100, np.inf]
    np.testing.assert_allclose(meanfield.riccati(Game(), players, 0), [1.70195356, 1.60757544, 1.60406197, 1.60402661], atol=5e-9)
    np.testing.assert_allclose(meanfield.gain(Game(), players, 0), [1.850977, 2.446818, 2.588021, 2.604027], atol=5e-7)


@pytest.mark.parametrize("game", [*GAMES, Game(a=0, q=0, eps=0, c=2), Game(a=0, q=1, eps=1, c=5, horizon=10), Game(a=9, eps=900)])
@pytest.mark.parametrize("players", [2, 7, np.inf])
def test_riccati_against_an_ode_solver(game, players):
    def slope(t, phi):
        return 2 * (game.a + game.q) * phi + (1 - players**-2.0) * phi**2 - (game.eps - game.q**2)

    times = np.linspace(game.horizon, 0, 9)
    expected = solve_ivp(slope, (game.horizon, 0), [game.c], t_eval=times, method="Radau", rtol=1e-9, atol=1e-11).y[0]
    found = meanfield.riccati(game, players, times)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(meanfield.gain(game, players, times), game.q + (1 - 1 / players) * found)


def test_numbers_broadcast_and_a_long_game_is_stationary():
    found = meanfield.riccati(Game(horizon=10, eps=1e4), [[2], [np.inf]], [0, 1, 10])
    assert found.shape == (2, 3) and found[:, 2].tolist() == [0, 0]
    curve = np.array([0.75, 1])
    np.testing.assert_allclose(curve * found[:, 0]**2 + 4 * found[:, 0], 9999)
    assert np.shape(meanfield.riccati(Game(), 2, 0)) == ()


def matrices(game, n, strategy, one_alone):
    """dx = (F x + B u) dt + sigma dW in all n states: of all, or of player 0 alone while the others keep to the strategy."""
    gaps = np.full((n, n), 1 / n) - np.eye(n)
    seen = -np.eye(n) if strategy == "silent" else gaps
    others = np.eye(n)
    others[0, 0] = not one_alone

    def gain(t):
        return meanfield.gain(game, n if strategy == "Nash" else np.inf, t)

    def drift(t):
        return game.a * gaps + gain(t) * others @ seen

    return gaps, seen, gain, drift


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("strategy", meanfield.STRATEGIES)
@pytest.mark.parametrize("n", [2, 5])
def test_the_best_reply_by_the_riccati_equation_in_all_states(game, strategy, n):
    """With no use of what the module derives: n states, player 0's control, V = x'Px/2 + constant."""
    gaps, _, gain, drift = matrices(game, n, strategy, one_alone=True)
    gap, push = gaps[0], np.eye(n)[0]

    def wanted(p):
        return game.q * gap - push @ p

    def slope(left, y):
        p, f = y[:-1].reshape(n, n), drift(game.horizon - left)
        change = f.T @ p + p @ f + game.eps * np.outer(gap, gap) - np.outer(wanted(p), wanted(p))
        return np.append(change.ravel(), game.sigma**2 * np.trace(p) / 2)

    start = np.append(game.c * np.outer(gap, gap).ravel(), 0)
    solved = solve_ivp(slope, (0, game.horizon), start, t_eval=[0, game.horizon / 2, game.horizon], rtol=1e-10, atol=1e-12).y
    p = solved[:-1, -1].reshape(n, n)
    best = game.spread**2 * np.trace(p) / 2 + solved[-1, -1]
    cost = meanfield.expected_cost(game, n, strategy)
    assert cost - best == pytest.approx(meanfield.regret(game, n, strategy), abs=1e-8)
    if strategy == "Nash":
        for at, time in enumerate([game.horizon, game.horizon / 2, 0]):
            np.testing.assert_allclose(wanted(solved[:-1, at].reshape(n, n)), gain(time) * gap, atol=1e-7)
        np.testing.assert_allclose(p, meanfield.riccati(game, n, 0) * np.outer(gap, gap), atol=1e-7)
    else:
        assert meanfield.regret(game, n, strategy) > 1e-5


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("strategy", meanfield.STRATEGIES)
def test_costs_and_variances_by_the_covariance_of_all_states(game, strategy):
    n = 4
    gaps, seen, gain, drift = matrices(game, n, strategy, one_alone=False)

    def slope(t, y):
        s, f, u = y[:-1].reshape(n, n), drift(t), gain(t) * seen
        rate = u.T @ u / 2 - game.q * u.T @ gaps + game.eps / 2 * gaps.T @ gaps
        return np.append((f @ s + s @ f.T + game.sigma**2 * np.eye(n)).ravel(), np.trace(rate @ s) / n)

    times = np.linspace(0.1, 1, 4) * game.horizon
    start = np.append(game.spread**2 * np.eye(n).ravel(), 0)
    solved = solve_ivp(slope, (0, game.horizon), start, t_eval=times, rtol=1e-10, atol=1e-12).y
    s = solved[:-1].T.reshape(-1, n, n)
    cost = solved[-1, -1] + game.c / 2 * np.trace(gaps.T @ gaps @ s[-1]) / n
    assert meanfield.expected_cost(game, n, strategy) == pytest.approx(cost, rel=1e-7)
    np.testing.assert_allclose(meanfield.mean_variance(game, n, times, strategy), s.mean(axis=(1, 2)), rtol=1e-7)
    if strategy == "silent":
        gap, told = gaps[0], -np.eye(n)[0]
        both = s @ gap @ told
        expected = both / np.sqrt(s @ gap @ gap * (s @ told @ told))
        np.testing.assert_allclose(meanfield.gap_fidelity(game, n, times), expected, rtol=1e-7)


@pytest.mark.parametrize("game", GAMES)
def test_the_planners_optimum_in_all_states(game):
    n = 4
    gaps, _, _, _ = matrices(game, n, "limit", one_alone=False)

    def slope(left, y):
        p = y[:-1].reshape(n, n)
        wanted = game.q * gaps - p
        change = game.a * (gaps.T @ p + p @ gaps) + game.eps * gaps.T @ gaps - wanted.T @ wanted
        return np.append(change.ravel(), game.sigma**2 * np.trace(p) / 2)

    solved = solve_ivp(slope, (0, game.horizon), np.append(game.c * (gaps.T @ gaps).ravel(), 0), rtol=1e-10, atol=1e-12).y[:, -1]
    p = solved[:-1].reshape(n, n)
    np.testing.assert_allclose(game.q * gaps - p, meanfield.gain(game, np.inf, 0) * gaps, atol=1e-7)
    least = (game.spread**2 * np.trace(p) / 2 + solved[-1]) / n
    assert meanfield.expected_cost(game, n, "limit") == pytest.approx(least, rel=1e-8)
    assert meanfield.expected_cost(game, n, "Nash") > least * (1 + 1e-6)


@pytest.mark.parametrize("game", GAMES)
def test_rates_t11_2(game):
    """Their leading terms: the slope is off by O(1/N)."""
    players = np.array([128, 256, 512, 1024, 2048])

    def rate(errors):
        return meanfield.exponent(players, errors)

    assert rate(meanfield.gain(game, np.inf, 0) - meanfield.gain(game, players, 0)) == pytest.approx(-1, abs=0.01)
    assert rate(meanfield.riccati(game, players, 0) - meanfield.riccati(game, np.inf, 0)) == pytest.approx(-2, abs=0.01)
    assert rate(meanfield.regret(game, players, "limit")) == pytest.approx(-2, abs=0.02)
    assert rate(meanfield.regret(game, players, "silent")) == pytest.approx(-1, abs=0.02)
    nash, limit, silent = (meanfield.expected_cost(game, players, strategy) for strategy in meanfield.STRATEGIES)
    assert rate(nash / limit - 1) == pytest.approx(-2, abs=0.02)
    np.testing.assert_allclose((silent - limit) * players, (silent - limit)[0] * players[0], rtol=1e-9)  # 1/N exactly
    assert rate(1 - meanfield.gap_fidelity(game, players, game.horizon)) == pytest.approx(-1, abs=0.01)
    for strategy in meanfield.STRATEGIES:
        assert rate(meanfield.mean_variance(game, players, 1, strategy)) == pytest.approx(-1, abs=1e-9)


def test_the_gap_at_a_hundred_players_t11_2():
    assert meanfield.gain(Game(), np.inf, 0) - meanfield.gain(Game(), 100, 0) == pytest.approx(0.0160, abs=5e-5)
    np.testing.assert_allclose(meanfield.mean_variance(Game(sigma=2), [4, 100], 0.5, "Nash"), [0.5, 0.02])


def test_the_gaps_variance_in_closed_form():
    """r^2 spread^2 + sigma^2 r sinh(R t) / R with r = V(T - t) / V(T), V = cosh(R s) + (a + q + c) sinh(R s) / R."""
    for game in GAMES:
        b, times = game.a + game.q, np.linspace(0, game.horizon, 50)
        root = np.sqrt(b * b + game.eps - game.q**2)

        def grown(s, root=root, b=b + game.c):
            return np.cosh(root * s) + b * np.sinh(root * s) / root

        r = grown(game.horizon - times) / grown(game.horizon)
        own = r**2 * game.spread**2 + game.sigma**2 * r * np.sinh(root * times) / root
        mean = 10 * meanfield.mean_variance(game, 10, times, "silent")
        expected = np.sqrt(0.9 * own[1:] / (0.9 * own + 0.1 * mean)[1:])
        np.testing.assert_allclose(meanfield.gap_fidelity(game, 10, times)[1:], expected, rtol=1e-8)
    assert meanfield.gap_fidelity(Game(), 10, 0) == pytest.approx(np.sqrt(0.9))


def test_the_limit_itself_and_a_game_without_noise():
    for strategy in meanfield.STRATEGIES:
        assert meanfield.expected_cost(Game(), np.inf, strategy) == pytest.approx(meanfield.expected_cost(Game(), np.inf, "Nash"))
        assert meanfield.regret(Game(), np.inf, strategy) < 1e-15
        assert meanfield.mean_variance(Game(), np.inf, 1, strategy) == 0
        assert meanfield.expected_cost(Game(sigma=0), 5, strategy) == meanfield.regret(Game(sigma=0), 5, strategy) == 0
    assert meanfield.gap_fidelity(Game(), np.inf, 1) == 1 and meanfield.gap_fidelity(Game(sigma=0), 2, 1) == np.sqrt(0.5)
    shapes = {meanfield.regret(Game(), [[2, 3]], "limit").shape, meanfield.expected_cost(Game(), [[2, 3]], "silent").shape}
    assert shapes == {(1, 2)}


@pytest.mark.parametrize("strategy", meanfield.STRATEGIES)
def test_the_slowest_and_a_fast_game(strategy):
    idle = Game(a=0, q=0, eps=0)
    assert meanfield.expected_cost(idle, 3, strategy) == meanfield.regret(idle, 3, strategy) == 0
    assert meanfield.mean_variance(idle, 4, 1, strategy) == pytest.approx(0.25)
    assert meanfield.gap_fidelity(idle, 4, 1) == pytest.approx(np.sqrt(0.75))
    fast = Game(a=100, q=0, eps=1e4, c=100, sigma=10, horizon=1)
    loss = meanfield.regret(fast, 100, strategy) / meanfield.expected_cost(fast, 100, strategy)
    assert loss < 1e-12 if strategy == "Nash" else 1e-6 < loss < 0.1


def responses(game, n, steps, strategy):
    """(gap, mean, gains): Euler's states after each step, by the unit noises of the start and of each step. A gap has n - 1
    directions such as the one here; the mean is this over sqrt(n), by noises of its own."""
    dt = game.horizon / steps
    k = meanfield.gain(game, n if strategy == "Nash" else np.inf, dt * np.arange(steps))
    gap, mean = np.zeros((2, steps + 1, steps + 1))
    gap[0, 0] = mean[0, 0] = game.spread
    for t in range(steps):
        gap[t + 1] = (1 - dt * (game.a + k[t])) * gap[t]
        mean[t + 1] = (1 - dt * k[t] * (strategy == "silent")) * mean[t]
        gap[t + 1, t + 1] = mean[t + 1, t + 1] = game.sigma * np.sqrt(dt)
    return gap, mean, k


def quadratic_forms(game, n, steps):
    """{strategy: (Q, M)}: a run's cost is w'Qw / n summed over n - 1 directions of the gaps, plus w'Mw / n, in unit noises w;
    cross terms vanish, as gaps sum to zero."""
    dt, found = game.horizon / steps, {}
    for strategy in meanfield.STRATEGIES:
        gap, mean, k = responses(game, n, steps, strategy)
        weight = np.append(dt * (k**2 / 2 - game.q * k + game.eps / 2), game.c / 2)
        silence = np.append(dt * k**2 / 2, 0) * (strategy == "silent")
        found[strategy] = gap.T @ (weight[:, None] * gap), mean.T @ (silence[:, None] * mean)
    return found


@pytest.mark.parametrize("game", GAMES)
def test_measured_costs_within_five_standard_errors(game, seed):
    n, steps, runs = 12, 50, 400
    plays = meanfield.simulate(game, n, runs, steps, np.random.default_rng(seed))
    forms = quadratic_forms(game, n, steps)

    def agrees(measured, gap, mean):
        expected = ((n - 1) * np.trace(gap) + np.trace(mean)) / n
        variance = 2 * ((n - 1) * np.sum(gap * gap.T) + np.sum(mean * mean.T)) / n**2
        assert abs(measured.mean() - expected) < 5 * np.sqrt(variance / runs)

    for one in meanfield.STRATEGIES:
        agrees(plays[one].cost, *forms[one])
        for two in meanfield.STRATEGIES[:2]:  # same noise: the difference is known far better than either
            if one != two:
                agrees(plays[one].cost - plays[two].cost, *(f - g for f, g in zip(forms[one], forms[two], strict=True)))


@pytest.mark.parametrize("game", GAMES)
def test_eulers_cost_tends_to_the_exact_one(game):
    n = 12
    errors = []
    for steps in (100, 200):
        forms = quadratic_forms(game, n, steps)
        errors.append([((n - 1) * np.trace(gap) + np.trace(mean)) / n - meanfield.expected_cost(game, n, strategy)
                       for strategy, (gap, mean) in forms.items()])
    np.testing.assert_allclose(np.array(errors[0]) / errors[1], 2, atol=0.2)  # first order


def test_measured_fidelity_and_spread_of_the_mean(seed):
    game, n, runs, steps = Game(spread=0.5), 6, 3000, 50
    plays = meanfield.simulate(game, n, runs, steps, np.random.default_rng(seed), shown=1)
    for strategy, play in plays.items():
        gap, mean, _ = responses(game, n, steps, strategy)
        own, common = (gap**2).sum(axis=1) * (1 - 1 / n), (mean**2).sum(axis=1) / n
        exact = meanfield.mean_variance(game, n, np.linspace(0, 1, steps + 1), strategy)
        np.testing.assert_allclose(common, exact, rtol=3 / steps)
        assert abs(play.mean[:, -1].var(ddof=1) / common[-1] - 1) < 5 * np.sqrt(2 / (runs - 1))
        assert play.bytes == (0 if strategy == "silent" else 8 * 6 * 5 * steps)
        assert np.array_equal(play.heard[:, 0], (0 if strategy == "silent" else play.mean) - play.paths[:, 0])
        if strategy == "silent":
            for step in (0, 20, steps):
                expected = np.sqrt(own[step] / (own + common)[step])
                assert expected == pytest.approx(meanfield.gap_fidelity(game, n, step / steps), abs=0.003)
                measured = signals.fidelity((play.mean - play.paths[:, 0])[:, step], play.heard[:, 0, step])
                assert abs(np.arctanh(measured) - np.arctanh(expected)) < 5 / np.sqrt(runs - 3)  # Fisher's z
            assert np.all(signals.fidelity(play.mean, np.zeros_like(play.mean)) == 0)  # a constant tells nothing


def test_silence_matters_less_the_more_there_are():
    found = []
    for n in (5, 500):
        plays = meanfield.simulate(Game(), n, 20, 100, np.random.default_rng(1))
        nash = plays["Nash"].paths
        found.append([signals.fidelity(nash, plays[strategy].paths).mean() for strategy in meanfield.STRATEGIES])
    assert found[0][0] == found[1][0] == pytest.approx(1)
    assert found[0][2] < 0.97 and 0.999 < found[1][2] < 1 and found[1][1] > 0.9999


def test_the_same_seed_gives_the_same_plays_and_the_players_shown_are_players():
    one, two = (meanfield.simulate(Game(spread=1), 2, 3, 10, np.random.default_rng(4), shown=9) for _ in range(2))
    for strategy in meanfield.STRATEGIES:
        for left, right in zip(one[strategy], two[strategy], strict=True):
            assert np.array_equal(left, right)
        assert one[strategy].paths.shape == one[strategy].heard.shape == (3, 2, 11)
        np.testing.assert_allclose(one[strategy].paths.mean(axis=1), one[strategy].mean, atol=1e-14)
        assert np.array_equal(one[strategy].paths[:, :, 0], one["Nash"].paths[:, :, 0])


@pytest.mark.parametrize("kappa", [0, 0.5, 20])
@pytest.mark.parametrize("n", [2, 7, 50])
def test_beauty_contest_t11_3(kappa, n):
    """Against the n linear equations: the derivative of each player's cost by its own action."""
    targets = np.random.default_rng(n).normal(3, 2, (4, n))
    own = 1 - 1 / n
    matrix = np.eye(n) + kappa * own * (np.eye(n) - np.full((n, n), 1 / n))
    nash = meanfield.contest_nash(targets, kappa)
    np.testing.assert_allclose(nash, np.linalg.solve(matrix, targets.T).T, atol=1e-12)
    np.testing.assert_allclose(nash.mean(axis=1), targets.mean(axis=1))
    rounds = meanfield.contest_rounds(targets, kappa, 0, 40)
    assert rounds.shape == (41, 4, n) and not rounds[0].any()
    k = kappa * own**2
    off = rounds - nash
    for t in range(5):
        np.testing.assert_allclose(off[t + 1].mean(axis=1), k / (1 + k) * off[t].mean(axis=1), atol=1e-10)
        gaps = off - off.mean(axis=2, keepdims=True)
        np.testing.assert_allclose(gaps[t + 1], -k / (1 + k) / (n - 1) * gaps[t], atol=1e-10)
    assert np.abs(off[-1]).max() <= (k / (1 + k))**40 * np.abs(off[0]).max() + 1e-12


def test_no_player_of_the_contest_gains_by_another_action():
    targets, kappa = np.array([0.0, 1, 5]), 2.0
    nash = meanfield.contest_nash(targets, kappa)
    for i in range(3):
        tried = np.tile(nash, (201, 1))
        tried[:, i] += np.linspace(-1, 1, 201)
        costs = (tried[:, i] - targets[i])**2 + kappa * (tried[:, i] - tried.mean(axis=1))**2
        assert costs.argmin() == 100


def test_the_contest_tends_to_its_limit():
    players = np.array([50, 100, 200, 400, 800])
    errors = []
    for n in players:
        targets = np.tile([0.0, 2.0], n // 2)
        errors.append(np.abs(meanfield.contest_nash(targets, 3) - meanfield.contest_limit(targets, 3, 1)).max())
    assert meanfield.exponent(players, errors) == pytest.approx(-1, abs=0.01)
    assert meanfield.contest_limit([0.0, 2], 3, 1).tolist() == [0.75, 1.25]


@pytest.mark.parametrize("call, message", [
    (lambda: meanfield.riccati(Game(a=-1), 2, 0), r"a=-1: must be finite and in \[0, 100\]"),
    (lambda: meanfield.riccati(Game(q=2, eps=3.9), 2, 0), r"eps=3.9: must be finite and in \[4, 10000\]"),
    (lambda: meanfield.riccati(Game(c=np.nan), 2, 0), r"c=nan: must be finite"),
    (lambda: meanfield.gain(Game(horizon=0), 2, 0), r"horizon=0: must be finite and in \(0, 10\]"),
    (lambda: meanfield.gain(Game(), 1, 0), r"players=.*1.*: must be finite and in \[2"),
    (lambda: meanfield.gain(Game(), [2, -np.inf], 0), r"players=.*: must be finite and in \[2"),
    (lambda: meanfield.gain(Game(), 2.5, 0), r"players=.*2\.5.*: must be whole"),
    (lambda: meanfield.gain(Game(), 2, 1.5), r"times=1.5: must be finite and in \[0, 1\]"),
    (lambda: meanfield.expected_cost(Game(sigma=101), 2, "Nash"), r"sigma=101: must be"),
    (lambda: meanfield.expected_cost(Game(spread=-1), 2, "Nash"), r"spread=-1: must be"),
    (lambda: meanfield.expected_cost(Game(), 2, "loud"), r"strategy='loud': must be one of 'Nash', 'limit', 'silent'"),
    (lambda: meanfield.regret(Game(), 2, "loud"), r"strategy='loud': must be one of"),
    (lambda: meanfield.mean_variance(Game(), 2, 0, "loud"), r"strategy='loud': must be one of"),
    (lambda: meanfield.mean_variance(Game(), 2, -1, "silent"), r"times=-1: must be"),
    (lambda: meanfield.gap_fidelity(Game(), 2, 2), r"times=2: must be finite and in \[0, 1\]"),
    (lambda: meanfield.gap_fidelity(Game(), 2, []), r"times of shape \(0,\): must hold one at least"),
    (lambda: meanfield.riccati(Game(), [2, 3], [0, 0.5, 1]), r"players of shape \(2,\), times of shape \(3,\): must broadcast together"),
    (lambda: meanfield.contest_limit([1, 2, 3], 1, [1, 2]), r"targets of shape \(3,\), mean of shape \(2,\): must broadcast together"),
    (lambda: meanfield.simulate(Game(), 2, 1, 3, None), r"steps=3: must be above 3\.6, \(a \+ gain\) horizon"),
    (lambda: meanfield.simulate(Game(c=8), 2, 1, 9, None), r"steps=9: must be above 10, "),
    (lambda: meanfield.simulate(Game(), np.inf, 1, 9, None), r"players=inf: must be finite"),
    (lambda: meanfield.simulate(Game(), 2, 0, 9, None), r"runs=0: must be"),
    (lambda: meanfield.simulate(Game(), 2, 1, 9, None, shown=0), r"shown=0: must be"),
    (lambda: meanfield.exponent([2, 2], [1, 1]), r"players, errors of shapes .*must be alike, players not all the same"),
    (lambda: meanfield.exponent([2, 3], [1, 0]), r"errors=\[1, 0\]: must be finite and in \(0"),
    (lambda: meanfield.exponent([2, 3], [1, 1, 1]), r"players, errors of shapes \(2,\), \(3,\): must be alike"),
    (lambda: meanfield.contest_nash([1], 1), r"targets of shape \(1,\): must be \(..., players\), at least two"),
    (lambda: meanfield.contest_nash([1, 2], -1), r"kappa=-1: must be"),
    (lambda: meanfield.contest_limit([1, 2], 1, np.inf), r"mean=inf: must be finite"),
    (lambda: meanfield.contest_rounds([1, 2], 1, [1, 2, 3], 1),
     r"start of shape \(3,\): must broadcast to that of targets, \(2,\)"),
    (lambda: meanfield.contest_rounds([1, 2], 1, 0, -1), r"rounds=-1: must be"),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
