import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from jupyter_client import KernelManager

import helpers.stage
from helpers import swarm
from helpers.controls import controls_of
from helpers.explore import predict
from helpers.scenes import Points
from helpers.stage import BUDGET, Scenario, sources, stage

sys.path.insert(0, str(Path(__file__).parent))
import moving  # noqa: E402
from test_record import decoded  # noqa: E402

ROOT = Path(__file__).parents[2]
LOOKS = {"warmth": "peach", "ties": "muted", "walkers": {"free": "blue", "pushed": "orange"}}
SCENARIOS = {"five & few": Scenario(), "seven": Scenario({"walkers": 7}, [(4, "push", 2, 1)])}


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, in order. The models of moving.py count as a module of helpers."""
    outputs = []
    monkeypatch.setattr(helpers.stage, "display", outputs.append)
    monkeypatch.setattr(helpers.predict, "display", outputs.append)
    monkeypatch.setattr(helpers.stage, "sources", lambda model: ["moving.py"])
    monkeypatch.setattr(helpers.predict, "_waiting", [])
    return outputs


@pytest.fixture
def baked(monkeypatch, shown):
    monkeypatch.setenv("EXPLORE_ENGINE", "baked")
    return shown


def show(model=moving.Drift, **changes):
    stage(model, **{"looks": LOOKS, "scenarios": SCENARIOS, "walkers": [3, 5, 7], "speed": (0.0, 1.0, 0.1),
                    "steps": 20, "every": 2} | changes)


def figure_of(outputs):
    return BeautifulSoup(outputs[-1].data, "html.parser").figure


def test_the_page_s_contract(baked):
    show(challenge="Push <them> all.")
    figure = figure_of(baked)
    assert figure["class"] == ["stage"]
    assert (figure["id"], figure["data-stage"], figure["data-engine"]) == ("drift", "drift", "recording")
    assert len(figure.select("canvas")) == 1
    assert [button["data-action"] for button in figure.select("button")] == [
        "play", "pause", "step", "reset", "live"]
    assert figure["data-step"] == "20"
    assert figure.select_one("output.readout").text == "After 20 steps 0 walkers are pushed."
    assert figure.figcaption.text == "Walkers that drift over a plain."
    assert figure.select_one(".explore-challenge").text == "Challenge Push <them> all."
    assert [option.text for option in figure.select("[name=scenario] option")] == ["five & few", "seven"]
    names = [field["name"] for field in figure.select("form [name]")]
    assert sorted(names) == sorted(["scenario", "walkers", "speed", "seed", "tool", "frame", "pace"])
    assert [item.text for item in figure.select(".stage-key li")] == ["warmth", "ties", "free", "pushed"]


def test_the_key_shows_each_mark_as_it_is_drawn_and_leaves_out_what_has_no_name(baked):
    show(looks=LOOKS | {"ties": ["muted"]})
    assert [(item.text, item.span["class"]) for item in figure_of(baked).select(".stage-key li")] == [
        ("warmth", ["stage-field"]), ("free", ["stage-darts"]), ("pushed", ["stage-darts"])]
    show(looks=LOOKS | {"walkers": {"free": "blue", "": "orange"}})
    assert [item.text for item in figure_of(baked).select(".stage-key li")] == ["warmth", "ties", "free"]


def test_every_field_has_a_name_for_those_who_cannot_see_it(baked):
    show()
    figure = figure_of(baked)
    for field in figure.select("input, select"):
        labelled = field.find_parent("label") or figure.select_one(f'label[for="{field.get("id")}"]')
        assert labelled.text.strip(), field
    assert figure.canvas["aria-label"] == "Walkers that drift over a plain"
    assert figure.select_one(f"#{figure.canvas['aria-describedby']}") == figure.select_one("output.readout")


def test_without_javascript_the_run_s_end_is_drawn(baked):
    show()
    svg = figure_of(baked).select_one(".stage-still svg")
    marks = svg.select("use")
    assert len(marks) == 5
    assert {re.search(r"fill: ([^;]*)", mark["style"])[1] for mark in marks} == {"var(--fig-blue)"}
    assert len(svg.select("image")) == 1


def test_words_stand_in_the_picture(baked, monkeypatch):
    show()
    assert not figure_of(baked).select(".stage-still text")
    monkeypatch.setattr(moving.Drift, "words", ((1, 2.5, "the shore"),), raising=False)
    show()
    figure = figure_of(baked)
    assert [text.text for text in figure.select(".stage-still text")] == ["the shore"]
    header, _ = decoded(types.SimpleNamespace(text=figure.select_one(".figure-pack").text))
    assert header["words"] == [[1, 2.5, "the shore"]]


def test_words_outside_the_plane_are_named(baked, monkeypatch):
    monkeypatch.setattr(moving.Drift, "words", ((3.5, 2.5, "a wood"),), raising=False)
    show()
    monkeypatch.setattr(moving.Drift, "words", ((1, 3, "a cloud"),), raising=False)
    with pytest.raises(ValueError, match=r"Drift.words: 'a cloud' stands at \(1, 3\), outside the plane of 4 x 3"):
        show()


def test_the_pack_tells_the_browser_all(baked):
    show()
    pack = types.SimpleNamespace(text=figure_of(baked).select_one(".figure-pack").text)
    header, _ = decoded(pack)
    assert header["module"] == "moving"
    assert header["model"] == "Drift"
    assert header["layers"]["walkers"]["type"] == "Points"
    assert header["layers"]["warmth"] == {"type": "Field", "top": 2, "unit": ""}
    assert header["colors"]["walkers"] == ["blue", "orange"]
    assert header["starts"] == [{"walkers": 1, "speed": 1}, {"walkers": 2, "speed": 1}]
    assert header["live"] == ["speed"]
    assert header["facts"]["controls"]["walkers"] == [3, 5, 7]
    assert header["facts"]["scenarios"][1] == {"settings": {"walkers": 7}, "pokes": [[4, "push", 2, 1]]}
    assert header["recordings"][1]["readouts"][-1] == "After 20 steps 7 walkers are pushed."
    assert [len(run["steps"]) for run in header["recordings"]] == [11, 11]


def test_a_text_is_typed_and_each_scenario_has_its_own(baked):
    show(moving.Called, tribe="ants & bees", scenarios={"all": Scenario(), "few": Scenario({"tribe": "wasps"})})
    figure = figure_of(baked)
    field = figure.select_one("input[type=text]")
    assert (field["name"], field["value"], field["data-default"]) == ("tribe", "ants & bees", "ants & bees")
    assert figure.select_one(f"label[for={field['id']}]").text == "tribe"
    header, _ = decoded(types.SimpleNamespace(text=figure.select_one(".figure-pack").text))
    assert [start["tribe"] for start in header["starts"]] == ["ants & bees", "wasps"]
    assert header["facts"]["controls"]["tribe"] is None


def test_a_kernel_steps_the_same_model(shown):
    show()
    widget = shown[-1]
    header = json.loads(widget.header)
    assert header["starts"][0] == {"walkers": 1, "speed": 1}
    sent = []
    widget.send = lambda said, buffers=None: sent.append((said, buffers))
    widget._handle_custom_msg({"do": "start", "scenario": 0, "settings": header["starts"][0], "seed": 4}, [])
    widget._handle_custom_msg({"do": "go", "steps": 3, "pokes": [["push", 2, 1]]}, [])
    (_, _), (said, [scene]) = sent
    model = moving.Drift(np.random.default_rng(4))
    model.poke(2, 1, "push")
    for _ in range(3):
        model.step()
    assert said["readout"] == "After 3 steps 5 walkers are pushed."
    np.testing.assert_array_equal(np.frombuffer(scene)[-20:].reshape(5, 4), model.scene()["walkers"])


def test_a_kernel_tells_the_page_what_broke(shown):
    show(moving.Shrinking)
    widget = shown[-1]
    sent = []
    widget.send = lambda said, buffers=None: sent.append(said)
    widget._handle_custom_msg({"do": "start", "scenario": 0, "settings": {}, "seed": 4}, [])
    widget._handle_custom_msg({"do": "go", "steps": 1}, [])
    assert sent[-1]["error"].startswith("ValueError: Shrinking.scene() changed its shape at step 1")


def test_the_kernel_s_figure_has_no_recording(shown):
    show()
    figure = BeautifulSoup(shown[-1].html, "html.parser").figure
    assert figure["data-engine"] == "kernel"
    assert figure.select_one(".figure-pack") is None
    assert figure["data-step"] == "0"


def test_a_question_holds_the_next_stage_back(baked):
    predict("How many?", ["five", "six"], "five", why={"six": "Count again."})
    show()
    show(name="again")
    assert figure_of(baked[:2])["data-after"] == "predict-how-many"
    assert not figure_of(baked).has_attr("data-after")


def test_a_question_in_a_kernel_opens_the_stage(shown):
    predict("How many?", ["five", "six"], "five", why={"six": "Count again."})
    show()
    form, waits, widget = shown
    assert widget.layout.display == "none" and waits.layout.display != "none" and "Answer the question" in waits.value
    form.done = True
    assert widget.layout.display == "" and waits.layout.display == "none"


@pytest.mark.parametrize(("changes", "message"), [
    ({"looks": {"walkers": "blue"}}, r"looks has \['walkers'\]; Drift has the layers \['ties', 'walkers', 'warmth'\]"),
    ({"looks": LOOKS | {"ties": "red"}}, "looks='red' for the layer 'ties': a colour is one of ink, "),
    ({"scenarios": {"six": Scenario({"walkers": 6})}},
     "Drift: the scenario 'six' has walkers=6, which its control cannot show; it takes 3, 5, 7"),
    ({"scenarios": {"none": Scenario({"walkers": 0})}, "walkers": [0, 5]}, "walkers=0: must be at least 1"),
    ({"every": 0}, "Drift: steps=20, every=0: every must be at least 1 and at most steps"),
    ({"every": 21}, "Drift: steps=20, every=21: every must be at least 1 and at most steps"),
    ({"size": "wide"}, "Drift: control 'size' is a text, and may be mistyped: a running model must take it, "
                       "as one of Drift.live"),
    ({"winds": (0, 1)}, "Drift: there is a control 'winds', but the function takes only"),
    ({"scenarios": {"off": Scenario(pokes=[(1, "push", 0.5, 1)])}}, "x=0.5: the shore may not be pushed"),
])
def test_what_does_not_fit_is_named(baked, changes, message):
    with pytest.raises(ValueError, match=message):
        show(**changes)


def test_a_challenge_must_not_be_met_at_the_start(baked):
    pushed = {"pushed": Scenario(pokes=[(0, "push", 2, 1)])}
    with pytest.raises(ValueError, match="drift: the challenge 'Push.' is met where the model starts"):
        show(challenge="Push.", scenarios=pushed)


def test_a_challenge_needs_a_model_that_can_tell(baked, monkeypatch):
    monkeypatch.delattr(moving.Drift, "reached")
    with pytest.raises(ValueError, match=r"drift: there is a challenge, and Drift has no reached\(\)"):
        show(challenge="Push.")


def test_an_unknown_gesture_is_named(baked, monkeypatch):
    monkeypatch.setattr(moving.Drift, "tools", {"push": "wave"})
    with pytest.raises(ValueError, match="Drift.tools: 'push' has the gesture 'wave'; one of tap, stroke, follow"):
        show()


def test_a_control_may_not_take_the_stage_s_own_name(baked, monkeypatch):
    class Seeded(moving.Drift):
        """Walkers with a seed."""

        def __init__(self, rng, *, seed=1):
            super().__init__(rng)

    monkeypatch.setattr(helpers.stage, "controls_of", lambda model, _, given: controls_of(model, {"seed": (0, 3)}, given))
    with pytest.raises(ValueError, match="Seeded: a control may not be named 'seed', which the stage uses itself"):
        stage(Seeded, looks=LOOKS)


def test_a_scene_that_changes_its_shape_fails_the_build(baked):
    with pytest.raises(ValueError, match=r"Shrinking.scene\(\) changed its shape at step 2: 'ties'"):
        show(moving.Shrinking)


class Noisy(moving.Drift):
    """Points that jump about."""

    layers = {"walkers": Points("x y")}

    def __init__(self, rng):
        super().__init__(rng)
        self.rng = rng

    def scene(self):
        return {"walkers": self.rng.random((2000, 2))}


def test_a_recording_over_its_budget_fails_the_build(baked):
    with pytest.raises(ValueError, match=rf"noisy: \d+ bytes recorded, more than {BUDGET}; record fewer steps than "
                                         "200, fewer frames than one in 1, or fewer of the 1 scenarios"):
        stage(Noisy, looks={"walkers": "blue"}, steps=200, every=1)


def test_a_model_of_a_notebook_is_refused():
    with pytest.raises(ValueError, match="Drift is defined in moving, where a browser cannot find it: move it "
                                         "to a module of helpers"):
        sources(moving.Drift)


@pytest.fixture
def kernel():
    """A client of a live kernel."""
    env = {key: value for key, value in os.environ.items() if key != "EXPLORE_ENGINE"}
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def hear(client, wanted):
    """The first message of the kernel that `wanted` says yes to."""
    while True:
        message = client.get_iopub_msg(timeout=120)
        assert message["msg_type"] != "error", message["content"]
        if wanted(message):
            return message


def test_in_a_live_kernel_the_front_end_s_messages_move_the_model(kernel):
    """What the page sends over its comm, and the scenes that come back: those of the model itself."""
    kernel.execute("from helpers import swarm\nfrom helpers.stage import stage\n"
                   "stage(swarm.Vicsek, birds=[50, 100, 300], noise=(0.0, 6.0, 0.5), looks={'birds': 'blue'})")
    opened = hear(kernel, lambda message: message["msg_type"] == "comm_open"
                  and "_esm" in message["content"]["data"]["state"])
    state, comm = opened["content"]["data"]["state"], opened["content"]["comm_id"]
    assert "export default" in state["_esm"]
    assert json.loads(state["header"])["live"] == ["noise", "speed"]

    def send(content):
        kernel.shell_channel.send(kernel.session.msg("comm_msg", {
            "comm_id": comm, "data": {"method": "custom", "content": content}}))
        reply = hear(kernel, lambda message: message["msg_type"] == "comm_msg"
                     and message["content"]["data"].get("method") == "custom")
        return reply["content"]["data"]["content"], np.frombuffer(reply["buffers"][0])

    send({"do": "start", "scenario": 0, "settings": {"birds": 0}, "seed": 5})
    said, scene = send({"do": "go", "steps": 20, "set": {"noise": 4}, "pokes": [["scatter", 1, 1]]})
    model = swarm.Vicsek(np.random.default_rng(5), birds=50)
    model.noise = 2.0
    model.poke(1, 1, "scatter")
    for _ in range(20):
        model.step()
    assert said["step"] == 20
    assert said["readout"] == model.readout()
    np.testing.assert_array_equal(scene.reshape(50, 3), model.scene()["birds"])
