"""Mistakes that students make in assignment 7.

WRONG: the answer to one question, the points of the whole, what the student must read. BREAKS: (question, what the solution
has, what the mistaken one has, what the student must read).
"""
WRONG = [
    {
        "name": "the driver does not count herself on the road that she chooses",
        "question": "q2",
        "code": """\
def selfish(delays, N):
    on = [0] * len(delays)
    for driver in range(N):
        times = [delays[r][on[r] - 1] if on[r] > 0 else 0 for r in range(len(delays))]
        best = times.index(min(times))
        on[best] += 1
    return np.array(on)

def tolled(delays):
    new = np.array(delays, dtype=float)
    for r in range(len(delays)):
        for k in range(2, len(delays[r]) + 1):
            new[r, k - 1] += (k - 1) * (delays[r][k - 1] - delays[r][k - 2])
    return new

def total(on):
    return sum(on[r] * minutes[r][on[r] - 1] for r in range(3) if on[r] > 0)

anarchy = total(selfish(minutes, 40)) / total(selfish(tolled(minutes), 40))
""",
        "score": 18.5,
        "hint": "she needs the minutes of one driver more than are there now",
    },
    {
        "name": "a dear firm is set to zero, and the others stay as they were",
        "question": "q3",
        "code": """\
def replies(q, a, b, costs):
    q = np.array(q)
    others = np.sum(q) - q
    return np.clip((a - np.array(costs) - b * others) / (2 * b), 0, None)

def equilibrium(a, b, costs):
    costs = np.array(costs)
    price = (a + costs.sum()) / (len(costs) + 1)
    return np.clip((price - costs) / b, 0, None)

apart = 2 * (32.5 - 10) * equilibrium(100, 1, [10, 10, 10])[0]
merged = (40 - 10) * equilibrium(100, 1, [10, 10])[0]
""",
        "score": 19.5,
        "hint": "the rest must be worked out anew",
    },
    {
        "name": "one fixed action is compared with all that she did",
        "question": "q4",
        "code": """\
stop_or_go = np.array([[6, 2], [7, 0]])

def regret(P, A):
    got = (P * A).sum()
    column = P.sum(axis=0)
    return max((A @ column).max() - got, 0)

def correlated(P, A, B):
    return bool(regret(P, A) <= 1e-9 and regret(P.T, B.T) <= 1e-9)

lights = np.array([[0.5, 0.25], [0.25, 0.0]])
""",
        "score": 18.5,
        "hint": "To compare one fixed action with all that she did is another, weaker, regret.",
    },
]

