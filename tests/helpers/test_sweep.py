import collections
import contextlib
import errno
import functools
import gc
import importlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from threadpoolctl import threadpool_limits

from helpers import runs
from helpers import sweep as sweeping
from helpers.sweep import Sweep, summary, sweep

HOME = Path(sweeping.__file__).parents[1]
# A module of its own: other processes must be able to import it.
MODELS = '''
import os
import signal
import time
from pathlib import Path

import threadpoolctl


def noted(rng, *, notes, a, stop=-1):
    """Notes each call; run `stop` waits until it may go on."""
    y = rng.random()
    with open(notes, "a") as file:
        file.write(f"{a} {y}\\n")
    while a == stop and not Path(notes + ".go").exists():
        time.sleep(0.01)
    return {"y": y}


def draws(rng, *, a, b=0):
    return {"y": a + rng.random(), "n": rng.integers(10), "more": rng.random() > a, "name": f"{a}-{b}", "none": None}


def last_first(rng, *, a, last, there):
    """The first run waits for the last one."""
    if a == last:
        Path(there).touch()
    while a == 0 and not Path(there).exists():
        time.sleep(0.01)
    return {"y": a + rng.random()}


def faulty(rng, *, a):
    if a == 1:
        raise ValueError("one is too few")
    if a == 2:
        raise SystemExit(2)
    return {3: [1], 4: {"a": 1}, 5: {"seed": 1}, 6: {"y": float("nan")}, 7: {"y": [1]}, 8: {8: 1}, 9: {"y": 1j}, 11: {"y": 10**5000}}.get(a, {"y": a})


def deadly(rng, *, a, once, always, mark):
    y = rng.random()
    if a == always:
        os._exit(3)
    if a == once and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"y": a + y}


def beheading(rng, *, a, pid, path):
    """Run 0 waits until something is kept, and kills `pid`."""
    if a == 0:
        while Path(path).read_bytes().count(b"\\n") < 4:
            time.sleep(0.01)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return {"y": rng.random()}
        time.sleep(600)  # its worker ends
    return {"y": rng.random()}


def wordy(rng, *, a, b):
    return {"y": a, "words": 1000 * "x"}


def threads(rng):
    return {"pid": os.getpid(), "threads": max(each["num_threads"] for each in threadpoolctl.threadpool_info())}
'''


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    (folder / "sweep_models.py").write_text(MODELS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(HOME), *filter(None, [os.environ.get("PYTHONPATH")])]))
        yield importlib.import_module("sweep_models")
        del sys.modules["sweep_models"]


def by_hand(model, settings, seeds):
    """The records in JSON, made in a plain loop."""
    found = [{**setting, "seed": seed, **model(np.random.default_rng(seed), **setting)} for setting in settings for seed in seeds]
    return json.dumps(found, default=lambda value: value.item())


def written(made):
    """The records in JSON; they may be in a file."""
    return json.dumps(list(made.records))


def all_written(made):
    return json.dumps([list(made.records), list(made.failures)])


def lines(path):
    return Path(path).read_text().splitlines() if Path(path).exists() else []


# --- records --------------------------------------------------------------------------------------------


def test_records_are_in_the_order_of_the_grid_and_of_the_seeds(models):
    settings = [{"a": a, "b": b} for a in (2, 0.5) for b in ("x", None, True)]
    made = sweep(models.draws, {"a": (2, 0.5), "b": np.array(["x", None, True], object)}, (seed for seed in (3, 1)))
    assert isinstance(made, Sweep) and made.failures == [] and len(made.records) == 12
    assert written(made) == by_hand(models.draws, settings, [3, 1]) == written(sweep(models.draws, settings, [3, 1]))
    assert list(made.records[1].items())[:3] == [("a", 2), ("b", "x"), ("seed", 1)]


def test_a_seed_draws_the_same_in_every_setting():
    records = sweep(lambda rng, a: {"y": rng.random()}, {"a": range(4)}, range(5)).records
    assert [record["y"] for record in records] == 4 * [np.random.default_rng(seed).random() for seed in range(5)]


def test_numbers_of_numpy_become_python_s():
    def model(rng, a):
        assert type(a) is int
        return {"f": np.float32(0.5), "i": np.uint8(3), "b": np.bool_(True), "s": np.str_("x"), "d": np.float64(2.5)}

    (record,) = sweep(model, {"a": np.arange(1)}, np.arange(7, 8)).records
    assert record == {"a": 0, "seed": 7, "f": 0.5, "i": 3, "b": True, "s": "x", "d": 2.5}
    assert [type(value) for value in record.values()] == [int, int, float, int, bool, str, float]


