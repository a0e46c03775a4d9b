"""How fast the moving models are: in a reader's browser, and alone on one core.

    make bench        prints the table and writes it to bench/STAGES.md

The site must be built. Processor time is one core's (BLAS is not used).
"""
import statistics
import time
from pathlib import Path

import front_end
import numpy as np
from playwright.sync_api import sync_playwright

from helpers import foraging, swarm, tours

ROOT = Path(__file__).resolve().parent.parent
import sys  # noqa: E402
sys.path.insert(0, str(ROOT / "tests" / "browser"))
import built  # noqa: E402  the tests' own reader of the site
import chromium  # noqa: E402

SEEDS = 20
MEGABYTE = 2**20

# A stage's model made anew with so many agents, in the page; then steps one after the other.
CROWD = """async ([name, settings, frames]) => {
  const { stage } = document.getElementById(name);
  stage.pause();
  await stage.chain;
  stage.header.facts.scenarios[0] = { settings, pokes: [] };
  const { recordings, ...header } = stage.header;
  stage.engine = new InBrowser(stage.figure, header, () => {});
  stage.inputs = stage.inputs.filter((input) => !(input.name in settings));
  await stage.start();
  const begun = performance.now();
  for (let frame = 0; frame < frames; frame += 1) {
    await stage.go(1);
    await new Promise(requestAnimationFrame);
  }
  return 1000 * frames / (performance.now() - begun);
}"""

HEAP = """async ([name, steps]) => {
  const { stage } = document.getElementById(name);
  for (let done = 0; done < steps; done += 100) await stage.go(100);
}"""


def open_stage(browser, address, stage):
    page = browser.new_context().new_page()  # a new context has an empty cache
    page.goto(address + Path(stage.page).name)
    for button in page.query_selector_all("[data-action=pass]"):
        button.click()
    page.locator(f"#{stage.name} canvas").evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")
    page.wait_for_function("name => document.getElementById(name).stage.recording", arg=stage.name)
    return page


def first_live_frames(browser, address):
    """Seconds from the click on "Run it live" to the first live frame, with a cold cache."""
    found = {}
    for stage in built.STAGES:
        runs = []
        for _ in range(3):
            page = open_stage(browser, address, stage)
            start = time.monotonic()
            page.locator(f"#{stage.name} [data-action=live]").click()
            page.wait_for_selector(f"#{stage.name}[data-engine=browser]", timeout=60_000)
            runs.append(time.monotonic() - start)
            page.context.close()
        found[stage.name] = statistics.median(runs)
    return found


def frame_rates(browser, address, settings):
    """{stage: frames a second} with the given settings, each frame one step, computed and drawn."""
    found = {}
    for stage in built.STAGES:
        if stage.name not in settings:
            continue
        page = open_stage(browser, address, stage)
        page.locator(f"#{stage.name} [data-action=live]").click()
        page.wait_for_selector(f"#{stage.name}[data-engine=browser]", timeout=60_000)
        found[stage.name] = page.evaluate(CROWD, [stage.name, settings[stage.name], 200])
        page.context.close()
    return found


def memory(browser, address, stage, steps=10_000):
    """Bytes of Python's memory in the worker after a tenth of the steps and after all."""
    page = open_stage(browser, address, stage)
    page.locator(f"#{stage.name} [data-action=live]").click()
    page.wait_for_selector(f"#{stage.name}[data-engine=browser]", timeout=60_000)
    page.evaluate("name => document.getElementById(name).stage.pause()", stage.name)
    sizes = []
    for part in (steps // 10, steps - steps // 10):
        page.evaluate(HEAP, [stage.name, part])
        worker = page.workers[0]
        sizes.append(worker.evaluate("heap()"))
    page.context.close()
    return sizes


def flock_costs(density=0.4):
    """{agents: microseconds an agent-step} of Vicsek's flock at one density."""
    found = {}
    for agents in (100, 300, 1000, 3000, 10_000, 30_000, 100_000):
        model = swarm.Vicsek(np.random.default_rng(1), birds=agents, density=density, noise=1.0)
        steps = max(5, 200_000 // agents)
        for _ in range(3):
            model.step()
        runs = []
        for _ in range(3):
            start = time.process_time()
            for _ in range(steps):
                model.step()
            runs.append((time.process_time() - start) / steps)
        found[agents] = min(runs) / agents * 1e6
    return found


def exponent(costs):
    """Of the cost of a step in the number of agents, by least squares on logarithms."""
    agents = np.array(list(costs))
    return np.polyfit(np.log(agents), np.log(agents * np.array(list(costs.values()))), 1)[0]


def foraging_tick(ants=2000, side=100, ticks=2000):
    """Milliseconds a tick."""
    model = foraging.Foraging(np.random.default_rng(1), ants=ants, side=side)
    for _ in range(200):
        model.step()
    start = time.process_time()
    for _ in range(ticks):
        model.step()
    return (time.process_time() - start) / ticks * 1000


def colonies(name):
    """(median best length, seconds a seed) of Ant Colony System over the seeds."""
    raise NotImplementedError
