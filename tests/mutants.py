"""How many faults the tests would find: mutmut makes small ones in helpers/, a sample of them is tried, one at a time.

    make mutants      prints the scores and writes them to tests/MUTANTS.md

A mutant is one small change of a function: another sign, another constant, an argument left out. It is killed if one of the tests
that reach the function (in tests/helpers, seed 0) fails or does not end. The sample is drawn evenly from all mutants of the models, and
as evenly from those of explore and stage; the interval is Wilson's (1927), 95%. A mutant that changes nothing that can be seen, such as
the wording of an error, counts as one that lived. mutmut keeps what it has made in mutants/: a second run goes on.
"""
import json
import math
import os
import random
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "_build" / "mutmut"  # what mutmut.txt names, beside the book's environment
sys.path.append(str(TOOLS))
FRONT = {"bake", "controls", "explore", "stage", "record", "scenes", "predict", "paste", "live", "in_browser"}  # what draws and asks
SAMPLE = {"models": 420, "explore and stage": 100}
LEAST = {"models": 0.85, "explore and stage": 0.75}
KILLED = {"killed", "timeout", "segfault"}


def mutants():
    """{name of a mutant: exit code of its tests, None where they have not run}, as mutmut keeps them."""
    found = {}
    for meta in sorted((ROOT / "mutants" / "helpers").rglob("*.meta")):
        found |= json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def group(mutant):
    return "explore and stage" if mutant.split(".")[1] in FRONT else "models"


def sample(names, seed=0):
    """So many of each group; the same for the same names."""
    rng = random.Random(seed)
    groups = {kind: [name for name in sorted(names) if group(name) == kind] for kind in SAMPLE}
    return {kind: rng.sample(members, min(SAMPLE[kind], len(members))) for kind, members in groups.items()}


def wilson(hits, count, z=1.96):
    """The 95% interval of a share of which `hits` of `count` were seen."""
    middle, half = hits + z * z / 2, z * math.sqrt(hits * (count - hits) / count + z * z / 4)
    return (middle - half) / (count + z * z), (middle + half) / (count + z * z)


def mutmut(*arguments, **options):
    """Run it, in the book's environment and what TOOLS adds to that."""
    return subprocess.run([sys.executable, "-m", "mutmut", *arguments], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(TOOLS)}, **options)


def shown(mutant):
    """What the mutant changes: the lines that mutmut shows, without those around them."""
    said = mutmut("show", mutant, capture_output=True, text=True, check=True).stdout
    return "; ".join(line.strip() for line in re.findall(r"^[-+](?![-+]{2} )(.*)$", said, re.MULTILINE))


def main():
    from mutmut.stats import status_by_exit_code  # not there before it is installed

    mutmut("run", "none*", check=False)  # makes them all, and learns which test reaches what
    every = mutants()
    if not every:
        raise RuntimeError(f"mutmut made no mutants in {ROOT / 'mutants'}: see what it said")
    if not (ROOT / "mutants" / "mutmut-stats.json").exists():
        raise RuntimeError("a test fails before anything is changed: set debug = true under [tool.mutmut] in pyproject.toml to see which")
    chosen = sample(every)
    mutmut("run", *(name for names in chosen.values() for name in names), check=True)
    after = mutants()
    lines = ["# Measured: how many faults the tests find", "",
             f"By `make mutants` with Python {sys.version.split()[0]}: a sample of the {len(every):,} changes that mutmut makes in helpers/.", "",
             "| of | tried | killed | score (95% interval) | at least |", "|---|---|---|---|---|"]
    lived = []
    for kind, names in chosen.items():
        tried = [name for name in names if after[name] is not None]
        killed = [name for name in tried if status_by_exit_code[after[name]] in KILLED]
        low, high = wilson(len(killed), len(tried))
        lines.append(f"| {kind} | {len(tried)} | {len(killed)} | {len(killed) / len(tried):.0%} ({low:.0%} to {high:.0%}) | {LEAST[kind]:.0%} |")
        lived += sorted(set(tried) - set(killed))
    lines += ["", "Those that lived:", "", *(f"- `{name}`: `{shown(name)}`" for name in lived), ""]
    text = "\n".join(lines)
    print(text)
    (ROOT / "tests" / "MUTANTS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
