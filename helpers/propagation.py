"""Signals through deep random networks, as the mean-field theory of wide ones has it. For one of finite width: finite_width.

Notation
    z_l         sums of layer l = 0 .. depth, one a unit, n units a layer; z_0 is given, in any direction
    plain       z_{l+1} = W phi(z_l) + b
    residual    z_{l+1} = z_l + a (W phi(z_l) + b), for `residual` = a
    sw2, sb2    each layer draws W anew, normal of variance sw2 / n, and b, normal of variance sb2
    phi         tanh or relu, by name
    q           length of a signal, mean over the units of z^2
    c           correlation of two signals of equal length, mean of z z' over q; not centred, so that it is their cosine
    chi         sw2 E phi'(z) phi'(z') for normal z, z': growth of an error signal's squared norm from a plain layer to the
                one before if c = 1, and of a small difference between two signals on their way forward
    delta_l     error signal, n numbers: derivative by z_l of a fixed random sum of the z_depth
"""
from typing import NamedTuple

import numpy as np

from . import checks

FUNCTIONS = ("tanh", "relu")
LEAST, MOST, BIAS, DEEPEST = 0.01, 16.0, 4.0, 120  # of sw2, of sb2, layers: within them nothing over- or underflows
NEAR = 1e-7  # of chi to one: nearer to the edge c* cannot be told from one


class Layers(NamedTuple):
    """Layer by layer, (depth + 1, ...): q; c; |delta_l|^2 / |delta_depth|^2; cosine of the pair's delta_l, alike at the end."""

    q: np.ndarray
    c: np.ndarray
    gradient: np.ndarray
    overlap: np.ndarray


class Fixed(NamedTuple):
    """Where the maps of a plain network come to rest: q*, c*, chi at c = 1; and the layers in which distances from c* and
    q* shrink e-fold."""

    q: np.ndarray
    c: np.ndarray
    chi: np.ndarray
    xi_c: np.ndarray
    xi_q: np.ndarray


def _grid(q):
    """Places and weights of the trapezoidal rule for means over a standard normal u of what tanh(sqrt(q) u) has to do with."""
    # Its error falls as exp(-pi^2 / (spacing sqrt q)), here 2e-11, for the nearest pole is pi / (2 sqrt q) off the line.
    spacing = min(0.1, 0.4 / np.sqrt(max(1, q.max(initial=0))))
    u = spacing * np.arange(-round(8 / spacing), round(8 / spacing) + 1)
    w = np.exp(-u * u / 2)
    return u, w / w.sum()


def _alone(q, function):
    """E phi^2, E phi'^2, and the slope of E phi^2 by q, E(phi'^2 + phi phi''), for z normal of variance q."""
    if function == "relu":
        return q / 2, np.full(q.shape, 0.5), np.full(q.shape, 0.5)
    u, w = _grid(q)
    t2 = np.tanh(np.sqrt(q)[..., None] * u) ** 2
    return t2 @ w, (1 - t2) ** 2 @ w, ((1 - t2) * (1 - 3 * t2)) @ w


def _pair(q, c, function):
    """E phi phi, E phi' phi' for two z, both normal of variance q, of correlation c."""
    q, c = np.broadcast_arrays(q, c)
    if function == "relu":  # arc-cosine kernels (Cho & Saul 2009)
        angle = np.arccos(c)
        return q / 2 * (np.sqrt(1 - c * c) + c * (np.pi - angle)) / np.pi, (np.pi - angle) / (2 * np.pi)
    u, w = _grid(q)
    root, turned = np.sqrt(q), np.sqrt(q * (1 - c * c))[..., None] * u
    both, slopes = np.zeros(q.shape), np.zeros(q.shape)
    half = u.size // 2
    for at, weight in zip(u[half:], w[half:] * np.where(np.arange(half + 1) > 0, 2, 1), strict=True):  # (-z, -z') is as likely
        one, other = np.tanh(root * at), np.tanh((root * c * at)[..., None] + turned)
        both += weight * one * (other @ w)
        slopes += weight * (1 - one * one) * (1 - (other * other) @ w)
    return both, slopes


def _asked(sw2, sb2, function, **others):
    """The numbers as arrays that fit together, flat, and their common shape."""
    checks.one_of("function", function, FUNCTIONS)
    arrays = {"sw2": checks.finite("sw2", sw2, LEAST, MOST), "sb2": checks.finite("sb2", sb2, 0, BIAS), **others}
    try:
        together = np.broadcast_arrays(*arrays.values())
    except ValueError:
        said = f"{', '.join(arrays)} of shapes {', '.join(str(one.shape) for one in arrays.values())}"
        raise ValueError(f"{said}: must be alike, or single numbers") from None
    return [np.array(one).ravel() for one in together], together[0].shape


def length(q):
    """q as an array, if a signal may start as long."""
    return checks.finite("q", q, 1e-6, 100)


