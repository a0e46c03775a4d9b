"""A model run in every setting with every seed, on one processor or a thousand: tidy records of what came of it.

Notation
    model     model(rng, **setting) -> {name: value}, with rng = np.random.default_rng(seed): the same seed in every
              setting, so that settings are compared on the same draws
    run       one setting with one seed
    record    {**setting, "seed": seed, **what the model returned}; values are finite numbers, strings, bools or None
    failure   {**setting, "seed": seed, "error": "ValueError: ..."}, of a run that raised or whose process died
    batch     runs sent to a process together, so that sending costs little beside runs that are short
A file of a sweep has a JSON object a line: {"module", "qualname"} of the model, then {"setting", "seed", "result"} of each
finished run, in the order in which they finished.
"""
import contextlib
import functools
import itertools
import json
import math
import os
import queue
import sys
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import CancelledError
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from . import checks

LONGEST, SECONDS = 64, 1.0  # a batch: runs at most; what it has not begun after so many seconds is sent anew
AHEAD = 300  # batches that a cluster is given at a time, at least: one that grows with what waits must see it wait
RESERVED = "rng", "seed", "error"
THREADS = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB", "NUMBA", "NUMEXPR")
DIED = "RuntimeError: the process died (killed, crashed or out of memory) each time, also when the run was tried alone"
GONE = "cluster: the scheduler went away, or cancelled the runs"


class Sweep(NamedTuple):
    records: list
    failures: list


def sweep(model, grid, seeds, *, path=None, workers=1, cluster=None, progress=False):
    """Sweep(records, failures) of the model in every setting of the grid with each of the seeds, in this order.

    grid      {name: list of values}, all combinations, the last name fastest; or a list of settings, dicts
    seeds     whole numbers, none below 0
    path      of a file that keeps each run as it finishes. The same call with the same path does not repeat them, and
              tries again those that failed. Runs that are not of this grid stay in the file. A model is known by its name
              alone: take another path for one that was changed. One sweep at a time may write to a path
    workers   processes on this machine (joblib's loky); 1: none but this one
    cluster   a distributed.Client, or the address of a Dask scheduler ("tcp://..."): run there instead. Scheduler and workers
              must be able to import this module and the model's; without workers, runs wait for some to come
    progress  say on stderr how many runs are done and have failed, and how long the others will take

    Results do not depend on where and in which order runs are made, given one kind of processor: NumPy's threads are kept to
    one. A run that raises loses itself alone. When a process dies, the runs that it may have been at are tried again, each
    alone; one whose process dies twice more is a failure. (With workers=1 it ends this process.) Raises ValueError for
    input that is not as above; ConnectionError if the cluster is lost, RuntimeError if its workers cannot run the model:
    what was finished is kept in the path, and the same call goes on from there.
    """
    if not callable(model):
        raise ValueError(f"model={model!r}: must be a function of a generator and of what the grid sets")
    settings, seeds, workers = _settings(grid), _seeds(seeds), checks.count("workers", workers)
    if cluster is not None:
        _is_cluster(cluster)
        if workers != 1:
            raise ValueError(f"workers={workers}: must be left out with a cluster, which has its own")
    runs = list(itertools.product(settings, seeds))
    keys = [_key(*run) for run in runs]
    with contextlib.ExitStack() as stack:
        kept, errors, file = {}, {}, None
        if path is not None:
            kept = _kept(path, model)
            file = stack.enter_context(open(path, "ab"))
        todo = [at for at, key in enumerate(keys) if key not in kept]
        bar = stack.enter_context(_bar(len(runs), len(runs) - len(todo))) if progress else None
        made = _made(model, [runs[at] for at in todo], workers, cluster)
        stack.enter_context(contextlib.closing(made))
        try:
            for which, (result, error) in made:
                at = todo[which]
                if error is None:
                    kept[keys[at]] = result
                    if file:
                        file.write(_line({"setting": runs[at][0], "seed": runs[at][1], "result": result}))
                        file.flush()
                else:
                    errors[at] = error
                if bar is not None:
                    bar.set_postfix(failures=len(errors), refresh=False)
                    bar.update()
        except (ConnectionError, _NotRun) as lost:
            done = sum(key in kept for key in keys)
            where = f"kept in {path}; the same call goes on from there" if file else "lost, since path is None"
            raise type(lost)(f"{lost}. {done} of {len(runs)} runs had finished and are {where}") from lost
    records = [{**runs[at][0], "seed": runs[at][1], **kept[key]} for at, key in enumerate(keys) if at not in errors]
    return Sweep(records, [{**runs[at][0], "seed": runs[at][1], "error": errors[at]} for at in sorted(errors)])


