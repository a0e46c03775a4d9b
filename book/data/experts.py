"""Do experts who compete beat one net of their size? On scikit-learn's digits in four turns (helpers/experts.py): makes experts.csv.

    nice env OMP_NUM_THREADS=1 .venv/bin/python book/data/experts.py

SEEDS seeds, each with its own 1200 digits to learn and 597 held out, all in all four turns; tasks "plain" (the answer is the digit) and
"clash" (each turn has a code of its own). METHODS: four experts of UNITS units and a gate; `dense`, one net of at least as many
parameters; `told`, four nets of UNITS units, each taught one turn on a quarter of the batch and asked no other. Adam, 64 cases a step.

accuracy, learnt: share of the held-out and the learnt cases answered rightly. specialisation: normalised mutual information of first
expert and turn; least: share of the cases of the least asked expert; dead: experts asked for under 1 % of them. Each expert in turn is
removed (of `dense` a quarter of its units, four times by lot): hurt, accuracy just after; healed, after HEAL steps of the gate alone (of
`dense` the output layer alone); heir_hurt, heir_healed: share of the lost expert's cases that go to the one that gets most of them, of
three. first, kept, second: `clash`, STEPS_EACH steps on the first turn alone, then as many on the second alone: accuracy on the first
before and after, and on the second. Same seeds, same file, whatever the other seeds beside them but for rounding. It took four minutes of one core.
"""
import platform
import time
from pathlib import Path

import numpy as np
import sklearn
import torch
from scipy import stats
from sklearn.datasets import load_digits

from helpers import experts

TABLE = Path(__file__).with_suffix(".csv")
SEEDS, COUNT, UNITS, HEAL, STEPS_EACH = 20, 4, 8, 50, 300
METHODS = {"dense": ("blend", 0), "blend": ("blend", 0), "compete": ("compete", 0), "compete+balance": ("compete", 0.1), "top": ("top", 0),
           "top+balance": ("top", 0.1)}
RUNS = [("clash", 300, [*METHODS, "told"]), ("clash", 1000, [*METHODS, "told"]), ("plain", 1000, [*METHODS, "told"]),
        ("clash", 3000, ["dense", "blend", "compete"])]
COLUMNS = ("accuracy", "learnt", "specialisation", "least", "dead", "hurt", "healed", "heir_hurt", "heir_healed", "first", "kept", "second")


def lots(*key):
    return [np.random.default_rng([seed, *key]) for seed in range(SEEDS)]


def born(method):
    if method == "dense":
        return experts.newborn(lots(1), 1, experts.dense_units(COUNT, UNITS))
    return experts.newborn(lots(1), COUNT, UNITS)


def heir(choices, lost):
    """Of each seed's cases `lost`, bool (s, m), the share that goes to the expert with most of them, nan if none are lost."""
    found = [experts.load(one[some], COUNT).max() if some.any() else np.nan for one, some in zip(choices, lost, strict=True)]
    return np.array(found)


def damage(net, method, way, learned, held_out):
    """(hurt, healed, heir_hurt, heir_healed), (SEEDS,) each: means over what is removed."""
    found, before = [], experts.asked(net, held_out[0])
    for gone in range(COUNT):
        if method == "dense":
            hurt = experts.lesioned(net, 1 / COUNT, np.random.default_rng([gone, 2]))
        else:
            hurt = experts.without(net, np.full(SEEDS, gone))
        only = ("second", "last") if method == "dense" else experts.GATES
        healed = experts.train(hurt, *learned[:2], way, lots(3, gone), steps=HEAL, only=only)
        right = [experts.accuracy(one, *held_out[:2], way) for one in (hurt, healed)]
        heirs = [np.full(SEEDS, np.nan)] * 2 if method == "dense" else [heir(experts.asked(one, held_out[0]), before == gone)
                                                                        for one in (hurt, healed)]
        found.append([*right, *heirs])
    found = np.array(found)
    there = np.isfinite(found)
    return np.where(there, found, 0).sum(axis=0) / np.where(there.any(axis=0), there.sum(axis=0), np.nan)


