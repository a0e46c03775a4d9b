"""How long a reader waits for a chapter in the browser: JupyterLite, from the click on its button.

    make bench        prints the table and writes it to bench/LITE.md

The site must be built. A first visit has an empty cache; the second is a new tab of the same browser.
"""
import sys
import threading
import time
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "browser"))
import built  # noqa: E402  the tests' own reader of the site
import chromium  # noqa: E402
import table  # noqa: E402
from conftest import Quiet  # noqa: E402
from notebooks import Student  # noqa: E402

LIMIT = 900_000  # ms
CHAPTERS = sorted(path.stem for path in (built.SITE / "lite" / "files").glob("*.ipynb"))


def visit(student, chapter, whole=False):
    """(seconds to the first cell's result, seconds to the end, cells that said what they lack) since the click."""
    start = time.monotonic()
    notebook = student.open(chapter, LIMIT)
    notebook.run(1, LIMIT)
    first = time.monotonic() - start
    lacking = 0
    if whole:
        cells = notebook.run_all(LIMIT)
        lacking = sum("does not have" in output.get("text", "") for cell in cells for output in cell["outputs"])
    end = time.monotonic() - start
    notebook.tab.close()
    return first, end, lacking


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=built.SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.ARGUMENTS)
        for chapter in CHAPTERS:
            student = Student(browser, f"http://127.0.0.1:{server.server_port}/")
            first, end, lacking = visit(student, chapter, whole=True)
            second, _, _ = visit(student, chapter)
            student.context.close()
            rows += [(f"{chapter}: the first cell's result, after the click", f"{first:.1f} s", "30 s"),
                     (f"{chapter}: the same on a second visit", f"{second:.1f} s", "15 s"),
                     (f"{chapter}: the whole chapter, start-up included",
                      f"{end:.0f} s; {lacking} cells say what a browser lacks" if lacking else f"{end:.0f} s", "")]
        table.write("LITE.md", "Measured: chapters in the reader's browser", rows, browser=browser.version)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
