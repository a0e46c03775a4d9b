"""Calls of the helpers' public functions that their own tests make, kept for test_fuzz_models.py to spoil.

    python good_calls.py FOLDER crowd twins.crowd      runs tests/helpers/test_crowd.py and twins/test_crowd.py

FOLDER/crowd.pickle: a pickle of {"aggregate": [pickled {argument: value}, ...]}, cheapest first, no two of one kind.
"""
import functools
import importlib
import inspect
import os
import pickle
import pkgutil
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
WATCHED = 300  # calls of a function; those after are left alone
KINDS = 6  # calls kept of each function
MOST_BYTES = 1_000_000  # of a call's arguments
LIMIT = 5  # seconds of a processor that one test may go on for
ALIKE = 3  # cases of one parametrized test
ELSEWHERE = {"checks": ("crowd", "consensus", "automata"), "fastest": ("consensus",), "team_optimum": ("marl", "networked")}  # whose tests call it


def names():
    """["crowd", ..., "twins.crowd", ...]: the modules of helpers."""
    return [package + module.name for package, folder in (("", "helpers"), ("twins.", "helpers/twins"))
            for module in pkgutil.iter_modules([str(ROOT / folder)]) if module.name != "twins"]


def tests_of(module):
    """The files of tests that call it."""
    files = [ROOT / "tests/helpers" / package / f"test_{short}.py"
             for package, _, short in (name.rpartition(".") for name in (module, *ELSEWHERE.get(module, ())))]
    return [file for file in files if file.exists()]


def is_record(thing):
    """A NamedTuple or a dataclass: it holds what it is given."""
    return inspect.isclass(thing) and (hasattr(thing, "_fields") or hasattr(thing, "__dataclass_fields__"))


def public(module):
    """{name: function or class} of what the module itself defines, but for records and for widgets, which a front end makes."""
    return {name: thing for name, thing in vars(module).items()
            if not name.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing))
            and thing.__module__ == module.__name__ and not is_record(thing) and not hasattr(thing, "class_traits")}


def arguments_of(signature, args, kwargs):
    """{name: value} of a call, defaults and what `**settings` took among them."""
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    found = {}
    for name, value in bound.arguments.items():
        found |= value if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD else {name: value}
    return found


def _enough(*_):
    raise TimeoutError("long enough")


class Calls:
    """A pytest plugin that keeps calls."""

    def __init__(self, modules):
        self.kept, self.seen = {}, {}
        for module in modules:
            thing = importlib.import_module(f"helpers.{module}")
            for name, function in public(thing).items():
                where = module, name
                if inspect.isfunction(function):
                    setattr(thing, name, self.watched(where, function, inspect.signature(function)))
                elif hasattr(function.__init__, "__code__"):
                    function.__init__ = self.watched(where, function.__init__, inspect.signature(function), made=True)

    def pytest_configure(self):
        from hypothesis import settings  # here, where pytest has seen to it

        settings.register_profile("few", max_examples=5, deadline=None, database=None)
        settings.load_profile("few")

    def watched(self, where, function, signature, made=False):
        @functools.wraps(function)
        def call(*args, **kwargs):
            self.seen[where] = self.seen.get(where, 0) + 1
            if self.seen[where] > WATCHED:
                return function(*args, **kwargs)
            try:
                given = arguments_of(signature, args[1:] if made else args, kwargs)
                frozen = pickle.dumps(given)
            except Exception:  # noqa: BLE001  what cannot be kept is somebody else's
                return function(*args, **kwargs)
            start = time.perf_counter()
            result = function(*args, **kwargs)
            if len(frozen) <= MOST_BYTES:
                self.keep(where, given, frozen, time.perf_counter() - start)
            return result
        return call

    def keep(self, where, given, frozen, seconds):
        kind = tuple((name, type(value).__name__, getattr(value, "ndim", None), value if isinstance(value, (str, bool)) else None)
                     for name, value in given.items())
        kinds = self.kept.setdefault(where, {})
        if kind not in kinds or (seconds, len(frozen)) < kinds[kind][:2]:
            kinds[kind] = seconds, len(frozen), frozen

    def pytest_collection_modifyitems(self, items):
        alike = {}
        for item in items:
            alike.setdefault((item.path, item.originalname), []).append(item)
        items[:] = [item for same in alike.values() for item in same[:ALIKE]]

    def pytest_runtest_call(self, item):
        signal.signal(signal.SIGPROF, _enough)
        signal.setitimer(signal.ITIMER_PROF, LIMIT)

    def pytest_runtest_teardown(self, item):
        signal.setitimer(signal.ITIMER_PROF, 0)


def main(folder, *modules):
    import pytest

    sys.path.insert(0, str(ROOT))
    calls = Calls(modules)
    tests = [file for module in modules for file in tests_of(module)]
    if tests:
        pytest.main(["-q", "-n0", "-p", "no:cacheprovider", "--no-header", *map(str, tests)], plugins=[calls])
    for module in modules:
        best = {name: [frozen for _, _, frozen in sorted(kinds.values(), key=lambda kind: kind[:2])[:KINDS]]
                for (where, name), kinds in calls.kept.items() if where == module}
        file = Path(folder, f"{module}.pickle")
        part = file.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps(best))
        part.replace(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
