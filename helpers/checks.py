"""What the models ask of their arguments.

Every function takes the argument's name and value, returns the value as the model wants it,
and otherwise raises a ValueError that names the argument, its value and what is allowed.
"""

import math
from collections.abc import Hashable
from numbers import Real

import numpy as np


def numbers(name, value):
    """`value` as a float64 array."""
    try:
        array = np.asarray(value)
        # Text, None and complex numbers would become floats, too; an int beyond 64 bits is an object to NumPy.
        if array.dtype.kind in "biuf" or array.dtype.kind == "O" and all(isinstance(item, Real) for item in array.flat):
            return array.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"{name}={value!r}: must be a number or an array of numbers")


def _within(least, most, low, high, open_low, open_high):
    """Whether all numbers from `least` to `most` are finite and in the interval. (Of NaN, which both are if one is, nothing is true.)"""
    return ((low < least if open_low else low <= least) and (most < high if open_high else most <= high)
            and -math.inf < least and most < math.inf)


def finite(name, value, low=-np.inf, high=np.inf, *, open_low=False, open_high=False):
    """`value` as a float64 array of finite numbers in [low, high], an end left out if it is open."""
    array = numbers(name, value)
    if not array.size or _within(array.min(), array.max(), low, high, open_low, open_high):
        return array
    left = "(" if open_low or low == -np.inf else "["
    right = ")" if open_high or high == np.inf else "]"
    what = f"{name}={value!r}"
    if array.size > 20:  # too many to show: the first that is not allowed
        bad = ~np.isfinite(array) | (array <= low if open_low else array < low) | (array >= high if open_high else array > high)
        at = tuple(int(place[0]) for place in np.nonzero(bad))
        what = f"{name}[{', '.join(map(str, at))}]={float(array[at])!r}"
    raise ValueError(f"{what}: must be finite and in {left}{low:g}, {high:g}{right}")


def probability(name, value):
    """`value` as a float64 array of numbers in [0, 1]."""
    return finite(name, value, 0, 1)


def counts(name, value, least=1):
    """`value` as an int64 array of whole numbers, none below `least` or above 2**53, where floats stop being whole."""
    array = finite(name, value, least, 2**53)
    if np.any(array != np.floor(array)):
        raise ValueError(f"{name}={value!r}: must be whole")
    # int64 by name: NumPy's default integer has 32 bits on Pyodide.
    return array.astype(np.int64)


def count(name, value, least=1):
    """`value` as one int, not below `least`."""
    number = counts(name, value, least)
    if number.ndim:
        raise ValueError(f"{name}={value!r}: must be one whole number")
    return int(number)


def one_number(name, value, low=-np.inf, high=np.inf, *, open_low=False, open_high=False):
    """`value` as one float in the interval of `finite`."""
    if type(value) is float and _within(value, value, low, high, open_low, open_high):
        return value  # without NumPy's detour
    number = finite(name, value, low, high, open_low=open_low, open_high=open_high)
    if number.ndim:
        raise ValueError(f"{name}={value!r}: must be one number")
    return float(number)


def steps(time, name, step, most=100_000):
    """How many steps of `step`, the argument `name`, make `time`. `time`, `step` and `most` are trusted: numbers already, above 0."""
    if time > most * step:
        raise ValueError(f"{name}={step!r}: time={time:g} would take more than {most:,} of it; must be greater")
    return round(time / step)


def vector(name, value, low=-np.inf, high=np.inf, *, least=1, open_low=False, open_high=False):
    """`value` as a float64 array of shape (n,), n >= least, of numbers in the interval of `finite`."""
    array = finite(name, value, low, high, open_low=open_low, open_high=open_high)
    if array.ndim != 1 or array.size < least:
        raise ValueError(f"{name} of shape {array.shape}: must have shape (n,), n at least {least}")
    return array


def weights(name, value, n):
    """`value` as n non-negative weights, scaled to sum to one."""
    array = vector(name, value, 0)
    if array.size != n or array.sum() == 0:
        raise ValueError(f"{name}={value!r}: must hold {n} non-negative weights, not all zero")
    return array / array.sum()


def edges(n, value):
    """`value` as (m, 2) whole numbers: pairs of different nodes of n, numbered from 0."""
    n = count("n", n, 0)
    numbers("edges", value)
    array = np.asarray(value)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise ValueError(f"edges of shape {array.shape} and type {array.dtype}: must be whole numbers of shape (m, 2)")
    if array.size and (array.min() < 0 or array.max() >= n):
        raise ValueError(f"edges: node {array.min() if array.min() < 0 else array.max()} is not one of {n}, from 0")
    tied = array[:, 0] == array[:, 1]
    if np.any(tied):
        raise ValueError(f"edges: node {array[tied][0, 0]} is tied to itself")
    return array


def one_of(name, value, allowed):
    """`value`, one of the `allowed`."""
    if not isinstance(value, Hashable) or value not in list(allowed):  # an array would be compared number by number
        raise ValueError(f"{name}={value!r}: must be one of {', '.join(map(repr, allowed))}")
    return value


def together(**arrays):
    """Nothing; but the arrays, or numbers, must have shapes that NumPy broadcasts together."""
    shapes = {name: numbers(name, array).shape for name, array in arrays.items()}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        said = ", ".join(f"{name} of shape {shape}" for name, shape in shapes.items())
        raise ValueError(f"{said}: must broadcast together") from None
