"""Every stage of every page: its recording, its live model, the reader's hands, and what goes wrong."""
import functools
import json

import built
import numpy as np
import pytest
from playwright.sync_api import expect

SOMEONE = """(figure) => {
  const { said, scene } = figure.stage.shown;
  let start = 0;
  for (const [name, shape] of Object.entries(said.shapes)) {
    if (figure.stage.header.layers[name].type === "Points" && Number.isFinite(scene[start])) {
      return [scene[start] / said.plane[0], 1 - scene[start + 1] / said.plane[1]];
    }
    start += shape.reduce((product, size) => product * size, 1);
  }
  return null;
}"""  # where the first point is, in shares of the canvas
WORDS = """(figure) => {
  const { canvas, header } = figure.stage;
  const pen = canvas.getContext("2d");
  const painted = (words) => {
    header.words = words;
    figure.stage.paint();
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    return copy.getImageData(0, 0, canvas.width, canvas.height).data;
  };
  const words = header.words;
  const [without, drawn] = [painted([]), painted(words)];
  return words.map(([x, y, text]) => {
    const left = canvas.width * x / figure.stage.shown.said.plane[0];
    const middle = canvas.height * (1 - y / figure.stage.shown.said.plane[1]);
    const right = left + pen.measureText(text).width;
    let ink = 0;
    for (let row = Math.round(middle) - 5; row < middle + 5; row += 1) {
      for (let column = Math.round(left); column < right; column += 1) {
        const pixel = 4 * (row * canvas.width + column);
        ink += [0, 1, 2, 3].some((part) => drawn[pixel + part] !== without[pixel + part]);
      }
    }
    return { text, ink, whole: right < canvas.width && middle > 6 && middle < canvas.height - 6 };
  });
}"""  # of each word of the picture: the pixels that it changes, and whether it is within
STEPS = 200  # that a live stage must reach
SAME = 50  # steps for which both Pythons agree to 1e-6; a chaotic model may not keep it up for longer
STILL = {"reduced_motion": "reduce"}
START = 60_000  # ms: Python starts in the page, beside other tests


def figure_of(tab, stage):
    """The stage's figure, in view, opened by "Show me" if it waits for an answer."""
    figure = tab.locator(stage.selector)
    if figure.get_attribute("data-waiting"):
        tab.locator(f"#{stage.after} [data-action=pass]").click()
    figure.locator(".stage-view").scroll_into_view_if_needed()
    figure.locator("canvas").evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")
    expect(figure.locator("[name=frame]")).not_to_have_attribute("max", "1")  # its recording has come
    return figure


def act(figure, action):
    figure.locator(f"[data-action={action}]").click()


def step_of(figure):
    return int(figure.get_attribute("data-step"))


def go_live(figure):
    act(figure, "live")
    expect(figure).to_have_attribute("data-engine", "browser", timeout=START)


def wait_for_step(figure, step):
    figure.page.wait_for_function(
        "([name, step]) => Number(document.getElementById(name).dataset.step) >= step",
        arg=[figure.get_attribute("id"), step], timeout=START)


def pixels(figure):
    return figure.locator("canvas").evaluate("canvas => canvas.toDataURL()")


def scene(figure):
    """(facts, scene) as the page has them."""
    said, numbers = figure.evaluate("""(figure) => {
      const { said, scene } = figure.stage.shown;
      return [JSON.stringify(said), Array.from(scene, (number) => Number.isNaN(number) ? null : number)];
    }""")
    return json.loads(said), np.array([np.nan if number is None else number for number in numbers], float)


@functools.cache
def scene_here(stage, step):
    """The stage's first scenario after `step` steps, as this Python has it."""
    live = stage.live()
    live.answer({"do": "start", "scenario": 0, "settings": stage.header["starts"][0],
                 "seed": stage.header["seed"]})
    return live.answer({"do": "go", "steps": step})


@pytest.mark.front_end
def test_the_recording_plays_scrubs_and_steps(reader, stage, where):
    tab = reader.open(stage.page, where=where, **STILL)
    figure = figure_of(tab, stage)
    runs = stage.header["recordings"]
    expect(figure).to_have_attribute("data-step", str(runs[0]["steps"][-1]))
    expect(figure.locator("output.readout")).to_have_text(runs[0]["readouts"][-1])
    end = pixels(figure)
    act(figure, "reset")
    expect(figure).to_have_attribute("data-step", "0")
    expect(figure.locator("output.readout")).to_have_text(runs[0]["readouts"][0])
    assert pixels(figure) != end
    act(figure, "step")
    expect(figure).to_have_attribute("data-step", str(runs[0]["steps"][1]))
    expect(figure.locator("output.readout")).to_have_text(runs[0]["readouts"][1])
    act(figure, "play")
    wait_for_step(figure, 40)
    act(figure, "pause")
    stopped = step_of(figure)
    number = runs[0]["steps"].index(stopped)
    expect(figure.locator("output.readout")).to_have_text(runs[0]["readouts"][number])
    scrub = figure.locator("[name=frame]")
    scrub.press("End")
    expect(figure).to_have_attribute("data-step", str(runs[0]["steps"][-1]))
    assert pixels(figure) == end
    scrub.press("ArrowLeft")
    expect(figure).to_have_attribute("data-step", str(runs[0]["steps"][-2]))


