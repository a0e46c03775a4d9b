"""What Jupyter Book loads and this book does not use.

sphinx-thebe names a script of another origin on every page; the book needs no server to be alive.
sphinx-exercise gives one and the same id to every exercise of a page. MyST-NB names each fold of code other than it is
labelled, so that one who speaks to the browser cannot open it.
"""
from docutils import nodes

UNUSED = ("sphinx_thebe",)
REPEATED = {"exercise-content", "solution-content"}


def on_config_inited(app, config):
    for listeners in app.events.listeners.values():
        listeners[:] = [listener for listener in listeners
                        if listener.handler.__module__ not in UNUSED]
    app.registry.css_files = [entry for entry in app.registry.css_files if "thebe" not in entry[0]]


def drop_repeated_ids(app, doctree, docname):
    for section in doctree.findall(nodes.section):
        section["ids"] = [ident for ident in section["ids"] if ident not in REPEATED]


def keep_labels(app, pagename, templatename, context, doctree):
    context["body"] = context.get("body", "").replace('<summary aria-label="Toggle hidden content">', "<summary>")


def setup(app):
    app.connect("html-page-context", keep_labels)
    app.connect("doctree-resolved", drop_repeated_ids)
    app.connect("config-inited", on_config_inited, priority=900)
