"""Formulas as MathML, made while the book is built: browsers draw it without a script."""
import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util.math import get_node_equation_number

# latex2mathml sets "b log 2" without the spaces that TeX leaves around a named operator.
NAMED = "<mi>(?:log|exp|max|min|arg|sin|cos|Var)</mi>"
OPERATOR = re.compile(rf"<msub>{NAMED}<m[in]>[^<]*</m[in]></msub>|{NAMED}")  # log, or log with its base
SPACE = '<mspace width="0.17em"/>'
NEEDLESS = re.compile(re.escape(SPACE) + r'(?=<mo[^>]*>[(&])')


def mathml(latex: str, display: str) -> str:
    spaced = OPERATOR.sub(rf"{SPACE}\g<0>{SPACE}", convert(latex, display=display))
    return NEEDLESS.sub("", spaced)


def inline(translator, node):
    translator.body.append(f'<span class="formula">{mathml(node.astext(), "inline")}</span>')
    raise nodes.SkipNode


def block(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS="formula"))
    translator.body.append(mathml(node.astext(), "block"))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None),
                               block_renderers=(block, None))