@pytest.mark.front_end
def test_every_scenario_is_there(reader, stage):
    tab = reader.open(stage.page, **STILL)
    figure = figure_of(tab, stage)
    choice = figure.locator("[name=scenario]")
    for number, run in enumerate(stage.header["recordings"]):
        choice.select_option(index=number)
        expect(figure).to_have_attribute("data-engine", "recording")
        figure.locator("[name=frame]").press("End")
        expect(figure).to_have_attribute("data-step", str(run["steps"][-1]))
        expect(figure.locator("output.readout")).to_have_text(run["readouts"][-1])


@pytest.mark.front_end
def test_the_page_draws_what_was_recorded(reader, stage):
    """The recording's frames are the model's scenes, to half a level of each column."""
    tab = reader.open(stage.page, **STILL)
    figure = figure_of(tab, stage)
    said, shown = scene(figure)
    told, computed = scene_here(stage, said["step"])
    assert said["shapes"] == told["shapes"]
    start, columns = 0, stage.header["recordings"][0]["columns"]
    assert said["readout"] == told["readout"]
    for layer, shape in said["shapes"].items():
        size = int(np.prod(shape))
        here, there = (array[start:start + size].reshape(-1, len(columns[layer])) for array in (shown, computed))
        start += size
        for place, column in enumerate(columns[layer]):
            span = column["high"] - column["low"]
            there_now = np.clip(there[:, place], column["low"], column["high"])
            off = np.abs(here[:, place] - there_now)
            if column["name"] == "heading":
                off = np.abs(here[:, place] - np.mod(there[:, place], span))
                off = np.minimum(off, span - off)
            assert np.nanmax(off, initial=0) <= span / column["levels"] / 2 + 1e-9, (layer, column["name"])


@pytest.mark.parametrize("width", [390, 1280])
def test_words_stand_whole_in_the_picture(reader, width):
    stages = [stage for stage in built.STAGES if stage.header["words"]]
    assert stages
    for stage in stages:
        found = figure_of(reader.open(stage.page, viewport={"width": width, "height": 800}, **STILL), stage).evaluate(WORDS)
        assert [one["text"] for one in found] == [text for _, _, text in stage.header["words"]]
        assert all(one["ink"] > 10 and one["whole"] for one in found), found


@pytest.mark.front_end
def test_it_starts_by_itself_when_it_is_seen(reader, stage):
    figure = figure_of(reader.open(stage.page), stage)
    expect(figure).to_have_attribute("data-playing", "true")
    wait_for_step(figure, 10)


@pytest.mark.front_end
def test_with_less_motion_nothing_moves_by_itself(reader, stage):
    tab = reader.open(stage.page, **STILL)
    figure = figure_of(tab, stage)
    before = step_of(figure), pixels(figure)
    tab.mouse.wheel(0, 40)
    tab.evaluate("() => new Promise((done) => { let left = 40; const beat = () => "
                 "(left -= 1) ? requestAnimationFrame(beat) : done(); beat(); })")
    assert (step_of(figure), pixels(figure)) == before
    assert not figure.get_attribute("data-playing")


@pytest.mark.starts_python
def test_live_both_pythons_agree(reader, stage):
    """The same class, seed and settings: the browser's scene is this Python's."""
    tab = reader.open(stage.page, **STILL)
    figure = figure_of(tab, stage)
    go_live(figure)
    expect(figure).to_have_attribute("data-step", "0")
    for step in (*range(1, 4), SAME, STEPS):
        if step <= 3:
            act(figure, "step")
        else:
            figure.evaluate("(figure, steps) => figure.stage.go(steps)", step - step_of(figure))
        expect(figure).to_have_attribute("data-step", str(step), timeout=START)
        if step <= SAME or stage.name in EXACT:
            told, here = scene_here(stage, step)
            said, there = scene(figure)
            np.testing.assert_allclose(there, here, rtol=0, atol=1e-6)
            assert said["readout"] == told["readout"]


