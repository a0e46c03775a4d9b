"""What a student's server needs on Binder and on a hub: memory and time of every chapter, run as a reader runs it.

    make bench        prints the table and writes it to bench/NOTEBOOKS.md

The environment is what binder/ makes, anew for each text of its requirements.txt, in _build/binder-env; Linux alone. A
chapter has one core. It is charged with the proportional set size of its kernel and of all processes of it, read every
0.1 s: there a page that several of them share counts once, where the sum of their unique sets would leave it out.
"""
import ast
import json
import math
import os
import secrets
import select
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import environment
import nbformat
import psutil
import table
from models import used

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
REQUIREMENTS = ROOT / "binder" / "requirements.txt"
CHAPTERS = sorted(BOOK.glob("[0-9]*.ipynb"))
MOST_SECONDS, MOST_MEGABYTES = 180, 2048
STUDENTS, AT_ONCE, PATIENCE = 30, 10, 300  # a class; those of it who run a chapter together; seconds that they wait
MARGIN, SYSTEM = 1.25, 1024  # of memory, and megabytes for the hub and the system beneath it

# Run by the environment's own Python: a notebook, cell by cell. After each it says so and waits until it is told to go on.
READER = """
import asyncio, sys, time
import nbformat
from nbclient import NotebookClient

began = {}

def before(cell, cell_index):
    began[cell_index] = time.monotonic()

async def after(cell, cell_index, execute_reply):
    print(time.monotonic() - began[cell_index], flush=True)
    await asyncio.to_thread(sys.stdin.readline)

client = NotebookClient(nbformat.read(sys.argv[1], 4), timeout=600, kernel_name="python3", extra_arguments=["--log-level=ERROR"],
                        resources={"metadata": {"path": "."}}, on_cell_execute=before, on_cell_executed=after)
client.comm_open_handlers.clear()  # nbclient answers output widgets past its own poll, and can then miss a cell's reply
client.execute()
"""


def fill(pip, folder):
    """What binder/ installs."""
    lines, index = REQUIREMENTS.read_text(encoding="utf-8").splitlines(), "--extra-index-url "
    for line in [line for line in lines if line.startswith(index)]:
        try:
            urllib.request.urlopen(f"{line.removeprefix(index)}/torch/", timeout=3).close()
        except OSError:  # as in the Makefile: without an answer, what the configured index gives
            lines.remove(line)
    (folder / "requirements.txt").write_text("\n".join(lines), encoding="utf-8")
    subprocess.run([*pip, "-r", folder / "requirements.txt"], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", ROOT], check=True)


def size(folder: Path) -> float:
    """Megabytes of the files in a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / 2**20


def kernels(client) -> float:
    """Megabytes of the kernels that a process has started, with all that they started."""
    try:
        return sum(used(kernel) for kernel in client.children())
    except psutil.NoSuchProcess:
        return 0.0  # the notebook has just ended


def work(client) -> dict[int, float]:
    """{process: processor seconds so far} of the kernels and of all that they started."""
    spent = {}
    for process in client.children(recursive=True):
        try:
            spent[process.pid] = sum(process.cpu_times()[:2])
        except psutil.Error:
            pass  # it has ended meanwhile
    return spent


def has_torch(client) -> bool:
    """Whether a kernel that the process has started has loaded torch."""
    return any("libtorch" in Path(f"/proc/{kernel.pid}/maps").read_text(encoding="utf-8") for kernel in client.children())


def read(python, notebook):
    """(seconds, processor seconds, [(seconds, most megabytes, megabytes at its end, torch?)] of each code cell) on one core."""
    core = max(os.sched_getaffinity(0))
    clean = {name: value for name, value in os.environ.items() if name not in ("EXPLORE_ENGINE", "PYTHONPATH")}
    start = time.monotonic()
    client = subprocess.Popen([python, "-c", READER, notebook], cwd=BOOK, env=clean, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True, bufsize=1, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    watched, most, cells, spent = psutil.Process(client.pid), 0.0, [], {}
    while client.poll() is None:
        told, _, _ = select.select([client.stdout], [], [], 0.1)
        line, megabytes = client.stdout.readline() if told else "", kernels(watched)
        most = max(most, megabytes)
        spent |= work(watched)
        if line:
            cells.append((float(line), most, megabytes, has_torch(watched)))
            most, end = 0.0, time.monotonic()
            client.stdin.write("\n")
    if client.returncode:
        raise RuntimeError(f"{notebook} failed after {len(cells)} cells")
    return end - start, sum(spent.values()), cells


def kernel_sizes(python):
    """Megabytes of a kernel at rest, and of one that has imported the helpers that chapter 1 starts with."""
    first = next(cell.source for cell in nbformat.read(CHAPTERS[0], 4).cells if cell.cell_type == "code")
    imports = [line for line in ast.parse(first).body if isinstance(line, ast.ImportFrom) and line.module.startswith("helpers")]
    cells = [nbformat.v4.new_code_cell(source) for source in ("pass", "import helpers\n" + "\n".join(map(ast.unparse, imports)))]
    with tempfile.NamedTemporaryFile("w", suffix=".ipynb") as file:
        nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
        file.flush()
        *_, ((_, _, bare, _), (_, _, helped, _)) = read(python, file.name)
    return bare, helped


def server_size(python) -> float:
    """Megabytes of a JupyterLab server that has shown its page and has a kernel, without that kernel."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex()

    def ask(path, method="GET"):
        wanted = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, headers={"Authorization": f"token {token}"},
                                        data=b"{}" if method == "POST" else None)
        with urllib.request.urlopen(wanted, timeout=60) as answer:
            return answer.read()

    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
                                   f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"], stderr=subprocess.DEVNULL)
        try:
            for _ in range(600):
                try:
                    ask("/api")
                    break
                except OSError:  # not up yet
                    time.sleep(0.1)
            ask("/lab")
            kernel = json.loads(ask("/api/kernels", "POST"))["id"]
            ask(f"/api/kernels/{kernel}")
            time.sleep(5)  # the kernel's start
            return psutil.Process(server.pid).memory_full_info().pss / 2**20
        finally:
            server.terminate()
            server.wait()


