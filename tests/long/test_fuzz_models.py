"""Every public function of helpers against good calls that hypothesis has spoiled: it answers, or says which argument is wrong.

Good calls come from the functions' own tests (good_calls.py). In each case one argument of such a call, sometimes two, is replaced:
by what nobody should give, or by something near what was given. (A generator, a record, a model or a function stays one: of what is none
Python says itself that it is not.) What is asked of the function:

    it returns, or raises a ValueError that names an argument, or an exception that its docstring names;
    no warning, NumPy's of floating-point numbers among them (but for numbers further out than FAR); an answer within LIMIT seconds of a processor;
    no NaN from finite arguments, unless its docstring says something of NaN or None.

A function that nobody has thought of is tried as well; one that no test calls fails here.
"""
import copy
import functools
import hashlib
import importlib
import inspect
import linecache
import math
import pickle
import re
import resource
import signal
import subprocess
import sys
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
import good_calls  # noqa: E402

CASES, BUDGET = 1000, 60  # cases of a function, or seconds, whichever comes first
LIMIT = 10  # seconds of a processor that one call may take
FAR = 1e50  # a number beyond it, or below 1 / FAR, may overflow: no model has a use for one
ROOM = 2 * 2**30  # bytes that a test may use on top of what the process has

# Modules and functions that cannot be called like this, and why.
LEFT_OUT = {
    **dict.fromkeys(("bake", "explore", "glue", "live", "paste", "record", "stage", "state", "still", "svg"),
                    "shows what a function or a model of the page's author makes; its own tests say what it refuses"),
    "figures": "draws with Matplotlib, which says itself what it refuses",
    "controls.controls_of": "looks at a function that the page's author makes; its own tests say what it refuses",
    "in_browser": "changes the notebook that calls it",
    **dict.fromkeys(("data", "dependencies", "runs", "tours.read_tsp"), "reads files"),
    **dict.fromkeys(("allreduce.run", "allreduce.ring", "allreduce.tree", "allreduce.server", "allreduce.Post", "sweep.sweep"), "works in processes"),
    "atlas.measure": "takes seconds for one case; its own tests say what it refuses",
    **dict.fromkeys(("deep", "experts", "heads", "recovery"), "torch networks, whose tensors fit together as their own functions make them"),
}
# Arguments that are left as they are: what the book's own functions say of somebody else's argument.
KEPT = {"checks": {"name", "low", "high", "least", "open_low", "open_high", "n", "allowed"}}


def functions():
    """(module, name) of all that is tried."""
    found = []
    for module in good_calls.names():
        if module not in LEFT_OUT:
            thing = importlib.import_module(f"helpers.{module}")
            found += [(module, name) for name, function in good_calls.public(thing).items()
                      if f"{module}.{name}" not in LEFT_OUT and inspect.signature(function).parameters]
    return found


# Arguments that nobody should give, or hardly anybody.
NUMBERS = [True, False, 0, 1, -1, 2, 3, 0.5, -0.5, 1.5, 10**30, -10**30, 1e308, -1e308, 1e-308, math.nan, math.inf, -math.inf,
           1j, np.float32(0.5), np.int8(-1), np.int64(0), np.bool_(True), np.float64(math.nan), np.uint8(200)]
OTHERS = [None, "", "0", "nonsense", b"bytes", (), [], {}, [[]], [1, [2]], [None], ["a"], {"a": 1}, {1, 2}, object(), len, int, range(3),
          np.array(0.5), np.zeros(0), np.zeros((0, 2)), np.zeros((2, 0)), np.ones(3), np.ones((2, 2)), np.ones((1, 1, 1)), np.eye(3),
          np.array([None, 1]), np.array(["a", "b"]), np.array([1j, 2]), np.array([0.5, math.nan]), np.array([True, False]),
          np.full(2, 1e308), np.zeros((2, 3), np.uint8), [[1, 2], [3]], [0, 1, 2], [0.5, 0.5], [1e308, -1e308], np.arange(4)]
SHIFTS = [lambda x: x + 1, lambda x: x - 1, lambda x: -x, lambda x: 2 * x, lambda x: x / 2, lambda x: 1e-3 * x, lambda x: x + 0.5, lambda x: x * 0,
          lambda x: x * 3, float, np.float32, str, lambda x: [x], np.array, lambda x: 1e200 * x, lambda x: 1 - x]


def _one_changed(array, value, at):
    array = np.array(array)
    if array.size:
        array.flat[at % array.size] = value
    return array


