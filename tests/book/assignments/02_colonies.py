"""Mistakes that students make in assignment 2.

WRONG: the answer to one question, the points of the whole, what the student must read. BREAKS: (question, what the solution
has, what the mistaken one has, what the student must read).
"""
WRONG = [
    {"name": "k and the marks are raised one by one", "question": "q1", "score": 18.0, "hint": "you raised k and the marks to the power one by one", "code": '''
def chances(marks, k, n):
    """The chance of each branch of a fork."""
    marks = np.asarray(marks, float)
    attraction = k**n + marks**n
    return attraction / attraction.sum()


steep = next(n for n in range(1, 20) if chances([40, 20, 0], 20, n)[2] < 0.01)
'''},
    {"name": "the ant's own mark fades at once", "question": "q2", "score": 18.0, "hint": "her mark faded with the rest", "code": '''
def forget(a, b, rho, steps, k=20, n=2):
    """The marks (A, B) of a fork after so many ants, in the mean."""
    for _ in range(steps):
        to_a = (k + a) ** n / ((k + a) ** n + (k + b) ** n)
        a, b = (1 - rho) * (a + to_a), (1 - rho) * (b + 1 - to_a)
    return a, b


def critical_rho(k, n):
    """The rate of forgetting below which a small lead grows."""
    return (n - 1) / (2 * k)


ends = [forget(1, 0, factor * critical_rho(20, 2), 5000) for factor in (0.9, 1.1)]
below = ends[0][0] / sum(ends[0])
above = ends[1][0] / sum(ends[1])
'''},
    {"name": "dancers silence their own site", "question": "q4", "score": 17.5, "hint": "Dancers do not silence those of their own site", "code": '''
def flow(shares, v, sigma):
    """The rates at which the shares of the sites change."""
    shares, v = np.asarray(shares, float), np.asarray(v, float)
    undecided = 1 - shares.sum()
    return v * undecided - shares * (1 / v - v * undecided + sigma * shares.sum())


def course(shares, v, sigma, time, dt=0.01):
    """The shares after `time`."""
    shares = np.array(shares, float)
    for _ in range(round(time / dt)):
        shares = shares + dt * flow(shares, v, sigma)
    return shares


def lead(shares):
    last = np.sort(course(shares, [5] * len(shares), 4, 100))
    return last[-1] - last[-2]


two_lead = lead([0.20, 0.19])
three_lead = lead([0.20, 0.19, 0.18])
three_far_lead = lead([0.60, 0.05, 0.05])
'''},
]

BREAKS = [
    ("q1", "(k + marks) ** n", "marks**n", "you left out k"),
    ("q1", "attraction / attraction.sum()", "attraction / (attraction + attraction[0])", "you compare a branch with one other only"),
    ("q2", "(1 - rho) * b + 1 - to_a", "(1 - rho) * b", "B did not get its share"),
    ("q2", "        to_a = ", "        a, b = (1 - rho) * a, (1 - rho) * b\n        rho_left, rho = rho, 0\n        to_a = ", "took it from the faded marks"),
    ("q2", "(n - 1) / (2 * k)", "(n - 1) / k", "look at the slope again"),
    ("q2", "(n - 1) / (2 * k)", "n / (4 * k)", "the critical rate is 0"),
    ("q3", "return starts / (starts + p)", "return starts", "that is the chance to start"),
    ("q3", "starts = s**2 / (s**2 + theta**2)", "starts = s / (s + theta)", "stimulus and threshold are squared"),
    ("q3", "shares @ working(s, thetas, p)", "np.mean(working(s, thetas, p))", "Weigh each caste's share at work"),
    ("q3", "return np.inf", "return 1e6", "the stimulus grows for ever"),
    ("q4", "others = shares.sum() - shares", "others = np.roll(shares, 1)", "you count one rival only"),
    ("q4", "1 / v - v * undecided", "1 / v + v * undecided", "Recruitment, a v u, is a gain"),
    ("q4", "range(round(time / dt))", "range(round(time))", "you took `time` for the number of steps"),
    ("q4", "shares + dt * flow(shares, v, sigma)", "shares + flow(shares, v, sigma)", "are not those of bees.course"),
    ("q5", "d[tour, np.roll(tour, -1)].sum()", "d[tour[:-1], tour[1:]].sum()", "the way home is missing"),
    ("q5", "np.roll(tour, -1)].sum()", "np.roll(tour, -1)].mean()", "The round trip of a square"),
    ("q5", "            tau[there, here] += amount\n", "", "must be added to tau[j, i] as well"),
    ("q5", "amount = Q / tour_length(tour, d)", "amount = Q", "you forgot to divide"),
    ("q5", "tau = (1 - rho) * tau", "tau = rho * tau", "you kept what should be lost"),
    ("q5", "zip(tour, np.roll(tour, -1))", "zip(tour[:-1], tour[1:])", "the last of them is the way home"),
    ("q5", "Q / (length * rho)", "Q / length", "the marks of earlier cycles are not in it"),
    ("q5", "Q / (length * rho)", "Q * (1 - rho) / (length * rho)", "as much fades in a cycle as is laid"),
]