# Stages that agree for all 200 steps, since nothing in them amplifies a last digit.
EXACT = {stage.name for stage in built.STAGES if stage.header["model"] not in ("Vicsek", "Boids")}


@pytest.mark.starts_python
def test_live_it_plays_obeys_and_is_touched(reader, stage):
    tab = reader.open(stage.page)
    figure = figure_of(tab, stage)
    go_live(figure)
    expect(figure).to_have_attribute("data-playing", "true")
    wait_for_step(figure, STEPS)
    act(figure, "pause")
    expect(figure).not_to_have_attribute("data-playing", "true")
    control = figure.locator(f'[name="{stage.header["live"][0]}"]')
    expect(control).to_be_visible()
    control.press("End")
    before = pixels(figure)
    canvas = figure.locator("canvas")
    expect(canvas).to_have_attribute("tabindex", "0")
    canvas.evaluate("canvas => canvas.scrollIntoView({ block: 'center', behavior: 'instant' })")  # pressing may have scrolled away
    box = canvas.bounding_box()
    for share in (0.35, 0.45):  # not in the middle, where a nest may be
        tab.mouse.move(box["x"] + share * box["width"], box["y"] + 0.6 * box["height"])
        tab.mouse.down() if share == 0.35 else tab.mouse.up()
    someone = figure.evaluate(SOMEONE)  # and there, in case that nobody was near
    if someone:
        tab.mouse.click(box["x"] + someone[0] * box["width"], box["y"] + someone[1] * box["height"])
    tab.wait_for_function("([name, before]) => document.querySelector(`#${name} canvas`).toDataURL() !== before",
                          arg=[stage.name, before])
    stopped = step_of(figure)
    act(figure, "step")
    expect(figure).to_have_attribute("data-step", str(stopped + 1))


TYPED = [stage for stage in built.STAGES if None in stage.header["facts"]["controls"].values()]


def test_some_stage_takes_a_text():
    assert TYPED


@pytest.mark.parametrize("stage", TYPED, ids=lambda stage: stage.name)
def test_live_a_text_is_typed_and_a_mistyped_one_refused(reader, stage):
    name = next(name for name, values in stage.header["facts"]["controls"].items() if values is None)
    tab = reader.open(stage.page, **STILL)
    figure = figure_of(tab, stage)
    field = figure.locator(f'input[name="{name}"]')
    expect(field).to_be_hidden()  # a recording takes none
    go_live(figure)
    expect(field).to_have_value(stage.header["starts"][0][name])
    other = next(start[name] for start in stage.header["starts"] if start[name] != stage.header["starts"][0][name])
    before, note = pixels(figure), figure.locator(".explore-note")
    field.fill(other)
    assert pixels(figure) == before  # not until it is finished
    field.press("Enter")
    tab.wait_for_function("([name, before]) => document.querySelector(`#${name} canvas`).toDataURL() !== before", arg=[stage.name, before])
    expect(note).to_be_hidden()
    before = pixels(figure)
    field.fill("nonsense")
    field.press("Enter")
    expect(note).to_contain_text(f"{name}='nonsense'")
    act(figure, "step")
    expect(figure).to_have_attribute("data-step", "1")
    act(figure, "reset")  # starts anew with what is typed, which is refused: the last run goes on
    expect(note).to_contain_text(f"{name}='nonsense'")
    field.fill(other)
    field.press("Enter")
    expect(note).to_be_hidden()
    expect(figure).to_have_attribute("data-engine", "browser")


@pytest.mark.starts_python
def test_live_the_keyboard_is_enough(reader, stage):
    tab = reader.open(stage.page, **STILL)
    figure = figure_of(tab, stage)
    figure.locator("[data-action=live]").focus()
    tab.keyboard.press("Enter")
    expect(figure).to_have_attribute("data-engine", "browser", timeout=START)
    canvas = figure.locator("canvas")
    canvas.focus()
    start = figure.evaluate("figure => figure.stage.cursor")
    for _ in range(8):
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("ArrowUp")
    assert figure.evaluate("figure => figure.stage.cursor") != start
    sent = figure.evaluate_handle("""(figure) => {
      const sent = [];
      const { engine } = figure.stage;
      const ask = engine.ask.bind(engine);
      engine.ask = (message) => { sent.push(...message.pokes); return ask(message); };
      return sent;
    }""")
    tab.keyboard.press("Space")
    tab.keyboard.press("Shift+ArrowUp")
    tab.wait_for_function("(sent) => sent.length > 0", arg=sent)
    tool, x, y = sent.evaluate("sent => sent[0]")
    assert tool == next(iter(stage.header["tools"]))
    width, height = stage.header["plane"]
    assert width / 2 < x < width
    assert height / 2 < y < height


