"""Memory without an address: networks of neurons that fall into what they were taught.

Notation
    n          neurons
    patterns   (p, n) of +1 and -1: the memories
    load       alpha = p / n
    weights    (n, n) J, symmetric, nothing on the diagonal: the synapses
    states     (..., n) of +1 and -1; 0 for a neuron that is dead
    overlap    m = states . pattern / n: 1 the pattern itself, 0 strangers, -1 its negative
    energy     -1/2 sum of J_ij s_i s_j; no update of a single neuron raises it
"""
import math

import numpy as np

from . import checks

AT_ONCE = 128  # neurons that are gone through before all feel it
NOTHING = 1e-9  # a field no stronger is none: sums of k / n round, and differently on every platform
HIGHEST = 290  # digits of a sum over n neurons to the power of a dense memory


def signs(name, value):
    """`value` as float64 of +1 and -1, shape (..., n), n at least 2. `name` is trusted: what the caller calls it."""
    array = checks.finite(name, value)
    if array.ndim == 0 or array.shape[-1] < 2 or not np.all(np.abs(array) == 1):
        raise ValueError(f"{name} of shape {array.shape}: must be +1 or -1 throughout, for at least two neurons")
    return array


def _patterns(value):
    array = signs("patterns", value)
    if array.ndim != 2:
        raise ValueError(f"patterns of shape {array.shape}: must have shape (p, n)")
    return array


def _states(value, n=None):
    """`value` as finite float64 (..., n): of n neurons, or of any number from 1."""
    states = checks.finite("states", value)
    if not states.ndim or not states.shape[-1] or n is not None and states.shape[-1] != n:
        raise ValueError(f"states of shape {states.shape}: must have shape (..., {n or 'n'}), of at least one neuron")
    return states


def _square(value):
    weights = checks.numbers("weights", value)
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        raise ValueError(f"weights of shape {weights.shape}: must be square")
    return weights


def random_patterns(p, n, rng):
    """p patterns of n independent fair signs, float64 (p, n)."""
    return rng.integers(0, 2, (checks.count("p", p), checks.count("n", n, 2))) * 2.0 - 1


def hebb(patterns):
    """J = X^T X / n without its diagonal: what fires together wires together (Hopfield 1982, equation 2)."""
    patterns = _patterns(patterns)
    weights = patterns.T @ patterns
    weights /= patterns.shape[1]
    np.fill_diagonal(weights, 0)
    return weights


def projection(patterns):
    """J = X^+ X without its diagonal: every pattern is at rest, however alike they are, as long as they
    do not fill the whole space (Personnaz, Guyon & Dreyfus 1985)."""
    patterns = _patterns(patterns)
    weights = np.linalg.pinv(patterns) @ patterns
    np.fill_diagonal(weights, 0)
    return (weights + weights.T) / 2


def hebb_field(states, patterns):
    """states @ hebb(patterns), through the p overlaps: the faster, the smaller the load."""
    patterns = _patterns(patterns)
    n = patterns.shape[1]
    states = _states(states, n)
    return (states @ patterns.T) @ patterns / n - len(patterns) / n * states


def energy(states, weights):
    """-1/2 s J s of each state, shape (...)."""
    weights = _square(weights)
    states = _states(states, len(weights))
    return -0.5 * (_felt(states, weights) * states).sum(axis=-1)


def overlap(states, patterns):
    """m of each state with each pattern: (..., p); with one alone, (n,), (...)."""
    patterns = signs("patterns", patterns)
    if patterns.ndim > 2:
        raise ValueError(f"patterns of shape {patterns.shape}: must have shape (p, n), or (n,)")
    return _states(states, patterns.shape[-1]) @ patterns.T / patterns.shape[-1]


def recall(states, weights, steps):
    """`states` of living neurons after `steps` updates of all at once; one without a field stays as it is."""
    weights = _synapses(weights)
    states = _states(states, len(weights))
    for _ in range(checks.count("steps", steps)):
        field = _felt(states, weights)
        none = np.abs(field) <= NOTHING
        states = np.where(none, states, np.sign(field)) if none.any() else np.sign(field)
    return states


def settle(states, weights, rng, sweeps=50):
    """`states` (runs, n) after updates one neuron at a time, in random order, until none changes or `sweeps`
    times each. The runs share the order. One without a field stays as it is; a neuron at 0 is dead and stays so.

    The fields are kept. Some neurons at a time are gone through, of whom only those against their field are touched; then all feel
    what has changed.
    """
    weights = _synapses(weights)
    states = np.atleast_2d(_states(states, len(weights)))
    if states.ndim != 2 or not states.size:
        raise ValueError(f"states of shape {states.shape}: must have shape (runs, {len(weights)}), at least one run")
    states = states.T.copy()  # (n, runs)
    n, runs = states.shape
    field = _felt(weights, states)
    for _ in range(checks.count("sweeps", sweeps)):
        rest = True
        for some in np.split(rng.permutation(n), range(AT_ONCE, n, AT_ONCE)):
            now, felt, place = states[some], field[some], 0
            while place < some.size:
                against = now[place:] * felt[place:] < -NOTHING
                first = int(against.argmax())
                if not against.item(first):
                    break
                first //= runs
                place += first
                change = -2 * now[place] * against[first]
                now[place] += change
                felt += weights[some[place]].take(some)[:, None] * change
                place += 1
            if place:
                change = now - states[some]
                turned = change.any(axis=1)
                field += weights[some[turned]].T @ change[turned]
                states[some], rest = now, False
        if rest:
            break
    return states.T.copy()


