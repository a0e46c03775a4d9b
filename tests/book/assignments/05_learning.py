"""Mistakes that students make in assignment 5.

WRONG: the answer to one question, the points of the whole, what the student must read. BREAKS: (question, what the solution
has, what the mistaken one has, what the student must read).
"""
WRONG = [
    {
        "name": "the penalty is in the slope but not in the curvature",
        "question": "q1",
        "code": """\
apart = np.column_stack([np.random.default_rng(51).uniform(-1, 1, (40, 2)), np.ones(40)])
side = (apart[:, 0] + 2 * apart[:, 1] > 0.2).astype(int)

def newton(X, y, penalty, steps):
    w = np.zeros(X.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-X @ w))
        W = np.diag(p * (1 - p))
        w = w + np.linalg.inv(X.T @ W @ X) @ (X.T @ (y - p) - penalty * w)
    return w

lengths = [np.linalg.norm(newton(apart, side, penalty, 30)) for penalty in (1, 0.1, 0.01, 0.001)]
""",
        "score": 19.0,
        "hint": "must be added to the diagonal of the curvature X^T W X",
    },
    {
        "name": "in turn, but with the old values",
        "question": "q2",
        "code": """\
def in_turn(A, b, theta):
    new = np.zeros(len(theta))
    for i in range(len(theta)):
        others = sum(A[i, j] * theta[j] for j in range(len(theta)) if j != i)
        new[i] = (b[i] - others) / A[i, i]
    return new

def at_once(A, b, theta):
    D = np.diag(A)
    return (b - (A - np.diag(D)) @ theta) / D

def limit(d):
    return 1 / (d - 1)
""",
        "score": 18.5,
        "hint": "the second parameter must see where the first has gone",
    },
    {
        "name": "the errors come back without the slopes of the hidden units",
        "question": "q3",
        "code": """\
def gradients(weights, inputs, targets, back=None):
    hs = [inputs]
    for W in weights[:-1]:
        hs.append(np.tanh(hs[-1] @ W.T))
    y = hs[-1] @ weights[-1].T
    if back is None:
        back = weights
    e = (y - targets) / len(inputs)
    grads = [e.T @ hs[-1]]
    for l in range(len(weights) - 1, 0, -1):
        e = e @ back[l]
        grads.append(e.T @ hs[l - 1])
    return grads[::-1]
""",
        "score": 17.0,
        "hint": "is multiplied by the slope 1 - h^2 of the hidden units",
    },
]

BREAKS = [
    ("q1", "((p * (1 - p))[:, None] * X)", "(p[:, None] * X)", "Look at W"),
    ("q1", "X.T @ (y - p) - penalty * w", "X.T @ (p - y) - penalty * w", "the sign of y - p"),
    ("q1", " + penalty * np.eye(len(w))", "", "added to the diagonal"),
    ("q1", " - penalty * w)", ")", "Take penalty times w off the slope"),
    ("q1", "for penalty in (1, 0.1, 0.01, 0.001)]", "for penalty in (0.001, 0.01, 0.1, 1)]", "they must grow as the penalty falls"),
    ("q2", "    for i in range(len(theta)):\n        theta[i] = (b[i] - A[i] @ theta + A[i, i] * theta[i]) / A[i, i]\n    return theta", "    return (b - A @ theta + np.diag(A) * theta) / np.diag(A)", "Yours see the old values"),
    ("q2", "+ np.diag(A) * theta)", ")", "its own term not among them"),
    ("q2", "theta) / np.diag(A)", "theta)", "divides by its own"),
    ("q2", "    theta = np.array(theta, float)\n    for", "    for", "work on a copy"),
    ("q2", "1 / (d - 1)", "1.0", "The limit for more than two is another"),
    ("q2", "1 / (d - 1)", "1 / d", "the limit for two is 1"),
    ("q3", "/ len(inputs)", "/ 1", "Do you divide by the number of cases"),
    ("q3", "z if layer == len(weights) else np.tanh(z)", "np.tanh(z)", "leave out the tanh"),
    ("q3", " * (1 - signals[layer - 1] ** 2)", "", "multiplied by the slope"),
    ("q3", "(error @ ways[layer - 1])", "(error @ ways[-1])", "its own weights and its own slopes"),
    ("q3", "ways = weights if back is None else back", "ways = weights", "With back, only the way of the errors changes"),
    ("q3", "z = signals[-1] @ W.T", "z = signals[-1] @ (W if back is None else back[layer - 1]).T", "and all signals, stay as they were"),
    ("q4", "axis=0)", "axis=1)", "the sum goes over the first index"),
    ("q4", "message = place + np.logaddexp", "message = np.logaddexp", "each place adds its own scores"),
    ("q4", "np.logaddexp.reduce(message[:, None] + transition, axis=0)", "np.log(np.exp(message) @ np.exp(transition))", "Keep messages as logarithms"),
    ("q4", "1 / k + (1 - 1 / k) * ((k * s - 1) / (k - 1)) ** distance", "s ** distance", "the chance that it was never left"),
    ("q4", "((k * s - 1) / (k - 1)) ** distance", "s ** distance", "at distance 1"),
    ("q5", "u0 ** (1 / depth)", "u0", "or start each layer at u0"),
    ("q5", "a ** (depth - 1) * ", "", "a to the power of depth - 1"),
    ("q5", "path.append(a**depth)\n        a = a + rate * a ** (depth - 1) * (s - a**depth)", "a = a + rate * a ** (depth - 1) * (s - a**depth)\n        path.append(a**depth)", "The first number is u0 itself"),
    ("q5", "lag_3 = half(3, 0.5) / half(3, 1)", "lag_3 = half(3, 1) / half(3, 0.5)", "over steps for strength 1"),
    ("q5", "0.01, 5000)", "0.01, 800)", "run long enough"),
    ("q6", " + cells + ", " + ", "it would be rule 90"),
    ("q6", ") % 2", ")", "modulo 2"),
    ("q6", "np.roll(cells, -shift)", "np.append(cells[shift:], np.zeros(shift, int))", "The cells lie on a ring"),
    ("q6", "reach = t // 2, 2 * reach", "reach = t // 2, reach + 1", "by that power of two"),
]
