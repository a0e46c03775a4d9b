"""What a reader waits for and what a page weighs, measured in a real browser on the built site.

    make bench        prints the table and writes it to bench/PAGES.md

The site must be built. The two build times are taken on a clone of HEAD in a temporary folder, with
the environment that is here, so downloads and installation do not count.
"""
import functools
import gzip
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "tests" / "browser"))
import chromium  # noqa: E402  the tests' own way to find a browser
import table  # noqa: E402
from conftest import serving  # noqa: E402

PAGES = sorted(path.name for path in (SITE / "book").glob("*.html"))
KEYS_PER_CONTROL = 30

# From the key that the reader presses (the event's own time stamp) to the frame that shows the
# answer: a message posted from the frame's callback is handled after that frame was painted.
TIME_KEYS = """
window.keyTimes = [];
addEventListener("keydown", (event) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => keyTimes.push(performance.now() - event.timeStamp);
  port2.postMessage(null);
}), true);
"""

# Milliseconds from navigation until the first explorer has drawn another state than its first.
TIME_FIRST = """
const trying = setInterval(() => {
  document.querySelector("[data-action=pass]")?.click();
  const figure = document.querySelector("figure.explore");
  const input = figure?.querySelector("input[type=range], select");
  if (!input || !window.figurePack) return;
  const start = window.firstState ??= figure.dataset.state;
  if (figure.dataset.state !== start) {
    window.firstAnswer = performance.now();
    clearInterval(trying);
  } else {
    if (input.tagName === "SELECT") input.selectedIndex = input.options.length - 1;
    else input.value = input.max;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}, 5);
"""


def key_times(browser, address):
    """Milliseconds from key to picture, over every slider of every page."""
    times = []
    for name in PAGES:
        page = browser.new_page()
        page.add_init_script(TIME_KEYS)
        page.goto(address + name)
        for button in page.query_selector_all("[data-action=pass]"):
            button.click()
        for slider in page.query_selector_all("figure.explore input[type=range]"):
            slider.focus()
            page.keyboard.press("Home")
            page.wait_for_function("(input) => input.closest('figure').dataset.state.split(',')"
                                   "[[...input.form.elements].filter(e => e.name).indexOf(input)]"
                                   " === '0'", arg=slider)
            page.evaluate("keyTimes.length = 0")
            for turn in range(KEYS_PER_CONTROL):
                page.wait_for_timeout(random.uniform(0, 50))  # a reader does not keep the screen's beat
                page.keyboard.press("ArrowRight" if turn % 4 < 2 else "ArrowLeft")
                page.wait_for_function("(count) => keyTimes.length > count", arg=turn)
            times += page.evaluate("keyTimes")
        page.close()
    return times


def first_answers(browser, address):
    """Milliseconds until the first explorer of each page answers, with a cold cache."""
    answers = {}
    for name in PAGES:
        runs = []
        for _ in range(5):
            page = browser.new_context().new_page()  # a new context has an empty cache
            page.add_init_script(TIME_FIRST)
            page.goto(address + name, wait_until="commit")
            if not page.locator("figure.explore").count():
                page.wait_for_load_state()
            if page.locator("figure.explore").count():
                page.wait_for_function("() => window.firstAnswer")
                runs.append(page.evaluate("firstAnswer"))
            page.context.close()
        if runs:
            answers[name] = statistics.median(runs)
    return answers


def weights(browser, address):
    """Gzipped bytes of all that a page loads when it is read to its end, and of each explorer."""
    pages, explorers = {}, {}
    for name in PAGES:
        page = browser.new_context().new_page()
        bodies = {}
        page.on("response", lambda response, bodies=bodies: bodies.update(
            {response.url: response.body()}))
        page.goto(address + name, wait_until="networkidle")
        for button in page.query_selector_all("[data-action=pass]"):
            button.click()
        for figure in page.query_selector_all("figure.explore, figure.stage"):
            figure.scroll_into_view_if_needed()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(500)
        pages[name] = sum(len(gzip.compress(body, 9)) for body in bodies.values()), len(bodies)
        for figure in page.query_selector_all("figure.explore"):
            pack = figure.get_attribute("data-pack")
            body = next(body for url, body in bodies.items() if url.endswith(pack.lstrip("./")))
            states = json.loads(figure.evaluate(
                "figure => JSON.stringify([...figure.querySelectorAll('[name]')].map(input =>"
                " input.type === 'checkbox' ? 2 : input.type === 'range'"
                " ? JSON.parse(input.dataset.labels).length : input.options.length))"))
            html = figure.evaluate("figure => figure.outerHTML").encode()
            explorers[f"{name[:-5]}#{figure.get_attribute('data-explore')}"] = (
                functools.reduce(int.__mul__, states, 1), figure.evaluate(
                    "figure => figure.querySelectorAll('svg').length"),
                len(gzip.compress(body, 9)) + len(gzip.compress(html, 9)))
        page.context.close()
    return pages, explorers


def build_times():
    """Seconds for a build from nothing and after a change of prose, on a clone of HEAD."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "book"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        environment = os.environ | {"PYTHONPATH": str(clone)}
        command = [str(Path(sys.executable).parent / "jupyter-book"), "build", ".", "-W",
                   "--keep-going", "-n"]

        def build():
            start = time.monotonic()
            subprocess.run(command, cwd=clone, env=environment, check=True, capture_output=True)
            return time.monotonic() - start

        whole = build()
        notebook = clone / "book" / "01_crowd.ipynb"
        content = json.loads(notebook.read_text(encoding="utf-8"))
        prose = next(cell for cell in content["cells"] if cell["cell_type"] == "markdown")
        prose["source"] = "".join(prose["source"]) + "\n\nOne sentence more."
        notebook.write_text(json.dumps(content, indent=1), encoding="utf-8")
        return whole, build()


def main():
    with serving(SITE) as root, sync_playwright() as playwright:
        address = f"{root}book/"
        browser = playwright.chromium.launch(executable_path=chromium.find(),
                                             args=chromium.ARGUMENTS)
        version = browser.version
        keys = sorted(key_times(browser, address))
        firsts = first_answers(browser, address)
        pages, explorers = weights(browser, address)
        browser.close()
    whole, prose = build_times()

    def quantile(share):
        return keys[min(int(share * len(keys)), len(keys) - 1)]

    rows = [("key to new picture, median", f"{quantile(0.5):.1f} ms", "16 ms"),
            ("key to new picture, 95th percentile", f"{quantile(0.95):.1f} ms", "50 ms")]
    rows += [(f"first explorer of {name} answers, cold cache", f"{value:.0f} ms", "1000 ms")
             for name, value in firsts.items()]
    rows += [(f"{name}, all it loads ({count} requests)", f"{size / 1000:.0f} KB gzipped",
              {"01_crowd.html": "1500 KB", "02_colonies.html": "2500 KB", "03_brain.html": "2500 KB", "04_ensembles.html": "2000 KB",
               "05_learning.html": "2500 KB"}.get(name, ""))
             for name, (size, count) in pages.items()]
    rows += [(f"{name}: {states} states, {panels} panels", f"{size / 1000:.1f} KB gzipped",
              f"{60 * max(states, 50) / 50:.0f} KB") for name, (states, panels, size)
             in explorers.items()]
    rows += [("build from nothing, downloads aside", f"{whole:.0f} s", "180 s, set for one chapter"),
             ("rebuild after a change of prose", f"{prose:.1f} s", "15 s")]
    table.write("PAGES.md", "Measured: pages", rows, browser=version, more=f"; {len(keys)} key presses")


if __name__ == "__main__":
    main()
