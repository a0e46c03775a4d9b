"""Heads of small transformers as players of a game, and hidden units of digit readers too: makes heads.csv, heads_scores.csv and
heads_units.csv.

    nice env OMP_NUM_THREADS=1 .venv/bin/python book/data/heads.py

SEEDS nets of helpers/heads.py, each with its own start and sequences, are trained alike. On JUDGED fresh sequences each is run with all
256 coalitions of its eight heads on, the others writing their means. heads.csv: loss and margin of each; of seed 0 the coalition 5 has the
heads 0 and 2. heads_scores.csv: of each head where it looks, what it adds to the margin itself, and what it adds with one head of the
first layer off (without_0 ... without_3). heads_units.csv: cross-entropy of readers of scikit-learn's digits of UNITS hidden units
(helpers/recovery.py), by lot 1200 digits to learn and 597 held out, with every coalition of their units on. Same seeds, same files. It
took three minutes of one core.
"""
import platform
import time
from pathlib import Path

import numpy as np
import sklearn
import torch
from scipy import stats
from sklearn.datasets import load_digits

from helpers import coalitions, heads, recovery

TABLE = Path(__file__).with_suffix(".csv")
SEEDS, JUDGED, UNITS, THRESHOLD = 20, 300, 8, 0.02
BLOCKS = {"within the first layer": [(i, j) for i in range(4) for j in range(i)],
          "within the second": [(i, j) for i in range(4, 8) for j in range(4, i)],
          "across": [(i, j) for i in range(4, 8) for j in range(4)]}


def said(values, digits=3):
    """Mean over seeds and its 95 % interval (Student's t)."""
    mean, half = np.mean(values), stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
    return f"{mean:.{digits}f} [{mean - half:.{digits}f}, {mean + half:.{digits}f}]"


def summary(name, v):
    """Lines on a game v (seeds, 2^n), in units of its total."""
    shares = coalitions.kinds(v, THRESHOLD)
    yield f"{name}: total {said(coalitions.total(v))}, redundancy {said(coalitions.redundancy(v))}"
    yield (f"  pairs beyond {THRESHOLD:g} of the total: substitutes {said(shares.substitutes)}, independent {said(shares.independent)}, "
           f"complements {said(shares.complements)}")
    worth = coalitions.total(v)
    harm = np.array([coalitions.harm(one, THRESHOLD * abs(whole)) for one, whole in zip(v, worth, strict=True)])
    removal = (-coalitions.missed(v)).max(axis=1) / worth
    yield (f"  share of coalitions that a player makes worse by {THRESHOLD:g} of the total: {said(harm.mean(axis=1))}; best removal of one: "
           f"{said(removal, 4)}")


def blocks(v):
    """Lines on pairs of heads within and across layers."""
    index = coalitions.interactions(v) / coalitions.total(v)[:, None, None]
    for name, pairs in BLOCKS.items():
        some = np.stack([index[:, i, j] for i, j in pairs], axis=1)
        yield (f"  {name}: index {said(some.mean(axis=1))}, substitutes {said((some < -THRESHOLD).mean(axis=1))}, complements "
               f"{said((some > THRESHOLD).mean(axis=1))}")
    names = list(BLOCKS)
    flat = np.stack([index[:, i, j] for pairs in BLOCKS.values() for i, j in pairs], axis=1)
    of = np.repeat(np.arange(3), [len(pairs) for pairs in BLOCKS.values()])
    for word, at in (("most substitutable", flat.argmin(axis=1)), ("most complementary", flat.argmax(axis=1))):
        yield f"  {word} pair: " + ", ".join(f"{name} {np.sum(of[at] == k)} of {len(at)}" for k, name in enumerate(names)) + \
            f"; index {said(np.take_along_axis(flat, at[:, None], axis=1)[:, 0])}"


