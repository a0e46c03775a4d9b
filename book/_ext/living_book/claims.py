"""The `claims` directive: a table of a chapter's claims and their verdicts, from claims.yml.

    ```{claims} 01_crowd
    ```

One entry a claim: id, section (of the essay), claim (our paraphrase), verdict, evidence (MyST,
so that it may cite and may show numbers that the chapter computed), core, chapter.
"""
from collections import Counter
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

VERDICTS = ("supported", "qualified", "wrong", "untestable")
FIELDS = {"id", "section", "claim", "verdict", "evidence", "core", "chapter"}


def read_claims(path: Path) -> list[dict]:
    """The claims in the order of the file. Raises ValueError, naming the claim and the field."""
    claims = yaml.safe_load(path.read_text(encoding="utf-8"))
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
        if ident in seen:
            raise ValueError(f"{path.name}: two claims have the id {ident}")
        seen.add(ident)
    return claims


class Claims(SphinxDirective):
    """The claims of one chapter, as a table with a row a claim."""

    required_arguments = 1

    def run(self):
        source = Path(self.env.srcdir) / "book" / "claims.yml"
        self.env.note_dependency(str(source))
        try:
            claims = read_claims(source)
        except ValueError as error:
            raise ExtensionError(str(error)) from error
        chosen = [claim for claim in claims if claim["chapter"] == self.arguments[0]]
        if not chosen:
            raise self.error(f"claims.yml has no claim of the chapter {self.arguments[0]!r}")
        table = nodes.table(classes=["claims"])
        group = nodes.tgroup(cols=3)
        group += [nodes.colspec(colwidth=width) for width in (34, 10, 56)]
        group += nodes.thead("", self.row(nodes.Text("The essay says"), nodes.Text("Verdict"),
                                          nodes.Text("What we found")))
        body = nodes.tbody()
        for claim in chosen:
            verdict = nodes.inline("", claim["verdict"],
                                   classes=["verdict", f"verdict-{claim['verdict']}"])
            body += self.row(self.parsed(claim["claim"], claim["id"]), verdict,
                             self.parsed(claim["evidence"]))
        group += body
        table += group
        verdicts = Counter(claim["verdict"] for claim in chosen)
        tally = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in VERDICTS
                          if verdicts[verdict])
        return [nodes.paragraph("", f"{len(chosen)} claims: {tally}."), table]

    def row(self, *cells):
        row = nodes.row()
        for cell in cells:
            if isinstance(cell, list):
                row += nodes.entry("", *cell)
            else:
                row += nodes.entry("", nodes.paragraph("", "", cell))
        return row

    def parsed(self, text, ident=None):
        """MyST text as nodes; with an id, an anchor that other pages link to."""
        place = nodes.container()
        if ident is not None:
            place["ids"] = [f"claim-{ident.lower()}"]
        self.state.nested_parse([*text.splitlines()], self.content_offset, place)
        return [place]


def setup(app):
    app.add_directive("claims", Claims)
