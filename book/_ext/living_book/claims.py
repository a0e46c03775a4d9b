"""The `claims` directive: a table of a chapter's claims and their verdicts, from claims.yml; the role {claim}`C6`.

    ```{claims} 01_crowd
    ```

One entry a claim: id, section (of the essay), claim (our paraphrase), verdict, evidence (MyST,
so that it may cite and may show numbers that the chapter computed), experiment (names of figures or
headings of the chapter), holds (conditions on numbers that the chapter computed, without which the
verdict would not stand: `jury101_p40 < 40`, `majority <= unanimous`), core, chapter.
"""
import operator
import re
from collections import Counter
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective, SphinxRole

LEDGER = "book/claims"  # the page that has them all
VERDICTS = ("supported", "qualified", "wrong", "untestable")
FIELDS = {"id", "section", "claim", "verdict", "evidence", "experiment", "holds", "core", "chapter"}
COMPARED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}
NUMBER = r"[-\u2212]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-\u2212+]?\d+)?"
NAME = r"[A-Za-z_][\w-]*"
CONDITION = re.compile(rf"({NAME}) (<=|>=|==|<|>) ({NAME}|{NUMBER})")


def value_of(text: str) -> float:
    """The first number in a text: 2956 in '2,956 of them', 98.1 in '98.1%'. Raises ValueError if there is none."""
    found = re.search(rf"(?<![\w.,]){NUMBER}", text)
    if not found:
        raise ValueError(f"there is no number in {text!r}")
    return float(found[0].replace(",", "").replace("\u2212", "-"))


def holds(condition: str, numbers: dict[str, str]) -> bool:
    """Whether a condition, NAME OP NUMBER or NAME OP NAME, is true of glued texts by their names.

    Raises ValueError if it is no condition, if a name is not glued, or if there is no number under it."""
    parts = CONDITION.fullmatch(condition)
    if not parts:
        raise ValueError(f"{condition!r} is no condition: it must be NAME OP NUMBER or NAME OP NAME, "
                         f"OP one of {' '.join(COMPARED)}")
    name, compared, other = parts.groups()
    sides = []
    for side in (name, other):
        named = re.fullmatch(NAME, side)
        if named and side not in numbers:
            raise ValueError(f"{condition!r}: no number is glued under {side}")
        try:
            sides.append(value_of(numbers[side] if named else side))
        except ValueError as error:
            raise ValueError(f"{condition!r}: {error}") from error
    return COMPARED[compared](*sides)


def read_claims(path: Path) -> list[dict]:
    """The claims in the order of the file. Raises ValueError, naming the claim and the field."""
    claims = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)  # the page of claims reads it many times
    seen = set()
    for claim in claims:
        if not isinstance(claim, dict):
            raise ValueError(f"{path.name}: {claim!r} is no claim: it must have {sorted(FIELDS)}")
        ident = claim.get("id")
        if set(claim) != FIELDS:
            raise ValueError(f"{path.name}: claim {ident} has the fields {sorted(claim)}; "
                             f"it must have {sorted(FIELDS)}")
        if claim["verdict"] not in VERDICTS:
            raise ValueError(f"{path.name}: claim {ident} has the verdict {claim['verdict']!r}; "
                             f"allowed are {', '.join(VERDICTS)}")
        for field in ("claim", "evidence"):
            if not isinstance(claim[field], str) or not claim[field].strip():
                raise ValueError(f"{path.name}: claim {ident} has no {field}")
        for field in ("experiment", "holds"):
            if not isinstance(claim[field], list) or not all(isinstance(entry, str) and entry.strip()
                                                             for entry in claim[field]):
                raise ValueError(f"{path.name}: claim {ident} has the {field} {claim[field]!r}; "
                                 "it must be a list of texts, which may be empty")
        for condition in claim["holds"]:
            if not CONDITION.fullmatch(condition):
                raise ValueError(f"{path.name}: claim {ident} holds if {condition!r}, which is no condition")
        if ident in seen:
            raise ValueError(f"{path.name}: two claims have the id {ident}")
        seen.add(ident)
    return claims


def claims_of(env) -> list[dict]:
    """The book's claims, for the page that is being read: it is read again when they change."""
    source = Path(env.srcdir) / "book" / "claims.yml"
    env.note_dependency(str(source))
    try:
        return read_claims(source)
    except ValueError as error:
        raise ExtensionError(str(error)) from error


def row(*cells):
    return nodes.row("", *[nodes.entry("", *cell) if isinstance(cell, list)
                           else nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells])


def claims_table():
    """An empty table of claims, and its body, for a `row` a claim."""
    table, body = nodes.table(classes=["claims"]), nodes.tbody()
    group = nodes.tgroup(cols=3)
    group += [nodes.colspec(colwidth=width) for width in (34, 10, 56)]
    group += nodes.thead("", row(nodes.Text("The essay says"), nodes.Text("Verdict"), nodes.Text("What we found")))
    group += body
    table += group
    return table, body


class Claims(SphinxDirective):
    """The claims of one chapter, as a table with a row a claim."""

    required_arguments = 1

    def run(self):
        chosen = [claim for claim in claims_of(self.env) if claim["chapter"] == self.arguments[0]]
        if not chosen:
            raise self.error(f"claims.yml has no claim of the chapter {self.arguments[0]!r}")
        table, body = claims_table()
        for claim in chosen:
            verdict = nodes.inline("", claim["verdict"],
                                   classes=["verdict", f"verdict-{claim['verdict']}"])
            evidence = self.parsed(claim["evidence"])
            if claim["experiment"]:
                evidence[0] += self.experiments(claim["experiment"])
            body += row(self.parsed(claim["claim"], claim["id"]), verdict, evidence)
        verdicts = Counter(claim["verdict"] for claim in chosen)
        tally = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in VERDICTS
                          if verdicts[verdict])
        return [nodes.paragraph("", f"{len(chosen)} claims: {tally}."), table]

    def experiments(self, names):
        """A line that leads to the figures and headings of this page where the claim is tested."""
        line = nodes.paragraph("", "Tested in: ", classes=["experiments"])
        for number, name in enumerate(names):
            line += [nodes.Text(", " if number else ""),
                     nodes.reference("", re.sub("[-_]", " ", name), refid=name, internal=True)]
        return line

    def parsed(self, text, ident=None):
        """MyST text as nodes; with an id, an anchor that other pages link to."""
        place = nodes.container()
        if ident is not None:
            place["ids"] = [f"claim-{ident.lower()}"]
        self.state.nested_parse([*text.splitlines()], self.content_offset, place)
        if ident is not None:
            place[0].insert(0, [nodes.inline("", ident, classes=["claim-id"], claim=ident), nodes.Text(" ")])
        return [place]


class Mention(SphinxRole):
    """{claim}`C6`: the claim's name, which leads to its row in the ledger."""

    def run(self):
        return [nodes.inline("", self.text, claim=self.text)], []


def link_claims(app, doctree, docname):
    """Claims that are named lead to their rows in the ledger, except from those rows themselves."""
    if LEDGER not in app.env.found_docs:
        return
    there = "" if docname == LEDGER else app.builder.get_relative_uri(docname, LEDGER)
    for node in list(doctree.findall(nodes.inline)):
        if "claim" in node and (there or "claim-id" not in node["classes"]):
            node.children = []
            node += nodes.reference("", node["claim"], internal=True, refuri=f"{there}#claim-{node['claim'].lower()}")


def setup(app):
    app.add_directive("claims", Claims)
    app.add_role("claim", Mention())
    app.connect("doctree-resolved", link_claims)
