"""Notebooks run again when the helpers or the data that they use have changed.

Jupyter's cache looks at a notebook's own cells only, and Sphinx at its file. So the cache lives
in a folder named after a fingerprint of the helpers, the data and the pinned environment. A
change of that fingerprint, or of what makes the pages' looks, makes every page outdated: Sphinx
copies no style sheet where no page is.
"""
import hashlib
import os
from pathlib import Path

SOURCES = ("helpers/**/*.py", "helpers/web/*.js", "book/data/*", "requirements.lock")
LOOKS = ("book/_ext/**/*.py", "book/_static/*", "book/_templates/**/*.html", "helpers/web/*.css")


def fingerprint(root: Path, patterns) -> str:
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def on_config_inited(app, config):
    os.environ["EXPLORE_ENGINE"] = "baked"  # the kernels inherit it
    root = Path(app.confdir)
    config.living_book_fingerprint = fingerprint(root, SOURCES + LOOKS)
    cache = root / "_build" / ".jupyter_cache" / fingerprint(root, SOURCES)
    config.nb_execution_cache_path = str(cache)
    config.nb_execution_show_tb = True  # else a figure that fails or costs too much is not named


def setup(app):
    app.add_config_value("living_book_fingerprint", "", "env")
    # before myst-nb reads its own settings
    app.connect("config-inited", on_config_inited, priority=1)
