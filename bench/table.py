"""A table of what was measured, printed and written beside the benchmarks."""
import os
import platform
from pathlib import Path


def write(name, title, rows, *, browser=None, more=""):
    """Rows of (what, measured, at most) to bench/`name`. `browser`: its version; `more`: what else to say of the run."""
    tools = [f"Chromium {browser}"] * bool(browser) + [f"Python {platform.python_version()}"]
    lines = [f"# {title}", "", f"By `make bench` with {', '.join(tools)}, {os.cpu_count()} cores{more}.", "",
             "| what | measured | at most |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    text = "\n".join(lines) + "\n"
    Path(__file__).with_name(name).write_text(text, encoding="utf-8")
    print(text)
