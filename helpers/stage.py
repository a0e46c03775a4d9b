"""A model that moves and can be touched: in a page recorded or live, in a kernel live.

    stage(Foraging, scenarios={"open ground": Scenario()}, evaporation=(0, 0.1, 0.01),
          looks={"trail": "green", "ants": {"searching": "ink", "carrying": "orange"}})

`scenes` says what a model is. While the book is built (`EXPLORE_ENGINE=baked`) every scenario is
recorded and packed into the page; there "Run it live" starts the same class in the reader's
browser. In a kernel the same front end asks this process for each frame.
"""
import json
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import anywidget
import traitlets
from IPython.display import HTML, display

from helpers.controls import controls_of
from helpers.dependencies import needed
from helpers.figures import THEME, theme_css
from helpers.live import Live, packed
from helpers.predict import take_gate
from helpers.record import record
from helpers.scenes import GESTURES, Points
from helpers.still import still

HELPERS = Path(__file__).parent
WEB = HELPERS / "web"
BUDGET = 400_000  # bytes of all the recordings of one stage, in base64
RESERVED = ("scenario", "seed", "tool", "frame", "pace")  # the front end's own inputs
SPEEDS = {"slow": 0.25, "normal": 1, "fast": 4}


class Scenario(NamedTuple):
    """A run to choose: settings of the model, and pokes (step, tool, x, y) that happen by themselves."""

    settings: Mapping = {}
    pokes: Sequence = ()


class Answering(anywidget.AnyWidget):
    """A page's front end in a live kernel: `model.answer(message)` here does what the page's worker does there."""

    html = traitlets.Unicode().tag(sync=True)

    def __init__(self, model, **traits):
        super().__init__(**traits)
        self.model = model
        self.on_msg(self._answer)

    def _answer(self, _, message, __):
        try:
            said, numbers = self.model.answer(message)
        except Exception as error:  # whatever the model raises belongs on the page, not in a log
            self.send({"error": f"{type(error).__name__}: {error}"})
        else:
            self.send(said, [numbers.tobytes()])


class Stage(Answering):
    """The stage in a live kernel, for which `Live` works here."""

    _css = theme_css() + "".join(
        (WEB / name).read_text(encoding="utf-8") for name in ("explore.css", "stage.css"))
    _esm = "".join((WEB / name).read_text(encoding="utf-8") for name in ("controls.js", "engines.js", "stage.js")) + """
export default { render({ model, el }) {
  el.innerHTML = model.get("html");
  const stage = new Stage(el.firstElementChild, JSON.parse(model.get("header")));
  stage.runIn(new Kernel(model));
  return () => stage.pause();
} };
"""
    header = traitlets.Unicode().tag(sync=True)


