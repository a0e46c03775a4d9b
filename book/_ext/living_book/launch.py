"""The buttons under a chapter's title that open it as a notebook: in the reader's browser, and on Binder.

There is a button only where something is behind it: the browser's needs lite/ in the site, Binder's a remote that
Binder can fetch. What a browser cannot do, launch.js says.
"""
import shutil
from html import escape
from pathlib import Path

from docutils import nodes

from living_book import repository
from living_book.whole import told

SCRIPT = Path(__file__).with_name("launch.js")


def buttons(chapter: str, up: str, lite: bool, binder: str | None) -> str:
    """The HTML of a chapter's buttons; empty if there is nothing to open. `up`: the way to the site's root."""
    links = [f'<a data-launch="lite" href="{up}lite/notebooks/index.html?path={chapter}.ipynb">Run and edit in this browser</a>'] * lite
    if binder:
        links.append(f'<a data-launch="binder" href="{escape(binder)}">Run and edit on Binder</a>')
    return f'<p class="launch">{"".join(links)}<span class="launch-why" role="status"></span></p>' if links else ""


def add_buttons(app, doctree, docname):
    title = next(doctree.findall(nodes.title), None)
    if app.builder.name != "html" or title is None or not app.env.doc2path(docname).endswith(".ipynb"):
        return
    chapter = docname.rpartition("/")[2]
    made = buttons(chapter, "../" * docname.count("/"), app.config.living_book_has_python,
                   repository.binder(app.config.living_book_repository, chapter))
    if made:
        title.parent.insert(title.parent.index(title) + 1, nodes.raw("", made, format="html"))


def add_script(app, pagename, templatename, context, doctree):
    if doctree is not None and 'class="launch"' in context.get("body", ""):
        app.add_js_file("launch.js", loading_method="defer")


def copy_script(app):
    target = Path(app.outdir) / "_static"
    with told(target):
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SCRIPT, target / SCRIPT.name)


def on_config_inited(app, config):
    config.living_book_repository = repository.origin(Path(app.confdir))


def setup(app):
    app.add_config_value("living_book_repository", None, "env")
    app.connect("config-inited", on_config_inited)
    app.connect("builder-inited", copy_script)
    app.connect("doctree-resolved", add_buttons)
    app.connect("html-page-context", add_script)
