"""How long a reader waits for a chapter in the browser: JupyterLite, from the click on its button.

    make bench        prints the table and writes it to bench/LITE.md

The site must be built. A first visit has an empty cache; the second is a new tab of the same browser.
"""
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "browser"))
import built  # noqa: E402  the tests' own reader of the site
import chromium  # noqa: E402
import table  # noqa: E402
from conftest import serving  # noqa: E402
from notebooks import Student  # noqa: E402

LIMIT = 900_000  # ms
CHAPTERS = sorted(path.stem for path in (built.SITE / "lite" / "files").glob("*.ipynb"))


def visit(student, chapter, whole=False):
    """Since the click, in seconds: until the first cell had run, until the second, until all; then the cells that said what they lack.

    The first cell is the browser's own, the second the chapter's, with what it imports.
    """
    notebook = student.open(chapter, LIMIT)
    notebook.run(1, LIMIT)
    first = time.monotonic() - student.clicked
    notebook.run(2, LIMIT)
    second = time.monotonic() - student.clicked
    lacking = 0
    if whole:
        cells = notebook.run_all(LIMIT)
        lacking = sum("does not have" in output.get("text", "") for cell in cells for output in cell["outputs"])
    end = time.monotonic() - student.clicked
    notebook.tab.close()
    return first, second, end, lacking


def main():
    rows = []
    with serving(built.SITE) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.ARGUMENTS)
        for chapter in CHAPTERS:
            student, fetched = Student(browser, address), set()
            student.context.on("request", lambda request, fetched=fetched: fetched.add(urlsplit(request.url).path.strip("/")))
            first, imported, end, lacking = visit(student, chapter, whole=True)
            megabytes = sum(file.stat().st_size for file in map(built.SITE.joinpath, fetched) if file.is_file()) / 1e6
            again, imported_again, _, _ = visit(student, chapter)
            student.context.close()
            rows += [(f"{chapter}: the first cell's result, after the click", f"{first:.1f} s", "30 s"),
                     (f"{chapter}: the same on a second visit", f"{again:.1f} s", "15 s"),
                     (f"{chapter}: the second cell's, with all it imports; on a second visit",
                      f"{imported:.1f} s; {imported_again:.1f} s", ""),
                     (f"{chapter}: files fetched on a first visit", f"{megabytes:.0f} MB", ""),
                     (f"{chapter}: the whole chapter, start-up included",
                      f"{end:.0f} s; {lacking} cells say what a browser lacks" if lacking else f"{end:.0f} s", "")]
        table.write("LITE.md", "Measured: chapters in the reader's browser", rows, browser=browser.version)
        browser.close()


if __name__ == "__main__":
    main()
