"""A moving model at work: it takes the front end's messages and answers with scenes.

The same lines run in the page's worker, in a kernel, and where a recording is made, so that a
model does the same in all three. A message is a dictionary:

    {"do": "start", "scenario": i, "settings": {name: index}, "seed": s}
    {"do": "go", "steps": k, "set": {name: index}, "pokes": [[tool, x, y], ...]}

`index` counts in the values of that control; for a text it is the text. The answer is (facts,
scene): a dictionary and the layers' float64 numbers, one layer after the other.
"""
import base64

import numpy as np

from helpers.wording import minus


class Live:
    """One stage's model, running.

    `facts`: {"scenarios": [{"settings", "pokes"}], "controls": {name: values, None for a text}}, as `stage`
    makes them; a scenario's pokes are [step, tool, x, y] and happen when the model has come to that step.
    A challenge is the reader's: a run in which pokes were planned for later than its start does not reach it.
    """

    def __init__(self, model, facts: dict):
        self.make, self.facts = model, facts
        self.model = self.shapes = None
        self.steps, self.due = 0, []
        self.helped = False  # has a planned poke done the reader's work?

    def answer(self, message: dict):
        """Do what `message` says; returns (facts, scene).

        What the model refuses with a ValueError stands in the facts as "refused", and it goes on.
        Any other error is the caller's, and so is a scene that changes its shape (ValueError).
        """
        refused = []
        if message["do"] == "start" and self.model is None:
            self._start(message)
        elif message["do"] == "start":  # what is refused leaves the model that runs
            self._try(refused, self._start, message)
        else:
            for name, index in message.get("set", {}).items():
                self._try(refused, setattr, self.model, name, self._value(name, index))
            for tool, x, y in message.get("pokes", ()):
                self._try(refused, self.model.poke, x, y, tool)
            for _ in range(message["steps"]):
                self._poke_as_planned()
                self.model.step()
                self.steps += 1
        self._poke_as_planned()
        scene = self._scene()
        return {"step": self.steps, "readout": minus(self.model.readout()), "plane": list(self.model.plane),
                "reached": not self.helped and bool(getattr(self.model, "reached", bool)()),
                "shapes": self.shapes, "refused": refused}, scene

    def _start(self, message):
        scenario = self.facts["scenarios"][message["scenario"]]
        settings = dict(scenario["settings"])
        for name, index in message["settings"].items():
            settings[name] = self._value(name, index)
        self.model = self.make(np.random.default_rng(message["seed"]), **settings)
        self.shapes, self.steps, self.helped = None, 0, False
        self.due = sorted(scenario["pokes"], key=lambda poke: poke[0])

    def _value(self, name, index):
        values = self.facts["controls"][name]
        return index if values is None else values[index]

    def _poke_as_planned(self):
        while self.due and self.due[0][0] <= self.steps:
            _, tool, x, y = self.due.pop(0)
            self.helped = self.helped or self.steps > 0
            self.model.poke(x, y, tool)

    @staticmethod
    def _try(refused, act, *arguments):
        try:
            act(*arguments)
        except ValueError as error:
            refused.append(str(error))

    def _scene(self):
        scene = {name: np.asarray(array, float) for name, array in self.model.scene().items()}
        shapes = {name: list(array.shape) for name, array in scene.items()}
        name = self.make.__name__
        if list(shapes) != list(self.model.layers):
            raise ValueError(f"{name}.scene() has the layers {list(shapes)}; its class names "
                             f"{list(self.model.layers)}")
        if self.shapes is None:
            self.shapes = shapes
        elif shapes != self.shapes:
            changed = next(layer for layer in shapes if shapes[layer] != self.shapes[layer])
            raise ValueError(
                f"{name}.scene() changed its shape at step {self.steps}: {changed!r} was "
                f"{self.shapes[changed]} and is {shapes[changed]}; it must stay as at the start")
        return np.concatenate([array.ravel() for array in scene.values()])


def packed(value):
    """`value` as JSON takes it: arrays, however deep, become {"base64", "dtype", "shape"}."""
    if isinstance(value, np.ndarray):
        return {"base64": base64.b64encode(value.tobytes()).decode(),
                "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, dict):
        return {key: packed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [packed(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def unpacked(value):
    """What `packed` was given, lists for tuples."""
    if isinstance(value, dict):
        if "base64" in value:
            data = np.frombuffer(base64.b64decode(value["base64"]), value["dtype"])
            return data.reshape(value["shape"]).copy()
        return {key: unpacked(item) for key, item in value.items()}
    return [unpacked(item) for item in value] if isinstance(value, list) else value