ARRAYS = [lambda x, at: x[::-1], lambda x, at: x[1:], lambda x, at: x[:-1], lambda x, at: x[:1], lambda x, at: x[:0], lambda x, at: x.T,
          lambda x, at: x.ravel(), lambda x, at: x[np.newaxis], lambda x, at: x[..., np.newaxis], lambda x, at: x.tolist(),
          lambda x, at: x.astype(float), lambda x, at: x.astype(int), lambda x, at: x.astype(object), lambda x, at: x.astype(complex),
          lambda x, at: x.astype(str), lambda x, at: x.astype(np.float32), lambda x, at: x > 0, lambda x, at: 2 * x, lambda x, at: -x,
          lambda x, at: x * 0, lambda x, at: x + 1, lambda x, at: x - 1, lambda x, at: x + 0.5, lambda x, at: x * 1e200,
          lambda x, at: np.concatenate([x, x]), lambda x, at: np.asfortranarray(x), lambda x, at: x.flat[at % x.size],
          *(functools.partial(lambda x, at, value: _one_changed(x, value, at), value=value)
            for value in (math.nan, math.inf, -1, 0, 1, 2, 1e308, 0.5))]


def near(value, lot, number):
    """Something like `value`; something strange if there is nothing like it. `lot` chooses, `number` is any."""
    if isinstance(value, np.random.Generator):
        return np.random.default_rng(lot.randrange(100))
    if isinstance(value, np.ndarray):
        return lot.choice(ARRAYS)(value, lot.randrange(100))
    if isinstance(value, (int, float, np.number)):
        return lot.choice(SHIFTS)(value)
    if isinstance(value, str):
        return lot.choice([value.upper(), value + " ", value[:1], value[::-1], [value], np.str_(value), value.encode()])
    if getattr(value, "_field_defaults", None):  # a record without defaults is made by a function that looks at them
        name = lot.choice(list(value._field_defaults))
        return value._replace(**{name: spoiled(getattr(value, name), lot, number)})
    if isinstance(value, dict) and value:
        name = lot.choice(list(value))
        less = {key: item for key, item in value.items() if key != name}
        return lot.choice([less, {**value, name: spoiled(value[name], lot, number)}])
    if type(value) in (list, tuple) and value:
        at = lot.randrange(len(value))
        one = type(value)([*value[:at], spoiled(value[at], lot, number), *value[at + 1:]])
        return lot.choice([one, one, one, value[1:], value[:-1], value[::-1], value * 2, tuple(value), list(value), value[0]])
    return strange(lot)


def strange(lot):
    return copy.copy(lot.choice([*NUMBERS, *OTHERS]))


def spoiled(value, lot, number):
    """What stands where `value` stood: something near, something strange, or any number."""
    how = lot.randrange(5)
    if isinstance(value, np.random.Generator):
        return near(value, lot, number)
    if good_calls.is_record(type(value)) or callable(value):
        return near(value, lot, number) if getattr(value, "_field_defaults", None) else value
    return near(value, lot, number) if how < 3 else strange(lot) if how == 3 else number


def named(function, call):
    """Names that a message about this call may use."""
    names = {*inspect.signature(function).parameters, *call, *re.findall(r"edges", function.__name__)}
    if isinstance(call.get("name"), str):
        names.add(call["name"])  # of the functions that look at somebody else's arguments
    for value in call.values():
        names |= set(getattr(value, "_fields", ())) | set(value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else ())
    return names


def called(function, call):
    """function(**call), whatever kinds its parameters are."""
    call, args = dict(call), []
    parameters = list(inspect.signature(function).parameters.values())
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        for parameter in parameters:
            if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                args.append(call.pop(parameter.name))
            elif parameter.kind is parameter.VAR_POSITIONAL:
                more = call.pop(parameter.name)
                args += more if isinstance(more, (list, tuple)) else [more]
    return function(*args, **call)


def numbers_of(value, depth=4):
    """The float arrays in `value`."""
    if isinstance(value, (float, np.floating, np.ndarray)):
        array = np.asarray(value)
        if array.dtype.kind == "f":
            yield array
    elif isinstance(value, (list, tuple, dict)) and depth:
        for item in value.values() if isinstance(value, dict) else value:
            yield from numbers_of(item, depth - 1)


class Hang(BaseException):
    """A call took longer than LIMIT. No model's `except` may catch it."""


def _hang(*_):
    raise Hang


def lived(function, call, doc):
    """None if the call went as it should, "skipped", or (what came, where, words)."""
    signal.signal(signal.SIGPROF, _hang)
    finite = all(np.isfinite(array).all() for array in numbers_of(list(call.values())))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            signal.setitimer(signal.ITIMER_PROF, LIMIT)
            try:
                result = called(function, call)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
        about = doc + (type(result).__doc__ if good_calls.is_record(type(result)) else "")
        if finite and not re.search(r"\bnan\b|\bNone\b", about, re.I) and any(np.isnan(array).any() for array in numbers_of(result)):
            return "nan", "", "returned nan"
    except MemoryError:
        return "skipped"
    except Hang as error:
        return "hang", *_where(error)
    except ValueError as error:
        if "array is too big" in str(error) or "Maximum allowed dimension" in str(error):
            return "skipped"
        if not any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", str(error)) for name in named(function, call)):
            return "names no argument", *_where(error)
    except (RuntimeWarning, OverflowError) as error:
        return "skipped" if _beyond(call) else (type(error).__name__, *_where(error))
    except Exception as error:  # noqa: BLE001  whatever else there is
        if not any(kind.__name__ in doc for kind in type(error).__mro__[:-2]):
            return type(error).__name__, *_where(error)
    return None