@pytest.mark.front_end
def test_as_a_file_it_says_why_it_cannot_run(reader, stage):
    figure = figure_of(reader.open(stage.page, where="file", **STILL), stage)
    act(figure, "live")
    expect(figure.locator(".explore-note")).to_contain_text("make serve")
    expect(figure).to_have_attribute("data-engine", "recording")


@pytest.fixture
def one():
    """One stage is enough where the front end alone is tested."""
    if not built.STAGES:
        pytest.fail("the book has no stage")
    return built.STAGES[0]


def still_plays(figure, stage):
    expect(figure).to_have_attribute("data-engine", "recording")
    act(figure, "reset")
    expect(figure).to_have_attribute("data-step", "0")
    act(figure, "step")
    expect(figure).to_have_attribute("data-step", str(stage.header["recordings"][0]["steps"][1]))


def test_a_recording_cannot_be_touched_and_says_so(reader, one):
    figure = figure_of(reader.open(one.page, **STILL), one)
    figure.locator("canvas").click()
    expect(figure.locator(".explore-note")).to_contain_text("Run it live")


def test_without_python_it_says_so_and_asks_for_nothing(reader, one):
    tab = reader.open(one.page, **STILL)
    figure = figure_of(tab, one)
    figure.evaluate("figure => { figure.dataset.python = 'missing'; }")
    act(figure, "live")
    expect(figure.locator(".explore-note")).to_contain_text("built without Python")
    assert not tab.workers
    still_plays(figure, one)


@pytest.mark.parametrize("broken", ["worker.js", "pyodide.mjs", "live.py"])
def test_a_worker_that_cannot_start_leaves_the_recording(reader, one, broken):
    reader.expect("Failed to load|ERR_FAILED|net::|worker")
    tab = reader.open(one.page, replies={rf"/{broken}": None}, **STILL)
    figure = figure_of(tab, one)
    act(figure, "live")
    expect(figure.locator(".explore-note")).to_contain_text("The model stopped", timeout=START)
    still_plays(figure, one)


def test_a_model_that_fails_says_why(reader, one):
    faulty = (built.ROOT / "helpers" / "live.py").read_text().replace(
        "self.model.step()", "raise ArithmeticError('the ants are on strike')")
    tab = reader.open(one.page, replies={r"_python/helpers/live\.py": faulty}, **STILL)
    figure = figure_of(tab, one)
    go_live(figure)
    act(figure, "step")
    expect(figure.locator(".explore-note")).to_contain_text("ArithmeticError: the ants are on strike")
    still_plays(figure, one)


def test_a_worker_that_dies_is_noticed(reader, one):
    tab = reader.open(one.page, **STILL)
    figure = figure_of(tab, one)
    go_live(figure)
    figure.evaluate("figure => { PATIENCE.go = 1; figure.stage.engine.worker.terminate(); }")
    act(figure, "step")
    expect(figure.locator(".explore-note")).to_contain_text("it gave no sign of life")
    still_plays(figure, one)
    go_live(figure)  # and it starts again
    act(figure, "step")
    expect(figure).to_have_attribute("data-step", "1")


def test_a_damaged_recording_leaves_the_picture_of_its_end(reader, one):
    tab = reader.open(one.page, replies={rf"/_packs/.*/{one.name}\.js": 'figurePack("aGVsbG8=");'}, **STILL)
    figure = tab.locator(one.selector)
    figure.scroll_into_view_if_needed()
    expect(figure.locator(".explore-note")).to_contain_text("asleep")
    expect(figure.locator(".stage-still svg")).to_be_visible()


def test_stages_share_one_worker_and_rest_off_screen(reader):
    page = max(built.PAGES, key=lambda page: sum(stage.page == page for stage in built.STAGES))
    first, second = [stage for stage in built.STAGES if stage.page == page][:2]
    tab = reader.open(page)
    here = figure_of(tab, first)
    go_live(here)
    wait_for_step(here, 5)
    there = figure_of(tab, second)
    go_live(there)
    wait_for_step(there, 5)
    assert len(tab.workers) == 1
    rested = step_of(here)
    wait_for_step(there, 60)
    assert step_of(here) == rested


@pytest.mark.front_end
def test_on_paper_the_run_s_end_stands(reader, stage):
    tab = reader.open(stage.page, **STILL)
    tab.emulate_media(media="print")
    figure = tab.locator(stage.selector)
    expect(figure.locator(".stage-still svg")).to_be_visible()
    expect(figure.locator("canvas")).to_be_hidden()
    expect(figure.locator("button").first).to_be_hidden()
    expect(figure.locator("output.readout")).to_be_visible()
