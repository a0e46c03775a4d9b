"""What pages say of themselves to those who have not opened them: a description for search engines and for links sent to a
friend, made of the first words of the page; and the page that a host shows in the place of one that is not there.
"""
import re
from html import escape

from docutils import nodes

LONGEST = 160  # characters that a search engine shows


def first_words(doctree) -> str:
    """The first sentences of the page's first paragraph of prose that fit, at least one."""
    text = next((" ".join(paragraph.astext().split()) for paragraph in doctree.findall(nodes.paragraph)
                 if isinstance(paragraph.parent, nodes.section) and len(paragraph.astext()) > 40), "")
    sentences = re.split(r"(?<=[.?!]) ", text)
    said = sentences[0]
    for sentence in sentences[1:]:
        if len(said) + 1 + len(sentence) > LONGEST:
            break
        said += " " + sentence
    return said if len(said) <= LONGEST else said[:LONGEST].rpartition(" ")[0] + " ..."


def describe(app, pagename, templatename, context, doctree):
    context["pages_of_the_book"] = [(name, app.env.titles[name].astext()) for name in app.env.toctree_includes.get(app.config.root_doc, ())]
    title = escape(re.sub(r"<[^>]*>", "", context.get("title", "Index")))  # the index alone has none
    about = escape(first_words(doctree)) if doctree is not None else ""
    about = about or f"{title}: a page of {app.config.html_title}, an interactive textbook."
    context["metatags"] = context.get("metatags", "") + (f'\n<meta name="description" content="{about}">\n<meta property="og:title" content="{title}">'
                                    f'\n<meta property="og:description" content="{about}">\n<meta property="og:type" content="article">')


def setup(app):
    app.connect("html-page-context", describe)
