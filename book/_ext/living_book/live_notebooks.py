"""The chapters as notebooks that read well in a plain Jupyter: numbers, sources and exercises in place of MyST's marks.

    python book/_ext/living_book/live_notebooks.py --in-place     in a clone that only runs notebooks, as Binder's
    python book/_ext/living_book/live_notebooks.py FOLDER         to a folder, with the data beside them; again, to renew them

In a folder that has them already, a chapter of which a cell was changed is left as it is, and named.
The numbers that the prose quotes are those of the last build. Where nothing was built, each chapter is run first; a
number whose cell fails is then left as three dots, and said on the way. Exercises come with their solutions folded, or,
with SOLUTIONS=no in the environment, without them.
"""
import argparse
import ast
import hashlib
import json
import os
import re
import shutil
import sys
from functools import cache
from pathlib import Path

import nbformat
import yaml
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from pybtex.database import parse_file

BOOK = Path(__file__).resolve().parents[2]
RECORD = "application/papermill.record/text/plain"
ROLE = re.compile(r"\{(glue:text|cite|term|eq|claim)\}`([^`]+)`")
DIRECTIVE = re.compile(r"^(`{3,}|:{3,})\{(exercise|solution|admonition|claims)\} *(.*)\n((?::.*\n)*)((?:.*\n)*?)\1$", re.MULTILINE)
EQUATION = re.compile(r"^\$\$(.+)\$\$ \(([\w-]+)\)$", re.MULTILINE)
LABEL = re.compile(r"^\([\w-]+\)=\n", re.MULTILINE)
TOUCHED = re.compile(r"[^.]*\*\*Run it live\*\*[^.]*")
LINK = re.compile(r"\[([^\]]+)\]\((?:[\w/-]+\.md)?(?:#[\w-]*)?\)")  # to a page that is no notebook
DEFINITION = re.compile(r"^(\S.*)\n: (.+)$", re.MULTILINE)
GREETING = """> **This chapter, live.** Choose *Run > Run All Cells*. Then move the sliders, change the code, and run a cell again with Shift+Enter; the numbers in the prose stay the book's. {kept}
> Cells that only work out the prose's numbers, or ask you a question, are folded; a click on the three dots opens one. The models are the modules of `helpers`: once a cell has imported one, its name with two question marks, in a cell of your own, shows its source."""

SERVER = "Your changes are kept as long as this server keeps its files: download what you would miss."
HOME = ("Your changes, once saved with Ctrl+S (Cmd+S), stay in {}, also when the book is updated: `make lab` renews the chapters that "
        "you have not changed, and `make clean` deletes all.")

FOLDED = {"jupyter": {"source_hidden": True}}
ASKS = re.compile(r"^(checkpoint|predict|bets)\(", re.MULTILINE)
# The first line of a folded cell is all that is seen of it, and a long one would push its three dots off the screen.
FIRST = {"checkpoint": "# a question of understanding", "predict": "# a question before you look", "bets": "# bets before you look"}
STAMP = "living_book"  # in a notebook's metadata
BEHIND = "# behind the scenes"
PAGE = "teaching/assignments.md"
ASSIGNMENTS = ("assignments", "teaching/assignments/students")  # where assign.py puts them, beside the chapters


def with_solutions() -> bool:
    """Whether the exercises have their solutions under them. Raises ValueError for a SOLUTIONS that is neither yes nor no."""
    said = os.environ.get("SOLUTIONS") or "yes"
    if said not in ("yes", "no"):
        raise ValueError(f"SOLUTIONS={said!r}: must be yes or no")
    return said == "yes"


def chapters(book: Path) -> list[Path]:
    return sorted(book.glob("[0-9]*.ipynb"))


plain_code = cache(TransformerManager().transform_cell)  # of the kernel's own commands, such as %timeit


