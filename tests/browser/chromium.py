"""The browser that the tests drive: one that is there, else Playwright's own, else Debian's.

`python tests/browser/chromium.py` makes sure that there is one, and prints its path. The headless shell is the same Chromium
without a window's own pages around each tab, and opens a page in half the time; on Debian it is a package of its own.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ON_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# As root Chromium has no sandbox. The rest keeps it from calling home while a test counts requests.
ARGUMENTS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run",
             *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]


def find() -> str | None:
    """The path of a Chromium or Chrome, or None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    if ON_MACOS.exists():
        return str(ON_MACOS)
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def may_install() -> bool:
    """Whether Debian's packages can be installed here."""
    return bool(shutil.which("apt-get")) and hasattr(os, "geteuid") and os.geteuid() == 0


def install() -> str:
    """Get one: Playwright's, or as root on Debian the package `chromium`."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if may_install():
        attempts += [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
    for command in attempts:
        print("no browser yet:", " ".join(command), flush=True)
        subprocess.run(command, check=False)
        if path := find():
            return path
    sys.exit("The browser tests need Chromium or Chrome: install one so that it is on the PATH.")


if __name__ == "__main__":
    if may_install() and not shutil.which(SHELL):  # the tests do without it, slower
        subprocess.run(["apt-get", "install", "-y", "-qq", SHELL], capture_output=True, check=False)
    print("browser:", find() or install())