def test_a_model_without_settings():
    assert sweep(lambda rng: {"y": 1}, {}, [0]).records == [{"seed": 0, "y": 1}]


def test_a_run_that_raises_loses_itself_alone(models):
    made = sweep(models.faulty, {"a": range(11)}, [4, 5])
    assert made.records == [{"a": a, "seed": seed, "y": a} for a in (0, 10) for seed in (4, 5)]
    name = "; must be a string, not 'seed' and not the name of a setting"
    value = ": must be a finite number, a string, a bool or None"
    errors = ["ValueError: one is too few", "SystemExit: 2", "TypeError: the model returned a list; must be a dict",
              "ValueError: the model returned 'a'" + name, "ValueError: the model returned 'seed'" + name, "ValueError: y=nan" + value,
              "ValueError: y=[1]" + value, "ValueError: the model returned 8" + name, "ValueError: y=1j" + value]
    assert made.failures == [{"a": a + 1, "seed": seed, "error": error} for a, error in enumerate(errors) for seed in (4, 5)]
    (lost,) = sweep(models.faulty, {"a": [11]}, [4]).failures
    assert lost["error"].startswith("ValueError: ")


def test_the_order_of_finishing_does_not_matter(models, monkeypatch):
    plain, there = sweep(models.faulty, {"a": range(11)}, range(9)), sweeping._made

    def shuffled(*asked):
        made = list(there(*asked))
        return (made[at] for at in np.random.default_rng(0).permutation(len(made)))

    monkeypatch.setattr(sweeping, "_made", shuffled)
    assert sweep(models.faulty, {"a": range(11)}, range(9)) == plain


def test_progress_is_said(models, capsys, tmp_path):
    sweep(models.faulty, {"a": range(3)}, [0], progress=True)
    said = capsys.readouterr()
    assert "3/3" in said.err and "failures=2" in said.err and said.out == ""
    sweep(models.draws, {"a": range(3)}, [0], path=tmp_path / "kept")
    assert capsys.readouterr().err == ""
    sweep(models.draws, {"a": range(3)}, [0], path=tmp_path / "kept", progress=True)
    assert "3/3" in capsys.readouterr().err


def test_nothing_is_loaded_that_is_not_used():
    script = ("import sys; from helpers.sweep import sweep; sweep(lambda rng: {'y': 1}, {}, [0])\n"
              "assert not {'joblib', 'distributed', 'dask', 'tqdm'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", script], check=True, cwd=HOME)


# --- processes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [2, 3])
def test_processes_give_the_same(models, tmp_path, workers):
    """Though the first run waits until the last one has begun."""
    settings = [{"a": a, "last": 29, "there": str(tmp_path / "there")} for a in range(30)]
    made = sweep(models.last_first, settings, [5], workers=workers, path=tmp_path / "kept")
    kept = [json.loads(line) for line in lines(tmp_path / "kept")[1:]]
    assert kept[0]["setting"]["a"] != 0 and len(kept) == 30
    assert written(made) == by_hand(models.last_first, settings, [5]) and made.failures == []


def test_a_process_that_dies(models, tmp_path):
    """Run 3 kills its process whenever it is tried, run 5 once: all others are made."""
    grid = {"a": range(40), "once": [5], "always": [3], "mark": [str(tmp_path / "mark")]}
    made = sweep(models.deadly, grid, [0], workers=2)
    assert (tmp_path / "mark").exists() and [record["a"] for record in made.records] == [a for a in range(40) if a != 3]
    y = np.random.default_rng(0).random()
    assert [record["y"] for record in made.records] == [a + y for a in range(40) if a != 3]
    assert made.failures == [{"a": 3, "once": 5, "always": 3, "mark": str(tmp_path / "mark"), "seed": 0,
                              "error": sweeping.DIED}]


def test_a_death_in_company_and_one_alone_are_not_a_failure(models):
    """Run 3 always dies, run 5 with it and then once more, alone."""
    tries = collections.Counter()

    def submit(batch, model, runs):
        tried = [setting["a"] for setting, _ in runs]
        tries.update(tried)
        future = Future()
        if 3 in tried or (5 in tried and tries[5] < 3):
            future.set_exception(ChildProcessError())
        else:
            future.set_result(batch(model, runs))
        return future

    made = dict(sweeping._spread(models.draws, [({"a": a}, 0) for a in range(100)], range(100), submit, 1, ChildProcessError, None))
    assert made.pop(3) == (None, sweeping.DIED) and tries[3] == tries[5] == 3
    assert len(made) == 99 and all(result["name"] == f"{which}-0" for which, (result, _) in made.items())