def summary(records, by, value):
    """Mean of `value` for each combination of the names in the list `by`, in the order in which they first appear.

    Rows {**names, "mean", "low", "high", "count", "missing"}: low to high is the 95% interval of the mean (Student's t) over
    the `count` records with a number; `missing` have None. mean is None without a number, low and high with fewer than two.
    """
    if isinstance(by, str) or set(by) & {"mean", "low", "high", "count", "missing"}:
        raise ValueError(f"by={by!r}: must be a list of names, none of them a name of the summary's own")
    from scipy import special  # here, since processes that run models start sooner without it

    groups = {}
    for record in records:
        absent = [name for name in (*by, value) if name not in record]
        if absent:
            raise ValueError(f"{'value' if absent == [value] else 'by'}: the record {record!r} has no {absent[0]!r}")
        groups.setdefault(tuple(record[name] for name in by), []).append(record[value])
    rows = []
    for names, values in groups.items():
        found = checks.finite("value", [each for each in values if each is not None])
        n = found.size
        mean = float(found.mean()) if n else None
        half = float(special.stdtrit(n - 1, 0.975) * found.std(ddof=1) / math.sqrt(n)) if n > 1 else None
        rows.append({**dict(zip(by, names, strict=True)), "mean": mean, "low": None if half is None else mean - half,
                     "high": None if half is None else mean + half, "count": n, "missing": len(values) - n})
    return rows


# --- what is asked for ----------------------------------------------------------------------------------


def _plain(name, value):
    """`value` as a value of JSON."""
    if isinstance(value, np.generic):
        value = value.item()
    if type(value) not in (int, float, str, bool, type(None)) or (type(value) is float and not math.isfinite(value)):
        raise ValueError(f"{name}={value!r}: must be a finite number, a string, a bool or None")
    return value


def _settings(grid):
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if not isinstance(values, (list, tuple, range, np.ndarray)):
                raise ValueError(f"grid: {name}={values!r}: must be a list of values")
        settings = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    elif isinstance(grid, (list, tuple)) and all(isinstance(setting, Mapping) for setting in grid):
        settings = grid
    else:
        raise ValueError(f"grid={grid!r}: must be a dict of lists or a list of dicts")
    for name in itertools.chain.from_iterable(settings):
        if not isinstance(name, str) or name in RESERVED:
            raise ValueError(f"grid: a setting is named {name!r}: must be a string other than {', '.join(RESERVED)}")
    settings = [{name: _plain(f"grid: {name}", value) for name, value in setting.items()} for setting in settings]
    if not settings:
        raise ValueError("grid: has no setting; must have at least one")
    _differ("grid", settings)
    return settings


def _seeds(seeds):
    try:
        found = list(seeds)
    except TypeError:
        raise ValueError(f"seeds={seeds!r}: must be a list of whole numbers") from None
    found = checks.counts("seeds", found, 0)
    if found.ndim != 1 or not found.size:
        raise ValueError(f"seeds of shape {found.shape}: must be a list of whole numbers, at least one")
    found = found.tolist()
    _differ("seeds", found)
    return found