def stage(model, *, looks, scenarios=None, steps=600, every=2, pace=60, seed=1, challenge=None,
          name=None, **abbreviations):
    """Show `model`, a class as `scenes` describes, moving.

    `looks`: for each layer the name of its colour, or {kind: colour} for points of several kinds,
    in their order. What is named "" is not in the key, nor are the kinds of a list of colours. `scenarios`: {title: Scenario}; the first is the one that the page opens with.
    Each is recorded for `steps` steps, a frame for `every` of them, and plays at `pace` steps a
    second. `challenge`: one line that asks the reader to make `model.reached()` true. `name`: the
    stage's address in its page, by default the class's name. The other keywords are controls, as
    `explore` takes them.

    Raises ValueError, naming the model and the argument, for a model that the browser could not
    import, looks that do not fit the layers, an unknown gesture, a scenario with a setting that
    the model lacks or its control cannot show, a scene that changes its shape, words outside the plane,
    a challenge met at the start, a recording over its budget.
    """
    scenarios = scenarios or {"as it starts": Scenario()}
    name = name or model.__name__.lower()
    settled = set.intersection(*(set(one.settings) for one in scenarios.values()))
    controls = controls_of(model, abbreviations, {"rng", *settled})
    colors, labels = _looks(model, looks)
    _check(model, controls, scenarios, steps, every)
    gate = take_gate(name, controls)
    facts = {"scenarios": [{"settings": dict(one.settings), "pokes": [list(poke) for poke in one.pokes]}
                           for one in scenarios.values()],
             "controls": {control.name: None if control.kind == "text" else list(control.values)
                          for control in controls}}
    start, _ = Live(model, facts).answer({"do": "start", "scenario": 0, "settings": {}, "seed": seed})
    if challenge is not None and not hasattr(model, "reached"):
        raise ValueError(f"{name}: there is a challenge, and {model.__name__} has no reached() to tell when it is met")
    if challenge is not None and start["reached"]:
        raise ValueError(f"{name}: the challenge {challenge!r} is met where the model starts")
    words = _words(model, start["plane"])
    header = {
        "module": model.__module__, "model": model.__name__, "sources": sources(model),
        "layers": {layer: {"type": type(kind).__name__, **kind._asdict()}
                   for layer, kind in model.layers.items()},
        "colors": colors, "tools": model.tools, "live": list(model.live), "pace": pace,
        "every": every, "seed": seed, "plane": start["plane"], "words": words,
        "starts": [{control.name: _start(control, one.settings) for control in controls}
                   for one in scenarios.values()],
    }
    parts = {"name": name, "model": model, "controls": controls, "scenarios": scenarios,
             "labels": labels, "colors": colors, "challenge": challenge, "seed": seed,
             "after": "" if gate is None else f' data-after="{gate.name}"'}
    if os.environ.get("EXPLORE_ENGINE") == "baked":
        made = record(model, facts, header, seed=seed, steps=steps, every=every)
        if len(made.text) > BUDGET:
            raise ValueError(f"{name}: {len(made.text)} bytes recorded, more than {BUDGET}; record fewer "
                             f"steps than {steps}, fewer frames than one in {every}, or fewer of the "
                             f"{len(scenarios)} scenarios")
        picture = still(name, model.layers, made.said, made.scene, colors, words)
        display(HTML(_html("recording", made.said, picture, made.text, **parts)))
        return
    widget = Stage(Live(model, facts), html=_html("kernel", start, "", None, **parts),
                   header=json.dumps(packed({**header, "facts": {}})))
    if gate is not None:
        gate.open_when_answered(widget)
    display(widget)


def _start(control, settings):
    """The index at which a scenario starts a control; of a text, the text itself."""
    value = settings.get(control.name, control.values[control.default])
    return value if control.kind == "text" else control.values.index(value)


def sources(model) -> list[str]:
    """The files of `helpers` that a browser needs to run `model`: its module's and all it imports.

    Raises ValueError if the model is not in one of them.
    """
    first = model.__module__.removeprefix("helpers.")
    if not model.__module__.startswith("helpers.") or not (HELPERS / f"{first}.py").exists():
        raise ValueError(f"{model.__name__} is defined in {model.__module__}, where a browser cannot "
                         "find it: move it to a module of helpers")
    return sorted(path.name for path in needed(f"from helpers import {first}, live"))


def _looks(model, looks):
    """({layer: [colours]}, {layer: [labels]})"""
    colors, labels = {}, {}
    if sorted(looks) != sorted(model.layers):
        raise ValueError(f"looks has {sorted(looks)}; {model.__name__} has the layers {sorted(model.layers)}")
    for layer in model.layers:
        look = looks[layer]
        if isinstance(look, list):
            names, chosen = [""] * len(look), look
        else:
            kinds = look if isinstance(look, dict) else {layer.replace("_", " "): look}
            names, chosen = list(kinds), list(kinds.values())
        if not set(chosen) <= set(THEME):
            raise ValueError(f"looks={look!r} for the layer {layer!r}: a colour is one of {', '.join(THEME)}")
        colors[layer], labels[layer] = chosen, names
    return colors, labels


def _words(model, plane):
    """The model's words, as the front end draws them."""
    words = [list(word) for word in getattr(model, "words", ())]
    for x, y, text in words:
        if not (0 <= x < plane[0] and 0 <= y < plane[1]):
            raise ValueError(f"{model.__name__}.words: {text!r} stands at ({x:g}, {y:g}), outside the plane of {plane[0]:g} x {plane[1]:g}")
    return words


