"""Explorers and stages: their packs become sidecar files, and one page may borrow another's figure.

Order of events. Starting (`builder-inited`): the front end, the helpers that a browser may run and
Pyodide are copied into the site. Reading (`doctree-read`): each figure's pack is taken out of the
page and kept in the environment under its page and name. Resolving (`doctree-resolved`): `borrow`
directives become copies of the figure that they name. Writing (`html-page-context`): the page's
packs are written beside it, and pages with figures get the front end.
"""
import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import helpers
from helpers.figures import theme_css
from living_book import pyodide
from living_book.whole import told

WEB = Path(helpers.__file__).parent / "web"
PACK = re.compile(r'<script type="text/plain" class="figure-pack">([^<]*)</script>')
NAME = re.compile(r'<figure class="(?:explore|stage)" id="([^"]+)"')
PASTE = '<figure class="paste"'
SCRIPTS = {"predict bets": ("packs.js", "controls.js", "predict.js", "bets.js", "explore.js"),
           "explore": ("packs.js", "controls.js", "predict.js", "explore.js"),
           "stage": ("packs.js", "controls.js", "predict.js", "engines.js", "recording.js", "stage.js"),
           "paste": ("packs.js", "controls.js", "engines.js", "paste.js"),
           "predict": ("packs.js", "controls.js", "predict.js", "explore.js"),
           "predict check": ("packs.js", "controls.js", "predict.js", "explore.js")}

logger = logging.getLogger(__name__)


class BorrowedFigure(nodes.General, nodes.Element):
    """A place for the figure `figure` of the page `page`."""


class Borrow(SphinxDirective):
    """`{borrow} 01_crowd ox`: the figure `ox` of the page 01_crowd, alive here too."""

    required_arguments = 2

    def run(self):
        page, figure = self.arguments
        page, _ = self.env.relfn2path(page, self.env.docname)
        self.env.note_dependency(self.env.doc2path(page))
        node = BorrowedFigure(page=page, figure=figure)
        self.set_source_info(node)
        return [node]


def kept(env) -> dict:
    """{page: {name: (figure, pack)}}"""
    if not hasattr(env, "living_book_figures"):
        env.living_book_figures = {}
    return env.living_book_figures


def take_packs(app, doctree):
    found = {}
    for node in doctree.findall(nodes.raw):
        text = node.astext()
        match = NAME.search(text)
        if match is None:
            continue
        name = match[1]
        if name in found:
            logger.warning("two figures are named %r; their names are their addresses",
                           name, location=node)
        pack = PACK.search(text)
        figure = text.replace(pack[0], "").replace(
            f'{match[0]}', f'{match[0]} data-pack="{{packs}}{app.env.docname}/{name}.js"{{python}}', 1)
        found[name] = (figure, pack[1])
        node.children = [nodes.Text(figure)]
        node["figure"] = name
    kept(app.env)[app.env.docname] = found


def place_figures(app, doctree, docname):
    """Fill borrowed figures in, and point each figure at its pack, as seen from this page."""
    packs = "../" * docname.count("/") + "_packs/"
    python = "" if app.config.living_book_has_python else ' data-python="missing"'
    for node in doctree.findall(BorrowedFigure):
        figure, _ = kept(app.env).get(node["page"], {}).get(node["figure"], (None, None))
        if figure is None:
            logger.warning("no figure %r on the page %r", node["figure"], node["page"],
                           location=node)
            figure = ""
        node.replace_self(nodes.raw("", figure, format="html", figure=node["figure"]))
    for node in doctree.findall(nodes.raw):
        if PASTE in node.astext():
            node.children = [nodes.Text(node.astext().replace(PASTE, PASTE + python, 1))]
        if "figure" in node:
            node.children = [nodes.Text(
                node.astext().replace("{packs}", packs, 1).replace("{python}", python, 1))]


def write_page(app, pagename, templatename, context, doctree):
    if doctree is None:
        return
    target = Path(app.outdir) / "_packs" / pagename
    shutil.rmtree(target, ignore_errors=True)
    for name, (_, pack) in kept(app.env).get(pagename, {}).items():
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{name}.js").write_text(f'figurePack("{pack}");\n', encoding="utf-8")
    text = "".join(node.astext() for node in doctree.findall(nodes.raw))
    wanted = [script for kind, scripts in SCRIPTS.items() if f' class="{kind}"' in text
              for script in scripts]
    for script in dict.fromkeys(wanted):
        app.add_js_file(script, loading_method="defer")


def copy_front_end(app):
    target = Path(app.outdir) / "_static"
    with told(target):
        shutil.copytree(WEB, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.otf", "*.md"))
        (target / "figures.css").write_text(theme_css(), encoding="utf-8")
        python = Path(app.outdir) / "_python" / "helpers"
        python.mkdir(parents=True, exist_ok=True)
        for module in WEB.parent.glob("*.py"):
            shutil.copyfile(module, python / module.name)
        pyodide.copy(Path(app.outdir) / "_pyodide")


def on_config_inited(app, config):
    config.living_book_has_python = pyodide.cache().is_dir()


def forget(app, env, docname):
    kept(env).pop(docname, None)


def merge(app, env, docnames, other):
    kept(env).update({name: kept(other)[name] for name in docnames if name in kept(other)})


def setup(app):
    app.add_node(BorrowedFigure)
    app.add_directive("borrow", Borrow)
    app.add_css_file("figures.css")
    app.add_css_file("explore.css")
    app.add_css_file("stage.css")
    app.add_css_file("paste.css")
    app.add_config_value("living_book_has_python", False, "env")
    app.connect("config-inited", on_config_inited)
    app.connect("builder-inited", copy_front_end)
    app.connect("doctree-read", take_packs)
    app.connect("doctree-resolved", place_figures)
    app.connect("html-page-context", write_page)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