def nets():
    """Games (seeds, 2, 256), previous and induction (seeds, 8), direct (seeds, 8) and without (seeds, 8, 8)."""
    found = []
    for seed in range(SEEDS):
        begun, rng = time.perf_counter(), np.random.default_rng([seed, 7])
        net, _ = heads.train(rng)
        trained, (tokens, periods) = time.perf_counter(), heads.sequences(JUDGED, rng)
        found.append((heads.games(net, tokens, periods), heads.roles(net, tokens, periods), *heads.direct(net, tokens, periods)))
        print(f"seed {seed}: loss {-found[-1][0].loss[-1]:.5f}, trained in {trained - begun:.1f} s, judged in "
              f"{time.perf_counter() - trained:.1f} s", flush=True)
    return [np.array(part) for part in zip(*found, strict=True)]


def units():
    """(values (seeds, 2^UNITS), accuracies (seeds,)) of readers of digits."""
    digits, values, right = load_digits(), [], []
    for seed in range(SEEDS):
        order = torch.tensor(np.random.default_rng([seed, 8]).permutation(len(digits.target)))
        images, labels = torch.tensor(digits.data / 16, dtype=torch.float32)[order], torch.tensor(digits.target)[order]
        readers = recovery.taught(recovery.newborn([seed], UNITS), images[:1200], labels[:1200], passes=300)
        values.append(heads.unit_games(readers, images[1200:], labels[1200:])[0])
        right.append(recovery.accuracy(readers, images[1200:], labels[1200:])[0])
    return np.array(values), np.array(right)


def back_up(direct, without):
    """Lines on whether heads of the second layer add more when one of the first is off, in units of what all add."""
    change = (without[:, :4, 4:] - direct[:, None, 4:]) / direct.sum(axis=1)[:, None, None]
    yield (f"back-up: of 16 pairs of a first-layer head off and a second-layer head, the latter adds more to the margin in "
           f"{said((change > 0).mean(axis=(1, 2)))}, by over {THRESHOLD:g} of the whole margin in {said((change > THRESHOLD).mean(axis=(1, 2)))}")
    yield f"  mean change of a second-layer head {said(change.mean(axis=(1, 2)))}; greatest rise of a net's 16 {said(change.max(axis=(1, 2)), 4)}"


def main():
    torch.set_num_threads(1)
    begun = time.perf_counter()
    games, roles, direct, without = nets()
    values, right = units()
    head = [f"# By python book/data/heads.py with Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}, "
            f"scikit-learn {sklearn.__version__}."]
    lines = [*head, f"# {SEEDS} nets; means and 95 % intervals over nets; values in units of total = everybody - nobody."]
    for k, name in enumerate(heads.Games._fields):
        lines += [f"# {line}" for line in (*summary(name, games[:, k]), *blocks(games[:, k]))]
    lines += [f"# {line}" for line in back_up(direct, without)]
    rows = [f"{seed},{coalition},{-game[0, coalition]:.5f},{game[1, coalition]:.3f}" for seed, game in enumerate(games)
            for coalition in range(256)]
    TABLE.write_text("\n".join([*lines, "seed,coalition,loss,margin", *rows]) + "\n", encoding="utf-8")
    off = ",".join(f"without_{i}" for i in range(4))
    rows = [f"{seed},{i},{roles[seed, 0, i]:.3f},{roles[seed, 1, i]:.3f},{direct[seed, i]:.3f},"
            + ",".join(f"{without[seed, k, i]:.3f}" for k in range(4)) for seed in range(SEEDS) for i in range(8)]
    TABLE.with_stem("heads_scores").write_text("\n".join([*head, f"seed,head,previous,induction,direct,{off}", *rows]) + "\n", encoding="utf-8")
    more = [f"# {line}" for line in summary(f"minus cross-entropy of {UNITS} hidden units", values)]
    more.append(f"#   accuracy {said(right)}")
    rows = [f"{seed},{coalition},{-value:.5f}" for seed, game in enumerate(values) for coalition, value in enumerate(game)]
    TABLE.with_stem("heads_units").write_text("\n".join([*head, *more, "seed,coalition,loss", *rows]) + "\n", encoding="utf-8")
    print("\n".join([*lines, *more]), f"\n{time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
