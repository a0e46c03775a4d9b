"""How fast the moving models are: in a reader's browser, and alone on one core.

    make bench        prints the table and writes it to bench/STAGES.md

The site must be built. Processor time is one core's (BLAS is not used).
"""
import os
import platform
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "browser"))
import built  # noqa: E402  the tests' own reader of the site
import chromium  # noqa: E402
import front_end  # noqa: E402

from helpers import foraging, memory, swarm, tours  # noqa: E402

SEEDS = 20
CROWDED = {"flock": {"birds": 2000, "noise": 1.0}, "hawk": {"birds": 2000}, "race": {"ants": 2000, "couriers": 0}}

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

STEPS = """async ([name, steps]) => {
  const { stage } = document.getElementById(name);
  for (let done = 0; done < steps; done += 50) await stage.go(50);
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


def renderers():
    """Megabytes that the browser's page processes hold."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"--type=renderer" in (process / "cmdline").read_bytes():
                total += int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            pass  # it has ended meanwhile
    return total / 2**20


def memory_used(browser, address, stage, steps=10_000):
    """Megabytes of the page after a tenth of the live steps, and after all."""
    page = open_stage(browser, address, stage)
    page.locator(f"#{stage.name} [data-action=live]").click()
    page.wait_for_selector(f"#{stage.name}[data-engine=browser]", timeout=60_000)
    page.evaluate("name => document.getElementById(name).stage.pause()", stage.name)
    sizes = []
    for part in (steps // 10, steps - steps // 10):
        page.evaluate(STEPS, [stage.name, part])
        sizes.append(renderers())
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


def colonies(name, cycles):
    """(median best length, its best, processor seconds a seed) of Ant Colony System in rounded distances."""
    d = tours.distances(tours.read_tsp(ROOT / "book" / "data" / f"{name}.tsp"), rounded=True)
    start = time.process_time()
    found = tours.ant_colony_system(d, np.random.default_rng(1), cycles=cycles, runs=SEEDS)
    return np.median(found.length), found.length.min(), (time.process_time() - start) / SEEDS


def hopfield(n, steps=10, repeats=15):
    """(recall, through the overlaps): their time over that of the bare matrix products, one state, load 0.05."""
    rng = np.random.default_rng(0)
    patterns = memory.random_patterns(n // 20, n, rng)
    weights, state = memory.hebb(patterns), memory.flip(patterns[:1], 0.1, rng)

    def bare():
        for _ in range(steps):
            state @ weights

    def low_rank():
        now = state
        for _ in range(steps):
            now = np.sign(memory.hebb_field(now, patterns))

    def least(work):
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    base = least(bare)
    return least(lambda: memory.recall(state, weights, steps)) / base, least(low_rank) / base


def main():
    costs = flock_costs()
    rows = [("flock: exponent of a step's cost, 100 to 100,000 birds", f"{exponent(costs):.2f}", "1.15")]
    rows += [(f"flock: {agents} birds", f"{cost:.2f} us an agent-step", "0.6 us") for agents, cost in costs.items()]
    rows += [("foraging: 2000 ants on 100 x 100 cells", f"{foraging_tick():.2f} ms a tick", "0.2 ms")]
    for name, cycles, most in (("oliver30", 8000, "420, 20 s"), ("eil51", 2500, "434.5, 20 s")):
        middle, best, seconds = colonies(name, cycles)
        rows.append((f"Ant Colony System, {name}, {cycles} iterations, {SEEDS} seeds",
                     f"median {middle:g}, best {best:g}, {seconds:.2f} s a seed", most))
    for n in (400, 900, 1600, 2500):
        dense, low_rank = hopfield(n)
        rows.append((f"Hopfield recall, {n} neurons, load 0.05", f"{dense:.2f} times the bare product; through the overlaps {low_rank:.2f}",
                     "1.5 times"))
    address = front_end.serve()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.ARGUMENTS)
        version = browser.version
        rows += [(f"{name}: first live frame after the click, cold cache", f"{seconds:.1f} s", "6 s")
                 for name, seconds in first_live_frames(browser, address).items()]
        rows += [(f"{name}: live with 2000 agents", f"{rate:.0f} frames a second", "at least 30")
                 for name, rate in frame_rates(browser, address, CROWDED).items()]
        for stage in built.STAGES:
            if stage.name in CROWDED and stage.page == "book/02_colonies.html":
                early, late = memory_used(browser, address, stage)
                rows.append((f"{stage.name}: memory after 1000 and 10,000 live steps",
                             f"{early:.0f} and {late:.0f} MB", "steady"))
        browser.close()
    rows += [(f"{stage.name}: recording", f"{stage.pack.stat().st_size / 1000:.0f} KB", "400 KB")
             for stage in built.STAGES]
    lines = ["# Measured: models that move", "",
             f"By `make bench` with Chromium {version}, Python {platform.python_version()}, {os.cpu_count()} cores.", "",
             "| what | measured | at most |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    text = "\n".join(lines) + "\n"
    (ROOT / "bench" / "STAGES.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
