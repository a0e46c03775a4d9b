"""Whether what the last build left is whole; where it is not, the site is made anew.

A build may end at any point: with Ctrl-C, a power cut, a full disk. What it was writing then is there by half, and younger than its
page, so that Sphinx would take it for up to date. So the hashes of all files of a site that is whole are kept beside it, in
_build/.html.json: emptied before the first page is written, filled as a build's last act. Where files are not what is kept
there, the site goes with what Sphinx remembers of it, and every page is made again; only notebooks' runs stay. What
stops a build from outside, a full disk or a folder that may not be written to, is said in one line.
"""
import errno
import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from sphinx.errors import ExtensionError
from sphinx.util import logging

ADVICE = {errno.ENOSPC: "make room on that disk", errno.EDQUOT: "make room on that disk", errno.EFBIG: "let files be larger there",
          errno.EROFS: "let it be written to, or build a copy of the book elsewhere",
          errno.EACCES: "let it be written to, or build a copy of the book elsewhere",
          errno.EPERM: "let it be written to, or build a copy of the book elsewhere", errno.EIO: "look at that disk"}

logger = logging.getLogger(__name__)


def put(path: Path, text: str):
    """Write the file as a whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def sums(*folders: Path) -> dict[str, str]:
    """{path: hash} of all files in the folders; paths as seen from beside the first of them."""
    files = sorted({path for folder in folders for path in folder.rglob("*") if path.is_file()})
    return {Path(os.path.relpath(path, folders[0].parent)).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def record(site: Path) -> Path:
    return site.with_name(f".{site.name}.json")


def folders(app) -> list[Path]:
    site = Path(app.outdir)
    return [site, Path(app.doctreedir), site.parent / "jupyter_execute"]


def damage(kept: Path, *folders: Path) -> str:
    """What is wrong with the folders by what is kept of them; '' if nothing is, or nothing is kept."""
    if not kept.exists():
        return ""
    try:
        before = dict(json.loads(kept.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return "it was not finished"
    now = sums(*folders)
    return next((f"{name} {'has changed' if name in now else 'is gone'}" for name in before if now.get(name) != before[name]), "")


def stopped(error: BaseException | None, where) -> SystemExit | None:
    """The end of a build that was stopped from outside, in `where` unless the error says, with one line; None for other errors.
    An exception would be shown with the place in Sphinx where it was raised."""
    number = errno.ENOSPC if "disk is full" in str(error) else getattr(error, "errno", None)  # as a database says it
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):  # of a folder's copy: what, where to, why
        _, where, why = error.args[0][0]
        number = next((one for one in ADVICE if os.strerror(one) in str(why)), None)
    if number not in ADVICE:
        return None
    place = getattr(error, "filename2", None) or getattr(error, "filename", None) or where  # of a copy the second is written
    return SystemExit(f"\nThe build has stopped: {place}: {os.strerror(number).lower()}. Please {ADVICE[number]}, and start it again; "
                      "what is half-written will not be taken for whole.")


@contextmanager
def told(where):
    """What stops a build from outside is said in one line."""
    try:
        yield
    except OSError as error:
        raise stopped(error, where) or error from None


def on_config_inited(app, config):
    site = Path(app.outdir)
    with told(site):
        wrong = damage(record(site), *folders(app))
        if not wrong:
            return
        logger.info("the last build's site cannot be built upon (%s): every page is made again", wrong)
        for folder in folders(app):
            if folder.exists():
                shutil.rmtree(folder)
        site.mkdir()


def on_env_updated(app, env):
    if app.builder.name == "html":
        put(record(Path(app.outdir)), "")


def on_build_finished(app, exception):
    site = Path(app.outdir)
    end = stopped(getattr(exception, "orig_exc", None) or exception, site)  # of a part of this extension, or of Sphinx
    if end:
        raise end
    if exception is None and app.builder.name == "html":
        for name in sorted(app.env.found_docs):  # where Sphinx cannot write a page to its end, it warns and goes on
            if not (site / f"{name}.html").read_bytes().rstrip().endswith(b"</html>"):
                raise ExtensionError(f"{site / name}.html is not written to its end")
        put(record(site), json.dumps(sums(*folders(app))))


def setup(app):
    there = next(folder for folder in (Path(app.outdir), *Path(app.outdir).parents) if folder.is_dir())
    with told(there):
        try:
            tempfile.TemporaryFile(dir=there).close()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(there)) from None
    app.connect("config-inited", on_config_inited, priority=0)
    app.connect("env-updated", on_env_updated)
    app.connect("build-finished", on_build_finished, priority=1000)
