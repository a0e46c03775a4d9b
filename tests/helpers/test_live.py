import json
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.live import Live, packed, unpacked

sys.path.insert(0, str(Path(__file__).parent))
from moving import Called, Drift, Misnamed, Shrinking  # noqa: E402

FACTS = {"scenarios": [{"settings": {}, "pokes": []},
                       {"settings": {"walkers": 7}, "pokes": [[3, "push", 2, 2]]}],
         "controls": {"speed": [0.1, 0.2, 7], "walkers": [3, 5, 0], "tribe": None}}


def started(model=Drift, scenario=0, seed=0, **settings):
    live = Live(model, FACTS)
    return live, live.answer({"do": "start", "scenario": scenario, "settings": settings, "seed": seed})


def go(live, steps=1, **rest):
    return live.answer({"do": "go", "steps": steps, **rest})


def test_a_start_is_the_model_as_it_is_made():
    _, (said, scene) = started(seed=3)
    model = Drift(np.random.default_rng(3))
    assert said["step"] == 0
    assert said["readout"] == model.readout()
    assert said["plane"] == [4, 3]
    assert said["shapes"] == {"warmth": [3, 4], "ties": [5, 3], "walkers": [5, 4]}
    np.testing.assert_array_equal(scene, np.concatenate([a.ravel() for a in model.scene().values()]))
    assert json.dumps(said)


def test_it_steps_as_the_model_does():
    live, _ = started(seed=3)
    model = Drift(np.random.default_rng(3))
    for _ in range(5):
        model.step()
    said, scene = go(live, 5)
    assert said["step"] == 5
    np.testing.assert_array_equal(scene[-20:].reshape(5, 4), model.scene()["walkers"])


def test_settings_are_indices_into_their_controls_and_beat_the_scenario():
    assert started(walkers=0)[1][0]["shapes"]["walkers"] == [3, 4]
    assert started(scenario=1)[1][0]["shapes"]["walkers"] == [7, 4]
    assert started(scenario=1, walkers=0)[1][0]["shapes"]["walkers"] == [3, 4]


def test_a_setting_changes_while_it_runs():
    live, (_, before) = started()
    said, after = go(live, 1, set={"speed": 1})
    moved = np.hypot(*(after[-20:] - before[-20:]).reshape(5, 4)[:, :2].T)
    assert said["refused"] == []
    assert np.isclose(moved, 0.2).sum() >= 3  # the others went over the edge


def test_a_refusal_is_told_and_the_model_goes_on():
    live, _ = started()
    said, _ = go(live, 2, set={"speed": 2}, pokes=[["push", 0.5, 1], ["push", 0.2, 1]])
    assert said["refused"] == ["speed=7: must be in [0, 1]", "x=0.5: the shore may not be pushed",
                               "x=0.2: the shore may not be pushed"]
    assert said["step"] == 2
    assert not said["reached"]
    said, _ = go(live, 0, pokes=[["push", 2, 1]])
    assert (said["refused"], said["reached"], said["step"]) == ([], True, 2)


def test_a_text_is_its_own_value():
    live, (said, _) = started(Called, tribe="bees")
    assert said["readout"].startswith("bees: ")
    said, _ = go(live, 1, set={"tribe": "wasps"})
    assert said["readout"].startswith("wasps: ")
    said, _ = go(live, 1, set={"tribe": "w@sps"})
    assert (said["refused"], said["readout"][:6]) == (["tribe='w@sps': must be letters"], "wasps:")


def test_a_refused_new_start_leaves_the_run_as_it_was():
    live, _ = started(Called, tribe="bees", scenario=1)
    go(live, 2)
    said, _ = live.answer({"do": "start", "scenario": 0, "settings": {"tribe": "7"}, "seed": 0})
    assert (said["refused"], said["step"], said["readout"][:5]) == (["tribe='7': must be letters"], 2, "bees:")
    assert "7 walkers are pushed" in go(live, 2)[0]["readout"]  # the poke that was planned still comes


def test_planned_pokes_happen_at_their_step():
    live, (said, _) = started(scenario=1)
    assert [said["readout"][-20:], *(go(live)[0]["readout"][-20:] for _ in range(4))] == [
        *["0 walkers are pushed."[-20:]] * 3, *["7 walkers are pushed."[-20:]] * 2]


def test_a_challenge_is_not_met_by_what_was_planned_after_the_start():
    live, _ = started(scenario=1)
    said, _ = go(live, 4, pokes=[["push", 2, 1]])
    assert live.model.reached() and not said["reached"]
    said, _ = live.answer({"do": "start", "scenario": 0, "settings": {}, "seed": 0})
    assert go(live, 0, pokes=[["push", 2, 1]])[0]["reached"]
    at_once = {"scenarios": [{"settings": {}, "pokes": [[0, "push", 2, 1]]}], "controls": {}}
    assert Live(Drift, at_once).answer({"do": "start", "scenario": 0, "settings": {}, "seed": 0})[0]["reached"]


def test_a_new_start_forgets_the_last_run():
    live, (_, first) = started()
    go(live, 9, pokes=[["push", 2, 1]])
    said, again = live.answer({"do": "start", "scenario": 0, "settings": {}, "seed": 0})
    assert (said["step"], said["reached"]) == (0, False)
    np.testing.assert_array_equal(first, again)


def test_a_model_that_cannot_be_made_is_the_caller_s():
    with pytest.raises(ValueError, match="walkers=0: must be at least 1"):
        started(walkers=2)


def test_a_scene_keeps_its_shape():
    live, _ = started(Shrinking)
    with pytest.raises(ValueError, match=r"Shrinking.scene\(\) changed its shape at step 1: 'ties' was \[5, 3\] "
                                         r"and is \[4, 3\]; it must stay as at the start"):
        go(live)


def test_a_scene_has_the_layers_that_its_class_names():
    with pytest.raises(ValueError, match=r"Misnamed.scene\(\) has the layers \['walkers'\]; its class names "
                                         r"\['warmth', 'ties', 'walkers'\]"):
        started(Misnamed)


@pytest.mark.parametrize("value", [
    1, "a", None, [1, 2.5], {"a": [True, {"b": 3}]}, np.arange(6.0).reshape(2, 3),
    {"weights": [np.array([1, -2], np.int64), np.array([[0.1]], np.float32)]}])
def test_settings_travel_as_json(value):
    came = unpacked(json.loads(json.dumps(packed(value))))
    np.testing.assert_equal(came, value)
    for one, other in zip(np.atleast_1d(np.array(came, object)).ravel(),
                          np.atleast_1d(np.array(value, object)).ravel(), strict=True):
        assert type(one) is type(other)


def test_numpy_s_numbers_and_tuples_travel_too():
    assert packed({"n": np.int64(3), "at": (np.float64(0.5), 1)}) == {"n": 3, "at": [0.5, 1]}
    assert isinstance(packed(np.int64(3)), int)
