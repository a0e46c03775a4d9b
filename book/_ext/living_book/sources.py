"""The list of sources without the ARIA roles that docutils gives it: they have been withdrawn."""
from functools import cache

import pybtex.plugin
from docutils import nodes


def visit(translator, node):
    if not isinstance(node.previous_sibling(), nodes.citation):
        translator.body.append('<div class="citation-list">\n')
    translator.body.append(translator.starttag(node, "div", CLASS="citation"))


def depart(translator, node):
    translator.body.append("</div>\n")
    if not isinstance(node.next_node(descend=False, siblings=True), nodes.citation):
        translator.body.append("</div>\n")


def setup(app):
    # For each source that a page names, pybtex would look for its style through all that is installed.
    pybtex.plugin._load_entry_point = cache(pybtex.plugin._load_entry_point)
    app.add_node(nodes.citation, html=(visit, depart), override=True)