def _differ(name, values):
    seen = set()
    for value in values:
        key = json.dumps(value, sort_keys=True)
        if key in seen:
            raise ValueError(f"{name}: has {value!r} twice; must have each but once")
        seen.add(key)


def _is_cluster(cluster):
    import distributed

    if isinstance(cluster, distributed.Client):
        return
    try:
        distributed.comm.get_address_host_port(cluster, strict=True)
    except (ValueError, TypeError, AttributeError):
        raise ValueError(f"cluster={cluster!r}: must be a distributed.Client or an address like 'tcp://host:8786'") from None


def _key(setting, seed):
    return json.dumps([setting, seed], sort_keys=True)


# --- the file -------------------------------------------------------------------------------------------


def _line(value):
    return json.dumps(value).encode() + b"\n"


def _kept(path, model):
    """{key: result} of the runs in the file, which is begun if there is none; a last line that was torn is cut off."""
    ours = {name: getattr(model, f"__{name}__", None) for name in ("module", "qualname")}
    if None in ours.values() or "<lambda>" in ours["qualname"]:
        raise ValueError(f"model={model!r}: must be a function with a name, by which {os.fspath(path)} knows it")
    kept = {}
    with open(path, "ab+") as file:
        file.seek(0)
        first = file.readline()
        if not first.endswith(b"\n") and _line(ours).startswith(first):
            file.truncate(0)
            file.write(_line(ours))
            return kept
        try:
            theirs = json.loads(first)
            whose = f"runs of {theirs['module']}.{theirs['qualname']}"
        except (ValueError, TypeError, KeyError):
            theirs, whose = None, "no runs of a sweep"
        if theirs != ours:
            raise ValueError(f"path={os.fspath(path)!r}: the file has {whose}; must be of {ours['module']}.{ours['qualname']}")
        whole = len(first)
        for line in file:
            if not line.endswith(b"\n"):
                file.truncate(whole)
                break
            whole += len(line)
            try:
                run = json.loads(line)
                kept[_key(run["setting"], run["seed"])] = run["result"]
            except (ValueError, TypeError, KeyError):
                raise ValueError(f"path={os.fspath(path)!r}: the file has a line that is no run, {line[:80]!r}") from None
    return kept


def _bar(total, done):
    from tqdm import tqdm

    if sys.platform == "emscripten":  # a browser has no threads, and tqdm would warn that it cannot start its own
        tqdm.monitor_interval = 0
    return tqdm(total=total, initial=done, unit="run", file=sys.stderr)


# --- where runs are made --------------------------------------------------------------------------------


class _NotRun(RuntimeError):
    """The workers cannot run the model at all."""


def _outcome(model, setting, seed):
    """(result, None) of a run, or (None, error)."""
    try:
        result = model(np.random.default_rng(seed), **setting)
        if not isinstance(result, Mapping):
            raise TypeError(f"the model returned a {type(result).__name__}; must be a dict")
        for name in result:
            if not isinstance(name, str) or name == "seed" or name in setting:
                raise ValueError(f"the model returned {name!r}; must be a string, not 'seed' and not the name of a setting")
        return {name: _plain(name, value) for name, value in result.items()}, None
    except (Exception, SystemExit) as error:
        return None, f"{type(error).__name__}: {error}"


def _batch(model, runs):
    """(outcomes, seconds) of the runs, in order: of all, or of as many as were begun in time."""
    start, outcomes = time.monotonic(), []
    for setting, seed in runs:
        outcomes.append(_outcome(model, setting, seed))
        if time.monotonic() - start > SECONDS:
            break
    return outcomes, time.monotonic() - start


def _made(model, runs, workers, cluster):
    """Yields (which, outcome) of the runs as they finish, `which` being the place in the list."""
    if runs and cluster is not None:
        return _on_cluster(model, runs, cluster)
    if runs and workers > 1:
        return _in_processes(model, runs, workers)
    return _here(model, runs)


