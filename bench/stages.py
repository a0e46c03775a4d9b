"""How fast the moving models are in a reader's browser.

    make bench        prints the table and writes it to bench/STAGES.md

The site must be built.
"""
import os
import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "browser"))
import built  # noqa: E402  the tests' own reader of the site
import chromium  # noqa: E402
import table  # noqa: E402
from conftest import serving  # noqa: E402

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
    page.goto(address + stage.page)
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


def main():
    rows = []
    with serving(built.SITE) as address, sync_playwright() as playwright:
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
    table.write("STAGES.md", "Measured: models that move", rows, browser=version)


if __name__ == "__main__":
    main()