def code_of(notebook: Path) -> str:
    """All that the cells of a notebook run, as plain Python."""
    return "\n".join(plain_code(cell.source) for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code")


def built_numbers(kept: Path, chapter: str) -> dict[str, str]:
    """{name: text} of what the chapter glued when the book was last built; `kept`: _build/jupyter_execute/book."""
    glued = json.loads((kept / f"{chapter}.glue.json").read_text(encoding="utf-8"))
    return {name: ast.literal_eval(output["data"]["text/plain"]) for name, output in glued.items()}


def reference(entry) -> str:
    """`[Galton, 1907](address)` of an entry of the bibliography; without a link if it has no address."""
    people = [" ".join(part for part in (*person.prelast_names, *person.last_names))
              for person in entry.persons.get("author") or entry.persons["editor"]]
    names = people[0] if len(people) == 1 else f"{people[0]} and {people[1]}" if len(people) == 2 else f"{people[0]} *et al.*"
    text = f"{names}, {entry.fields['year']}".replace("{", "").replace("}", "")
    address = f"https://doi.org/{entry.fields['doi']}" if "doi" in entry.fields else entry.fields.get("url")
    return f"[{text}]({address})" if address else text


class Marks:
    """What one chapter's MyST marks stand for. Takes the cells in order: equations and exercises are numbered.

    `assignment`: where the chapter's is, if it is beside the notebook.
    """

    def __init__(self, numbers, references, claims, assignment=None):
        self.numbers, self.references, self.claims, self.assignment = numbers, references, claims, assignment or PAGE
        self.equations, self.exercises = {}, 0

    def plain(self, text: str) -> str:
        """`text` without MyST. Raises KeyError for a number, a source or an equation that is not known."""
        text = EQUATION.sub(self._equation, text)
        text = DIRECTIVE.sub(self._directive, text)
        text = TOUCHED.sub(_playing, LABEL.sub("", text)).replace(f"({PAGE})", f"({self.assignment})")
        return LINK.sub(r"\1", ROLE.sub(self._role, text))

    def _equation(self, found):
        self.equations[found[2]] = len(self.equations) + 1
        return f"$${found[1]}\\tag{{{self.equations[found[2]]}}}$$"

    def _role(self, found):
        role, target = found.groups()
        if role == "glue:text":
            return self.numbers[target]
        if role == "cite":
            return f"({'; '.join(self.references[key.strip()] for key in target.split(','))})"
        return f"({self.equations[target]})" if role == "eq" else target.split("<")[0].strip()

    def _directive(self, found):
        _, name, argument, _, body = found.groups()
        body = body.strip()
        if name == "exercise":
            self.exercises += 1
            return f"#### Exercise {self.exercises}{f': {argument}' if argument else ''}\n\n{body}"
        if name == "solution":
            return "" if not with_solutions() else f"<details><summary>Solution</summary>\n\n{body}\n\n</details>"
        if name == "claims":
            rows = [claim for claim in self.claims if claim["chapter"] == argument]
            return "\n".join(["| claim | verdict | why |", "|---|---|---|", *(
                f"| {' '.join(claim['claim'].split())} | {claim['verdict']} | {' '.join(claim['evidence'].split())} |"
                for claim in rows)])
        listed = DEFINITION.sub(r"- **\1**: \2", body).replace("\n\n- ", "\n- ")
        return "\n".join(f"> {line}" for line in (f"**{argument}**", "", *listed.splitlines()))


def _playing(found):
    """A sentence that asks to run a stage live: in a kernel it always is, and only has to be played."""
    if "ress play" in found[0]:
        return re.sub(r"([Cc])hoose \*\*Run it live\*\*, (\w)", lambda one: one[2].upper() if one[1] == "C" else one[2], found[0])
    return found[0].replace("Then choose", "Choose").replace("**Run it live**", "**Play**")


def live(notebook, marks: Marks, greeting: str, first: str | None = None):
    """A copy of `notebook` for a plain Jupyter. `first`: code to run before all else."""
    cells = [nbformat.v4.new_markdown_cell(greeting, id="live-greeting")]
    if first:
        cells.append(nbformat.v4.new_code_cell(first, id="live-first", metadata=FOLDED))
    for cell in notebook.cells:
        made = nbformat.from_dict(cell)
        if made.cell_type == "markdown":
            made.source = marks.plain(made.source)
        elif (asks := ASKS.search(made.source)) or "remove-cell" in made.metadata.get("tags", ()):
            made.metadata.update(FOLDED)
            made.source = f"{FIRST[asks[1]] if asks else BEHIND}\n{made.source}"
        cells.append(made)
    return nbformat.v4.new_notebook(cells=cells, metadata={**notebook.metadata, STAMP: stamp(cells)})


def stamp(cells) -> str:
    """Of what the cells say; what they put out does not count, nor an empty cell."""
    return hashlib.sha256(json.dumps([[cell.cell_type, cell.source] for cell in cells if cell.source.strip()]).encode()).hexdigest()[:16]


def keep(path: Path, made) -> bool:
    """Whether the notebook that is at `path` must stay: a reader changed it, or it says what `made` says."""
    if not path.is_file():
        return False
    there = nbformat.read(path, as_version=4)
    said = stamp(there.cells)
    if said not in (there.metadata.get(STAMP), made.metadata[STAMP]):
        print(f"{path} has changes and stays as it is; to have the book's own, move it away and do this again", file=sys.stderr)
        return True
    return said == made.metadata[STAMP]


class Unknown(dict):
    """Numbers of a run in which cells failed: what is missing reads as three dots, and is said."""

    def __missing__(self, name):
        print(f"no number was glued under {name}", file=sys.stderr)
        return "…"


def known_numbers(path: Path) -> dict[str, str]:
    """What the chapter's cells glued in the last build, else what they glue now; cells that fail are passed over."""
    built = path.parents[1] / "_build" / "jupyter_execute" / "book"
    if (built / f"{path.stem}.glue.json").is_file():
        return built_numbers(built, path.stem)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=900, kernel_name="python3", allow_errors=True,
                            resources={"metadata": {"path": str(path.parent)}})
    client.comm_open_handlers.clear()  # it answers output widgets past its own poll, and could then miss a cell's reply
    client.execute()
    return Unknown({output["metadata"]["scrapbook"]["name"]: ast.literal_eval(output["data"][RECORD])
                    for cell in notebook.cells for output in cell.get("outputs", ()) if RECORD in output.get("data", {})})