def _felt(left, right):
    """The field left @ right, if it is finite: a synapse that isn't makes what it leads to infinite or no number, whatever fires."""
    with np.errstate(invalid="ignore"):  # of such a synapse, which is refused
        field = left @ right
        total = field.sum()
    if not math.isfinite(total):
        raise ValueError("weights: some are no numbers; all must be finite")
    return field


def _synapses(weights):
    weights = checks.numbers("weights", weights)
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1] or weights.diagonal().any():
        raise ValueError(f"weights of shape {weights.shape}: must be square, with nothing on the diagonal")
    return weights


def flip(states, share, rng):
    """`states` with `share` of their signs turned, exactly round(share * n) in each state."""
    share = checks.one_number("share", share, 0, 1)
    states = _states(states)
    turned = rng.random(states.shape).argsort(axis=-1) < round(share * states.shape[-1])
    return np.where(turned, -states, states)


def cut(weights, share, rng):
    """`weights` with each synapse, in both directions, lost with probability `share`."""
    share = checks.one_number("share", share, 0, 1)
    weights = _square(checks.finite("weights", weights))
    kept = np.triu(rng.random(weights.shape) >= share, 1)
    return weights * (kept + kept.T)


def kill(states, count, rng):
    """`states` (..., n) with `count` neurons dead in each, drawn at random: they are 0 and send nothing."""
    states = _states(states)
    n = states.shape[-1]
    count = checks.count("count", count, 0)
    if count > n:
        raise ValueError(f"count={count}: must be at most the number of neurons, {n}")
    return np.where(rng.random(states.shape).argsort(axis=-1) < count, 0, states)


def one_step_error(load):
    """Chance that one update of a neuron turns it from its pattern, at this load of random patterns.

    (1 - erf(sqrt(1 / (2 alpha)))) / 2 for large n (Hertz, Krogh & Palmer 1991, section 2.2).
    """
    load = checks.finite("load", load, 0, open_low=True)
    return np.vectorize(lambda alpha: 0.5 * math.erfc(math.sqrt(0.5 / alpha)), otypes=[float])(load)


def _load_at(y):
    """The load at which y solves Amit, Gutfreund and Sompolinsky's equation."""
    root = math.erf(y) / y - 2 / math.sqrt(math.pi) * math.exp(-y * y)
    return 0.5 * root * root


def _brink():
    """The y at which the load is largest."""
    low, high = 1.0, 3.0
    for _ in range(200):  # ternary search: _load_at has one maximum there
        third = (high - low) / 3
        if _load_at(low + third) < _load_at(high - third):
            low += third
        else:
            high -= third
    return low


def critical_load():
    """(alpha_c, m): the load beyond which no random pattern is remembered, and the overlap just before.

    Amit, Gutfreund & Sompolinsky 1985, without noise, for n without end: the largest alpha for which
    y (sqrt(2 alpha) + (2 / sqrt(pi)) exp(-y**2)) = erf(y) has a solution y > 0; m = erf(y).
    """
    y = _brink()
    return _load_at(y), math.erf(y)


def retrieval_overlap(load):
    """m(alpha) of the same theory: 0 beyond the critical load."""
    brink = _brink()

    def solve(alpha):
        if alpha > _load_at(brink):
            return 0.0
        low, high = brink, 20.0  # beyond the brink the load falls as y grows
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if _load_at(middle) > alpha else (low, middle)
        return math.erf(low)
    return np.vectorize(solve, otypes=[float])(checks.finite("load", load, 0, open_low=True))


def dense_settle(states, patterns, power, rng, sweeps=20):
    """`states` (runs, n) after updates one neuron at a time of the dense associative memory.

    Energy -sum over patterns of (pattern . s)**power; each neuron takes the sign that lowers it (Krotov &
    Hopfield 2016, equation 3). power 2 is Hopfield's network with Hebb's rule.
    """
    patterns, power = _patterns(patterns), checks.count("power", power, 2)
    states = np.array(np.atleast_2d(signs("states", states)), np.float64)
    n = patterns.shape[1]
    if states.ndim != 2 or states.shape[1] != n:
        raise ValueError(f"states of shape {states.shape}: must have shape (runs, {n})")
    most = int(HIGHEST / math.log10(n + 1))
    if power > most:
        raise ValueError(f"power={power}: must be at most {most} for {n} neurons")
    sums = states @ patterns.T
    for _ in range(checks.count("sweeps", sweeps)):
        changed = False
        for neuron in rng.permutation(states.shape[1]):
            column = patterns[:, neuron]
            others = sums - states[:, neuron, None] * column
            gain = ((others + column) ** power - (others - column) ** power).sum(axis=1)
            new = np.where(gain == 0, states[:, neuron], np.sign(gain))
            turned = new != states[:, neuron]
            if turned.any():
                changed = True
                states[:, neuron] = new
                sums = others + new[:, None] * column
        if not changed:
            break
    return states
