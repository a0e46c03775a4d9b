"""A table of what was measured, printed and written beside the benchmarks."""
import os
import platform
from pathlib import Path


def write(name, title, rows, *, head=("what", "measured", "at most"), browser=None, more="", after=()):
    """Rows under `head` to bench/`name`. `browser`: its version; `more`: what else to say of the run; `after`: lines below."""
    tools = [f"Chromium {browser}"] * bool(browser) + [f"Python {platform.python_version()}"]
    lines = [f"# {title}", "", f"By `make bench` with {', '.join(tools)}, {os.cpu_count()} cores{more}.", "",
             f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows), *after]
    text = "\n".join(lines) + "\n"
    Path(__file__).with_name(name).write_text(text, encoding="utf-8")
    print(text)
