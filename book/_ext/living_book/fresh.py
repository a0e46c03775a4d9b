"""Notebooks run again when something they are made of has changed: those alone, and as many at once as there are processors.

Jupyter's cache looks at a notebook's own cells, and Sphinx at its file. A chapter is made of more: the helper modules that
it imports, with all that these import, the data files that it names, and the lock. So a fingerprint of that is kept
beside the cache; where it has changed, the cached run is dropped. Then what the cache lacks is run, in parallel, before
Sphinx reads the pages, and the pages that show something of it are read again.
"""
import hashlib
import json
import logging as std_logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.cache.db import NbCacheRecord
from jupyter_cache.executors import load_executor
from sphinx.util import logging
from sqlalchemy.exc import DatabaseError

from helpers.dependencies import needed
from living_book.live_notebooks import code_of
from living_book.whole import put

DATA = "book/data/*"
SHARED = ("requirements.lock",)
LOOKS = ("book/_ext/**/*.py", "book/_static/*", "book/_templates/**/*.html", "helpers/web/*.css")

logger = logging.getLogger(__name__)


def fingerprint(files) -> str:
    digest = hashlib.sha256()
    for name, held in sorted((path.name, path.read_bytes()) for path in files):  # wherever they lie
        digest.update(name.encode())
        digest.update(held)
    return digest.hexdigest()[:16]


def matching(root: Path, patterns) -> list[Path]:
    return [path for pattern in patterns for path in root.glob(pattern) if path.is_file()]


def made_of(notebook: Path, root: Path) -> str:
    """The fingerprint of all that a notebook's outputs are made of, its own cells apart."""
    code, files = code_of(notebook), set()
    with suppress(SyntaxError):  # running it will say so
        files = needed(code)
    read = [path for path in matching(root, (DATA,)) if path.name in code]
    return fingerprint([*files, *read, *matching(root, SHARED)])


def opened(folder: Path):
    """(the cache in the folder, what was kept beside it). A cache that cannot be read is thrown away."""
    kept = folder / "made_of.json"
    try:
        cache = get_cache(folder)
        cache.list_cache_records()
        cache.list_project_records()
        return cache, dict(json.loads(kept.read_text(encoding="utf-8"))) if kept.exists() else {}
    except (DatabaseError, ValueError, TypeError):
        logger.info("the cache of the notebooks' runs, %s, is damaged: all run again", folder)
        shutil.rmtree(folder)
        folder.mkdir()
        return get_cache(folder), {}


def readable(cache, match) -> bool:
    """Whether the cached run is there, and whole."""
    try:
        nbformat.validate(cache.get_cache_bundle(match.pk).nb)
    except (KeyError, ValueError, OSError, nbformat.reader.NotJSONError, nbformat.ValidationError):
        return False
    return True


def run(notebooks: dict[str, Path], root: Path, folder: Path, timeout: int) -> dict[str, str]:
    """Bring the cache in `folder` up to date with the notebooks, {docname: path}; returns {docname: fingerprint}.

    A notebook that fails is left to be run by Sphinx, which says why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cache, before = opened(folder)
    now = {name: made_of(path, root) for name, path in notebooks.items()}
    waiting = []
    for name, path in notebooks.items():
        with suppress(KeyError):
            match = cache.match_cache_file(str(path))
            if before.get(name) == now[name] and readable(cache, match):
                continue
            NbCacheRecord.remove_record(match.pk, cache.db)
            shutil.rmtree(cache.path / "executed" / match.hashkey, ignore_errors=True)
        waiting.append(str(path))
        cache.add_nb_to_project(str(path))
    if waiting:
        logger.info("running %d notebooks: %s", len(waiting), ", ".join(Path(path).stem for path in waiting))
        quiet = std_logging.getLogger("jupyter_cache")
        quiet.setLevel(std_logging.WARNING)
        load_executor("local-parallel", cache, quiet).run_and_cache(filter_uris=waiting, timeout=timeout)
    put(folder / "made_of.json", json.dumps(now))
    return now


def on_config_inited(app, config):
    os.environ["EXPLORE_ENGINE"] = "baked"  # the kernels inherit it
    root = Path(app.confdir)
    config.living_book_looks = fingerprint(matching(root, LOOKS))  # Sphinx copies no style sheet where no page is read
    config.nb_execution_cache_path = str(root / "_build" / ".jupyter_cache")
    config.nb_execution_show_tb = True  # else a figure that fails or costs too much is not named


def on_get_outdated(app, env, added, changed, removed):
    """Run the notebooks that must be; read again those made of something that changed, and all other pages: they borrow."""
    pages = {name: Path(env.doc2path(name)) for name in sorted(env.found_docs)}
    notebooks = {name: path for name, path in pages.items() if path.suffix == ".ipynb"}
    now = run(notebooks, Path(app.confdir), Path(app.config.nb_execution_cache_path), app.config.nb_execution_timeout)
    before = getattr(env, "living_book_made_of", {})
    env.living_book_made_of = now
    outdated = {name for name in now if name in before and before[name] != now[name]}
    return outdated | (set() if outdated.isdisjoint(now) else env.found_docs - set(now))


def setup(app):
    app.add_config_value("living_book_looks", "", "env")
    # before myst-nb reads its own settings
    app.connect("config-inited", on_config_inited, priority=1)
    app.connect("env-get-outdated", on_get_outdated)
