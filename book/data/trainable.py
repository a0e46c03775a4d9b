"""How deep a plain network can be and still learn (Schoenholz et al. 2017) on scikit-learn's digits: makes trainable.csv.

    nice env OMP_NUM_THREADS=1 .venv/bin/python book/data/trainable.py

Digits, 1200 to learn and 597 held out, by lot; pixels less their means, scaled so that their mean square is one. Tanh
networks, WIDTH units a layer, started as helpers/propagation.py has it; `depth` tanh layers and a linear one of ten
outputs, its weights started alike. Cross-entropy, STEPS steps of plain gradient descent on BATCH digits each, weights and
biases alike. Depth by depth all networks train side by side; those of one seed share digits and lots, scaled by sw2.
Residual networks are z' = z + a (W tanh(z) + b) from the first layer's sums on. Same seeds, same file. It took 19 minutes of
one core.
"""
import platform
import time
from pathlib import Path

import numpy as np
import sklearn
import torch
from sklearn.datasets import load_digits

from helpers import propagation

TABLE = Path(__file__).with_suffix(".csv")
WIDTH, STEPS, BATCH, SB2, SEEDS, LEARN = 100, 300, 50, 0.05, 2, 1200
SW2 = np.array([0.8, 1.0, 1.2, 1.4, 1.6, 1.76, 2.0, 2.4, 2.8, 3.2, 4.0])
RATES = np.array([0.001, 0.003, 0.01, 0.03, 0.1])
DEPTHS = (5, 10, 15, 20, 30, 40, 50, 60, 80)
RESIDUALS = {"no": lambda depth: None, "1/sqrt(depth)": lambda depth: depth**-0.5, "1": lambda depth: 1.0}
RESIDUAL_DEPTHS = (60,)


def digits(seed):
    """Learnt and held out, [(inputs, targets), ...], float32 and int64 tensors."""
    inputs, targets = load_digits(return_X_y=True)
    inputs = inputs - inputs.mean(axis=0)
    inputs = torch.tensor(inputs / np.sqrt((inputs**2).mean()), dtype=torch.float32)
    order = np.random.default_rng([seed, 0]).permutation(len(targets))
    return [(inputs[some], torch.tensor(targets)[some]) for some in (order[:LEARN], order[LEARN:])]


def started(depth, seed):
    """Weights [(k, n_in, n_out)] and biases [(k, 1, n_out)] of networks for every sw2 and rate, the rates quickest."""
    rng = np.random.default_rng([seed, 1])
    sizes = [64] + [WIDTH] * depth + [10]
    scale = np.repeat(np.sqrt(SW2), len(RATES))[:, None, None]
    weights = [rng.standard_normal((before, after)) * scale / np.sqrt(before) for before, after in zip(sizes, sizes[1:], strict=False)]
    biases = [np.sqrt(SB2) * rng.standard_normal(after) * np.ones_like(scale) for after in sizes[1:]]
    return [[torch.tensor(one, dtype=torch.float32).requires_grad_() for one in some] for some in (weights, biases)]


def answers(weights, biases, inputs, residual):
    """The outputs of all networks, (k, m, 10)."""
    z = torch.baddbmm(biases[0], inputs.expand(len(weights[0]), -1, -1), weights[0])
    for weight, bias in zip(weights[1:-1], biases[1:-1], strict=True):
        made = torch.baddbmm(bias, torch.tanh(z), weight)
        z = made if residual is None else z + residual * made
    return torch.baddbmm(biases[-1], torch.tanh(z), weights[-1])


def trained(depth, seed, residual):
    """Accuracies (2, sw2, rates) on the learnt and the held-out digits."""
    learnt, held_out = digits(seed)
    weights, biases = started(depth, seed)
    rates = torch.tensor(np.tile(RATES, len(SW2)), dtype=torch.float32)[:, None, None]
    rng = np.random.default_rng([seed, 2])
    for _ in range(STEPS):
        batch = torch.tensor(rng.choice(LEARN, BATCH, replace=False))
        said = answers(weights, biases, learnt[0][batch], residual)
        loss = torch.nn.functional.cross_entropy(said.flatten(0, 1), learnt[1][batch].repeat(len(said)), reduction="sum") / BATCH
        slopes = torch.autograd.grad(loss, weights + biases)
        with torch.no_grad():
            for one, slope in zip(weights + biases, slopes, strict=True):
                one -= rates * slope
    with torch.no_grad():
        right = [(answers(weights, biases, x, residual).argmax(-1) == y).double().mean(-1).numpy() for x, y in (learnt, held_out)]
    return np.reshape(right, (2, len(SW2), len(RATES)))


def kept(found):
    """Held-out accuracy (sw2,), mean of the seeds, at the rate that learns its own digits best; found (seeds, 2, sw2, rates)."""
    learnt, held_out = found.mean(axis=0)
    return np.take_along_axis(held_out, learnt.argmax(axis=-1)[:, None], axis=-1)[:, 0]


def frontier(accuracies):
    """Depth, between two tried linearly, at which accuracy (depths, sw2) first falls below a half; inf if at none."""
    found = []
    for column in accuracies.T:
        below = np.flatnonzero(column < 0.5)
        at = below[0] if below.size else None
        found.append(np.inf if at is None else 0 if at == 0 else np.interp(0.5, column[[at, at - 1]], [DEPTHS[at], DEPTHS[at - 1]]))
    return found


def main():
    torch.set_num_threads(1)
    theory = propagation.fixed_point(SW2, sb2=SB2)
    rows, best = [], {}
    for name, residual in RESIDUALS.items():
        for depth in DEPTHS if name == "no" else RESIDUAL_DEPTHS:
            begun = time.perf_counter()
            found = np.array([trained(depth, seed, residual(depth)) for seed in range(SEEDS)])
            best[name, depth] = kept(found)
            rows += [f"{name},{depth},{sw2:g},{rate:g},{seed},{found[seed, 1, i, j]:.3f},{found[seed, 0, i, j]:.3f}"
                     for i, sw2 in enumerate(SW2) for j, rate in enumerate(RATES) for seed in range(SEEDS)]
            print(f"{name}, {depth}: {np.round(best[name, depth], 2)}, {time.perf_counter() - begun:.0f} s", flush=True)
    edges = frontier(np.array([best["no", depth] for depth in DEPTHS]))
    lines = [f"# By python book/data/trainable.py with Python {platform.python_version()}, NumPy {np.__version__}, PyTorch "
             f"{torch.__version__}, scikit-learn {sklearn.__version__}.",
             f"# Tanh networks of {WIDTH} units a layer on digits, biases of variance {SB2}, {STEPS} steps on {BATCH} digits each.",
             f"# sw2: depth at which held-out accuracy falls below a half at the rate that learns best (inf: not by {DEPTHS[-1]}); 6 xi_c"]
    lines += [f"#   {sw2:g}: {edge:.1f}; {6 * xi:.1f}" for sw2, edge, xi in zip(SW2, edges, theory.xi_c, strict=True)]
    lines += [f"# Held-out accuracy at those rates, residual {name}, depth {depth}: {' '.join(f'{one:.2f}' for one in found)}"
              for (name, depth), found in best.items() if name != "no"]
    TABLE.write_text("\n".join([*lines, "residual,depth,sw2,rate,seed,held_out,learnt", *rows]) + "\n", encoding="utf-8")
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