def test_one_thread_a_process(models, monkeypatch):
    for name in sweeping.THREADS:
        monkeypatch.setenv(f"{name}_NUM_THREADS", "2")
    with threadpool_limits(2):
        here, there = (sweep(models.threads, {}, range(4), workers=workers).records for workers in (1, 2))
        assert models.threads(None)["threads"] == 2
    assert all(record["threads"] == 1 for record in here + there)
    assert {record["pid"] for record in here} == {os.getpid()} and os.getpid() not in {record["pid"] for record in there}


def test_a_batch_ends_in_time(models, monkeypatch):
    runs = [({"a": 1}, 0), ({"a": 5}, 0)]
    outcomes, seconds = sweeping._batch(models.draws, runs)
    assert [result["y"] > 5 for result, _ in outcomes] == [False, True] and 0 <= seconds < 600
    monkeypatch.setattr(sweeping, "SECONDS", -1)
    assert sweeping._batch(models.draws, runs)[0] == outcomes[:1]


def test_what_a_batch_had_no_time_for_is_sent_anew(models):
    """Every second batch does nothing but its first run; all are quick, so that batches grow to the longest."""
    sent = []

    def submit(batch, model, runs):
        sent.append(runs)
        future = Future()
        future.set_result((batch(model, runs[:1] if len(sent) % 2 else runs)[0], 0.0))
        return future

    runs = [({"a": a}, 0) for a in range(500)]
    made = list(sweeping._sent(models.draws, runs, range(500), submit, 1, sweeping.LONGEST, (), None))
    assert [which for which, _ in made] == list(range(500)) and all(result["name"] == f"{which}-0" for which, (result, _) in made)
    assert len(sent[0]) == 1 and max(map(len, sent)) == sweeping.LONGEST


def test_batches_of_slow_runs_are_short(models):
    sent = []

    def submit(batch, model, runs):
        sent.append(len(runs))
        future = Future()
        future.set_result((batch(model, runs)[0], 0.1 * len(runs)))
        return future

    assert len(list(sweeping._sent(models.draws, [({"a": 0}, 0)] * 50, range(50), submit, 1, 64, (), None))) == 50
    assert sent == [1] + [5] * 9 + [4]  # five tenths of a second are half of SECONDS


