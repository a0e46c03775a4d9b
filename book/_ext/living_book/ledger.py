"""The ledger: every claim of the essay on one page, its row copied from its chapter's table.

    ```{ledger} Wisdom of the Crowd
    ```
    ```{verdicts}
    ```

`ledger` shows the claims of one section of the essay; `verdicts` counts them all. A row is the very one that the chapter
shows, so the two cannot disagree. It is copied when pages are resolved (a post-transform, before links are), for only then
has every chapter been read.
"""
from collections import Counter

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from living_book.claims import VERDICTS, claims_of, claims_table, row


class LedgerRows(nodes.General, nodes.Element):
    """A place for the rows of `claims`, [(id, page)]."""


class ClaimsOfTheBook(SphinxDirective):
    def claims(self):
        """All claims; the page is made anew when they, or any chapter, have changed."""
        claims = claims_of(self.env)
        for claim in claims:
            page, _ = self.env.relfn2path(claim["chapter"], self.env.docname)
            self.env.note_dependency(self.env.doc2path(page))
        return claims


class Ledger(ClaimsOfTheBook):
    """The claims of one section of the essay."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        chosen = [claim for claim in self.claims() if claim["section"] == self.arguments[0]]
        if not chosen:
            raise self.error(f"claims.yml has no claim of the section {self.arguments[0]!r}")
        node = LedgerRows(claims=[(claim["id"], self.env.relfn2path(claim["chapter"], self.env.docname)[0])
                                  for claim in chosen])
        self.set_source_info(node)
        return [node]


class Verdicts(ClaimsOfTheBook):
    """How many claims of each section have which verdict."""

    def run(self):
        claims = self.claims()
        counts = Counter((claim["section"], claim["verdict"]) for claim in claims)
        sections = dict.fromkeys(claim["section"] for claim in claims)
        table = nodes.table(classes=["verdicts"])
        group = nodes.tgroup(cols=len(VERDICTS) + 2)
        group += [nodes.colspec(colwidth=width) for width in (40, *[15] * len(VERDICTS), 12)]
        group += nodes.thead("", self.counts("Section of the essay", *VERDICTS, "all"))
        body = nodes.tbody()
        for section in sections:
            numbers = [counts[section, verdict] for verdict in VERDICTS]
            body += self.counts(section, *numbers, sum(numbers))
        totals = [sum(counts[section, verdict] for section in sections) for verdict in VERDICTS]
        body += self.counts("The whole essay", *totals, sum(totals))
        group += body
        table += group
        return [table]

    def counts(self, *cells):
        return row(*[nodes.Text(str(cell)) for cell in cells])


class CopyRows(SphinxPostTransform):
    """Put the chapters' rows where the ledger wants them."""

    default_priority = 3  # before links (10) and cited sources are resolved

    def run(self, **kwargs):
        rows = {}
        for place in list(self.document.findall(LedgerRows)):
            table, body = claims_table()
            for claim, page in place["claims"]:
                if page not in rows:
                    rows[page] = self.rows_of(page)
                body += self.copy(rows[page][claim], page)
            place.replace_self(table)

    def rows_of(self, page):
        """{id of a claim: its row in the page's table}"""
        return {place["ids"][0].removeprefix("claim-").upper(): place.parent.parent
                for place in self.env.get_doctree(page).findall(nodes.container)
                if place["ids"] and place["ids"][0].startswith("claim-")}

    def copy(self, row, page):
        row = row.deepcopy()
        for node in row.findall(nodes.Element):
            if node.get("refdoc"):
                node["refdoc"] = self.env.docname
                node["ids"] = []  # two chapters number their citations alike
            if isinstance(node, nodes.reference) and "refid" in node:
                node["refuri"] = f"{self.app.builder.get_relative_uri(self.env.docname, page)}#{node.attributes.pop('refid')}"
        return row


def setup(app):
    app.add_node(LedgerRows)
    app.add_directive("ledger", Ledger)
    app.add_directive("verdicts", Verdicts)
    app.add_post_transform(CopyRows)