BREAKS = [
    ("q1", "A.max(axis=0)) & (B == B.max(axis=1, keepdims=True))", "A.max(axis=1, keepdims=True)) & (B == B.max(axis=0))", "compares within a column"),
    ("q1", "    best = (A == A.max(axis=0)) & (B == B.max(axis=1, keepdims=True))", "    best = np.array([[A[i, j] > np.delete(A[:, j], i).max() and B[i, j] > np.delete(B[i], j).max() for j in range(A.shape[1])] for i in range(len(A))])", "every cell belongs to the list"),
    ("q1", " & (B == B.max(axis=1, keepdims=True))", "", "the list must be empty"),
    ("q2", "load[np.argmin(delays[np.arange(len(delays)), load])] += 1", "load[np.argmin(delays[np.arange(len(delays)), np.maximum(load - 1, 0)])] += 1", "she needs the minutes of one driver more"),
    ("q2", "return load", "return load / N", "they must add up to N"),
    ("q2", "others = np.arange(delays.shape[1])", "others = np.arange(1, delays.shape[1] + 1)", "pays no toll"),
    ("q2", "return delays + others", "return others", "it comes on top of the driving time"),
    ("q2", "return delays + others * np.diff(delays, axis=1, prepend=0)", "return delays + np.minimum(others, 1) * np.diff(delays, axis=1, prepend=0)", "each of the k - 1 others"),
    ("q2", "lost(selfish(minutes, 40)) / lost(selfish(tolled(minutes), 40))", "lost(selfish(tolled(minutes), 40)) / lost(selfish(minutes, 40))", "anarchy is a ratio above 1"),
    ("q2", "on * minutes", "minutes", "the number on a road times its minutes"),
    ("q3", "b * (q.sum() - q)", "b * q.sum()", "Its own quantity is not among the others"),
    ("q3", "np.maximum(a - costs - b * (q.sum() - q), 0)", "(a - costs - b * (q.sum() - q))", "brings nothing"),
    ("q3", "        stays = sells & (costs < price)\n        if np.array_equal(stays, sells):\n            return np.where(sells, price - costs, 0) / b\n        sells = stays", "        return np.maximum(price - costs, 0) / b", "the rest must be worked out anew"),
    ("q3", "price - costs, 0) / b", "price - costs, 0)", "(price - cost) / b"),
    ("q3", "apart = 2 * equilibrium(100, 1, [10, 10, 10])[0] ** 2", "apart = equilibrium(100, 1, [10, 10, 10])[0] ** 2", "earn together"),
    ("q3", "merged = equilibrium(100, 1, [10, 10])[0] ** 2", "merged = 2 * equilibrium(100, 1, [10, 10])[0] ** 2", "one of two firms"),
    ("q4", "return (gains - np.diag(gains)[:, None]).max()", "return (gains.sum(axis=0) - np.trace(gains)).max()", "another, weaker, regret"),
    ("q4", "gains = P @ A.T", "gains = P / np.maximum(P.sum(axis=1, keepdims=True), 1e-12) @ A.T", "do not divide it by the chance"),
    ("q4", "gains = P @ A.T", "gains = P @ A", "she regrets it by 2"),
    ("q4", "regret(np.transpose(P), np.transpose(B))", "regret(P, B)", "are to be turned over"),
    ("q4", "max(regret(P, A), regret(np.transpose(P), np.transpose(B)))", "regret(P, A)", "The column player must not regret"),
    ("q4", "[[0.5, 0.25], [0.25, 0]]", "[[1, 1], [1, 0]]) / np.array(3", "the two can get more"),
    ("q4", "[[0.5, 0.25], [0.25, 0]]", "[[1.0, 0], [0, 0]]", "must not gain by going"),
    ("q5", "(x * np.exp(-x / c)).sum()", "np.exp(-x / c).sum()", "its guests times what each of them gets"),
    ("q5", "[whole(choices, K, c) - whole(np.delete(choices, i), K, c) for i in range(len(choices))]", "[np.exp(-np.sum(choices == choices[i]) / c) for i in range(len(choices))]", "the others there get more"),
    ("q5", "[whole(choices, K, c) - whole(np.delete(choices, i), K, c) for i in range(len(choices))]", "[max(0, whole(choices, K, c) - whole(np.delete(choices, i), K, c)) for i in range(len(choices))]", "they must stay so"),
    ("q5", "choices, moved = np.array(choices), True", "moved = True", "work on a copy"),
    ("q5", "int(np.argmax(told))", "K - 1 - int(np.argmax(told[::-1]))", "first of the nights that are best"),
    ("q5", "whole(settle(start, 4, 3, own), 4, 3)", "whole(start, 4, 3)", "more is not the ratio"),
    ("q5", "reward(tried, K, c)[i]", "reward(tried, K, c).sum()", "each must be told what G is with her"),
    ("q6", "return added / len(orders)", "return added", "must add up to"),
    ("q6", "    added, orders = np.zeros(n), list(permutations(range(n)))\n    for order in orders:\n        there = 0\n        for i in order:\n            added[i] += v[there | 1 << i] - v[there]\n            there |= 1 << i\n    return added / len(orders)", "    return coalitions.banzhaf(v)", "All orders count alike"),
    ("q6", "added[i] += v[there | 1 << i] - v[there]\n            there |= 1 << i", "added[i] += v[there | 1 << n - 1 - i] - v[there]\n            there |= 1 << n - 1 - i", "Does bit i belong to player i"),
    ("q6", ">= quota", "> quota", "exactly the quota wins"),
    ("q6", "[40, 30, 20, 10], 51", "[10, 20, 30, 40], 51", "in the order of their seats"),
]
