"""Chapters in a real JupyterLab with a real kernel: they run to their end, a slider answers, a stage can be touched.

One chapter; all of them with --every-notebook, which takes a quarter of an hour.
"""
import os
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.error import URLError

import built
import pytest
from notebooks import PIXELS, Notebook

sys.path.insert(0, str(built.ROOT / "book" / "_ext"))

from living_book import live_notebooks  # noqa: E402

CHAPTERS = [path.stem for path in live_notebooks.chapters(built.ROOT / "book")]
ONE = "03_brain"  # the fastest that has a stage
LIMIT = 400_000  # ms: the slowest chapter on a busy machine


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab on loopback that has the live notebooks and the data."""
    folder, glued = tmp_path_factory.mktemp("lab"), built.ROOT / "_build" / "jupyter_execute" / "book"
    live_notebooks.write(built.ROOT / "book", folder, lambda path: live_notebooks.built_numbers(glued, path.stem), lambda path: "")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {key: value for key, value in os.environ.items() if key != "EXPLORE_ENGINE"} | {  # and nobody's own settings
        f"JUPYTERLAB_{kind}_DIR": str(folder / kind.lower()) for kind in ("SETTINGS", "WORKSPACES")}
    with open(folder / "server.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
             "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={folder}"],
            env=env, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(240):
            assert server.poll() is None, (folder / "server.log").read_text(encoding="utf-8")
            try:
                urllib.request.urlopen(address + "api/status").close()
                break
            except URLError:
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_runs_to_its_end_and_answers(request, browser, chapter):
    if chapter != ONE:
        request.getfixturevalue("at_length")
    lab = request.getfixturevalue("lab")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab, problems = context.new_page(), []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.goto(f"{lab}lab/tree/{chapter}.ipynb?reset")
    notebook = Notebook(tab, LIMIT)
    cells = notebook.run_all(LIMIT)
    said = [(cell["source"][:60], output) for cell in cells for output in cell["outputs"]
            if output["output_type"] == "error" or output.get("name") == "stderr"]
    assert said == []
    assert notebook.move_a_slider()
    touched = notebook.touch_a_stage()
    assert bool(touched) == ("helpers.stage" in "".join(cell["source"] for cell in cells))
    if touched:  # by night it is drawn anew
        canvas = tab.locator("figure.stage:visible canvas").first
        by_day = canvas.evaluate(PIXELS)
        tab.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
        tab.wait_for_function("([canvas, before]) => canvas.toDataURL() !== before", arg=[canvas.element_handle(), by_day])
        assert tab.evaluate("document.body.dataset.jpThemeLight") == "false"
    assert problems == []
    tab.evaluate("jupyterapp.commands.execute('kernelmenu:shutdown')")  # its memory is the next chapter's
    context.close()
