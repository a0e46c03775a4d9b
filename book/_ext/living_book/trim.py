"""What Jupyter Book loads and this book does not use.

sphinx-thebe names a script of another origin on every page; the book needs no server to be alive.
"""

UNUSED = ("sphinx_thebe",)


def on_config_inited(app, config):
    for listeners in app.events.listeners.values():
        listeners[:] = [listener for listener in listeners
                        if listener.handler.__module__ not in UNUSED]
    app.registry.css_files = [entry for entry in app.registry.css_files if "thebe" not in entry[0]]


def setup(app):
    app.connect("config-inited", on_config_inited, priority=900)
