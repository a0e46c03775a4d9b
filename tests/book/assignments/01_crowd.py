"""Mistakes that students make in assignment 1.

WRONG: the answer to one question, the points of the whole, what the student must read. BREAKS: (question, what the solution
has, what the mistaken one has, what the student must read).
"""
WRONG = [
    {"name": "the diversity divides by n - 1", "question": "q1", "score": 18.0, "hint": "your variance divides by n - 1", "code": '''
def identity(guesses, truth, weights):
    """(crowd's squared error, average squared error, diversity) of the weighted mean of the guesses."""
    guesses, weights = np.asarray(guesses, float), np.asarray(weights, float)
    shares = weights / weights.sum()
    c = shares @ guesses
    n = len(guesses)
    return (c - truth) ** 2, shares @ (guesses - truth) ** 2, shares @ (guesses - c) ** 2 * n / (n - 1)
'''},
    {"name": "each juror is misled alone", "question": "q3", "score": 17.5, "hint": "each juror is misled alone", "code": '''
def misled(n, p, e):
    """Probability that the majority of n jurors is right, if with probability e the evidence misleads them all."""
    right = (1 - e) * p + e * (1 - p)
    return stats.binom.sf(n // 2, n, right)


def smallest(p, e, target):
    """The smallest odd jury, up to 1001, that is right with probability `target` or more; 0 if there is none."""
    for n in range(1, 1002, 2):
        if misled(n, p, e) >= target:
            return n
    return 0
'''},
    {"name": "nobody looks at the guinea pigs", "question": "q5", "score": 18.5, "hint": "you began to count the lead after the guinea pigs", "code": '''
queues = np.random.default_rng(1992).random((2000, 200)) < 0.6
TRIED = [0, 5, 11, 21, 41, 81]


def herd(hints, alone):
    """The choices of a queue of people, true where right; the first `alone` see nobody."""
    choices = np.array(hints, bool)
    lead = 0
    for person in range(alone, len(hints)):
        evidence = lead + (1 if hints[person] else -1)
        if evidence != 0:
            choices[person] = evidence > 0
        lead += 1 if choices[person] else -1
    return choices


ended = {alone: np.array([herd(queue, alone) for queue in queues]) for alone in TRIED}
wrong_end = 1 - ended[0][:, -1].mean()
wrong_all = {alone: 1 - choices.mean() for alone, choices in ended.items()}
best = min(wrong_all, key=wrong_all.get)
'''},
]

BREAKS = [
    ("q1", "shares = weights / weights.sum()", "shares = weights", "Divide the weights by their sum first"),
    ("q1", "shares @ (guesses - c) ** 2", "shares @ (guesses - truth) ** 2", "measured from the crowd's answer c"),
    ("q2", "<= off:", "< off:", "Exactly 5 pounds off is not yet more than 5"),
    ("q2", "np.append(tickets, np.full(count, wild))", "np.append(tickets[count:], np.full(count, wild))", "in the place of honest ones"),
    ("q3", "e * stats.binom.sf(n // 2, n, 1 - p)", "0", "a misled juror is never right"),
    ("q3", "sound = stats.binom.sf(n // 2, n, p)", "sound = p**n", "you count unanimous juries only"),
    ("q3", "target >= 1 - e:", "target > 1 - e:", "the computer rounds a probability to 1"),
    ("q3", "target), 0)", "target), None)", "must give 0"),
    ("q3", "range(1, 1002, 2)", "range(3, 1002, 2)", "must agree with juries.smallest_jury"),
    ("q4", "(size - 1) * inside", "size * inside", "count size - 1 others in her camp"),
    ("q4", "(n - size) * across", "(n - size) * inside", "count people of other camps as people of one's own"),
    ("q5", "evidence = lead + (1 if hint else -1)", "evidence = lead", "who is torn trusts her own hint"),
    ("q5", "lead += 1 if choices[person] else -1", "lead += 1 if hint else -1", "influence.simulate_cascade"),
]
