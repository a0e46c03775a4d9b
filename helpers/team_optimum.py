"""How well a team of `marl` could do: exact returns, their slopes, and the best policies.

P (S, A, S) and R (S, A) are of one world: R the mean over the agents of what each earns, A = 2^n joint actions. The best in
the class is the best of the policies that the team can hold, each agent's logistic in its features; the best of all is any
policy that names a joint action for each state (Howard 1960 finds it).
"""
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from . import checks, marl

HUGE = 1e50  # that a number may be, or minus that

class One(NamedTuple):
    """One world of a World's runs, for everything here."""

    P: np.ndarray  # (S, A, S)
    R: np.ndarray  # (S, A)
    slopes: np.ndarray  # (n, S, 5)
    phi: np.ndarray  # (S, A, 10)


def worlds(world):
    """[One, ...], one a run; ValueError above ten agents."""
    known = marl.tables(world)
    return [One(known.P[r], known.R[r].mean(axis=-1), world.slopes[:, r], known.phi[r]) for r in range(len(world.keys))]


def _array(name, value, shape, low=-HUGE, high=HUGE):
    """`value` as numbers of that shape, from low to high."""
    array = checks.finite(name, value, low, high)
    if array.shape != shape:
        raise ValueError(f"{name} of shape {array.shape}: must have shape {shape}")
    return array


def evaluate(P, R, policy):
    """J, stationary distribution (S,) and Q (S, A), Q = R - J + sum P h, of a joint policy (S, A); h is 0 on the average.

    `P` and `R` are trusted: of a One.
    """
    policy = _array("policy", policy, R.shape, 0, 1)
    if np.any(np.abs(policy.sum(axis=1) - 1) > 1e-9):
        raise ValueError("policy: the chances of a state's actions must sum to 1")
    moves, earned = np.einsum("sa,sat->st", policy, P), (policy * R).sum(axis=1)
    flat = np.eye(len(P)) - moves + 1
    stay = np.linalg.solve(flat.T, np.ones(len(P)))
    J = float(stay @ earned)
    h = np.linalg.solve(flat, earned - J)
    return J, stay, R - J + P @ (h - stay @ h)


def _play(one, theta):
    """p (n, S): each agent's probability of action 1."""
    theta = _array("theta", theta, one.slopes.shape[::2])
    return 1 / (1 + np.exp(-np.clip(one.slopes @ theta[:, :, np.newaxis], -500, 500)[..., 0]))


def slope(one, theta):
    """J and its slope (n, 5) at theta (n, 5): the policy gradient theorem (Sutton, McAllester, Singh & Mansour 2000)."""
    p = _play(one, theta)
    policy = marl.joint(p)
    J, stay, Q = evaluate(one.P, one.R, policy)
    return J, expected_score(one, p, policy * stay[:, np.newaxis] * Q)


def expected_score(one, p, weighted):
    """sum over s and a of weighted (S, A) times grad log pi_i, (n, 5), where the agents play 1 with probabilities p (n, S)."""
    p, weighted = _array("p", p, one.slopes.shape[:2], 0, 1), _array("weighted", weighted, one.R.shape)
    acts = (np.arange(one.R.shape[1])[:, np.newaxis] >> np.arange(len(p))) & 1
    return np.einsum("is,isk->ik", acts.T @ weighted.T - p * weighted.sum(axis=1), one.slopes)


def climb(one, steps):
    """J after theta <- theta + step * slope for each of the `steps` (k,), from 0: what a faultless critic would make of them."""
    theta = np.zeros((*one.slopes.shape[::2],))
    for step in checks.vector("steps", steps, 0, 1e40):  # HUGE, and no slope is near 1e10
        theta += step * slope(one, theta)[1]
    return slope(one, theta)[0]


def best_in_class(one, rng, starts=30, bound=50.0):
    """(J, theta) of the best that L-BFGS finds from theta = 0 and from starts - 1 by lot, every |theta| at most `bound`.

    There are many tops: from 0 alone L-BFGS ends well below the best of thirty, and that is no more than the best found. Most
    are policies without any chance, which no finite theta is: J comes near them.
    """
    starts, bound = checks.count("starts", starts), checks.one_number("bound", bound, 0, HUGE, open_low=True)
    n, size = len(one.slopes), one.slopes[:, 0].size

    def loss(flat):
        J, up = slope(one, flat.reshape(n, -1))
        return -J, -up.ravel()

    first = [np.zeros(size)] + [rng.normal(0, 5, size) for _ in range(starts - 1)]
    found = [minimize(loss, theta, jac=True, method="L-BFGS-B", bounds=[(-bound, bound)] * size, options={"maxiter": 500}) for theta in first]
    best = min(found, key=lambda result: result.fun)
    return -float(best.fun), best.x.reshape(n, -1)


def best_of_all(one):
    """(J, joint action of each state (S,)): Howard's policy iteration, which ends."""
    rows, actions = np.arange(len(one.R)), np.zeros(len(one.R), np.int64)
    while True:
        J, _, Q = evaluate(one.P, one.R, np.eye(one.R.shape[1])[actions])
        better = np.where(Q.max(axis=1) > Q[rows, actions] + 1e-10, Q.argmax(axis=1), actions)
        if np.array_equal(better, actions):
            return J, actions
        actions = better


class Sight(NamedTuple):
    """What the best linear critic sees of a policy's Q, and what it would have the actors do."""

    variance: float  # share of Q's variance that its features explain
    advantage: float  # of that of the part that acts alone decide, Q less its mean in each state
    cosine: float  # between the slope it reports and the true one
    length: float  # of the slope it reports, in that of the true one


def sight(one, theta, features=None):
    """Sight of the fixed point of TD(0) with `features` (S, A, k), phi unless given, for the policy theta (n, 5).

    Of a policy without chance, of a slope of 0, or of one reported as 0, there are shares, a cosine or a length that are nan
    or infinite.
    """
    features = one.phi if features is None else checks.finite("features", features, -HUGE, HUGE)
    if features.ndim != 3 or features.shape[:2] != one.R.shape or not features.size:
        raise ValueError(f"features of shape {features.shape}: must be ({', '.join(map(str, one.R.shape))}, k), k at least 1")
    p = _play(one, theta)
    policy = marl.joint(p)
    J, stay, Q = evaluate(one.P, one.R, policy)
    weight = policy * stay[:, np.newaxis]
    ahead = np.einsum("sat,tk->sak", one.P, np.einsum("ta,tak->tk", policy, features))
    A = np.einsum("sak,sa,sal->kl", features, weight, features - ahead)
    w = np.linalg.lstsq(A, np.einsum("sak,sa->k", features, weight * (one.R - J)), rcond=1e-10)[0]
    seen = features @ w

    def share(true, guess):  # 1 - variance of what is missed, the best constant added to the guess
        missed = true - guess
        return 1 - (weight * (missed - (weight * missed).sum()) ** 2).sum() / (weight * (true - (weight * true).sum()) ** 2).sum()

    def less(values):
        return values - (policy * values).sum(axis=1, keepdims=True)

    true, told = (expected_score(one, p, weight * values).ravel() for values in (Q, seen))
    length = np.linalg.norm(true)
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is nan, as said above
        return Sight(float(share(Q, seen)), float(share(less(Q), less(seen))), float(told @ true / np.linalg.norm(told) / length),
                     float(np.linalg.norm(told) / length))
