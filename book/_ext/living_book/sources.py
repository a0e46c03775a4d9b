"""The list of sources without the ARIA roles that docutils gives it: they have been withdrawn."""
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
    app.add_node(nodes.citation, html=(visit, depart), override=True)
