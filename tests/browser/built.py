"""The built book as its own files tell it, and what Python draws for it: what the browser must show."""
import base64
import contextlib
import functools
import gzip
import importlib
import json
import math
import random
import sys
from pathlib import Path
from typing import NamedTuple

from bs4 import BeautifulSoup
from joblib.externals.loky import get_reusable_executor

import helpers.bets
import helpers.explore
import helpers.stage
from helpers.controls import controls_of
from helpers.live import Live
from helpers.live import unpacked as unpacked_settings
from helpers.state import draw
from helpers.svg import svg_lines

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_ext" / "living_book"))
import moved  # noqa: E402

MOVED = moved.published((ROOT / moved.LIST).read_text(encoding="utf-8"))[1]
PAGES = sorted({str(path.relative_to(SITE)) for path in SITE.glob("book/**/*.html")} - set(MOVED))


class Control(NamedTuple):
    """A native input: its name, its type, and the text of each of its values, as in an address."""

    name: str
    type: str
    labels: list


class State(NamedTuple):
    picture: str
    sentence: str
    reached: bool


class Explorer(NamedTuple):
    """An explorer on a page. `source`: the page that it was made on; `after`: the form it waits for."""

    page: str
    name: str
    source: str
    controls: list
    default: tuple
    after: str | None
    sets: str | None
    challenge: bool
    pack: Path

    @property
    def sizes(self):
        return [len(control.labels) for control in self.controls]

    @property
    def selector(self):
        return f'figure.explore[data-explore="{self.name}"]'

    def states(self) -> dict:
        """{indices: State} of every state in the pack."""
        script = self.pack.read_text(encoding="utf-8")
        content = unpacked(script)
        found = {}
        for number, runs in enumerate(content["states"]):
            lines = []
            for first, length in zip(runs[::2], runs[1::2], strict=True):
                lines += content["lines"][first:first + length]
            indices = []
            for size in reversed(self.sizes):
                number, index = divmod(number, size)
                indices.append(index)
            found[tuple(reversed(indices))] = State(
                "".join(lines), content["sentences"][len(found)], bool(content["reached"][len(found)]))
        assert len(found) == math.prod(self.sizes)
        return found

    def some_states(self):
        """All controls at their least, all at their most, three at random, and the first state last."""
        chance = random.Random(self.name)
        ends = [tuple(0 for _ in self.sizes), tuple(size - 1 for size in self.sizes)]
        inside = [tuple(chance.randrange(size) for size in self.sizes) for _ in range(3)]
        return [*dict.fromkeys([*ends, *inside]), self.default]

    def query(self, indices):
        return "&".join(f"{control.name}={control.labels[index]}"
                        for control, index in zip(self.controls, indices, strict=True))

    def drawn(self, indices) -> State:
        """The state as Python draws it now, from the notebook's own function."""
        function, controls = functions(self.source)[self.name]
        values = {control.name: control.values[index]
                  for control, index in zip(controls, indices, strict=True)}
        state = draw(function, values, lambda figure, number: "".join(
            svg_lines(figure, f"{self.name}-{number}")))
        return State("".join(state.panels), state.sentence, state.reached)


class Stage(NamedTuple):
    """A stage on a page. `source`: the page that it was made on; `after`: the form it waits for."""

    page: str
    name: str
    source: str
    after: str | None
    challenge: bool
    pack: Path

    @property
    def selector(self):
        return f'figure.stage[data-stage="{self.name}"]'

    @property
    def header(self) -> dict:
        """What the pack says beside its frames."""
        return header_of(self.pack)

    def live(self) -> Live:
        """The model as the browser should run it, at work here."""
        module = importlib.import_module(self.header["module"])
        return Live(getattr(module, self.header["model"]), unpacked_settings(self.header["facts"]))


class Form(NamedTuple):
    """A question on a page, what it says to each answer, and the figure that waits for it."""

    page: str
    name: str
    facts: dict
    opens: Explorer | Stage | None


@functools.cache
def header_of(pack):
    return recording_of(pack)[0]