def write(book: Path, target: Path, numbers_for, kept_for, first=None):
    """Every chapter of the folder `book` to the folder `target`, but for those that a reader changed there.

    `numbers_for(path)`: its glued numbers; `kept_for(path)`: what becomes of a reader's changes; `first(path)`: code to run
    before all else. Raises KeyError, naming it, for a mark that stands for nothing.
    """
    references = {key: reference(entry) for key, entry in parse_file(book / "references.bib").entries.items()}
    claims = yaml.safe_load((book / "claims.yml").read_text(encoding="utf-8"))
    target.mkdir(parents=True, exist_ok=True)
    for path in chapters(book):
        places = (f"{folder}/{path.stem}/{path.name}" for folder in ASSIGNMENTS)
        assignment = next((place for place in places if (target / place).is_file()), None)
        marks = Marks(numbers_for(path), references, claims, assignment)
        made = live(nbformat.read(path, as_version=4), marks, GREETING.format(kept=kept_for(path)), first and first(path))
        if target == book or not keep(target / path.name, made):
            nbformat.write(made, target / path.name)
    if target != book:
        shutil.copytree(book / "data", target / "data", dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--in-place", action="store_true")
    parser.add_argument("--at-home", action="store_true", help="the reader's own machine, as `make lab` says")
    asked = parser.parse_args()
    if asked.in_place == (asked.folder is not None):
        parser.error("name a folder, or say --in-place")
    kept = HOME.format(asked.folder) if asked.at_home else SERVER
    try:
        write(BOOK, BOOK if asked.in_place else asked.folder, known_numbers, lambda path: kept)
    except KeyError as unknown:
        parser.exit(1, f"{unknown} is not known: if the book has changed since it was built, run `make html` first\n")


if __name__ == "__main__":
    main()
