"""The book's one Sphinx extension: what makes the built pages alive.

    figures     baked explorers: their packs become sidecar files; a page borrows another's figure
    states      the `state` role: links to a figure in a state of its own
    claims      the `claims` directive: a chapter's claims and verdicts from claims.yml
    ledger      the `ledger` and `verdicts` directives: every claim of the essay on one page
    mathematics formulas as MathML, without a script
    sources     the list of sources, for screen readers
    citation    the `cite-this-book` directive: the book's own citation, of CITATION.cff
    previews    what links to terms and sources lead to, told beside the link
    fresh       notebooks run again when the helpers or the data that they use have changed
    covers      a picture under each chapter's title, and where a page speaks of the chapter
    about       descriptions of pages, and the page for those that are not there
    launch      buttons that open a chapter as a notebook, in the browser or on Binder
    slides      a deck for each chapter, with the same figures alive
    assignments what each asks, and where it opens
    lite        those notebooks in the browser: JupyterLite inside the site
    solutions   of the exercises: folded, or left out
    moved       pages at addresses that pages once had, which lead to where those are now
    whole       a site that is not whole is made anew; what stops a build is said in one line
    trim        what Jupyter Book loads and this book does not use
    bundle      one style sheet and one script for all pages, with what they can use

Beside them, what they use: live_notebooks (chapters for a plain Jupyter), assign (assignments of their masters), pyodide
(Python for the browser), repository (where this copy comes from).
"""
from living_book import (about, assignments, bundle, citation, claims, covers, figures, fresh, launch, ledger, lite, mathematics, moved, previews,
                         slides, solutions, sources, states, trim, whole)


def setup(app):
    for part in (whole, fresh, about, covers, figures, claims, ledger, mathematics, sources, citation, previews, states, launch, assignments, lite,
                 slides, solutions, moved, trim, bundle):
        part.setup(app)
    return {"version": "1", "env_version": 1,
            "parallel_read_safe": True, "parallel_write_safe": True}