def recording_of(pack):
    """(header, the bytes of its frames) of a stage's pack."""
    data = unsealed(pack.read_text(encoding="utf-8"))
    end = 4 + int.from_bytes(data[:4], "little")
    return json.loads(data[4:end]), data[end:]


def text_of(script):
    return script.partition('figurePack("')[2].partition('")')[0]


def unsealed(script):
    """The bytes in a pack's script."""
    return gzip.decompress(base64.b64decode(text_of(script)))


def sealed(data):
    return f'figurePack("{base64.b64encode(gzip.compress(data)).decode()}");'


def unpacked(script):
    return json.loads(unsealed(script))


def packed(content):
    return sealed(json.dumps(content).encode())


@functools.cache
def soup(page):
    return BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")


def control_of(element):
    if element.name == "select":
        labels = [option.text for option in element.find_all("option")]
        return Control(element["name"], "select", labels)
    if element["type"] == "checkbox":
        return Control(element["name"], "checkbox", ["false", "true"])
    labels = [label.replace(",", "") for label in json.loads(element["data-labels"])]
    return Control(element["name"], element["type"], labels)


def explorer_of(page, figure):
    inputs = figure.select(".explore-controls [name]")
    pack = ((SITE / page).parent / figure["data-pack"]).resolve()
    return Explorer(page, figure["data-explore"],
                    str(pack.parent.relative_to((SITE / "_packs").resolve())),
                    [control_of(element) for element in inputs],
                    tuple(int(element["data-default"]) for element in inputs),
                    figure.get("data-after"), figure.get("data-sets"),
                    figure.select_one(".explore-challenge") is not None, pack)


def stage_of(page, figure):
    pack = ((SITE / page).parent / figure["data-pack"]).resolve()
    return Stage(page, figure["data-stage"], str(pack.parent.relative_to((SITE / "_packs").resolve())),
                 figure.get("data-after"), figure.select_one(".explore-challenge") is not None, pack)


EXPLORERS = [explorer_of(page, figure) for page in PAGES
             for figure in soup(page).select("figure.explore")]
STAGES = [stage_of(page, figure) for page in PAGES for figure in soup(page).select("figure.stage")]
FORMS = [Form(page, form["id"], json.loads(form["data-predict"]), next(
    (figure for figure in EXPLORERS + STAGES if (figure.page, figure.after) == (page, form["id"])), None))
    for page in PAGES for form in soup(page).select("form.predict:not(.bets, .check)")]
CHECKS = {page: [Form(page, form["id"], json.loads(form["data-predict"]), None) for form in soup(page).select("form.check")]
          for page in PAGES}


@functools.cache
def functions(source):
    """{name: (function, controls)} of a notebook, run here with an `explore` that only remembers.

    The whole notebook runs before anything is drawn: a function must not lean on a name that a
    later cell gives away, or a live kernel would draw something else than the page.
    """
    notebook = ROOT / f"{source}.ipynb"
    found = {}

    def remember(challenge=None, **abbreviations):
        def keep(function):
            found[function.__name__] = (function, controls_of(function, abbreviations))
            return function
        return keep

    space = {"__name__": "__main__", "display": lambda *things, **options: None}
    usual = helpers.explore.explore, helpers.explore.predict, helpers.explore.checkpoint, helpers.stage.stage, helpers.bets.bets
    helpers.explore.explore, helpers.explore.predict = remember, lambda *said, **options: None
    helpers.explore.checkpoint = lambda *said, **options: None
    helpers.stage.stage = helpers.bets.bets = lambda *said, **options: None
    try:
        with contextlib.chdir(notebook.parent):
            for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
                if cell["cell_type"] == "code":
                    exec(compile("".join(cell["source"]), f"{source} {cell['id']}", "exec"), space)
    finally:
        get_reusable_executor().shutdown()  # what a notebook's workers have loaded is not kept for the next one
        helpers.explore.explore, helpers.explore.predict, helpers.explore.checkpoint, helpers.stage.stage, helpers.bets.bets = usual
    return found
