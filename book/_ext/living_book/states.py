"""The `state` role: a link that opens a figure of another page in the very state that it names.

    {state}`what is to be seen <01_crowd#jury?voters=101&competence=0.44>`

Before the `#` is the page's own name, without its folder. A figure, a control or a value that is not there is a warning. A stage is opened as it starts: name it alone.
"""
import json
from html import escape
from urllib.parse import parse_qsl

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.util.nodes import split_explicit_title

from living_book.figures import kept

logger = logging.getLogger(__name__)


class StateLink(nodes.Inline, nodes.TextElement):
    """A place for the link to `target`."""


class StateRole(SphinxRole):
    def run(self):
        _, title, target = split_explicit_title(self.text)
        node = StateLink(self.rawtext, title, target=target)
        self.set_source_info(node)
        return [node], []


def labels(control) -> list[str]:
    """What the front end takes in an address for each value of a control."""
    if control.name == "select":
        return [option.text for option in control.find_all("option")]
    return ["false", "true"] if control["type"] == "checkbox" else json.loads(control["data-labels"])


def mistake(figure: str, query: str) -> str:
    """What in the address of a state the HTML of its figure does not have; '' if it has all."""
    controls = {control["name"]: control for control in BeautifulSoup(figure, "html.parser").select(".explore-controls [name]")}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in controls:
            return f"no control {name!r}; it has {', '.join(controls)}"
        if value not in labels(controls[name]):
            return f"no {name}={value!r}; it takes {', '.join(labels(controls[name]))}"
    return ""


def place_links(app, doctree, docname):
    pages = {docname.rpartition("/")[2]: docname for docname in kept(app.env)}
    for node in list(doctree.findall(StateLink)):
        page, _, address = node["target"].partition("#")
        name, _, query = address.partition("?")
        page = pages.get(page)
        figure, _ = kept(app.env).get(page, {}).get(name, (None, None))
        wrong = "no such figure" if figure is None else mistake(figure, query)
        if wrong:
            logger.warning("the state %r: %s", node["target"], wrong, location=node)
            node.replace_self(nodes.inline("", node.astext()))
        else:
            link = f"{app.builder.get_relative_uri(docname, page)}#{address}"
            # not a docutils reference: the theme takes an internal link's fragment for a selector
            node.replace_self(nodes.raw("", f'<a class="state" href="{escape(link)}">{escape(node.astext())}</a>', format="html"))


def setup(app):
    app.add_node(StateLink)
    app.add_role("state", StateRole())
    app.connect("doctree-resolved", place_links)
