"""The chapters' covers, book/covers/: each under its chapter's title, with what it shows in words, and by the `cover` directive
wherever a page speaks of the chapter. They stand in the page itself, so that they follow its light and dark.
"""
import json
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

COVERS = Path(__file__).parents[2] / "covers"  # drawn by book/covers.py

logger = logging.getLogger(__name__)


def picture(chapter: str) -> str:
    """The chapter's cover as SVG, without words; empty if it has none."""
    path = COVERS / f"{chapter}.svg"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def words(chapter: str) -> str:
    return json.loads((COVERS / "words.json").read_text(encoding="utf-8"))[chapter]


class Cover(SphinxDirective):
    """`{cover} 01_crowd`: that chapter's cover, beside words that name the chapter."""

    required_arguments = 1

    def run(self):
        chapter, = self.arguments
        self.env.note_dependency(str(COVERS / f"{chapter}.svg"))
        svg = picture(chapter)
        if not svg:
            logger.warning("no cover for %r", chapter, location=self.get_location())
        return [nodes.raw("", svg, format="html")]


def add_cover(app, doctree, docname):
    chapter, title = docname.rpartition("/")[2], next(doctree.findall(nodes.title), None)
    if title is None or not app.env.doc2path(docname).endswith(".ipynb"):
        return
    svg = picture(chapter)
    if svg:
        text = escape(words(chapter))
        made = (f'<figure class="cover">{svg}<figcaption><details><summary>What this picture shows</summary>{text}</details>'
                "</figcaption></figure>")
        title.parent.insert(title.parent.index(title) + 1, nodes.raw("", made, format="html"))


def setup(app):
    app.add_directive("cover", Cover)
    app.connect("doctree-resolved", add_cover, priority=400)  # before the buttons, which then stand between title and cover
