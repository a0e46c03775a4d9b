"""How fast, how open and how heavy each page is, by Lighthouse on a desktop's and on a phone's terms, beside a stock page.

    make bench        prints the tables and writes them to bench/READER.md

The site must be built; it is served as by `make serve`. The stock page is made in the same run: Jupyter Book as it comes, one
notebook with one `interact`, served as Python serves a folder. Times are Lighthouse's: a desktop on a fast line; a phone a
quarter as quick as this machine, on slow 4G. Lighthouse means a machine with an index of 1500 to 2000: on a slower one its
phone is slower, too. Run it where nothing else runs.
"""
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import playwright
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "browser")]
import built  # noqa: E402  the tests' own reader of the site
import chromium  # noqa: E402
import table  # noqa: E402
from conftest import serving  # noqa: E402
from front_end import TIME_FIRST  # noqa: E402

NODE = Path(playwright.__file__).parent / "driver" / "node"  # newer than Debian's
LIGHTHOUSE = ROOT / "node_modules" / "lighthouse" / "cli" / "index.js"
AUDITS = ("first-contentful-paint", "largest-contentful-paint", "cumulative-layout-shift", "total-blocking-time")
LEAST = {"desktop": "95, 100, 100, 95", "phone": "85, 100, 100, 95"}
PHONE = {"cpu": 4, "latency": 150, "throughput": 1.6e6 / 8}  # as Lighthouse's phone
INTERACT = """from ipywidgets import interact
import matplotlib.pyplot as plt
import numpy as np

@interact(voters=(1, 101, 2), competence=(0.0, 1.0))
def jury(voters=11, competence=0.6):
    votes = np.random.default_rng(0).binomial(voters, competence, 10_000)
    plt.hist(votes, bins=np.arange(voters + 2) - 0.5)
    plt.show()
"""


class Plain(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def stock(folder: Path) -> Path:
    """The site of a stock Jupyter Book with one page, built in `folder`."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A jury\n\nMove the sliders."),
                                               nbformat.v4.new_code_cell(INTERACT)])
    nbformat.write(notebook, folder / "jury.ipynb")
    (folder / "_config.yml").write_text("title: A stock book\nexecute: {execute_notebooks: force}\n", encoding="utf-8")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: jury\n", encoding="utf-8")
    subprocess.run([Path(sys.executable).parent / "jupyter-book", "build", "."], cwd=folder, check=True, capture_output=True,
                   env={**os.environ, "PYTHONWARNINGS": "ignore"})
    return folder / "_build" / "html"


def lighthouse(address: str, profile: str) -> dict:
    """Lighthouse's report on the page at `address`."""
    flags = ["--headless=new", *chromium.ARGUMENTS]
    done = subprocess.run([NODE, LIGHTHOUSE, address, "--quiet", "--output", "json", "--no-enable-error-reporting", "--disable-full-page-screenshot",
                           *["--preset=desktop"] * (profile == "desktop"), f"--chrome-flags={' '.join(flags)}"],
                          env={**os.environ, "CHROME_PATH": chromium.find()}, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    if report.get("runtimeError"):
        raise RuntimeError(f"{address}: {report['runtimeError']['message']}")
    return report


def row(name: str, profile: str, report: dict) -> tuple:
    scores = [f"{100 * report['categories'][category]['score']:.0f}" for category in ("performance", "accessibility", "best-practices", "seo")]
    first, largest, shift, blocked = (report["audits"][audit]["numericValue"] for audit in AUDITS)
    requests = [request for request in report["audits"]["network-requests"]["details"]["items"] if request["url"].startswith("http")]
    return (name, profile, ", ".join(scores), f"{first / 1000:.1f} s", f"{largest / 1000:.1f} s", f"{shift:.3f}", f"{blocked:.0f} ms",
            f"{sum(request['transferSize'] for request in requests) / 1000:.0f} KB in {len(requests)}")


def first_answer(browser, address: str, phone: bool) -> float | None:
    """Seconds until the page's first explorer shows another state, a first visit's median of 3; None without explorers."""
    times = []
    for _ in range(3):
        context = browser.new_context()
        tab = context.new_page()
        tab.add_init_script(TIME_FIRST)
        if phone:
            session = context.new_cdp_session(tab)
            session.send("Emulation.setCPUThrottlingRate", {"rate": PHONE["cpu"]})
            session.send("Network.enable")
            session.send("Network.emulateNetworkConditions", {"offline": False, "latency": PHONE["latency"],
                         "downloadThroughput": PHONE["throughput"], "uploadThroughput": PHONE["throughput"]})
        tab.goto(address, wait_until="load")
        if not tab.locator("figure.explore").count():
            context.close()
            return None
        tab.wait_for_function("() => window.firstAnswer", timeout=120_000)  # a bare expression would need eval, which the page forbids
        times.append(tab.evaluate("firstAnswer") / 1000)
        context.close()
    return statistics.median(times)


def main():
    pages = [page for page in built.PAGES if page != "index.html"]
    rows, answers, indices = [], [], []
    with tempfile.TemporaryDirectory() as folder, serving(built.SITE) as address, sync_playwright() as playwright_:
        plain = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Plain, directory=str(stock(Path(folder)))))
        threading.Thread(target=plain.serve_forever, daemon=True).start()
        everything = [("a stock page, one `interact`", f"http://127.0.0.1:{plain.server_port}/jury.html"),
                      *((page, address + page) for page in pages)]
        for name, url in everything:
            for profile in LEAST:
                report = lighthouse(url, profile)
                indices.append(report["environment"]["benchmarkIndex"])
                rows.append(row(name, profile, report))
                print(*rows[-1], sep=" | ", flush=True)
        browser = playwright_.chromium.launch(executable_path=chromium.find(), args=chromium.ARGUMENTS)
        for page in pages:
            times = [first_answer(browser, address + page, phone) for phone in (False, True)]
            if None not in times:
                answers.append((page, *(f"{seconds:.1f} s" for seconds in times)))
        version = browser.version
        browser.close()
        plain.shutdown()
    least = [("at least", profile, scores, "", "", "", "", "") for profile, scores in LEAST.items()]
    table.write("READER.md", "Measured: what a reader meets", [*least, *rows], browser=version,
                head=("page", "profile", "performance, accessibility, best practices, SEO", "first paint", "largest paint", "layout shift",
                      "blocked", "loaded"),
                more=f"; Lighthouse 13.5.0, by whose index this machine has {statistics.median(indices):.0f} (1500 to 2000 are meant)",
                after=["", "Until the first explorer answers (the stock page's never does: it has no kernel):", "",
                       "| page | desktop | phone |", "|---|---|---|", *(f"| {' | '.join(answer)} |" for answer in answers)])


if __name__ == "__main__":
    main()
