"""The page on many runs does what it says: its code is run, block by block, with its cluster."""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "book" / "teaching" / "sweeps.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?:\{(?P<kind>[\w-]+)\} )?(?P<language>\S+)\n(?::caption: (?P<file>\S+)\n\n)?(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
AFTER = "\nprint('\\0', end='')\n"  # between what two blocks print


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """(folder, [(block, what it printed)]): the page's files written, its cluster started, its Python run as one program."""
    folder = tmp_path_factory.mktemp("study")
    blocks = [block for block in BLOCK.finditer(PAGE) if block["kind"] != "include"]
    for block in blocks:
        if block["file"]:
            (folder / block["file"]).write_text(block["text"], encoding="utf-8")
    environment = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
                                "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    python = [block for block in blocks if block["language"] == "python" and not block["file"]]
    (shell,) = (block["text"] for block in blocks if block["language"] == "sh")
    shell = shell.replace("PYTHONPATH=$PWD", f"PYTHONPATH=$PWD{os.pathsep}{ROOT}")  # the book need not be installed here
    with subprocess.Popen(["sh", "-c", shell + "wait"], cwd=folder, env=environment, stderr=subprocess.DEVNULL, start_new_session=True) as cluster:
        try:
            program = "".join(block["text"] + AFTER for block in python)
            done = subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(cluster.pid, signal.SIGKILL)
    assert done.returncode == 0, done.stderr
    said = done.stdout.split("\0")
    assert len(said) == len(python) + 1 and said[-1] == "" and len(python) > 6
    return folder, list(zip(python, said, strict=False))


def test_every_block_is_of_a_kind_that_is_run_or_compared():
    assert {(block["kind"], block["language"]) for block in BLOCK.finditer(PAGE)} == {
        ("code-block", "python"), (None, "python"), (None, "sh"), (None, "text"), ("include", "../../bench/SWEEPS.md")}
    assert len(list(BLOCK.finditer(PAGE))) == PAGE.count("```") / 2


def test_what_the_page_shows_is_what_was_printed(ran):
    shown = [block for block in BLOCK.finditer(PAGE) if block["language"] == "text"]
    printed = {block.end(): said for block, said in ran[1]}
    assert shown and [printed[block.start() - 2] for block in shown] == [block["text"] for block in shown]


def test_the_study_is_made_once_and_says_what_the_page_says(ran):
    folder, blocks = ran
    header, *runs = map(json.loads, (folder / "flocks.jsonl").read_text().splitlines())
    assert header == {"module": "flocks", "qualname": "order"}
    assert len({(run["setting"]["birds"], run["setting"]["noise"], run["seed"]) for run in runs}) == len(runs) == 96
    assert "40 runs, 0 lost\n" in [said for _, said in blocks]
    mean = {birds: [np.mean([run["result"]["order"] for run in runs if run["setting"] == {"birds": birds, "noise": noise}])
                    for noise in (1.0, 2.5, 4.0, 5.5)] for birds in (25, 100)}
    assert all(np.all(np.diff(orders) < 0) for orders in mean.values())  # as noise grows a flock loses its order
    assert np.all(np.array(mean[25])[2:] > np.array(mean[100])[2:])  # the large flock sooner
