"""The assignments in the site: the `assignments` directive says what each asks and where it opens; zips of them to take away.

In lite/, where they are notebooks in the reader's browser, lite.py puts them.
"""
import shutil
import tempfile
import zipfile
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from living_book import repository
from living_book.assign import masters, questions, students


class Assignments(SphinxDirective):
    """`{assignments}`: what each assignment asks, and where it opens."""

    def run(self):
        made = []
        for number, master in enumerate(masters(Path(self.env.app.confdir) / "book"), 1):
            self.env.note_dependency(str(master))
            title, asked = questions(master)
            section = nodes.section(ids=[f"assignment-{number}"])
            section += [nodes.title("", title), nodes.enumerated_list(
                "", *(nodes.list_item("", nodes.paragraph("", question[0].upper() + question[1:])) for question in asked)), AssignmentLinks(name=master.stem)]
            made.append(section)
        return made


class AssignmentLinks(nodes.General, nodes.Element):
    """A place for the links that open the assignment `name`."""


def add_links(app, doctree, docname):
    up = "../" * docname.count("/")
    for place in list(doctree.findall(AssignmentLinks)):
        name = place["name"]
        links = [f'<a href="{up}assignments/{name}.zip" download>Download for your own Jupyter</a>']
        if app.config.living_book_has_python:
            links.insert(0, f'<a data-launch="lite" href="{up}lite/notebooks/index.html?path=assignments/{name}/{name}.ipynb">'
                            'Work on it in this browser</a>')
        binder = repository.binder(app.config.living_book_repository, f"teaching/assignments/students/{name}/{name}")
        if binder:
            links.append(f'<a data-launch="binder" href="{escape(binder)}">Work on it on Binder</a>')
        place.replace_self(nodes.raw("", f'<p class="launch">{"".join(links)}<span class="launch-why" role="status"></span></p>',
                                     format="html"))


def zipped(folder: Path, archive: Path):
    """The folder as a zip that does not depend on when it was made."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            file.writestr(zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}"), path.read_bytes(), zipfile.ZIP_DEFLATED)


def write_zips(app, exception):
    root, target = Path(app.confdir) / "book", Path(app.outdir) / "assignments"
    if exception is not None or app.builder.name != "html" or not masters(root):
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        students(root, Path(folder))
        for one in sorted(Path(folder).iterdir()):
            zipped(one, target / f"{one.name}.zip")


def setup(app):
    app.add_node(AssignmentLinks)
    app.add_directive("assignments", Assignments)
    app.connect("doctree-resolved", add_links)
    app.connect("build-finished", write_zips)
