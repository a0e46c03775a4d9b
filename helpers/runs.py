"""A file of runs: a line is added for each that finishes, and read when it is asked for, so that nobody holds them all.

Notation
    run       {"setting", "seed", "result"}, or {"setting", "seed", "error"} of one that failed
    start     of a run: the byte of the file at which its line begins; never 0, which is the first line's
A JSON object a line: {"module", "qualname"} of the model, then a run each, in the order in which they finished. A last line
without its end, of a writer that was killed or of a disk that was full, is cut off.
"""
import contextlib
import functools
import io
import json
import os
from collections.abc import Sequence

FIRST = 10_000  # bytes in which the first line ends, if it is one


class File:
    """The runs of a model at `path`, a file that is begun if there is none; in memory if path is None.

    Raises ValueError if the file is another's, or the model has no name to know it by. One at a time may add to a path, and
    reads what is `finished` before, which cuts off a torn line.
    """

    def __init__(self, path, model):
        if path is None:
            self.path, self.raw, ours = None, io.BytesIO(), {}
        else:
            self.path = os.path.abspath(path)
            ours = {name: getattr(model, f"__{name}__", None) for name in ("module", "qualname")}
            if None in ours.values() or "<lambda>" in ours["qualname"]:
                raise ValueError(f"model={model!r}: must be a function with a name, by which {os.fspath(path)} knows it")
            if os.path.exists(path) and not os.path.isfile(path):
                raise ValueError(f"path={os.fspath(path)!r}: must be a file, neither a folder nor a device")
            self.raw = open(path, "ab", buffering=0)
        try:
            self._begin(ours)
        except BaseException:
            self.raw.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        self.raw.close()

    def _opened(self):
        """What opens the runs for reading, as they are now."""
        return functools.partial(io.BytesIO, self.raw.getvalue()) if self.path is None else functools.partial(open, self.path, "rb")

    def _begin(self, ours):
        with self._opened()() as file:
            first = file.readline(FIRST)
        if not first.endswith(b"\n") and _line(ours).startswith(first):
            self.raw.truncate(0)
            self.add(ours)
            return
        try:
            theirs = json.loads(first)
            whose = f"runs of {theirs['module']}.{theirs['qualname']}"
        except (ValueError, TypeError, KeyError):
            theirs, whose = None, "no runs of a sweep"
        if theirs != ours:
            raise ValueError(f"path={self.path!r}: the file has {whose}; must be of {ours['module']}.{ours['qualname']}")

    def finished(self):
        """Yields (start, setting, seed) of each run with a result. Cuts off a torn last line."""
        with self._opened()() as file:
            start = len(file.readline())
            for line in file:
                if not line.endswith(b"\n"):
                    self.raw.truncate(start)
                    break
                run = _run(line, self.path)
                if "result" in run:
                    yield start, run["setting"], run["seed"]
                start += len(line)

    def add(self, run):
        """Start of the run, once it is written. An OSError if it cannot be, as on a full disk: then nothing of it is left."""
        line = _line(run)
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[self.raw.write(rest):]
        except OSError as error:
            with contextlib.suppress(OSError):  # if not even that can be done, a torn line is cut off when it is read
                self.raw.truncate(self.raw.tell() - len(line) + len(rest))
            raise OSError(error.errno, f"path={self.path!r}: cannot be written to: {error.strerror}") from error
        return self.raw.tell() - len(line)

    def records(self, starts):
        """Records of the runs that begin at `starts`, an array of int64."""
        return Records(self._opened(), starts)


class Records(Sequence):
    """Runs as {**setting, "seed", **result}, or {**setting, "seed", "error"}, each read from its file when it is asked for.

    Like a list that cannot be changed; a slice is read as late. Eight bytes a run are held. Raises what open() raises when
    the file is gone.
    """

    def __init__(self, opened, starts):
        self.opened, self.starts = opened, starts

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, which):
        if isinstance(which, slice):
            return Records(self.opened, self.starts[which])
        return next(iter(Records(self.opened, [self.starts[which]])))

    def __iter__(self):
        with self.opened() as file:
            for start in self.starts:
                file.seek(start)
                run = _run(file.readline(), getattr(file, "name", None))
                yield {**run["setting"], "seed": run["seed"], **(run["result"] if "result" in run else {"error": run["error"]})}

    def __eq__(self, other):
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None

    def __repr__(self):
        return f"<{len(self)} records, read when asked for>"


def _line(value):
    return json.dumps(value).encode() + b"\n"


def _run(line, path):
    try:
        run = json.loads(line)
        if set(run) in ({"setting", "seed", "result"}, {"setting", "seed", "error"}) and isinstance(run["setting"], dict):
            return run
    except (ValueError, TypeError):
        pass
    raise ValueError(f"path={path!r}: the file has a line that is no run, {line[:80]!r}")
