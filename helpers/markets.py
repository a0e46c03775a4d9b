"""Polls, and a market maker whose price pools private beliefs.

Notation
    m       outcomes, exactly one of which comes true; a share of it then pays 1
    q       (..., m) shares of each outcome sold so far by the market maker
    b       liquidity: the shares that move a price's log-odds by one; the maker's loss is at most b log m
    price   (..., m) of a share, and so the market's probability of the outcome
Hanson 2003, 2007: the logarithmic market scoring rule (LMSR).
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from . import checks


class Market(NamedTuple):
    prices: np.ndarray
    holdings: np.ndarray
    spent: np.ndarray
    maker_loss: np.ndarray


def poll_error(share, n, design_effect=1):
    """Standard error of a poll's share: sqrt(design_effect * share * (1 - share) / n).

    n people asked at random; design_effect (Kish 1965) is the factor by which clustering and
    weighting raise the variance. It says nothing of a bias common to all who answer.
    """
    share, n = checks.probability("share", share), checks.counts("n", n)
    design_effect = checks.finite("design_effect", design_effect, 0)
    checks.together(share=share, n=n, design_effect=design_effect)
    return np.sqrt(design_effect * share * (1 - share) / n)


def _state(q, b):
    q = checks.finite("q", q)
    if q.ndim == 0 or q.shape[-1] < 2:
        raise ValueError(f"q of shape {q.shape}: must be (..., m), m at least 2")
    return q, checks.one_number("b", b, 0, open_low=True)


def lmsr_cost(q, b):
    """The maker's cost function b log sum exp(q / b), shape (...); a trade costs its difference."""
    q, b = _state(q, b)
    return b * special.logsumexp(q / b, axis=-1)


def lmsr_price(q, b):
    """Prices (..., m), the gradient of the cost: exp(q / b) / sum exp(q / b)."""
    q, b = _state(q, b)
    return special.softmax(q / b, axis=-1)


def lmsr_trade(q, b, outcome, price):
    """Shares of `outcome` that bring its price to `price`, and what they cost: two floats.

    q (m,); price in (0, 1). Negative shares are sold, for a negative cost.
    """
    q, b = _state(q, b)
    price = checks.one_number("price", price, 0, 1, open_low=True, open_high=True)
    if q.ndim != 1:
        raise ValueError(f"q of shape {q.shape}: must be (m,)")
    outcome = checks.count("outcome", outcome, 0)
    if outcome >= q.size:
        raise ValueError(f"outcome={outcome}: must be below the number of outcomes, {q.size}")
    after = q.copy()
    after[outcome] = b * special.logsumexp(np.delete(q, outcome) / b) + b * special.logit(price)
    return after[outcome] - q[outcome], lmsr_cost(after, b) - lmsr_cost(q, b)


def lmsr_market(beliefs, b, budgets, start=0.5):
    """Traders come in order; each buys until the price is her belief or her budget is spent.

    beliefs (..., traders): each one's probability of "yes", in (0, 1); leading axes are markets of
    their own. budgets, >= 0 and possibly infinite, broadcast to beliefs; start: the first price.
    A trader below the price buys "no". Returns Market: prices of yes (..., traders + 1), holdings
    (..., traders, 2) of yes and no shares, spent (..., traders), maker_loss (..., 2) if yes or no
    comes true. Traders hold on to their belief: they do not learn from the price.
    """
    beliefs = checks.finite("beliefs", beliefs, 0, 1, open_low=True, open_high=True)
    b = checks.one_number("b", b, 0, open_low=True)
    start = checks.one_number("start", start, 0, 1, open_low=True, open_high=True)
    if beliefs.size == 0 or beliefs.ndim == 0:
        raise ValueError(f"beliefs of shape {beliefs.shape}: must be (..., traders), none empty")
    budgets = checks.numbers("budgets", budgets)
    if not np.all(budgets >= 0):  # NaN fails too
        raise ValueError(f"budgets={budgets}: must be 0 or more, or infinite")
    try:
        budgets = np.broadcast_to(budgets, beliefs.shape)
    except ValueError:
        raise ValueError(f"budgets of shape {budgets.shape}: must broadcast to {beliefs.shape}") from None
    traders = beliefs.shape[-1]
    log_odds = np.empty((*beliefs.shape[:-1], traders + 1))
    log_odds[..., 0] = special.logit(start)
    holdings, spent = np.zeros((*beliefs.shape, 2)), np.empty(beliefs.shape)
    for i in range(traders):
        now, goal = log_odds[..., i], special.logit(beliefs[..., i])
        # Seen from the side that is bought the log-odds rise, and -log(1 - price) by the money / b.
        side = np.where(goal >= now, 1.0, -1.0)
        before, wish = np.logaddexp(0, side * now), np.logaddexp(0, side * goal)
        after = before + np.minimum(wish - before, budgets[..., i] / b)
        reached = np.where(after < wish, side * (after + np.log(-np.expm1(-after))), goal)
        spent[..., i] = b * (after - before)
        shares = b * (reached - now)
        holdings[..., i, 0], holdings[..., i, 1] = np.maximum(shares, 0), np.maximum(-shares, 0)
        log_odds[..., i + 1] = reached
    paid = spent.sum(axis=-1)[..., np.newaxis]
    return Market(special.expit(log_odds), holdings, spent, holdings.sum(axis=-2) - paid)


def bayes_market(signals, precision, prior=0.5):
    """Prices (..., traders + 1) when everyone reads the price as all earlier evidence and adds her own.

    signals (..., traders): nonzero for "yes"; precision, in (0, 1), of each, broadcasts to signals:
    the probability that the signal is right. Log-odds add, so the price is the exact posterior
    of independent signals.
    """
    signals = checks.finite("signals", signals)
    precision = checks.finite("precision", precision, 0, 1, open_low=True, open_high=True)
    prior = checks.one_number("prior", prior, 0, 1, open_low=True, open_high=True)
    if signals.size == 0 or signals.ndim == 0:
        raise ValueError(f"signals of shape {signals.shape}: must be (..., traders), none empty")
    try:
        evidence = np.where(signals != 0, 1.0, -1.0) * np.broadcast_to(special.logit(precision), signals.shape)
    except ValueError:
        raise ValueError(f"precision of shape {precision.shape}: must broadcast to {signals.shape}") from None
    first = np.full((*signals.shape[:-1], 1), special.logit(prior))
    return special.expit(np.cumsum(np.concatenate([first, evidence], axis=-1), axis=-1))
