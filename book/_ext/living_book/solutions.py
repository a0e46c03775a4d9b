"""The exercises' solutions: folded under them, or, for a graded course, left out of the site (make html SOLUTIONS=no)."""
from sphinx.errors import ExtensionError

from living_book.live_notebooks import with_solutions


def on_config_inited(app, config):
    try:
        hidden = not with_solutions()
    except ValueError as error:
        raise ExtensionError(str(error)) from None
    if "hide_solutions" in config:  # of sphinx-exercise
        config.hide_solutions = hidden


def setup(app):
    app.connect("config-inited", on_config_inited)