def _here(model, runs):
    with contextlib.nullcontext() if sys.platform == "emscripten" else threadpool_limits(1):  # a browser has no threads
        for which, run in enumerate(runs):
            yield which, _outcome(model, *run)


def _in_processes(model, runs, workers):
    # Not joblib.Parallel: when a process dies it raises, and keeps to itself which runs were at work and what was done.
    from joblib.externals.loky.process_executor import ProcessPoolExecutor, TerminatedWorkerError

    def opened():
        # Processes that have nothing to do for a minute end: those of a sweep that was killed.
        return ProcessPoolExecutor(workers, timeout=60, env={f"{name}_NUM_THREADS": "1" for name in THREADS})

    pool = opened()

    def submit(*task):
        nonlocal pool
        try:
            return pool.submit(*task)
        except TerminatedWorkerError:
            pool.shutdown()
            pool = opened()
            return pool.submit(*task)

    try:
        yield from _spread(model, runs, submit, 2 * workers, TerminatedWorkerError, lambda: None)
    finally:
        pool.shutdown(kill_workers=True)


def _on_cluster(model, runs, cluster):
    import distributed

    with contextlib.ExitStack() as stack:
        client = cluster
        if isinstance(cluster, str):
            try:
                client = stack.enter_context(distributed.Client(cluster, set_as_default=False))
            except OSError as error:
                raise ConnectionError(f"cluster={cluster!r}: no scheduler answers there") from error
        stream = client.scheduler_comm  # a new one if the client found its scheduler, or another, again

        def answers():
            if client.status != "running" or client.scheduler_comm is not stream:
                raise ConnectionError(GONE)

        try:
            answers()
            ahead = max(AHEAD, 2 * sum(client.nthreads().values()))
            # Dask's own futures: those of its executor fail if a worker dies between an answer and its collection
            yield from _spread(model, runs, functools.partial(client.submit, pure=False), ahead, distributed.KilledWorker, answers)
        except (OSError, distributed.client.ClosedClientError) as error:
            raise ConnectionError(GONE) from error


def _spread(model, runs, submit, ahead, died, answers):
    """`_made` of processes: submit(f, *arguments) gives a future, whose exception is `died` if the process did."""
    suspects = yield from _sent(model, runs, range(len(runs)), submit, ahead, LONGEST, died, answers)
    for _ in range(2):  # twice: the first death may have been the doing of another run
        suspects = yield from _sent(model, runs, sorted(suspects), submit, 1, 1, died, answers)
    for which in suspects:
        yield which, (None, DIED)


def _sent(model, runs, those, submit, ahead, longest, died, answers):
    """Yields (which, outcome) of those runs; returns the ones that were in a batch whose process died."""
    todo, working, finished, lost, size = deque(those), {}, queue.SimpleQueue(), [], 1
    while todo or working:
        while todo and len(working) < ahead:
            batch = [todo.popleft() for _ in range(min(size, len(todo)))]
            future = submit(_batch, model, [runs[which] for which in batch])
            working[future] = batch
            future.add_done_callback(finished.put)
        try:
            future = finished.get(timeout=1)
        except queue.Empty:
            answers()
            continue
        batch = working.pop(future)
        if future.cancelled():
            raise ConnectionError(GONE)
        try:
            outcomes, seconds = future.result()
        except died:
            lost += batch
            continue
        except (OSError, CancelledError) as error:  # the way to the workers is gone: what a model raises is an outcome
            raise ConnectionError(GONE) from error
        except Exception as error:
            raise _NotRun(f"model={model!r}: a worker cannot run it, {type(error).__name__}: {error}") from error
        todo.extendleft(reversed(batch[len(outcomes):]))
        size = max(1, min(longest, int(len(outcomes) * SECONDS / 2 / max(seconds, 1e-6))))
        yield from zip(batch, outcomes, strict=False)
    return lost
