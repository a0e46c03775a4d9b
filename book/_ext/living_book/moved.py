"""Pages that have moved: at the address that each had, a page that leads on.

book/published.txt lists every address that a page of the book ever had:

    book/01_crowd.html #ox #jury                a page, and the names of its explorers and stages, which are addresses as well
    book/bees.html -> book/02_colonies.html     one that has moved, and where to; it may be a place in a page (#bees)

What a link asks for within the page, such as a figure's state, is asked for where it went.
"""
import os.path
from html import escape
from pathlib import Path

from sphinx.errors import ExtensionError

LIST = "book/published.txt"
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>This page has moved</title>
<link rel="canonical" href="{there}">
<script>
  const there = new URL(document.querySelector("link[rel=canonical]").href);
  if (location.hash) there.hash = location.hash;
  location.replace(there);
</script>
<noscript><meta http-equiv="Refresh" content="0; url={there}"></noscript>
</head>
<body><p>This page has moved: <a href="{there}">{there}</a></p></body>
</html>
"""


def published(text: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """({page: names of its figures}, {address that moved: where to}). Raises ValueError, naming the line."""
    pages, moved = {}, {}
    for line in text.splitlines():
        if not line or line.startswith("# "):
            continue
        address, *words = line.split()
        if address in pages or address in moved:
            raise ValueError(f"{LIST}: {address} is listed twice")
        if words[:1] == ["->"] and len(words) == 2:
            moved[address] = words[1]
        elif all(word.startswith("#") for word in words):
            pages[address] = [word[1:] for word in words]
        else:
            raise ValueError(f"{LIST}: {line!r} is neither 'page.html #name ...' nor 'page.html -> where.html'")
    for address, there in moved.items():
        if there.partition("#")[0] not in pages:
            raise ValueError(f"{LIST}: {address} has moved to {there}, which is not listed as a page")
    return pages, moved


def leading(address: str, there: str) -> str:
    """The page at `address` that leads to `there`."""
    page, mark, name = there.partition("#")
    return PAGE.format(there=escape(os.path.relpath(page, Path(address).parent).replace(os.sep, "/") + mark + name))


def write(app, exception):
    source, site = Path(app.confdir) / LIST, Path(app.outdir)
    if exception is not None or app.builder.name != "html" or not source.exists():
        return
    try:
        _, moved = published(source.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ExtensionError(str(error)) from None
    for address, there in moved.items():
        if address.removesuffix(".html") in app.env.found_docs:
            raise ExtensionError(f"{LIST}: {address} has moved to {there}, and is a page of the book all the same")
        (site / address).parent.mkdir(parents=True, exist_ok=True)
        (site / address).write_text(leading(address, there), encoding="utf-8")


def setup(app):
    app.connect("build-finished", write)
