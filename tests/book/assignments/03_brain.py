"""Mistakes that students make in assignment 3.

WRONG: the answer to one question, the points of the whole, what the student must read. BREAKS: (question, what the solution
has, what the mistaken one has, what the student must read).
"""
WRONG = [
    {"name": "Hebb's rule divided by the number of patterns", "question": "q1", "score": 19.0, "hint": "you divided by the number of patterns", "code": '''
def hebb(patterns):
    """The synapses (n, n) that Hebb's rule makes of patterns (p, n)."""
    patterns = np.asarray(patterns, float)
    weights = patterns.T @ patterns / len(patterns)
    np.fill_diagonal(weights, 0)
    return weights


def energy(state, weights):
    """The energy of one state (n,)."""
    return -0.5 * state @ weights @ state


def price(state, weights, i):
    """Energy after less energy before, if neuron i alone turns."""
    return 2 * state[i] * (weights[i] @ state)
'''},
    {"name": "the new pattern shrinks with the old", "question": "q2", "score": 18.5, "hint": "the new pattern was shrunk with the old ones", "code": '''
pictures = memory.random_patterns(200, 200, np.random.default_rng(1986))
KEEPS = [1, 0.99, 0.97, 0.94, 0.9, 0.8]


def learn(weights, pattern, keep):
    """The synapses after one more pattern."""
    weights = keep * (weights + np.outer(pattern, pattern) / len(pattern))
    np.fill_diagonal(weights, 0)
    return weights


def taught(patterns, keep):
    """The synapses after all patterns, from the first to the last."""
    weights = np.zeros((patterns.shape[1], patterns.shape[1]))
    for pattern in patterns:
        weights = learn(weights, pattern, keep)
    return weights


def held(patterns, weights):
    """Which of the patterns the network holds."""
    rest = memory.settle(patterns, weights, np.random.default_rng(0))
    return (rest * patterns).mean(axis=1) > 0.9


kept = {keep: held(pictures, taught(pictures, keep)) for keep in KEEPS}
number = {keep: int(which.sum()) for keep, which in kept.items()}
best = max(number, key=number.get)
oldest = 199 - np.flatnonzero(kept[best])[0]
'''},
    {"name": "the variance in place of the error", "question": "q4", "score": 18.5, "hint": "that is the variance; take its root", "code": '''
def covariance(noises, correlation):
    """The covariances (n, n) of equally correlated noises with these standard deviations."""
    noises = np.asarray(noises, float)
    table = correlation * np.outer(noises, noises)
    np.fill_diagonal(table, noises**2)
    return table


def error(weights, table):
    """The error of a read-out with these weights, scaled to sum to 1."""
    weights = np.asarray(weights, float) / np.sum(weights)
    return weights @ table @ weights


def best_weights(table):
    """The weights, with sum 1, of the read-out with the least error."""
    weights = np.linalg.solve(table, np.ones(len(table)))
    return weights / weights.sum()


hundred = covariance([1] * 50 + [3] * 50, 0.12)
plain = error(np.ones(100), hundred)
good_only = error([1] * 50 + [0] * 50, hundred)
best_error = error(best_weights(hundred), hundred)
bad_weight = best_weights(hundred)[-1]
'''},
]

BREAKS = [
    ("q1", "    np.fill_diagonal(weights, 0)\n", "", "No neuron is tied to itself"),
    ("q1", "patterns.T @ patterns / patterns.shape[1]", "np.outer(patterns[0], patterns[0]) / patterns.shape[1]", "the contributions of all patterns are added"),
    ("q1", "-0.5 * state", "-state", "the half is missing"),
    ("q1", "-0.5 * state", "0.5 * state", "if 1.5, the minus"),
    ("q1", "2 * state[i] * (", "-2 * state[i] * (", "you took before less after"),
    ("q1", "2 * state[i] * (", "state[i] * (", "comes in twice"),
    ("q2", "keep * weights +", "(1 - keep) * weights +", "you kept what should be lost"),
    ("q2", "weights = keep * weights + np.outer(pattern, pattern) / len(pattern)", "weights *= keep; weights += np.outer(pattern, pattern) / len(pattern)", "the table that was given must not change"),
    ("q2", "for pattern in patterns:", "for pattern in patterns[::-1]:", "from the last to the first"),
    ("q2", "for pattern in patterns:", "for pattern in patterns[:-1]:", "memory.hebb"),
    ("q2", ".mean(axis=1) > 0.9", ".mean(axis=1) == 1", "it need not be 1"),
    ("q2", "(rest * patterns).mean(axis=1) > 0.9", "np.abs(memory.overlap(rest, patterns)).max(axis=1) > 0.9", "compare each rest state with its own pattern"),
    ("q3", "t * (weights @ x) <= 0", "t * (weights @ x) < 0", "you took a sum of 0 for right"),
    ("q3", "np.ones(len(inputs))", "np.zeros(len(inputs))", "its bias b"),
    ("q3", "weights += t * x", "weights += np.sign(weights @ x) * x", "the sign of the target"),
    ("q3", "    return weights, False", "    return weights, True", "`learned` must be true once"),
    ("q4", "noises**2", "noises", "you put in standard deviations"),
    ("q4", "correlation * np.outer(noises, noises)", "np.full((len(noises), len(noises)), correlation)", "that is the correlation itself"),
    ("q4", "np.asarray(weights, float) / np.sum(weights)", "np.asarray(weights, float)", "scale the weights to sum to 1"),
    ("q4", "np.sqrt(weights @ table @ weights)", "weights @ table @ weights", "take its root"),
    ("q4", "return weights / weights.sum()", "return weights", "they do not sum to 1"),
    ("q4", "np.linalg.solve(table, np.ones(len(table)))", "1 / np.sqrt(np.diag(table))", "by the standard deviation and not by the variance"),
    ("q5", "np.hypot(np.cos(phases).mean(), np.sin(phases).mean())", "np.hypot(np.cos(phases), np.sin(phases)).mean()", "not the length of the mean"),
    ("q5", "np.hypot(np.cos(phases).mean(), np.sin(phases).mean())", "abs(np.cos(phases - phases.mean()).mean())", "not the angles"),
    ("q5", "phases[None, :] - phases[:, None]", "phases[:, None] - phases[None, :]", "one's own phase less the other's"),
    ("q5", ".mean(axis=1)", ".sum(axis=1)", "you added and did not take the mean"),
    ("q5", "4 * gamma / np.pi", "2 / np.pi", "you took g(0) = 1"),
    ("q5", "4 * gamma / np.pi", "gamma * np.sqrt(8 / np.pi)", "the chapter's normal distribution"),
    ("q5", "(tempos + K * pulls(phases))", "(tempos + pulls(phases))", "Two steps of `play`"),
    ("q5", "range(round(time / dt))", "range(round(time))", "there are time / dt steps"),
]
