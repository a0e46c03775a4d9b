"""Grade a class: every notebook in a folder, each by otter-grader in a process of its own, with limits of time and memory.

    make grade ASSIGNMENT=01_crowd SUBMISSIONS=folder

Beside the submissions, in graded/: grades.csv, a row each, and for each a text of what is right and what is not. A
submission that runs too long, takes too much memory or cannot be graded has no points, with the reason; the others
are graded. Students' programs run with your rights: for strangers', let a machine without your files do this.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil

SECONDS, MEGABYTES = 120, 2048
POLL = 0.1  # s


def text_of(submission: Path) -> str:
    """The text of the submitted notebook: the file itself, or what lies in the zip that a student's last cell made."""
    if submission.suffix != ".zip":
        return submission.read_text(encoding="utf-8")
    with zipfile.ZipFile(submission) as archive:
        notebooks = [name for name in archive.namelist() if name.endswith(".ipynb")]
        if len(notebooks) != 1:
            raise ValueError(f"the zip holds {len(notebooks)}, and one is wanted")
        return archive.read(notebooks[0]).decode()


def without_its_tests(submission: Path, target: Path) -> str:
    """Write the submitted notebook to `target`, without the tests that it carries: those of the autograder count, whatever was
    done to these. Returns why that cannot be done, or ''."""
    try:
        notebook = nbformat.reads(text_of(submission), as_version=4)
        nbformat.validate(notebook)
        carried = notebook.metadata.get("otter", {})
        notebook.metadata["otter"] = {"assignment_name": carried.get("assignment_name")}
    except zipfile.BadZipFile as error:
        return f"could not be graded: {error}"
    except (OSError, ValueError, AttributeError, KeyError, TypeError, nbformat.ValidationError) as error:
        return f"is not a notebook: {(str(error).strip() or type(error).__name__).splitlines()[0]}"
    nbformat.write(notebook, target)
    return ""


def watched(process: subprocess.Popen, seconds: float, megabytes: float) -> str:
    """Wait for `process`; end it, with all that it started, if it passes a limit. Returns which it passed, or ''."""
    family, deadline, problem = {process.pid: psutil.Process(process.pid)}, time.monotonic() + seconds, ""
    while process.poll() is None and not problem:
        time.sleep(POLL)
        used = 0
        for one in list(family.values()):
            try:
                family |= {child.pid: child for child in one.children(recursive=True)}
                used += one.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        if used > megabytes * 2**20:
            problem = f"took more than {megabytes:g} MB of memory"
        elif time.monotonic() > deadline:
            problem = f"ran for more than {seconds:g} s"
    for one in family.values():  # what it left behind, too
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()
    return problem


def grade(autograder: Path, submission: Path, seconds: float = SECONDS, megabytes: float = MEGABYTES) -> dict:
    """{"problem": text, "questions": {name: (points, points possible, what is said of it)}} of a submission.

    `problem` says why it has no points at all; it is empty if the submission was graded.
    """
    with tempfile.TemporaryDirectory() as folder:
        log, taken = Path(folder) / "log", Path(folder) / "submission.ipynb"
        problem = without_its_tests(submission, taken)
        if problem:
            return {"problem": problem, "questions": {}}
        with log.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "otter", "run", "--no-logo", "-a", autograder.resolve(), "-o", folder, taken],
                cwd=folder, env={**os.environ, "TMPDIR": folder, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"},
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
            problem = watched(process, seconds, megabytes)
        results = Path(folder) / "results.json"
        if not problem and (process.returncode or not results.is_file()):
            said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            problem = f"could not be graded: {said[-1] if said else f'otter ended with {process.returncode}'}"
        if problem:
            return {"problem": problem, "questions": {}}
        tests = json.loads(results.read_text(encoding="utf-8"))["tests"]
    return {"problem": "", "questions": {test["name"]: (test["score"], test["max_score"], test["output"])
                                         for test in tests if "max_score" in test}}


def report(found: dict) -> str:
    """What a student reads."""
    if found["problem"]:
        return f"No points: the submission {found['problem']}.\n"
    questions = found["questions"].values()
    total = f"{sum(points for points, _, _ in questions):g} of {sum(possible for _, possible, _ in questions):g} points"
    return "\n\n".join([total, *(f"{points:g} of {possible:g}: {said}" for points, possible, said in questions)]) + "\n"


def grade_all(autograder: Path, submissions: list[Path], target: Path, seconds: float = SECONDS, megabytes: float = MEGABYTES):
    """Grade `submissions`, as many at once as there are processors; grades.csv and the reports go to `target`."""
    target.mkdir(parents=True, exist_ok=True)

    def one(submission):
        start = time.monotonic()
        found = grade(autograder, submission, seconds, megabytes)
        (target / f"{submission.name}.txt").write_text(report(found), encoding="utf-8")  # at once: nothing finished is lost
        print(f"{submission.name}: {report(found).splitlines()[0]}", flush=True)
        return found, time.monotonic() - start

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(one, submissions))
    names = next((list(found["questions"]) for found, _ in done if found["questions"]), [])
    with (target / "grades.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["submission", "points", *names, "problem", "seconds"])
        for submission, (found, took) in zip(submissions, done, strict=True):
            points = [found["questions"][name][0] if name in found["questions"] else 0 for name in names]
            table.writerow([submission.name, f"{sum(points):g}", *(f"{value:g}" for value in points), found["problem"], f"{took:.0f}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("autograder", type=Path)
    parser.add_argument("submissions", type=Path, help="a folder: every file in it is a submission")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="limit for each submission, start-up included")
    parser.add_argument("--megabytes", type=float, default=MEGABYTES, help="limit for each submission with all its processes")
    asked = parser.parse_args()
    if not asked.autograder.is_file():
        parser.error(f"{asked.autograder} is not there: run `make assignments` first")
    submissions = sorted(path for path in asked.submissions.glob("*") if path.is_file() and not path.name.startswith("."))
    if not submissions:
        parser.error(f"{asked.submissions} is no folder with submissions in it")
    grade_all(asked.autograder, submissions, asked.submissions / "graded", asked.seconds, asked.megabytes)


if __name__ == "__main__":
    main()