def layers(depth):
    """`depth` as an int, if a network may be so deep."""
    depth = checks.count("depth", depth, 0)
    if depth > DEEPEST:
        raise ValueError(f"depth={depth}: must be at most {DEEPEST}")
    return depth


def shares(residual):
    """How much of z and of what the layer makes of it the next z is made of."""
    return (0.0, 1.0) if residual is None else (1.0, checks.one_number("residual", residual, 0, 1))


def theory(sw2, depth, *, sb2=0.05, q=1.0, c=0.5, function="tanh", residual=None):
    """Layers of a network without end of width, from length q and correlation c at layer 0: (depth + 1, ...), all four of
    the shape of sw2, sb2, q and c together.

    q' = sw2 E phi(z)^2 + sb2, c' q' = sw2 E phi(z) phi(z') + sb2 (Poole et al. 2016); from the end the gradient grows by chi
    a layer, and the product of two inputs' error signals by chi at their c (Schoenholz et al. 2017). A residual layer adds
    a^2 times each to what was there: W and b have mean zero, so that no cross terms are left (cf. Yang & Schoenholz 2017).
    """
    depth, (keep, a) = layers(depth), shares(residual)
    (sw2, sb2, q, c), shape = _asked(sw2, sb2, function, q=length(q), c=checks.finite("c", c, -1, 1))
    lengths, correlations, growths, joint = [q], [c], [], []
    for _ in range(depth):
        (squares, slope, _), (both, slopes) = _alone(q, function), _pair(q, c, function)
        growths.append(keep + a * a * sw2 * slope)
        joint.append(keep + a * a * sw2 * slopes)
        after = keep * q + a * a * (sw2 * squares + sb2)
        c = np.clip((keep * q * c + a * a * (sw2 * both + sb2)) / after, -1, 1)
        q = after
        lengths.append(q)
        correlations.append(c)

    def back(factors):
        return np.cumprod([np.ones(q.shape), *factors[::-1]], axis=0)[::-1]

    gradient = back(growths)
    found = lengths, correlations, gradient, back([one / other for one, other in zip(joint, growths, strict=True)])
    return Layers(*(np.reshape(one, (depth + 1, *shape)) for one in found))


def fixed_point(sw2, *, sb2=0.05, function="tanh"):
    """Fixed, of the shape of sw2 and sb2 together. Raises ValueError for relu with sw2 >= 2, whose lengths grow without end.

    c* is one, and stable, if chi <= 1: order, else chaos (Poole et al. 2016). 1 / xi_c is minus the log of sw2 E phi' phi'
    at c*, 1 / xi_q that of the length map's slope at q* (Schoenholz et al. 2017).
    """
    (sw2, sb2), shape = _asked(sw2, checks.finite("sb2", sb2, 0, open_low=True), function)
    if function == "relu" and sw2.max(initial=0) >= 2:
        raise ValueError(f"sw2={sw2.max():g}: must be below 2 for relu, whose lengths have no fixed point else")

    def settled(x, pull):  # Newton's method, from the side of the root where it is monotone
        for _ in range(100):
            step = pull(x)
            x = x - step
            if np.abs(step).max(initial=0) <= 1e-13:
                break
        return x

    def pull_q(q):  # the map is concave: from above
        squares, _, slope = _alone(q, function)
        return (sw2 * squares + sb2 - q) / (sw2 * slope - 1)

    start = sw2 + sb2 if function == "tanh" else sb2 / (1 - sw2 / 2)
    q = settled(start, pull_q)
    _, slope, slope_q = _alone(q, function)
    chi = sw2 * slope
    c, chaos = np.ones(q.shape), chi > 1 + NEAR

    def pull_c(c):  # the map is a power series of positive terms, so convex: from below
        both, slopes = _pair(q[chaos], c, function)
        return ((sw2[chaos] * both + sb2[chaos]) / q[chaos] - c) / (sw2[chaos] * slopes - 1)

    c[chaos] = settled(np.zeros(np.count_nonzero(chaos)), pull_c)
    at_c = np.where(chaos, sw2 * _pair(q, c, function)[1], chi)
    with np.errstate(divide="ignore"):  # at the edge xi_c is infinite
        scales = 1 / np.abs(np.log([at_c, sw2 * slope_q]))
    return Fixed(*(one.reshape(shape) for one in (q, c, chi, *scales)))


def critical(sb2):
    """The sw2 at which a tanh network with biases of variance sb2, in (0, 1], stands at the edge of chaos: chi = 1 at q*."""
    sb2 = checks.finite("sb2", sb2, 0, 1, open_low=True)
    low, high = np.zeros(sb2.shape), np.full(sb2.shape, 20.0)
    for _ in range(60):  # the sb2 with which q is q* and chi is one grows with q
        q = (low + high) / 2
        squares, slope, _ = _alone(q, "tanh")
        less = q - squares / slope < sb2
        low, high = np.where(less, q, low), np.where(less, high, q)
    return 1 / _alone(low, "tanh")[1]
