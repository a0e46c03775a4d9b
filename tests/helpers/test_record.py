import base64
import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.live import Live
from helpers.record import NOTHING, record
from helpers.scenes import Points

sys.path.insert(0, str(Path(__file__).parent))
from moving import Drift  # noqa: E402

FACTS = {"scenarios": [{"settings": {}, "pokes": []},
                       {"settings": {"walkers": 3, "size": (7, 2)}, "pokes": [[4, "push", 2, 1]]}],
         "controls": {}}
STEPS, EVERY, SEED = 20, 2, 5


class Hiding(Drift):
    """A walker that is there at even steps only."""

    layers = {"walkers": Points("x y")}

    def scene(self):
        return {"walkers": np.full((1, 2), 1.5 if self.steps % 2 == 0 else np.nan)}


def decoded(recording):
    """The header, and for each scenario {layer: (frames, rows, columns) levels}."""
    data = gzip.decompress(base64.b64decode(recording.text))
    length = int.from_bytes(data[:4], "little")
    header, rest = json.loads(data[4:4 + length]), np.frombuffer(data[4 + length:], np.uint8)
    scenarios = []
    for run in header["recordings"]:
        frames, layers = len(run["steps"]), {}
        for layer, columns in run["columns"].items():
            found = []
            for _ in columns:
                count = int(np.prod(run["shapes"][layer])) // len(columns)
                low, high = rest[:2 * count * frames].reshape(2, count, frames).astype(np.uint16)
                rest = rest[2 * count * frames:]
                found.append(np.cumsum(low + 256 * high, axis=1, dtype=np.uint16).T)
            layers[layer] = np.stack(found, axis=-1)
        scenarios.append(layers)
    assert rest.size == 0
    return header, scenarios


@pytest.fixture(scope="module")
def made():
    recording = record(Drift, FACTS, {"pace": 60}, seed=SEED, steps=STEPS, every=EVERY)
    return recording, *decoded(recording)


def runs():
    """(scenario, frame, said, scene) as the model gives them."""
    for number in range(len(FACTS["scenarios"])):
        live = Live(Drift, FACTS)
        answer = live.answer({"do": "start", "scenario": number, "settings": {}, "seed": SEED})
        for frame in range(STEPS // EVERY + 1):
            yield number, frame, *answer
            answer = live.answer({"do": "go", "steps": EVERY})


def test_what_is_said_is_kept(made):
    _, header, _ = made
    assert header["pace"] == 60
    assert header["seed"] == SEED
    for number, frame, said, _ in runs():
        kept = header["recordings"][number]
        assert kept["steps"][frame] == said["step"]
        assert kept["readouts"][frame] == said["readout"]
        assert kept["plane"] == said["plane"]
        assert kept["shapes"] == said["shapes"]


def test_every_number_is_within_half_a_level(made):
    _, header, scenarios = made
    for number, frame, said, scene in runs():
        start = 0
        for layer, shape in said["shapes"].items():
            columns = header["recordings"][number]["columns"][layer]
            values = scene[start:start + np.prod(shape)].reshape(-1, len(columns))
            start += np.prod(shape)
            for place, column in enumerate(columns):
                span, levels = column["high"] - column["low"], column["levels"]
                shown = column["low"] + scenarios[number][layer][frame, :, place] * span / levels
                off = np.abs(shown - values[:, place])
                if column["name"] == "heading":
                    off = np.minimum(off, span - off)
                assert off.max() <= span / levels / 2 + 1e-9, (layer, column["name"])
                if column["name"] in ("from", "to", "kind"):
                    assert off.max() < 1e-9


def test_headings_are_taken_around_the_circle():
    class Turned(Drift):
        """Walkers that look back."""

        def scene(self):
            scene = super().scene()
            scene["walkers"][:, 2] -= 4 * np.pi
            return scene

    _, plain = decoded(record(Drift, FACTS, {}, seed=1, steps=4, every=1))
    _, turned = decoded(record(Turned, FACTS, {}, seed=1, steps=4, every=1))
    np.testing.assert_array_equal(plain[0]["walkers"], turned[0]["walkers"])


def test_what_is_not_there_is_marked():
    facts = {"scenarios": [{"settings": {}, "pokes": []}], "controls": {}}
    _, scenarios = decoded(record(Hiding, facts, {}, seed=1, steps=2, every=1))
    levels = scenarios[0]["walkers"][:, 0, 0].tolist()
    assert levels[1] == NOTHING
    assert levels[0] == levels[2] < 2048


def test_the_last_answer_of_the_first_scenario_is_handed_on(made):
    recording, _, _ = made
    *_, (_, _, said, scene) = (run for run in runs() if run[0] == 0)
    assert recording.said == said
    np.testing.assert_array_equal(recording.scene, scene)


def test_the_same_run_gives_the_same_bytes(made):
    again = record(Drift, FACTS, {"pace": 60}, seed=SEED, steps=STEPS, every=EVERY)
    other = record(Drift, FACTS, {"pace": 60}, seed=SEED + 1, steps=STEPS, every=EVERY)
    assert again.text == made[0].text
    assert other.text != made[0].text
