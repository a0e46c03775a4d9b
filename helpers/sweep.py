"""A model run in every setting with every seed, on one processor or a thousand: tidy records of what came of it.

Notation
    model     model(rng, **setting) -> {name: value}, with rng = np.random.default_rng(seed): the same seed in every
              setting, so that settings are compared on the same draws
    run       one setting with one seed
    record    {**setting, "seed": seed, **what the model returned}; values are finite numbers, strings, bools or None
    failure   {**setting, "seed": seed, "error": "ValueError: ..."}, of a run that raised or whose process died
    batch     runs sent to a process together, so that sending costs little beside runs that are short
    place     of a run: its number in the order of the settings, and of the seeds in each
Whoever calls holds nothing of a finished run but where in the file its line begins: helpers/runs.py has the file. A guide:
book/teaching/sweeps.md.
"""
import contextlib
import itertools
import json
import math
import pickle
import queue
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import CancelledError
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from . import checks, runs

LONGEST, SECONDS = 64, 1.0  # a batch: runs at most; what it has not begun after so many seconds is sent anew
AHEAD = 300  # batches that a cluster is given at a time, at least: one that grows with what waits must see it wait
RESERVED = "rng", "seed", "error"
THREADS = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB", "NUMBA", "NUMEXPR")
DIED = "RuntimeError: the process died (killed, crashed or out of memory) each time, also when the run was tried alone"
GONE = "cluster: the scheduler went away, or cancelled the runs"


class Sweep(NamedTuple):
    records: Sequence
    failures: Sequence


def sweep(model, grid, seeds, *, path=None, workers=1, cluster=None, progress=False):
    """Sweep(records, failures) of the model in every setting of the grid with each of the seeds, in this order.

    grid      {name: list of values}, all combinations, the last name fastest; or a list of settings, dicts
    seeds     whole numbers, none below 0
    path      of a file that keeps each run as it finishes. The same call with the same path does not repeat them, and
              tries again those that failed. Runs that are not of this grid stay in the file. A model is known by its name
              alone: take another path for one that was changed. One sweep at a time may write to a path
    workers   processes on this machine (joblib's loky); 1: none but this one
    cluster   a distributed.Client, or the address of a Dask scheduler ("tcp://..."): run there instead. Its workers must
              be able to import this module and the model's; without workers, runs wait for some to come
    progress  say on stderr how many runs are done and have failed, and how long the others will take

    Without a path both are lists. With one they are sequences that read a record from the file when it is asked for
    (helpers/runs.py): this process holds 9 bytes a run and 8 a seed, 24 a run more while it looks for what a file has, and
    those runs that are at work, however many there are in all.

    Results do not depend on where and in which order runs are made, given one kind of processor: NumPy's threads are kept to
    one. A run that raises loses itself alone. When a process dies, the runs that it may have been at are tried again, each
    alone; one whose process dies twice more is a failure. (With workers=1 it ends this process.) Raises ValueError for
    input that is not as above; OSError if the path cannot be written to, as on a full disk; ConnectionError if the cluster is
    lost, RuntimeError if its workers cannot run the model: what was finished is kept in the path, and the same call goes on
    from there.
    """
    if not callable(model):
        raise ValueError(f"model={model!r}: must be a function of a generator and of what the grid sets")
    asked, workers = _Asked(_grid(grid), _seeds(seeds)), checks.count("workers", workers)
    if cluster is not None:
        _is_cluster(cluster)
        if workers != 1:
            raise ValueError(f"workers={workers}: must be left out with a cluster, which has its own")
    starts, failed = np.zeros(len(asked), np.int64), np.zeros(len(asked), bool)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(runs.File(path, model))
        _look_up(asked, file, starts)
        done = np.count_nonzero(starts)
        bar = stack.enter_context(_bar(len(asked), done)) if progress else None
        todo = (place for place in range(len(asked)) if not starts[place])
        made = _made(model, asked, todo, workers, cluster) if done < len(asked) else _here(model, asked, ())
        stack.enter_context(contextlib.closing(made))
        try:
            for place, (result, error) in made:
                setting, seed = asked[place]
                what = {"result": result} if error is None else {"error": error}
                starts[place] = file.add({"setting": setting, "seed": seed, **what})
                failed[place] = error is not None
                done += error is None
                if bar is not None:
                    bar.update()
                    bar.set_postfix(failures=bar.n - done, refresh=False)
        except (OSError, _NotRun) as lost:
            where = "lost, since path is None" if path is None else f"kept in {path}; the same call goes on from there"
            *number, said = lost.args
            raise type(lost)(*number, f"{said}. {done} of {len(asked)} runs had finished and are {where}") from lost
        records, failures = (file.records(starts[failed == which]) for which in (False, True))
        return Sweep(records, failures) if path is not None else Sweep(list(records), list(failures))


