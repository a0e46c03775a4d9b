"""The assignments: of each master notebook, what students get, what grades it, and the solution.

    python book/_ext/living_book/assign.py     `make assignments`: all of them, to _build/assignments/NAME, proven
    python book/_ext/living_book/assign.py FOLDER     the students' versions alone, as Binder has them

A master (book/teaching/assignments/) holds its solutions, the tests that students see and those that they don't, in the
format of otter-grader 7 (`otter assign`). Of it come student/, autograder.zip and solution.ipynb.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import yaml

BOOK = Path(__file__).resolve().parents[2]
START = ("> **Run the cells from the top**, one after another with Shift+Enter. After a reload of the page, or a restart of the kernel, "
         "do it again: your text is still there, but what the cells had made is gone. Save with Ctrl+S (on a Mac Cmd+S).")
HAND_IN = """## Handing in

Run all cells in order (*Run > Run All Cells*), save (Ctrl+S, on a Mac Cmd+S), and then run the cell below. On a computer with Jupyter, on a hub and on Binder it makes a zip file: hand in that. In the browser alone it makes no file; it checks all answers once more and says how to download this notebook: hand in that."""


def masters(root: Path) -> list[Path]:
    """Of the book in the folder `root`."""
    return sorted((root / "teaching" / "assignments").glob("*.ipynb"))


def book(master: Path) -> Path:
    return master.parents[2]


def made(master: Path) -> Path:
    """Where its versions are kept."""
    return book(master).parent / "_build" / "assignments" / master.stem


def files(master: Path) -> list[str]:
    """The files of the book that the assignment uses, as paths within book/."""
    config = nbformat.read(master, as_version=4).cells[0].source
    return yaml.safe_load(config.partition("\n")[2]).get("files", [])


def questions(master: Path) -> tuple[str, list[str]]:
    """The title of the assignment, and its questions, as its students read them."""
    text = "\n".join(cell.source for cell in nbformat.read(master, as_version=4).cells if cell.cell_type == "markdown")
    return re.search(r"^# (.+)$", text, re.MULTILINE)[1], re.findall(r"^## Question \d+: (.+)$", text, re.MULTILINE)


def settle(notebook: Path):
    """Say how to begin and how to hand in, in the browser too, and number the cells: otter draws the names of its own by lot."""
    content = nbformat.read(notebook, as_version=4)
    hand_in, = (cell for cell in content.cells if cell.source.startswith("## Submission"))
    hand_in.source = HAND_IN
    content.cells.insert(0, nbformat.v4.new_markdown_cell(START, metadata={"deletable": False, "editable": False}))
    for number, cell in enumerate(content.cells):
        cell.id = f"cell-{number:03d}"
    nbformat.write(content, notebook)


def assign(master: Path, proven: bool = True):
    """Write all versions of `master`; `proven`: its solution is run first, and must pass all its tests.

    Raises RuntimeError with the end of what otter says, if the master has a mistake or its solution fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copyfile(master, work / master.name)
        for file in files(master):
            (work / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(book(master) / file, work / file)
        command = [sys.executable, "-m", "otter", "assign", master.name, "made", *([] if proven else ["--no-run-tests"])]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{master.name}: {(done.stderr or done.stdout).strip()[-1500:]}")
        for side in ("student", "autograder"):
            settle(work / "made" / side / master.name)
        autograder, = (work / "made" / "autograder").glob("*.zip")
        target = made(master)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as beside:  # from where it can be moved as a whole
            whole = Path(beside) / "whole"
            shutil.copytree(work / "made" / "student", whole / "student")
            shutil.copyfile(autograder, whole / "autograder.zip")
            shutil.copyfile(work / "made" / "autograder" / master.name, whole / "solution.ipynb")
            shutil.rmtree(target, ignore_errors=True)
            whole.rename(target)


def at_once(task, each):
    """Do `task` with each, as many at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(task, each))


def current(master: Path) -> bool:
    """Whether its versions are younger than all that they are made of."""
    last, parts = made(master) / "solution.ipynb", [master, Path(__file__), *(book(master) / file for file in files(master))]
    return last.is_file() and last.stat().st_mtime > max(path.stat().st_mtime for path in parts)


def students(root: Path, target: Path):
    """The students' version of every assignment of the folder `root` to the folder `target`."""
    at_once(lambda master: current(master) or assign(master, proven=False), masters(root))
    for master in masters(root):
        shutil.copytree(made(master) / "student", target / master.stem, dirs_exist_ok=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    asked = parser.parse_args()
    if asked.folder:
        students(BOOK, asked.folder)
    else:
        at_once(assign, masters(BOOK))
        print(f"{len(masters(BOOK))} assignments are in {made(masters(BOOK)[0]).parent}; every solution passes every test")
