"""Mistakes that students make in assignment 4.

WRONG: the answer to one question, the points of the whole, what the student must read. BREAKS: (question, what the solution
has, what the mistaken one has, what the student must read).
"""
WRONG = [
    {
        "name": "the first of the leaders wins a tie",
        "question": "q1",
        "code": """\
def vote_error(votes, labels):
    votes, labels = np.asarray(votes), np.asarray(labels)
    classes = max(votes.max(), labels.max()) + 1
    count = np.array([[np.sum(votes[:, case] == one) for one in range(classes)] for case in range(len(labels))])
    return np.mean(count.argmax(axis=1) != labels)
""",
        "score": 18.0,
        "hint": "Taking the first of the leaders (as argmax does) favours low classes.",
    },
    {
        "name": "the mean variance in place of the squared mean deviation",
        "question": "q2",
        "code": """\
def strength(votes, labels):
    r = 2.0 * (votes == labels) - 1
    M = r.mean(axis=0)
    s = M.mean()
    rho = M.var() / r.var(axis=1).mean()
    return s, rho, rho * (1 - s**2) / s**2
""",
        "score": 18.0,
        "hint": "which for trees of unequal competence is less than the mean variance",
    },
    {
        "name": "all trees vote, also those that have seen the case",
        "question": "q4",
        "code": """\
def out_of_bag_error(samples, votes, labels):
    return ensembles.vote_error(votes, labels)
""",
        "score": 17.5,
        "hint": "Did you let all trees vote, or only those who had seen the case?",
    },
]

BREAKS = [
    ("q1", "right = leads[labels, np.arange(labels.size)] / leads.sum(axis=0)", "right = count.argmax(axis=0) == labels", "Taking the first of the leaders"),
    ("q1", "/ leads.sum(axis=0)", "/ 1", "drawn by lot"),
    ("q1", "leads = count == count.max(axis=0)", "leads = count > len(votes) / 2", "The most votes are enough"),
    ("q1", "right = leads[labels, np.arange(labels.size)] / leads.sum(axis=0)", "right = leads[labels, np.arange(labels.size)] * np.where(leads.sum(axis=0) > 1, 0.5, 1)", "two thirds wrong"),
    ("q1", "count = np.stack([(votes == one).sum(axis=0) for one in range(classes)])", "count = np.stack([(votes % classes == one).sum(axis=0) for one in range(classes)])", "is no answer"),
    ("q1", "return 1 - right.mean()", "return right.mean()", "and the wrong ones"),
    ("q2", "1.0, -1.0", "1.0, 0.0", "right votes less wrong ones"),
    ("q2", "raw.std(axis=1).mean() ** 2", "raw.var(axis=1).mean()", "the mean variance"),
    ("q2", "raw.std(axis=1)", "raw.std(axis=0)", "along which axis"),
    ("q2", "margin.var()", "margin.var(ddof=1)", "one case too few"),
    ("q2", "(1 - s**2) / s**2", "(1 - s) / s", "The bound is"),
    ("q3", "errors @ errors.T / errors.shape[1]", "np.cov(errors)", "their means not taken off"),
    ("q3", "np.linalg.solve(moments, np.ones(len(errors)))", "1 / np.diag(moments)", "how the errors go together"),
    ("q3", "return weights / weights.sum()", "return weights", "sum to one"),
    ("q3", "np.asarray(forecasts) - truth", "np.asarray(forecasts)", "how the errors go together"),
    ("q3", "return weights / weights.sum()", "weights = np.maximum(weights, 0); return weights / weights.sum()", "that do better than yours"),
    ("q3", "gain = 1 - mixture_error / own_errors[0]", "gain = mixture_error / own_errors[0]", "gain is 1 less"),
    ("q3", "tree_alone = own_errors[1] / own_errors[0]", "tree_alone = own_errors[0] / own_errors[1]", "tree_alone is the mean squared error"),
    ("q4", "vote[sample] = -1", "pass", "must not vote on a case that it has seen"),
    ("q4", "votes = np.array(votes)", "votes = np.asarray(votes)", "work on a copy"),
    ("q4", "judged = (votes >= 0).any(axis=0)", "judged = np.ones(votes.shape[1], bool)", "drop it before you take the share"),
    ("q4", "vote[sample] = -1", "vote[np.setdiff1d(np.arange(len(vote)), sample)] = -1", "or only those who had seen"),
    ("q5", "/ epsilon) / 2", "/ epsilon)", "Is the half there"),
    ("q5", ", sample_weight=weights)", ")", "pass them to fit as sample_weight"),
    ("q5", "np.exp(-alpha * said * signs)", "np.exp(alpha * said * signs)", "grow where the last stump was wrong"),
    ("q5", "weights /= weights.sum()", "pass", "sum to one"),
    ("q5", "total += alpha * said", "total += said", "half the logarithm"),
    ("q5", "bound = np.prod(2 * np.sqrt(found * (1 - found)))", "bound = np.prod(np.sqrt(found * (1 - found)))", "The bound is the product"),
    ("q5", "np.mean(np.sign(total) != signs)", "np.mean(np.sign(total) == signs)", "error must be a share"),
    ("q6", "case in range(5)] for judge in range(5)], 2)", "case in range(10)] for judge in range(5)], 1) * 0 + 1", "exactly nine"),
    ("q6", "(case + judge) % 5 < 3", "case < 9", "in all fifteen cases"),
    ("q6", "(case + judge) % 5 < 3", "(case + judge) % 5 < 4", "exactly nine"),
    ("q6", "np.hstack([np.ones((5, 5), int), np.tile([[(case + judge) % 5 < 2 for case in range(5)] for judge in range(5)], 2)])", "np.array([[(case < 9) for case in range(15)] for judge in range(5)])", "The plotters can be worse"),
    ("q6", "ensembles.error_correlation(saints, np.ones(15, int))", "np.corrcoef(saints)[0, 1]", "not the correlation of such a table"),
]