def _beyond(value, depth=4):
    """Does a number of `value` lie further out than FAR, or nearer to 0 than 1 / FAR?"""
    if isinstance(value, (dict, list, tuple)):
        return depth > 0 and any(_beyond(item, depth - 1) for item in (value.values() if isinstance(value, dict) else value))
    try:
        size = np.abs(np.asarray(value, float))
    except (TypeError, ValueError, OverflowError):
        return False
    return bool(np.any((size > FAR) & np.isfinite(size) | (size > 0) & (size < 1 / FAR)))


def _more(value, before):
    try:
        return float(np.ravel(value)[0]) > before
    except (TypeError, ValueError):
        return False


def _where(error):
    """The last line of helpers that was running, and what the error says."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/helpers/" in frame.filename and "site-packages" not in frame.filename]
    if not frames:
        return "", str(error)[:160]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {linecache.getline(frames[-1].filename, frames[-1].lineno).strip()}"
    return place, str(error)[:160]


def shown(value):
    words = re.sub(r"\s+", " ", repr(value))
    return words if len(words) < 90 else words[:87] + "..."


@functools.cache
def good(module):
    """{function: its good calls, pickled}, recorded anew when the module, its tests or the recorder changed."""
    sources = [good_calls.ROOT / "helpers" / f"{module.replace('.', '/')}.py", *good_calls.tests_of(module), Path(good_calls.__file__)]
    mark = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:12]
    kept = good_calls.ROOT / "_build/fuzz" / mark
    if not (kept / f"{module}.pickle").exists():
        kept.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, good_calls.__file__, kept, module], check=True, stdout=subprocess.DEVNULL, cwd=good_calls.ROOT)
    found = pickle.loads((kept / f"{module}.pickle").read_bytes())
    return {name: [call for call in calls if _loads(call)] for name, calls in found.items()}


def _loads(call):
    try:
        return pickle.loads(call) is not None
    except (ImportError, AttributeError):  # of a class in the test's own file
        return False


def trusted(doc):
    """Words of the sentence in which a docstring says what it trusts."""
    return set(re.findall(r"\w+", " ".join(re.findall(r"[^.]*\btrusted\b[^.]*", doc))))


def tried(module, name, calls):
    """{(what came, where): (times, words, call)} of all that went wrong, and how many cases were lived through and skipped."""
    function = getattr(importlib.import_module(f"helpers.{module}"), name)
    doc = f"{function.__doc__} {getattr(function, '__init__', None) and function.__init__.__doc__ or ''}"
    wrong, counted = {}, {"cases": 0, "skipped": 0}
    end = time.monotonic() + BUDGET

    @settings(max_examples=CASES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=True), st.one_of(st.floats(), st.integers(-5, 12)))
    def cases(lot, number):
        if time.monotonic() > end:
            return
        call = pickle.loads(lot.choice(calls))
        free = sorted(set(call) - trusted(doc) - KEPT.get(module, set()))
        changed = lot.sample(free, min(len(free), lot.choice([1, 1, 2])))
        more = False  # of a number that may well be a count: it may take longer
        try:
            for argument in changed:
                before = call[argument]
                call[argument] = spoiled(before, lot, number)
                more = more or (isinstance(before, (int, float)) and np.size(call[argument]) == 1 and _more(call[argument], before))
        except (TypeError, ValueError, OverflowError, IndexError, ZeroDivisionError):
            return  # this change cannot be made to this argument
        words = ", ".join(f"{argument}={shown(value)}" for argument, value in call.items() if argument in changed)
        came = lived(function, call, doc)
        came = "skipped" if came and came[0] == "hang" and more else came
        counted["cases"] += 1
        counted["skipped"] += came == "skipped"
        if came and came != "skipped":
            what, where, said = came
            times, _, before = wrong.get((what, where), (0, "", words))
            wrong[what, where] = times + 1, said, min(before, words, key=len)

    with warnings.catch_warnings(), np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("ignore")  # of the changes; a call has its own
        cases()
    return wrong, counted


@pytest.fixture
def room():
    """No more memory than ROOM on top of what there is."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize(("module", "name"), functions(), ids=lambda part: part.replace(".", "_"))
def test_fuzzed(module, name):
    calls = good(module).get(name)
    assert calls, f"no test of {module} calls {name}: there is no good call to spoil"
    wrong, counted = tried(module, name, calls)
    print(f"{module}.{name}: {counted['cases']} cases, {counted['skipped']} skipped as too big")
    if wrong:
        pytest.fail("\n".join(f"{times} x {what} at {where}: {said}\n      with {words}"
                              for (what, where), (times, said, words) in wrong.items()), pytrace=False)