def summary(records, by, value):
    """Mean of `value` for each combination of the names in the list `by`, in the order in which they first appear.

    Rows {**names, "mean", "low", "high", "count", "missing"}: low to high is the 95% interval of the mean (Student's t) over
    the `count` records with a number; `missing` have None. mean is None without a number, low and high with fewer than two.
    Records may be any iterable, read once: a row's sums are all that is held. Raises ValueError for what is not as above;
    OSError if the file of the records is gone.
    """
    own = {"mean", "low", "high", "count", "missing"}
    if not isinstance(by, (list, tuple)) or not all(isinstance(name, str) and name not in own for name in by):
        raise ValueError(f"by={by!r}: must be a list of names, none of them a name of the summary's own")
    if not isinstance(value, str):
        raise ValueError(f"value={value!r}: must be a name")
    if not isinstance(records, Iterable):
        raise ValueError(f"records={records!r}: must be dicts")
    from scipy import special  # here, since processes that run models start sooner without it

    groups = {}  # names: count, mean, sum of squares about it (Welford 1962), missing
    for record in records:
        if not isinstance(record, Mapping):
            raise ValueError(f"records: {record!r} is among them; must be dicts")
        absent = [name for name in (*by, value) if name not in record]
        if absent:
            raise ValueError(f"{'value' if absent == [value] else 'by'}: the record {record!r} has no {absent[0]!r}")
        try:
            group = groups.setdefault(tuple(record[name] for name in by), [0, 0.0, 0.0, 0])
        except TypeError:
            raise ValueError(f"by={by!r}: in the record {record!r} they must be numbers, strings, bools or None") from None
        if record[value] is None:
            group[3] += 1
            continue
        number = checks.one_number("value", record[value])
        group[0] += 1
        off = number - group[1]
        group[1] += off / group[0]
        group[2] += off * (number - group[1])
    rows = []
    for names, (n, mean, squares, missing) in groups.items():
        half = float(special.stdtrit(n - 1, 0.975)) * math.sqrt(squares / (n - 1) / n) if n > 1 else None
        rows.append({**dict(zip(by, names, strict=True)), "mean": mean if n else None, "low": None if half is None else mean - half,
                     "high": None if half is None else mean + half, "count": n, "missing": missing})
    return rows


# --- what is asked for ----------------------------------------------------------------------------------


def _plain(name, value):
    """`value` as a value of JSON."""
    if isinstance(value, np.generic):
        value = value.item()
    finite = abs(value) <= sys.float_info.max if type(value) in (int, float) else type(value) in (str, bool, type(None))
    if not finite:
        raise ValueError(f"{name}={value!r}: must be a finite number, a string, a bool or None")
    return value


class _Asked:
    """The runs, each (setting, seed), made when it is asked for by its place."""

    def __init__(self, grid, seeds):
        self.grid, self.seeds = grid, seeds
        self.shape = tuple(map(len, grid.values())) if isinstance(grid, Mapping) else (len(grid),)

    def __len__(self):
        return math.prod(self.shape) * len(self.seeds)

    def __getitem__(self, place):
        which, seed = divmod(place, len(self.seeds))
        if isinstance(self.grid, Mapping):
            at = np.unravel_index(which, self.shape)
            setting = {name: values[each] for (name, values), each in zip(self.grid.items(), at, strict=True)}
        else:
            setting = self.grid[which]
        return {name: _plain(f"grid: {name}", value) for name, value in setting.items()}, int(self.seeds[seed])


def _grid(grid):
    """The grid, if it is one."""
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if not isinstance(values, (list, tuple, range, np.ndarray)) or getattr(values, "ndim", 1) == 0:
                raise ValueError(f"grid: {name}={values!r}: must be a list of values")
        parts = [{name: values} for name, values in grid.items()]
    elif isinstance(grid, (list, tuple)) and all(isinstance(setting, Mapping) for setting in grid):
        parts = [grid]
    else:
        raise ValueError(f"grid={grid!r}: must be a dict of lists or a list of dicts")
    for name in itertools.chain.from_iterable([grid] if isinstance(grid, Mapping) else grid):
        if not isinstance(name, str) or name in RESERVED:
            raise ValueError(f"grid: a setting is named {name!r}: must be a string other than {', '.join(RESERVED)}")
    if not len(_Asked(grid, [0])):
        raise ValueError("grid: has no setting; must have at least one")
    for part in parts:
        settings = _Asked(part, [0])
        if len(np.unique(_hashes(settings))) < len(settings):
            seen = set()
            for place, key in enumerate(_keys(settings)):
                if key in seen:
                    raise ValueError(f"grid: has {settings[place][0]!r} twice; must have each but once")
                seen.add(key)
    return grid