def _check(model, controls, scenarios, steps, every):
    who = model.__name__
    for tool, gesture in model.tools.items():
        if gesture not in GESTURES:
            raise ValueError(f"{who}.tools: {tool!r} has the gesture {gesture!r}; one of {', '.join(GESTURES)}")
    for control in controls:
        if control.name in RESERVED:
            raise ValueError(f"{who}: a control may not be named {control.name!r}, which the stage uses itself")
        if control.kind == "text" and control.name not in model.live:
            raise ValueError(f"{who}: control {control.name!r} is a text, and may be mistyped: a running model must "
                             f"take it, as one of {who}.live")
    if every < 1 or steps < every:
        raise ValueError(f"{who}: steps={steps}, every={every}: every must be at least 1 and at most steps")
    values = {control.name: control.values for control in controls if control.kind != "text"}
    for title, scenario in scenarios.items():
        for setting, value in scenario.settings.items():
            if setting in values and value not in values[setting]:
                raise ValueError(f"{who}: the scenario {title!r} has {setting}={value!r}, which its control "
                                 f"cannot show; it takes {', '.join(map(str, values[setting]))}")


def _mark(layer):
    """What a layer is drawn with, for the key."""
    return "darts" if isinstance(layer, Points) and "heading" in layer.columns.split() else type(layer).__name__.lower()


def _html(engine, said, picture, recording, *, name, model, controls, scenarios, labels, colors,
          challenge, seed, after):
    title = escape(model.__doc__.strip().splitlines()[0].rstrip("."))
    key = "".join(
        f'<li><span class="stage-{_mark(model.layers[layer])}" '
        f'style="--color: var(--fig-{color})"></span>{escape(text)}</li>'
        for layer in labels for text, color in zip(labels[layer], colors[layer], strict=True) if text)
    choices = "".join(f"<option>{escape(one)}</option>" for one in scenarios)
    speeds = "".join(f'<option value="{factor}"{" selected" * (factor == 1)}>{speed}</option>'
                     for speed, factor in SPEEDS.items())
    buttons = "".join(f'<button type="button" data-action="{action}">{text}</button>' for action, text in (
        ("play", "Play"), ("pause", "Pause"), ("step", "Step"), ("reset", "Reset"), ("live", "Run it live")))
    tools = "".join(
        f'<label><input type="radio" name="tool" value="{tool}"{" checked" * (number == 0)}> '
        f'{escape(tool.replace("_", " "))}</label>' for number, tool in enumerate(model.tools))
    touch = (f'<fieldset class="stage-tools" data-live><legend>touch the picture to</legend>{tools}'
             "<p>By keyboard: in the picture the arrow keys move a cross, Space touches, and Shift with "
             "an arrow draws.</p></fieldset>") if tools else ""
    asked = "" if challenge is None else (
        f'<p class="explore-challenge" role="status"><strong>Challenge</strong> {escape(challenge)}</p>')
    pack = "" if recording is None else f'<script type="text/plain" class="figure-pack">{recording}</script>'
    width, height = said["plane"]
    return (
        f'<figure class="stage" id="{name}" data-stage="{name}" data-engine="{engine}" '
        f'data-step="{said["step"]}"{after}>'
        f'<div class="stage-view" style="aspect-ratio: {width:g} / {height:g}">'
        f'<canvas role="img" aria-label="{title}" aria-describedby="{name}-readout"></canvas></div>'
        f'<div class="stage-still" role="img" aria-label="{title}">{picture}</div>'
        f'<ul class="stage-key">{key}</ul>'
        f'<form class="stage-bar" autocomplete="off">{buttons}'
        f'<label>speed <select name="pace">{speeds}</select></label>'
        f'<label class="stage-scrub">step <input type="range" name="frame" min="0" max="1" value="1"></label></form>'
        f'<form class="explore-controls stage-controls" autocomplete="off">{touch}<div class="control">'
        f'<label for="{name}-scenario">scenario</label>'
        f'<select id="{name}-scenario" name="scenario">{choices}</select></div>'
        f'<div data-live>{"".join(control.html(name) for control in controls)}'
        f'<div class="control"><label for="{name}-seed">seed</label><input type="number" '
        f'id="{name}-seed" name="seed" min="0" max="9999" step="1" value="{seed}" required></div></div></form>'
        f'<output class="readout" id="{name}-readout">{escape(said["readout"])}</output>'
        f'{asked}<p class="explore-note" role="status" hidden></p>'
        f"<figcaption>{title}.</figcaption>{pack}</figure>")