def one_after_another(method, way, balance, learned, held_out):
    """(first, kept, second), (SEEDS,) each."""
    net, (seen, unseen) = born(method), ([[part[:, turn::experts.TURNS] for part in some[:2]] for turn in range(2)] for some in (learned, held_out))
    found = []
    for turn in range(2):
        net = experts.train(net, *seen[turn], way, lots(4, turn), steps=STEPS_EACH, balance=balance)
        found.append([experts.accuracy(net, *some, way) for some in unseen])
    return found[0][0], found[1][0], found[1][1]


def told(learned, held_out, steps):
    """(accuracy, learnt), (SEEDS,) each, of four nets that know their turn."""
    right = []
    for turn in range(experts.TURNS):
        seen, unseen = ([part[:, turn::experts.TURNS] for part in some[:2]] for some in (learned, held_out))
        net = experts.train(experts.newborn(lots(1, turn), 1, UNITS), *seen, "blend", lots(5, turn), steps=steps, batch=16)
        right.append([experts.accuracy(net, *some, "blend") for some in (unseen, seen)])
    return np.mean(right, axis=0)


def measured(task, steps, method, learned, held_out):
    """COLUMNS of one method, (len(COLUMNS), SEEDS); nan for what does not apply."""
    found = np.full((len(COLUMNS), SEEDS), np.nan)
    if method == "told":
        found[:2] = told(learned, held_out, steps)
        return found
    way, balance = METHODS[method]
    net = experts.train(born(method), *learned[:2], way, lots(6), steps=steps, balance=balance)
    found[:2] = [experts.accuracy(net, *some[:2], way) for some in (held_out, learned)]
    if method != "dense":
        choices = experts.asked(net, held_out[0])
        load = experts.load(choices, COUNT)
        found[2:5] = experts.specialisation(choices, held_out[2].numpy(), COUNT), load.min(axis=1), (load < experts.DEAD).sum(axis=1)
    if steps == 1000:
        found[5:9] = damage(net, method, way, learned, held_out)
    if (task, steps) == ("clash", 1000):
        found[9:] = one_after_another(method, way, balance, learned, held_out)
    return found


def said(values):
    """Mean over seeds and its 95 % interval (Student's t)."""
    values = values[np.isfinite(values)]
    half = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
    return f"{values.mean():.3f} [{values.mean() - half:.3f}, {values.mean() + half:.3f}]"


def main():
    torch.set_num_threads(1)
    begun, digits, lines, rows = time.perf_counter(), load_digits(), [], []
    data = {task: experts.lessons(digits.images / 16, digits.target, lots(0), clash=task == "clash") for task in ("plain", "clash")}
    sizes = experts.parameters(COUNT, UNITS), experts.parameters(1, experts.dense_units(COUNT, UNITS))
    head = [f"# By python book/data/experts.py with Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}, "
            f"scikit-learn {sklearn.__version__}.",
            f"# {SEEDS} seeds; {sizes[0]} parameters of the experts and their gate, {sizes[1]} of the dense net. Means and 95 % intervals:"]
    for task, steps, methods in RUNS:
        found = {method: measured(task, steps, method, *data[task]) for method in methods}
        for method, numbers in found.items():
            lines.append(f"# {task}, {steps} steps, {method}: " + ", ".join(
                f"{name} {said(some)}" for name, some in zip(COLUMNS, numbers, strict=True) if np.isfinite(some).any()))
            if method != "dense":
                lines[-1] += f"; accuracy over dense {said(numbers[0] - found['dense'][0])}"
            print(lines[-1], f"({time.perf_counter() - begun:.0f} s)", flush=True)
            rows += [f"{task},{steps},{method},{seed}," + ",".join("" if np.isnan(one) else f"{one:.4g}" for one in numbers[:, seed])
                     for seed in range(SEEDS)]
        TABLE.write_text("\n".join([*head, *lines, "task,steps,method,seed," + ",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
