"""Formulas as MathML, made while the book is built: browsers draw it without a script."""
import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.math import get_node_equation_number

# latex2mathml sets "b log 2" without the spaces that TeX leaves around a named operator, the fraction against its integral, and bars
# as if they were between two things, not around one.
NAMED = "<mi>(?:log|exp|max|min|arg|sin|cos|Var)</mi>"
OPERATOR = re.compile(rf"<msub>{NAMED}<m[in]>[^<]*</m[in]></msub>|{NAMED}")  # log, or log with its base
SPACE = '<mspace width="0.17em"/>'
NEEDLESS = re.compile(re.escape(SPACE) + r'(?=<mo[^>]*>[(&])')
INTEGRAL = re.compile(r"(?<!<msub>)(?<!<msup>)(?<!<msubsup>)<mo>&#x0222B;</mo>")  # one without limits
BAR = re.compile(r'<mo(?: fence="false")?(?: stretchy="false")?>(&#x0007C;|&#x02016;)</mo>')
# As high as a digit and as deep as a bracket, or the root's sign would hang below a lone small letter.
ROOT = '<msqrt><mspace height="0.72em" depth="0.15em"/>'
LONG = 16  # signs, from which on a formula in the text may be wider than a phone
WIDE = 45  # and one of its own line wider than a column: by keyboard, too, one can then go along it
BEFORE, AFTER = re.compile(r"[^\s\u2013\u2014-]+$"), re.compile(r"^[^\s\u2013\u2014-]+")  # what no line may part from a formula


def mathml(latex: str, display: str) -> str:
    spaced = OPERATOR.sub(rf"{SPACE}\g<0>{SPACE}", convert(latex, display=display))
    spaced = INTEGRAL.sub(rf"\g<0>{SPACE}", spaced)
    spaced = BAR.sub(r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>', spaced)
    return NEEDLESS.sub("", spaced).replace("<msqrt>", ROOT)


class Joined(SphinxPostTransform):
    """Gives a formula in the text the brackets, commas and stops beside it: a line could else begin with them."""

    default_priority = 900

    def run(self, **kwargs):
        for formula in list(self.document.findall(nodes.math)):
            for step, pattern in ((-1, BEFORE), (1, AFTER)):
                parent = formula.parent
                place = parent.index(formula) + step
                text = parent[place] if 0 <= place < len(parent) else None
                beside = isinstance(text, nodes.Text) and pattern.search(text.astext())
                if beside:
                    formula["before" if step < 0 else "after"] = beside[0]
                    parent.replace(text, nodes.Text(pattern.sub("", text.astext())))


def signs(formula):
    """How many signs a formula has, in MathML."""
    return len(re.sub(r"<[^>]*>|\s", "", re.sub("&[^;]*;", "x", formula)))


def inline(translator, node):
    before, after = (translator.encode(node.get(side, "")) for side in ("before", "after"))
    formula = mathml(node.astext(), "inline")
    translator.body.append(f'<span class="formula{" long" * (signs(formula) >= LONG)}">{before}{formula}{after}</span>')
    raise nodes.SkipNode


def block(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS="formula"))
    formula = mathml(node.astext(), "block")
    stop = ' tabindex="0"' * (signs(formula) >= WIDE)
    translator.body.append(f'<div class="formula-line"{stop}>{formula}</div>')
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
    app.add_post_transform(Joined)