def _seeds(seeds):
    try:
        found = seeds if isinstance(seeds, (range, np.ndarray)) else list(seeds)
    except TypeError:
        raise ValueError(f"seeds={seeds!r}: must be a list of whole numbers") from None
    found = checks.counts("seeds", found, 0)
    if found.ndim != 1 or not found.size:
        raise ValueError(f"seeds of shape {found.shape}: must be a list of whole numbers, at least one")
    values, times = np.unique(found, return_counts=True)
    if np.any(times > 1):
        raise ValueError(f"seeds: has {values[times > 1][0]} twice; must have each but once")
    return found


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


def _keys(asked):
    return (_key(*asked[place]) for place in range(len(asked)))


def _hashes(asked):
    """One int64 a run, by which to find it; two runs may have the same."""
    return np.fromiter(map(hash, _keys(asked)), np.int64, len(asked))


def _look_up(asked, file, starts):
    """Enters into `starts` where the runs begin that are finished in the file."""
    hashes = None
    for start, setting, seed in file.finished():
        if hashes is None:
            hashes = _hashes(asked)
            order = np.argsort(hashes)
            hashes = hashes[order]
        key = _key(setting, seed)
        for at in range(np.searchsorted(hashes, hash(key)), np.searchsorted(hashes, hash(key), "right")):
            if _key(*asked[int(order[at])]) == key:
                starts[order[at]] = start


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


def _made(model, asked, todo, workers, cluster):
    """Yields (place, outcome) of the runs whose places are `todo`, as they finish."""
    if cluster is not None:
        return _on_cluster(model, asked, todo, cluster)
    if workers > 1:
        return _in_processes(model, asked, todo, workers)
    return _here(model, asked, todo)


def _here(model, asked, todo):
    with contextlib.nullcontext() if sys.platform == "emscripten" else threadpool_limits(1):  # a browser has no threads
        for place in todo:
            yield place, _outcome(model, *asked[place])


def _in_processes(model, asked, todo, workers):
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
        yield from _spread(model, asked, todo, submit, 2 * workers, TerminatedWorkerError, lambda: None)
    finally:
        pool.shutdown(kill_workers=True)


class _Call:
    """f(*arguments), made when it is unpickled."""

    def __init__(self, f, *arguments):
        self.f, self.arguments = f, arguments

    def __reduce__(self):
        return self.f, self.arguments


def _on_cluster(model, asked, todo, cluster):
    import cloudpickle
    import distributed

    with contextlib.ExitStack() as stack:
        client = cluster
        if isinstance(cluster, str):
            try:
                client = stack.enter_context(distributed.Client(cluster, set_as_default=False))
            except OSError as error:
                raise ConnectionError(f"cluster={cluster!r}: no scheduler answers there") from error
        def submit(*call):
            # Dask's own futures: those of its executor fail if a worker dies between an answer and its collection. The call goes
            # as bytes that the task itself reads: one that a worker cannot read when it comes, for want of the model's module,
            # would be waited for without end (github.com/dask/distributed/issues/3558).
            return client.submit(pickle.loads, cloudpickle.dumps(_Call(*call)), pure=False)

        stream = client.scheduler_comm  # a new one if the client found its scheduler, or another, again

        def answers():
            if client.status != "running" or client.scheduler_comm is not stream:
                raise ConnectionError(GONE)

        try:
            answers()
            ahead = max(AHEAD, 2 * sum(client.nthreads().values()))
            yield from _spread(model, asked, todo, submit, ahead, distributed.KilledWorker, answers)
        except (OSError, distributed.client.ClosedClientError) as error:
            raise ConnectionError(GONE) from error


def _spread(model, asked, todo, submit, ahead, died, answers):
    """`_made` of processes: submit(f, *arguments) gives a future, whose exception is `died` if the process did."""
    suspects = yield from _sent(model, asked, todo, submit, ahead, LONGEST, died, answers)
    for _ in range(2):  # twice: the first death may have been the doing of another run
        suspects = yield from _sent(model, asked, sorted(suspects), submit, 1, 1, died, answers)
    for place in suspects:
        yield place, (None, DIED)


def _sent(model, asked, todo, submit, ahead, longest, died, answers):
    """Yields (place, outcome) of the runs `todo`; returns those that were in a batch whose process died."""
    todo, again, working, finished, lost, size = iter(todo), deque(), {}, queue.SimpleQueue(), [], 1
    while True:
        while len(working) < ahead:
            batch = [again.popleft() for _ in range(min(size, len(again)))]
            batch += itertools.islice(todo, size - len(batch))
            if not batch:
                break
            future = submit(_batch, model, [asked[place] for place in batch])
            working[future] = batch
            future.add_done_callback(finished.put)
        if not working:
            return lost
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
        again.extendleft(reversed(batch[len(outcomes):]))
        size = max(1, min(longest, int(len(outcomes) * SECONDS / 2 / max(seconds, 1e-6))))
        yield from zip(batch, outcomes, strict=False)
