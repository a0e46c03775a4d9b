"""The `cite-this-book` directive: how to cite the book and its essay, in words and as BibTeX, of the facts in CITATION.cff.

A book that goes on being written has no day of release there; its year is that of the copyright in _config.yml.
"""
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective


def works(facts: dict, year: str) -> list[dict]:
    """The book, then what CITATION.cff refers to: {"authors", "year", "title", "version", "url"}, texts; what there is not is ''."""
    return [{"authors": [author.get("name") or f"{author['family-names']}, {author['given-names']}" for author in work["authors"]],
             "year": str(work["year"]), **{fact: str(work.get(fact, "")) for fact in ("title", "version", "url")}}
            for work in ({"year": year} | facts, *facts.get("references", []))]


def bibtex(work: dict) -> str:
    """An entry whose name is the last word of the first author's name, and the year."""
    authors = work["authors"]
    name = authors[0].partition(",")[0].split()[-1].lower()
    # braces keep a name that is not a person's in one piece
    fields = {"author": " and ".join(author if "," in author else f"{{{author}}}" for author in authors),
              **{fact: work[fact] for fact in ("title", "year", "version", "url") if work[fact]}}
    return f"@misc{{{name}{work['year']},\n" + "".join(f"  {field} = {{{value}}},\n" for field, value in fields.items()) + "}"


def words(work: dict) -> nodes.list_item:
    made = nodes.paragraph("", f"{'; '.join(work['authors'])} ({work['year']}). ", nodes.emphasis("", work["title"]), nodes.Text("."))
    if work["version"]:
        made += nodes.Text(f" Version {work['version']}.")
    if work["url"]:
        made += [nodes.Text(" "), nodes.reference("", work["url"], refuri=work["url"])]
    return nodes.list_item("", made)


class CiteThisBook(SphinxDirective):
    def run(self):
        source = Path(self.env.app.confdir) / "CITATION.cff"
        self.env.note_dependency(str(source))
        facts = yaml.safe_load(source.read_text(encoding="utf-8"))
        cited = works(facts, self.config.copyright)
        entries = "\n\n".join(map(bibtex, cited))
        return [nodes.paragraph("", facts["message"]), nodes.bullet_list("", *map(words, cited)),
                nodes.literal_block(entries, entries, language="bibtex")]


def setup(app):
    app.add_directive("cite-this-book", CiteThisBook)
