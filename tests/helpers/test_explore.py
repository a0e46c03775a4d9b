"""`explore` in a kernel: what it refuses, and that its controls answer."""
import base64
import gzip
import json
import os
import re
import subprocess
from html import unescape
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.display import HTML
from matplotlib.figure import Figure
from jupyter_client import KernelManager

from helpers import explore as module
from helpers import figures
from helpers.explore import explore
from helpers.state import State, draw
from helpers.svg import svg_lines

ROOT = Path(__file__).parents[2]
ENGINES = ["kernel", "baked"]


@pytest.fixture(params=ENGINES)
def engine(request, monkeypatch):
    monkeypatch.setenv("EXPLORE_ENGINE", request.param)
    return request.param


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, in order."""
    found = []
    monkeypatch.setattr(module, "display", found.append)
    return found


def unchanged(figure, number):
    return figure


def test_what_has_no_docstring_is_refused(engine):
    def jury(voters=1):
        return figures.panel()[0]
    with pytest.raises(ValueError, match="jury has no docstring"):
        explore(voters=(1, 3))(jury)
    jury.__doc__ = "  \n "
    with pytest.raises(ValueError, match="jury has no docstring"):
        explore(voters=(1, 3))(jury)


def test_a_bad_control_is_refused(engine):
    def jury(voters=1):
        """A jury."""
        return figures.panel()[0]
    with pytest.raises(ValueError, match="jury: control 'voters' is the empty range"):
        explore(voters=(3, 1))(jury)
    with pytest.raises(ValueError, match="jury: there is a control 'voter'"):
        explore(voter=(1, 3))(jury)


@pytest.mark.parametrize("result", [
    None, "a sentence", (), [], (None, "a sentence"), ([], "a sentence"), ["no figure"],
    ("a sentence", Figure()), (Figure(), "a sentence", True, "more"),
    (Figure(), Figure()), (Figure(), None), (Figure(), ""), (Figure(), " "), (Figure(), 3, True),
], ids=repr)
def test_what_is_no_figure_with_a_sentence_is_named(engine, shown, result):
    def jury(voters=1):
        """A jury."""
        return result if voters == 3 else figures.panel()[0]
    with pytest.raises(RuntimeError, match=r"^jury\(voters=3\) (returned|said) "):
        explore(voters=(1, 3))(jury)
        jury.widget.children[0].value = 3  # the page draws every state, a kernel this one


def test_a_function_that_raises_is_named_with_its_state(engine, shown):
    def jury(voters=1, kind="peers"):
        """A jury."""
        return [figures.panel()[0]][voters - 1]
    with pytest.raises(RuntimeError,
                       match=r"jury\(voters=2, kind='peers'\) raised IndexError: list") as caught:
        explore(voters=(1, 2), kind=["peers"])(jury)
        jury.widget.children[0].value = 2
    assert isinstance(caught.value.__cause__, IndexError)


@pytest.mark.parametrize(("result", "expected"), [
    (lambda a, b: a, (1, "A jury", False)),
    (lambda a, b: (a,), (1, "A jury", False)),
    (lambda a, b: (a, "Said."), (1, "Said.", False)),
    (lambda a, b: (a, "Said.", True), (1, "Said.", True)),
    (lambda a, b: [a, b], (2, "A jury", False)),
    (lambda a, b: ([a, b], "Said.", 0), (2, "Said.", False)),
])
def test_what_may_be_returned(result, expected):
    first, second = Figure(), Figure()

    def jury():
        """A jury.

        More about it.
        """
        return result(first, second)
    count, sentence, reached = expected
    state = draw(jury, {}, unchanged)
    assert state == State([first, second][:count], sentence.rstrip(".") + ".", reached)
    assert type(state.reached) is bool


def test_figures_of_pyplot_are_closed_and_others_stay_open():
    other = plt.figure()

    def jury():
        """A jury."""
        return [plt.figure(), plt.figure()]
    try:
        draw(jury, {}, unchanged)
        assert plt.get_fignums() == [other.number]
    finally:
        plt.close("all")


def test_it_draws_in_the_book_s_style():
    def jury():
        """A jury."""
        fig = Figure()
        fig.add_subplot().plot([0, 1])
        return fig
    state = draw(jury, {}, unchanged)
    (line,) = state.panels[0].axes[0].lines
    assert line.get_color() == figures.BLUE


def test_the_page_gets_html_and_a_kernel_gets_widgets(engine, shown):
    @explore(challenge="Find three.", voters=(1, 3))
    def jury(voters=2):
        """A jury."""
        return figures.panel()[0], f"{voters} voters", voters == 3
    if engine == "baked":
        (html,) = shown
        assert isinstance(html, HTML)
        assert 'data-explore="jury"' in html.data
        assert not hasattr(jury, "widget")
    else:
        assert shown[-1] is jury.widget
        assert isinstance(jury.widget, ipywidgets.VBox)
    assert jury(3)[1:] == ("3 voters", True)  # still an ordinary function


SOURCE = '''
@explore(challenge="Find a wise & lively crowd.", people=(1, 9, 2), shape=["line", "dots"],
         doubled=False, trust=[0.1, 0.25, 1.0])
def crowd(people=3, shape="line", doubled=False, trust=0.25):
    """A crowd."""
    if people == 9 and doubled:
        raise ArithmeticError("too many people")
    panels = []
    for number in range(1 + doubled):
        fig, ax = figures.panel()
        ax.plot([0, people, trust], "o" if shape == "dots" else "-")
        panels.append(fig)
    return panels, f"{people} <people>, {shape}, {doubled}, {trust}", people == 7 and trust == 1.0
'''


class Live:
    """A live kernel, and the front end's part of its Output widgets.

    (nbclient plays that part too, but now and then it sleeps until its timeout after a widget has
    changed: it sends on the socket that it waits on.)
    """

    def __init__(self, client):
        self.client = client
        self.widgets = {}  # {comm: what an Output widget captures and holds}, the last one last

    def run(self, source):
        """Run a cell and return its own outputs; those of the widgets go to them."""
        request = self.client.execute(source)
        outputs = []
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            parent, content = message["parent_header"].get("msg_id"), message["content"]
            place = next((widget["outputs"] for widget in self.widgets.values()
                          if parent == widget["captures"]), outputs)
            match message["msg_type"]:
                case "status" if parent == request and content["execution_state"] == "idle":
                    assert not [output for output in outputs if "traceback" in output], outputs
                    return outputs
                case "comm_open" if content["data"]["state"]["_model_name"] == "OutputModel":
                    self.widgets[content["comm_id"]] = {"captures": "", "outputs": []}
                case "comm_msg" if content["comm_id"] in self.widgets:
                    state = content["data"].get("state", {})
                    if "msg_id" in state:
                        self.widgets[content["comm_id"]]["captures"] = state["msg_id"]
                case "clear_output":
                    place.clear()
                case "display_data" | "stream" | "error":
                    place.append(content)

    def output(self):
        """The one output in the last Output widget."""
        *_, widget = self.widgets.values()
        (output,) = widget["outputs"]
        return output

    def state(self):
        html = self.output()["data"]["text/html"]
        (said,) = re.findall(r"<figcaption>(.*?)</figcaption>", html)
        return State(re.findall(r"<svg.*?</svg>", html, re.DOTALL), unescape(said), 'data-reached="true"><div' in html and "<strong>Reached</strong>" in html)


@pytest.fixture
def live():
    env = {key: value for key, value in os.environ.items() if key != "EXPLORE_ENGINE"}
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        notebook = Live(client)
        notebook.run("from helpers import figures\nfrom helpers.explore import explore, predict")
        yield notebook
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def crowd():
    """The same function here, without its decorator."""
    space = {"figures": figures}
    exec(SOURCE.partition("def crowd")[1] + SOURCE.partition("def crowd")[2], space)
    return space["crowd"]


def expected(crowd, **values):
    return draw(crowd, values, lambda figure, number: "\n".join(svg_lines(figure, f"crowd-{number}")))


def test_in_a_live_kernel_every_control_changes_picture_and_sentence(live, crowd):
    outputs = live.run(SOURCE)
    assert "application/vnd.jupyter.widget-view+json" in outputs[0]["data"]
    values = {"people": 3, "shape": "line", "doubled": False, "trust": 0.25}
    first = live.state()
    assert first == expected(crowd, **values)
    for number, (name, value) in enumerate(
            {"people": 7, "shape": "dots", "doubled": True, "trust": 1.0}.items()):
        before = live.state()
        live.run(f"crowd.widget.children[{number}].value = {value!r}")
        values[name] = value
        assert live.state() == expected(crowd, **values)
        assert live.state().panels != before.panels
        assert live.state().sentence != before.sentence
    assert live.state().reached
    assert len(live.state().panels) == 2

    live.run("crowd.widget.children[0].value = 9")
    error = live.output()
    assert error["ename"] == "RuntimeError"
    assert "crowd(people=9, shape='dots', doubled=True, trust=1.0)" in error["evalue"]


def unpacked(html):
    """(sentence, reached) of every state of a baked figure."""
    packed = re.search(r'class="figure-pack">([^<]*)<', html)[1]
    content = json.loads(gzip.decompress(base64.b64decode(packed)))
    return list(zip(content["sentences"], map(bool, content["reached"]), strict=True))


def test_a_live_kernel_says_what_the_page_says(live):
    source = SOURCE.replace("people == 9 and doubled", "people == 10")
    (output,) = live.run(f"import os; os.environ['EXPLORE_ENGINE'] = 'baked'\n{source}")
    page = output["data"]["text/html"]
    live.run(f"del os.environ['EXPLORE_ENGINE']\n{source}")
    assert live.state().sentence == unescape(re.search(r"<figcaption[^>]*>(.*?)<", page)[1])
    states = unpacked(page)
    assert len(states) == 5 * 2 * 2 * 3
    assert len(set(states)) == len(states)
    for number in range(0, len(states), 7):
        people, shape, doubled, trust = np.unravel_index(number, (5, 2, 2, 3))
        live.run("people, shape, doubled, trust, _ = crowd.widget.children\n"
                 f"people.value, shape.index, doubled.value, trust.index = "
                 f"{1 + 2 * people}, {shape}, {bool(doubled)}, {trust}")
        assert live.state()[1:] == states[number]


def test_in_a_live_kernel_the_figure_waits_for_the_answer(live):
    live.run("predict('How many?', (1, 9), (3, 4), {'low': 'a', 'high': 'b', 'right': 'c', 'pass': 'Look.'}, "
             "sets='people')")
    live.run("from helpers import predict as question\nform = question._waiting[-1].form")
    live.run(SOURCE)
    show = "print(repr(crowd.widget.layout.display), crowd.widget.children[0].value)"
    assert live.run(show)[0]["text"] == "'none' 3\n"
    live.run("form.answer = 6.6")
    assert live.run(show)[0]["text"] == "'none' 3\n"
    live.run("form.done = True")
    assert live.run(show)[0]["text"] == "'' 7\n"
    assert live.state().sentence == "7 <people>, line, False, 0.25"
