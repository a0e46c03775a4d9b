"""The book built from one commit in two folders gives the same bytes, and so does a build that is killed and started again.

    python tests/long/rebuild.py FOLDER                  the last commit, built in FOLDER/one and FOLDER/two
    python tests/long/rebuild.py FOLDER --kills 2        FOLDER/two is killed at two moments, and then built to its end
    python tests/long/rebuild.py FOLDER --commit NAME --seed 7

A build takes ten minutes or more. It ends with 0 if the sites are alike, else with the files in which they differ.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "_ext")]
from living_book import whole  # noqa: E402

PYTHON = ROOT / ".venv" / "bin" / "python"
BUILD = [ROOT / ".venv" / "bin" / "jupyter-book", "build", ".", "-W", "--keep-going", "-n"]


def start(command, folder, packages, **options):
    """A build in `folder`, with helpers and extension of `packages`, in a process group of its own."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, packages)), "NO_COLOR": "1"}
    return subprocess.Popen([*map(str, command)], cwd=folder, env=env, text=True, start_new_session=True, **options)


def kill(build, seconds) -> bool:
    """Kill a build, with all that it has started, after so many seconds; whether it was still at work."""
    try:
        build.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(build.pid, signal.SIGKILL)
    return build.wait() < 0


def differing(one: dict, two: dict) -> list[str]:
    """The files that are not alike by their sums, or are in one alone."""
    return sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


def cloned(commit: str, folder: Path) -> Path:
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "checkout", "--quiet", commit], check=True)
    return folder


def begun(folder: Path):
    return start(BUILD, folder, [folder, folder / "book" / "_ext"], stdout=subprocess.DEVNULL)


def built(folder: Path) -> float:
    """Build the book in the folder; the seconds it took. Exits if it fails."""
    began = time.monotonic()
    with begun(folder) as build:
        if build.wait():
            sys.exit(f"{folder}: the build has failed, with {build.returncode}")
    return time.monotonic() - began


def killed(folder: Path, times: int, longest: float, chance: random.Random):
    """Kill the build in the folder so many times, each time at a moment within the `longest` that it can take."""
    while times:
        moment = chance.uniform(0, longest)
        with begun(folder) as build:
            if kill(build, moment):
                times -= 1
                print(f"killed after {moment:.0f} s", flush=True)
                continue
        longest = moment  # it was faster: from nothing again, and earlier
        shutil.rmtree(folder / "_build")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="to be made")
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", asked.commit], capture_output=True, text=True, check=True).stdout.strip()
    asked.folder.mkdir(parents=True)
    one, two = (cloned(commit, asked.folder.resolve() / name) for name in ("one", "two"))
    subprocess.run([PYTHON, one / "book/_ext/living_book/pyodide.py"], check=True)
    seconds = built(one)
    print(f"{one}: built in {seconds:.0f} s", flush=True)
    killed(two, asked.kills, seconds, random.Random(asked.seed))
    print(f"{two}: built in {built(two):.0f} s", flush=True)
    sites = [whole.sums(folder / "_build" / "html") for folder in (one, two)]
    wrong = differing(*sites)
    print("\n".join([*wrong, f"{commit[:12]}: {len(sites[0])} files, of which {len(wrong)} differ"]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
