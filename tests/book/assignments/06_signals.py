"""Mistakes that students make in assignment 6.

WRONG: the answer to one question, the points of the whole, what the student must read. BREAKS: (question, what the solution
has, what the mistaken one has, what the student must read).
"""
WRONG = [
    {
        "name": "eigenvalues below zero are overlooked",
        "question": "q2",
        "code": """\
towns = [(i, j) for town in (range(5), range(5, 10)) for i in town for j in town if i < j]
wires = [(4, 5), (0, 9)]

def metropolis(n, edges):
    degree = np.zeros(n)
    for i, j in edges:
        degree[i] += 1
        degree[j] += 1
    W = np.eye(n)
    for i, j in edges:
        w = 1 / (1 + max(degree[i], degree[j]))
        W[i, j] += w
        W[j, i] += w
        W[i, i] -= w
        W[j, j] -= w
    return W

def rho(W):
    return np.sort(np.linalg.eigvalsh(W))[-2]

def rounds(W, within):
    r = rho(W)
    return np.inf if r >= 1 - 1e-12 else int(np.ceil(np.log(within) / np.log(r)))

one_wire = rounds(metropolis(10, towns + wires[:1]), 0.01)
two_wires = rounds(metropolis(10, towns + wires), 0.01)
""",
        "score": 19.5,
        "hint": "It counts by its size: two nodes that exchange all they have never agree.",
    },
    {
        "name": "the second lap begins with chunks that are not complete",
        "question": "q3",
        "code": """\
def plan(N):
    lap = [[(worker - step) % N for worker in range(N)] for step in range(N - 1)]
    return lap + lap

def even(N, s, b):
    k = np.log2(N)
    return s * (N - 1 - k) / (b * (k - (N - 1) / N))
""",
        "score": 19.0,
        "hint": "The second lap must begin with the chunks that are complete",
    },
    {
        "name": "everybody spends shares of the amounts, not of their value",
        "question": "q5",
        "code": """\
def excess(prices, endowments, shares):
    wanted = shares * endowments.sum(axis=1, keepdims=True)
    return wanted.sum(axis=0) / prices - endowments.sum(axis=0)

def call(prices, endowments, shares, rate):
    z = excess(prices, endowments, shares)
    p = prices * (1 + rate * z / endowments.sum(axis=0))
    return p / p[-1]

def clearing(endowments, shares):
    S = endowments.sum(axis=0)
    A = shares.T @ endowments - np.diag(S)
    A[-1] = 0
    A[-1, -1] = 1
    b = np.zeros(len(S))
    b[-1] = 1
    return np.linalg.solve(A, b)
""",
        "score": 18.0,
        "hint": "Money spent on a good must be divided by its price",
    },
]

