"""The book's one Sphinx extension: what makes the built pages alive.

    figures     baked explorers: their packs become sidecar files; a page borrows another's figure
    claims      the `claims` directive: a chapter's claims and verdicts from claims.yml
    ledger      the `ledger` and `verdicts` directives: every claim of the essay on one page
    mathematics formulas as MathML, without a script
    sources     the list of sources, for screen readers
    fresh       notebooks run again when the helpers or the data that they use have changed
    trim        what Jupyter Book loads and this book does not use
"""
from living_book import claims, figures, fresh, ledger, mathematics, sources, trim


def setup(app):
    for part in (fresh, figures, claims, ledger, mathematics, sources, trim):
        part.setup(app)
    return {"version": "1", "env_version": 1,
            "parallel_read_safe": True, "parallel_write_safe": True}