@pytest.mark.parametrize("where", ["processes", "cluster"])
def test_a_model_that_no_worker_can_run(tmp_path, where, request):
    """Its module is gone when the worker looks for it."""
    options = {"workers": 2} if where == "processes" else {"cluster": request.getfixturevalue("cluster")}
    (tmp_path / "gone_model.py").write_text("def model(rng):\n    return {'y': 1}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        model = importlib.import_module("gone_model").model
        (tmp_path / "gone_model.py").unlink()
    with pytest.raises(RuntimeError, match=r"model=<function model .*: a worker cannot run it, .*kept in .*; the same call goes on"):
        sweep(model, {}, [0], path=tmp_path / "kept", **options)
    del sys.modules["gone_model"]


# --- the file -------------------------------------------------------------------------------------------


def notes_of(path):
    return [float(line.split()[0]) for line in lines(path)]


def test_what_is_kept_is_not_repeated(models, tmp_path):
    """A grid that grows and shrinks: each run is made once, and records are those of the grid that is asked for."""
    path, notes = tmp_path / "kept", str(tmp_path / "notes")
    for values, first in (([1, 2], [1, 2]), ([3, 2], [3]), ([1], []), ([1.0], [1])):
        before = len(lines(notes))
        made = sweep(models.noted, {"notes": [notes], "a": values}, [6], path=str(path))
        assert notes_of(notes)[before:] == first
        assert all_written(made) == all_written(sweep(models.noted, {"notes": [notes + "2"], "a": values}, [6])).replace("notes2", "notes")
    assert json.loads(lines(path)[0]) == {"module": "sweep_models", "qualname": "noted"}
    assert len(lines(path)) == 5
    sweep(models.noted, [{"a": 2, "notes": notes}], [6], path=path)  # names in another order are the same setting
    assert len(lines(path)) == 5


def test_what_is_read_is_what_was_made(models, tmp_path):
    asked = models.draws, {"a": [0.1, -0.0, 1e300], "b": ["\u00e9\n"]}, range(3)
    assert written(sweep(*asked, path=tmp_path / "kept")) == written(sweep(*asked, path=tmp_path / "kept")) == written(sweep(*asked))


def test_failures_are_in_the_file_too(models, tmp_path):
    """Whoever calls may be killed before it can say them. Tried again, they are there again."""
    for times in (1, 2):
        made = sweep(models.faulty, {"a": range(3)}, [5], path=tmp_path / "kept")
        assert made == ([{"a": 0, "seed": 5, "y": 0}], [{"a": 1, "seed": 5, "error": "ValueError: one is too few"},
                                                        {"a": 2, "seed": 5, "error": "SystemExit: 2"}])
        runs = [json.loads(line) for line in lines(tmp_path / "kept")[1:]]
        assert runs[1::2] == times * [{"setting": {"a": 1}, "seed": 5, "error": "ValueError: one is too few"}]
        assert runs[0] == {"setting": {"a": 0}, "seed": 5, "result": {"y": 0}} and len(runs) == 1 + 2 * times


def test_records_of_a_file_are_read_when_they_are_asked_for(models, tmp_path):
    path, grid = tmp_path / "kept", {"a": range(11)}
    made, plain = sweep(models.faulty, grid, range(3), path=path, workers=2), sweep(models.faulty, grid, range(3))
    assert type(plain.records) is list and made == plain == made and made.records != plain.records[:-1] != made.failures
    for found, wanted in zip(made, plain, strict=True):
        assert list(found) == wanted and len(found) == len(wanted) and list(reversed(found)) == wanted[::-1]
        assert found[0] == wanted[0] and found[-1] == wanted[-1] and found[1:-1:2] == wanted[1:-1:2] and wanted[2] in found
        with pytest.raises(IndexError):
            found[len(found)]
    assert summary(made.records, ["a"], "y") == summary(iter(plain.records), ["a"], "y") != []
    sweep(models.faulty, {"a": range(20, 30)}, [0], path=path)
    assert made == plain  # more lines do no harm
    path.unlink()
    with pytest.raises(FileNotFoundError):
        made.records[0]


def test_runs_are_found_though_all_have_one_hash(models, tmp_path, monkeypatch):
    monkeypatch.setattr(sweeping, "hash", lambda key: 7, raising=False)
    asked = models.draws, {"a": [0, 1, 2], "b": ["x", None]}, range(4)
    made = sweep(*asked, path=tmp_path / "kept")
    assert sweep(*asked, path=tmp_path / "kept") == made == sweep(*asked) and len(lines(tmp_path / "kept")) == 25
    with pytest.raises(ValueError, match=r"grid: has {'a': 1} twice"):
        sweep(models.draws, {"a": [2, 1, 1]}, [0])


def test_the_caller_holds_a_few_bytes_a_run(models, tmp_path):
    """9 a run and 8 a seed, and what sorting takes: with 1000 letters a result, none of them can be among these."""
    def peak(count):
        gc.collect()
        gc.freeze()  # so that what other tests have left does not put off the collecting of what this one leaves
        tracemalloc.start()
        try:
            made = sweep(models.wordy, {"b": range(4), "a": range(count // 8)}, range(2), path=tmp_path / str(count))
            assert summary(made.records, ["b"], "y")[3]["count"] == count // 4
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            gc.unfreeze()

    peak(8)  # loads what is loaded once
    for _ in "made", "found in the file":
        few, many = peak(200), peak(1400)
        assert (many - few) / 1200 < 128  # some of which is only not yet collected
    assert len(lines(tmp_path / "1400")) == 1401


# Writes at most so many bytes to a file, as a disk that is full; what is written before them is kept, even half of a line.
FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({}, resource.RLIM_INFINITY))
import sweep_models
from helpers.sweep import sweep
sweep(sweep_models.noted, {!r}, [3], path={!r}, workers={})
"""


@pytest.mark.parametrize("workers, room", [(1, 1000), (1, 30), (2, 1000)])
def test_a_full_disk(models, tmp_path, workers, room):
    """It is said, no torn line is left, and the same call goes on when there is room again."""
    path, notes = tmp_path / "kept", str(tmp_path / "notes")
    grid = {"a": range(40), "notes": [os.devnull]}
    full = subprocess.run([sys.executable, "-c", FULL.format(room, grid, str(path), workers)], cwd=HOME, capture_output=True, text=True)
    whole = path.read_bytes()
    kept = max(0, len(lines(path)) - 1)
    said = f"OSError: [Errno {errno.EFBIG}] path={str(path)!r}: cannot be written to: {os.strerror(errno.EFBIG)}"
    if room > 100:
        said += f". {kept} of 40 runs had finished and are kept in {path}; the same call goes on from there"
        assert whole.endswith(b"\n") and 3 < kept < 40 and len(whole) <= room
    assert full.returncode == 1 and full.stderr.endswith(said + "\n"), full.stderr
    assert room > 100 or whole == b""
    made = sweep(models.noted, grid, [3], path=path)
    assert [record["a"] for record in made.records] == list(range(40)) and made.failures == []
    assert path.read_bytes().startswith(whole) and len(lines(path)) == 41


def test_what_a_full_disk_tore_is_cut_off_though_it_cannot_be_at_once(models, tmp_path):
    class Full:
        """A disk on which half a line finds room, and from which nothing can be cut."""

        def __init__(self, raw):
            self.raw, self.left = raw, 100

        def write(self, line):
            if not self.left:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written = self.raw.write(line[:self.left])
            self.left -= written
            return written

        def truncate(self, size):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        def __getattr__(self, name):
            return getattr(self.raw, name)

    run = {"setting": {"a": 0}, "seed": 0, "result": {"y": 0.5}}
    with runs.File(tmp_path / "kept", models.draws) as file:
        file.raw = Full(file.raw)
        first = file.add(run)
        with pytest.raises(OSError, match=r"path='.*kept': cannot be written to: No space left on device") as said:
            file.add(run)
    assert said.value.errno == errno.ENOSPC and lines(tmp_path / "kept")[-1] == json.dumps(run)[:100 - len(json.dumps(run)) - 1]
    with runs.File(tmp_path / "kept", models.draws) as file:
        assert list(file.finished()) == [(first, {"a": 0}, 0)]
        assert list(file.records([first, file.add(run)])) == 2 * [{"a": 0, "seed": 0, "y": 0.5}]


def test_failures_are_tried_again(tmp_path):
    tries = []

    def model(rng, a):
        tries.append(a)
        if len(tries) < 3:
            raise OSError("not yet")
        return {"y": a}

    asked = model, {"a": range(3)}, [0]
    assert sweep(*asked, path=tmp_path / "kept") == ([{"a": 2, "seed": 0, "y": 2}], [
        {"a": a, "seed": 0, "error": "OSError: not yet"} for a in (0, 1)])
    assert [record["y"] for record in sweep(*asked, path=tmp_path / "kept").records] == [0, 1, 2] and tries == [0, 1, 2, 0, 1]


def test_an_interrupt_from_the_keyboard_keeps_what_is_done(tmp_path):
    def model(rng, a):
        if a == 3:
            raise KeyboardInterrupt
        return {"y": a}

    with pytest.raises(KeyboardInterrupt):
        sweep(model, {"a": range(5)}, [0], path=tmp_path / "kept")
    assert len(lines(tmp_path / "kept")) == 4


def test_a_torn_end_is_cut_off(models, tmp_path):
    """Wherever a file ends, even in its first line, the same call makes it whole."""
    asked = models.noted, {"a": range(2), "notes": [os.devnull]}, [0]
    made = sweep(*asked, path=tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    for end in sorted({*range(0, len(whole), 7), *ends, *(at + 1 for at in ends)}):
        torn = tmp_path / "torn"
        torn.write_bytes(whole[:end])
        assert sweep(*asked, path=torn) == made and torn.read_bytes() == whole


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_that_is_killed(models, tmp_path, workers):
    """SIGKILL in the middle of run 20: whatever was kept is not repeated, and nothing is missing."""
    path, notes, stop = tmp_path / "kept", str(tmp_path / "notes"), 20
    grid = {"notes": [notes], "a": range(80), "stop": [stop]}
    script = (f"import sweep_models; from helpers.sweep import sweep\n"
              f"sweep(sweep_models.noted, {grid!r}, [3], path={str(path)!r}, workers={workers})")
    with subprocess.Popen([sys.executable, "-c", script], cwd=HOME, start_new_session=True) as killed:
        try:
            while stop not in notes_of(notes) or len(lines(path)) < 3:
                assert killed.poll() is None
                time.sleep(0.02)
            killed.kill()
            killed.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(killed.pid, signal.SIGKILL)  # processes of its own, which would wait for a minute
    kept = [json.loads(line)["setting"]["a"] for line in path.read_bytes().decode().split("\n")[1:-1]]
    assert len(kept) >= 2 and stop not in kept and (workers > 1 or kept == list(range(stop)))
    Path(notes + ".go").touch()
    made = sweep(models.noted, grid, [3], path=path, workers=workers)
    calls = notes_of(notes)
    assert set(calls) == set(range(80)) and calls.count(stop) == 2 and all(calls.count(a) == 1 for a in kept)
    assert [record["a"] for record in made.records] == list(range(80)) and made.failures == []
    assert {record["y"] for record in made.records} == {np.random.default_rng(3).random()} and len(lines(path)) == 81


@pytest.mark.parametrize("first, message", [
    (b'{"module": "m", "qualname": "other"}\n', r"path='.*kept': the file has runs of m.other; must be of sweep_models.draws"),
    (b"Dear diary\n", r"path='.*kept': the file has no runs of a sweep; must be of sweep_models.draws"),
    (b"Dear diary", r"path='.*kept': the file has no runs of a sweep"),
    (b"[1]\n", r"path='.*kept': the file has no runs of a sweep"),
])
def test_a_file_of_another_model_is_left_alone(models, tmp_path, first, message):
    path = tmp_path / "kept"
    path.write_bytes(first + b"{torn")
    with pytest.raises(ValueError, match=message):
        sweep(models.draws, {"a": [1]}, [0], path=path)
    assert path.read_bytes() == first + b"{torn"


@pytest.mark.parametrize("line", [b"\0\0\0\n", b"[1]\n", b'{"seed": 1}\n'])
def test_a_file_with_a_line_that_is_no_run(models, tmp_path, line):
    path = tmp_path / "kept"
    sweep(models.draws, {"a": [1]}, [0], path=path)
    with path.open("ab") as file:
        file.write(line)
    with pytest.raises(ValueError, match=r"path='.*kept': the file has a line that is no run, b"):
        sweep(models.draws, {"a": [1]}, [0], path=path)


# --- a cluster ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster(models):
    import distributed

    with (distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None)
          as local, distributed.Client(local, set_as_default=False) as client):
        yield client


def test_a_cluster_gives_the_same(models, cluster, tmp_path):
    grid = {"a": range(30), "b": ["x", "y"]}
    alone = all_written(sweep(models.draws, grid, range(3)))
    assert all_written(sweep(models.draws, grid, range(3), cluster=cluster, path=tmp_path / "kept")) == alone
    assert all_written(sweep(models.draws, grid, range(3), cluster=cluster.scheduler.address)) == alone
    assert all_written(sweep(models.draws, grid, range(3), path=tmp_path / "kept")) == alone
    assert len(lines(tmp_path / "kept")) == 181 and cluster.status == "running"


def test_a_cluster_s_worker_is_killed(models, cluster, tmp_path):
    grid = {"a": range(40), "once": [5], "always": [-1], "mark": [str(tmp_path / "mark")]}
    made = sweep(models.deadly, grid, [0, 1], cluster=cluster)
    assert (tmp_path / "mark").exists() and made == sweep(models.deadly, grid, [0, 1])


def test_a_hundred_thousand_runs_and_a_worker_that_is_killed(models, cluster, tmp_path, at_length):
    """SIGKILL when a fifth of them is done: every run is there, none twice, each with what a plain loop gives."""
    path, count = tmp_path / "kept", 100_000
    (victim, *_) = cluster.run(os.getpid).values()
    killed = []

    def kill():
        while not killed:
            if path.exists() and path.read_bytes().count(b"\n") > count // 5:
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)
            time.sleep(0.1)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        made = sweep(models.draws, {"a": range(50), "b": [0, 1]}, range(1000), cluster=cluster, path=path)
    finally:
        unharmed, killed[:] = not killed, [victim]
        killer.join()
    assert not unharmed and victim not in cluster.run(os.getpid).values()
    assert len(made.records) == count and len(lines(path)) == count + 1 and made.failures == []
    wanted = ({"a": a, "b": b, "seed": seed, **models.draws(np.random.default_rng(seed), a=a, b=b)}
              for a in range(50) for b in (0, 1) for seed in range(1000))
    assert all(found == one for found, one in zip(made.records, wanted, strict=True))


def test_a_run_that_kills_its_worker_again_and_again(models, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster.cluster.scheduler, "allowed_failures", 0)
    grid = {"a": range(20), "once": [-1], "always": [3], "mark": [str(tmp_path / "mark")]}
    made = sweep(models.deadly, grid, [0], cluster=cluster)
    assert [failure["a"] for failure in made.failures] == [3] and made.failures[0]["error"] == sweeping.DIED
    assert [(record["a"], record["y"]) for record in made.records] == [
        (a, a + np.random.default_rng(0).random()) for a in range(20) if a != 3]


@pytest.fixture
def scheduler(models, tmp_path):
    """(process, address) of a scheduler with one worker of two threads, each a process of its own."""
    where, said = tmp_path / "scheduler.json", subprocess.DEVNULL
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
               "--scheduler-file", str(where)]
    with subprocess.Popen(command, stderr=said, cwd=HOME) as process:
        try:
            address = None
            while address is None:
                assert process.poll() is None
                with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):  # not yet there, half written
                    address = json.loads(where.read_text())["address"]
                time.sleep(0.02)
            command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "2", "--no-nanny", "--no-dashboard"]
            with subprocess.Popen(command, stderr=said, cwd=HOME) as worker:
                yield process, address
                worker.kill()
        finally:
            process.kill()


def test_a_scheduler_that_is_killed(models, scheduler, tmp_path):
    """An error that says how many runs are kept; the same call goes on from there."""
    process, address = scheduler
    path = tmp_path / "kept"
    asked = models.beheading, {"a": range(400), "pid": [process.pid], "path": [str(path)]}, [0]
    with pytest.raises(ConnectionError) as said:
        sweep(*asked, cluster=address, path=path)
    assert process.wait(60) == -signal.SIGKILL
    kept = len(lines(path)) - 1
    assert 3 <= kept < 400
    assert str(said.value) == ("cluster: the scheduler went away, or cancelled the runs. "
                               f"{kept} of 400 runs had finished and are kept in {path}; the same call goes on from there")
    before = path.read_bytes()
    made = sweep(*asked, path=path)
    assert [record["a"] for record in made.records] == list(range(400)) and made.failures == []
    assert path.read_bytes().startswith(before) and len(lines(path)) == 401


def test_a_scheduler_that_is_not_there():
    import dask

    said = r"cluster='tcp://127.0.0.1:9': no scheduler answers there. 0 of 1 runs had finished and are lost, since path is None"
    with dask.config.set({"distributed.comm.timeouts.connect": "100ms"}), pytest.raises(ConnectionError, match=said):
        sweep(named, {"a": [1]}, [0], cluster="tcp://127.0.0.1:9")


def test_a_client_that_is_closed(cluster):
    import distributed

    with distributed.Client(cluster.cluster, set_as_default=False) as client:
        pass
    with pytest.raises(ConnectionError, match="cluster: the scheduler went away"):
        sweep(named, {"a": [1]}, [0], cluster=client)


# --- summary --------------------------------------------------------------------------------------------


def test_summary_is_scipy_s(seed):
    rng = np.random.default_rng(seed)
    records = [{"a": a, "b": b, "seed": s, "y": rng.normal(a, 2)} for a, b in ((2, "x"), (1, "x"), (2, None)) for s in range(7)]
    rows = summary(records, ["b", "a"], "y")
    assert [(row["b"], row["a"]) for row in rows] == [("x", 2), ("x", 1), (None, 2)]
    for row, (_, group) in zip(rows, itertools.groupby(records, lambda record: (record["a"], record["b"])), strict=True):
        y = [record["y"] for record in group]
        low, high = stats.t.interval(0.95, 6, np.mean(y), stats.sem(y))
        assert list(row) == ["b", "a", "mean", "low", "high", "count", "missing"] and (row["count"], row["missing"]) == (7, 0)
        assert (row["mean"], row["low"], row["high"]) == (pytest.approx(np.mean(y)), pytest.approx(low), pytest.approx(high))


def test_summary_counts_what_is_missing():
    records = [{"a": 1, "y": 3}, {"a": 0, "y": None}, {"a": 1, "y": None}, {"a": 2, "y": True}, {"a": 2, "y": False}]
    assert summary(records[:3], ["a"], "y") == [
        {"a": 1, "mean": 3.0, "low": None, "high": None, "count": 1, "missing": 1},
        {"a": 0, "mean": None, "low": None, "high": None, "count": 0, "missing": 1}]
    (row,) = summary(records[3:], [], "y")
    assert (row["mean"], row["count"]) == (0.5, 2) and row["high"] == pytest.approx(0.5 + 12.7062 / 2, abs=1e-4)  # t of one degree
    assert summary([], ["a"], "y") == []


# --- bad input ------------------------------------------------------------------------------------------


def named(rng, a):
    return {"y": a}


@pytest.mark.parametrize("call, message", [
    (lambda: sweep("model", {}, [0]), r"model='model': must be a function"),
    (lambda: sweep(named, "ab", [0]), r"grid='ab': must be a dict of lists or a list of dicts"),
    (lambda: sweep(named, [{"a": 1}, 2], [0]), r"grid=.*: must be a dict of lists or a list of dicts"),
    (lambda: sweep(named, {"a": np.array(3)}, [0]), r"grid: a=array\(3\): must be a list of values"),
    (lambda: sweep(named, {"a": "xy"}, [0]), r"grid: a='xy': must be a list of values"),
    (lambda: sweep(named, {"a": {1, 2}}, [0]), r"grid: a={1, 2}: must be a list of values"),
    (lambda: sweep(named, {"a": []}, [0]), r"grid: has no setting"),
    (lambda: sweep(named, [], [0]), r"grid: has no setting"),
    (lambda: sweep(named, {"a": [[1]]}, [0]), r"grid: a=\[1\]: must be a finite number, a string, a bool or None"),
    (lambda: sweep(named, [{"a": float("inf")}], [0]), r"grid: a=inf: must be a finite number"),
    (lambda: sweep(named, {"a": np.ones((2, 2))}, [0]), r"grid: a=array.*: must be a finite number"),
    (lambda: sweep(named, {1: [1]}, [0]), r"grid: a setting is named 1: must be a string other than rng, seed, error"),
    (lambda: sweep(named, {"seed": [1]}, [0]), r"grid: a setting is named 'seed'"),
    (lambda: sweep(named, {"rng": [1]}, [0]), r"grid: a setting is named 'rng'"),
    (lambda: sweep(named, [{"error": 1}], [0]), r"grid: a setting is named 'error'"),
    (lambda: sweep(named, {"a": [1, 2, 1]}, [0]), r"grid: has {'a': 1} twice"),
    (lambda: sweep(named, [{"a": 1, "b": 2}, {"b": 2, "a": 1}], [0]), r"grid: has {'b': 2, 'a': 1} twice"),
    (lambda: sweep(named, {"a": [1]}, 3), r"seeds=3: must be a list of whole numbers"),
    (lambda: sweep(named, {"a": [1]}, []), r"seeds of shape \(0,\): must be a list of whole numbers, at least one"),
    (lambda: sweep(named, {"a": [1]}, [[1]]), r"seeds of shape \(1, 1\)"),
    (lambda: sweep(named, {"a": [1]}, [0, -1]), r"seeds=\[0, -1\]: must be finite and in \[0"),
    (lambda: sweep(named, {"a": [1]}, [0.5]), r"seeds=\[0.5\]: must be whole"),
    (lambda: sweep(named, {"a": [1]}, [4, 2, 4]), r"seeds: has 4 twice"),
    (lambda: sweep(named, {"a": [1]}, [0], workers=0), r"workers=0"),
    (lambda: sweep(named, {"a": [1]}, [0], workers=2, cluster="tcp://127.0.0.1:9"), r"workers=2: must be left out with a cluster"),
    (lambda: sweep(named, {"a": [1]}, [0], cluster="here"), r"cluster='here': must be a distributed.Client or an address"),
    (lambda: sweep(named, {"a": [1]}, [0], cluster="tcp://here"), r"cluster='tcp://here': must be"),
    (lambda: sweep(named, {"a": [1]}, [0], cluster="car://here:1"), r"cluster='car://here:1': must be"),
    (lambda: sweep(named, {"a": [1]}, [0], cluster=4), r"cluster=4: must be"),
    (lambda: sweep(lambda rng: {}, {}, [0], path="kept"), r"model=<function .*: must be a function with a name, by which kept knows it"),
    (lambda: sweep(functools.partial(named, a=1), {}, [0], path="kept"), r"model=functools.*: must be a function with a name"),
    (lambda: sweep(named, {"a": [1]}, [0], path="."), r"path='.': must be a file, neither a folder nor a device"),
    (lambda: sweep(named, {"a": [1]}, [0], path="/dev/null"), r"path='/dev/null': must be a file, neither"),
    (lambda: summary([], "ab", "y"), r"by='ab': must be a list of names"),
    (lambda: summary([], ["mean"], "y"), r"by=\['mean'\]: must be a list of names, none of them"),
    (lambda: summary([{"a": 1, "y": 2}], ["b"], "y"), r"by: the record {'a': 1, 'y': 2} has no 'b'"),
    (lambda: summary([{"a": 1, "y": 2}], ["a"], "z"), r"value: the record {'a': 1, 'y': 2} has no 'z'"),
    (lambda: summary([{"a": 1, "y": "x"}], ["a"], "y"), r"value='x': must be a number"),
    (lambda: summary(0, ["a"], "y"), r"records=0: must be dicts"),
    (lambda: summary([[1]], ["a"], "y"), r"records: \[1\] is among them; must be dicts"),
    (lambda: summary([{"a": [1], "y": 2}], ["a"], "y"), r"by=\['a'\]: in the record"),
    (lambda: summary([], 4, "y"), r"by=4: must be a list of names"),
    (lambda: summary([], ["a"], ["y"]), r"value=\['y'\]: must be a name"),
])
def test_bad_input(call, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        call()
    assert not list(tmp_path.iterdir())