BREAKS = [
    ("q1", "(1 - e) * y[t] + e * x[t]", "e * y[t] + (1 - e) * x[t]", "Is it e that is forgotten"),
    ("q1", "(1 - e) * y[t] + e * x[t]", "(1 - e) * y[t] + e * x[t + 1]", "one step later"),
    ("q1", "np.corrcoef(level[lag:], signal[:len(signal) - lag])", "np.corrcoef(signal[lag:], level[:len(signal) - lag])", "not with what will be sent"),
    ("q1", "range(most + 1)", "range(most)", "both included"),
    ("q1", "receive(got_1, 1 / memory)", "receive(got_40, 1 / memory)", "lots must be averaged over time"),
    ("q1", "memory_40 = max(memories", "memory_40 = 2 * max(memories", "is not the best for got_1 or got_40"),
    ("q2", "return W + np.diag(1 - W.sum(axis=1))", "return W", "What a node does not take"),
    ("q2", "max(degree[i], degree[j])", "min(degree[i], degree[j])", "the greater degree of its two ends"),
    ("q2", "1 / (1 + max(degree[i], degree[j]))", "1 / max(degree[i], degree[j])", "has the weight 1/4"),
    ("q2", "np.linalg.eigvalsh(W - 1 / len(W))", "np.linalg.eigvalsh(W)", "leave one of it out"),
    ("q2", "np.abs(np.linalg.eigvalsh(W - 1 / len(W))).max()", "np.linalg.eigvalsh(W)[-2]", "It counts by its size"),
    ("q2", "np.ceil", "np.floor", "not after nine"),
    ("q2", "    if share >= 1 - 1e-12:\n        return np.inf\n", "", "np.inf"),
    ("q2", "np.abs(np.linalg.eigvalsh(W - 1 / len(W))).max()", "max(abs(v) for v in np.linalg.eigvalsh(W) if v < 1 - 1e-9)", "comes twice"),
    ("q2", "two_wires = rounds(metropolis(10, towns + wires), 0.01)", "two_wires = rounds(metropolis(10, towns + wires[1:]), 0.01)", "and one more"),
    ("q3", "(i - r) % N", "(i + r) % N", "that it has just received"),
    ("q3", "(i + 1 - r) % N", "(i - r) % N", "The second lap must begin with the chunks that are complete"),
    ("q3", "return adding + passing", "return adding", "has six rounds"),
    ("q3", "tree - ring / N", "tree - ring", "ring and tree do not take the same time"),
    ("q3", "np.log2(N)", "np.log(N)", "2 log2(N) rounds"),
    ("q4", "x[-1 - d]", "x[-1]", "too old or too fresh"),
    ("q4", "x[-1 - d]", "x[-d]", "too old or too fresh"),
    ("q4", "x[d:]", "x[1:]", "Is your news"),
    ("q4", "[1, -1, *[0] * (d - 1), a]", "[a, *[0] * (d - 1), -1, 1]", "from the highest power down"),
    ("q4", "np.abs(np.roots(", "np.real(np.roots(", "not by its real part"),
    ("q4", "d**d / (d + 1) ** (d + 1)", "2 * np.sin(np.pi / (2 * (2 * d + 1)))", "is not the best step"),
    ("q4", "d**d / (d + 1) ** (d + 1)", "1 / (4 * d)", "there is a step with a smaller decay"),
    ("q5", "(shares * income[:, None]).sum(axis=0) / prices", "(shares * endowments).sum(axis=0) / prices", "the value of all that she brings"),
    ("q5", "(shares * income[:, None]).sum(axis=0) / prices", "(shares * income[:, None]).sum(axis=0)", "divided by its price"),
    ("q5", "(shares * income[:, None]).sum(axis=0) / prices - endowments.sum(axis=0)", "endowments.sum(axis=0) - (shares * income[:, None]).sum(axis=0) / prices", "not the other way round"),
    ("q5", "(1 + rate *", "(1 - rate *", "becomes dearer"),
    ("q5", "return new / new[-1]", "return new", "divided by the last price"),
    ("q5", "np.append(first, 1.0)", "np.append(first, 1.0) / (1 + first.sum())", "the last good does not cost 1"),
    ("q5", "shares.T @ endowments", "endowments.T @ shares", "With more goods your planner"),
    ("q6", "    U = U / np.linalg.norm(U, axis=1, keepdims=True)\n", "", "A direction has no length"),
    ("q6", "np.abs(U @ U.T - np.eye(len(U)))", "(U @ U.T - np.eye(len(U)))", "counts by its size"),
    ("q6", "vectors[:, 1:] * np.sqrt(values[1:])", "vectors[:, 1:]", "three vectors of length one"),
    ("q6", "vectors[:, 1:] * np.sqrt(values[1:])", "(lambda V: V / np.linalg.norm(V, axis=1, keepdims=True))(np.random.default_rng(0).standard_normal((d + 1, d)))", "all pairs must have the cosine"),
    ("q6", "U @ U[active].sum(axis=0)", "U[active].sum(axis=0)", "whispers"),
    ("q6", "U @ U[active].sum(axis=0)", "np.isin(np.arange(len(U)), active) * 1.0", "sum the vectors first"),
]