def classroom(server, chapters):
    """Rows on a class. `chapters`: (processor seconds, most, last megabytes) of each."""
    slowest, most, last = (max(values) for values in zip(*chapters, strict=True))
    running, resting = server + most, server + last

    def machine(at_once):
        memory = MARGIN * (at_once * running + (STUDENTS - at_once) * resting) + SYSTEM
        return f"{math.ceil(memory / 1024)} GB; {math.ceil(at_once * slowest / PATIENCE)} cores"
    return [
        ("a student at the peak of the largest chapter, server and kernel", f"{running:.0f} MB", ""),
        ("a student who has run a chapter and leaves it open, at most", f"{resting:.0f} MB", ""),
        ("memory limit to set for each student", f"{math.ceil(MARGIN * running / 256) * 256} MB", ""),
        *((f"{STUDENTS} students, {at_once} of whom run a chapter at once, the slowest done in {PATIENCE // 60} minutes", machine(at_once), "")
          for at_once in (AT_ONCE, STUDENTS)),
    ]


def main():
    python = environment.python("binder-env", REQUIREMENTS, fill)
    bare, helped = kernel_sizes(python)
    server = server_size(python)
    rows, chapters, first_cells = [], [], []
    for path in CHAPTERS:
        seconds, worked, cells = read(python, path)
        _, _, first, torch = cells[0]
        most, last = max(cell[1] for cell in cells), cells[-1][2]
        chapters.append((worked, most, last))
        if not torch:
            first_cells.append((first, path.stem))
        rows.append((f"{path.stem}: every cell, one core",
                     f"{seconds:.0f} s, {worked:.0f} s of them at work; {first:.0f} MB after the first cell, "
                     f"{most:.0f} MB at the peak, {last:.0f} MB at the end",
                     f"{MOST_SECONDS} s, {MOST_MEGABYTES} MB"))
    largest, chapter = max(first_cells)
    rows = [
        ("the environment, installed", f"{size(python.parents[1]) / 1024:.2f} GB", "2.5 GB"),
        ("a JupyterLab server with one kernel open, without the kernel", f"{server:.0f} MB", ""),
        ("a kernel at rest", f"{bare:.0f} MB", ""),
        ("a kernel with the helpers of chapter 1", f"{helped:.0f} MB", "150 MB"),
        (f"a kernel after a chapter's first cell, the largest without torch ({chapter})", f"{largest:.0f} MB", ""),
        *rows, *classroom(server, chapters)]
    table.write("NOTEBOOKS.md", "Measured: notebooks on a server", rows, more=", of which a notebook has one")


if __name__ == "__main__":
    main()
