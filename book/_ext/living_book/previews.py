"""Previews: what a link to a term or a source leads to, told where the link stands.

When the site is built, every definition of the glossary and every source is taken out of its page and written to one script,
_static/preview-texts.js, which the front end (helpers/web/previews.js) asks for when a reader first rests on such a link.
"""
import json
import re
from pathlib import Path

from bs4 import BeautifulSoup

LINK = re.compile(r'href="(?:[^"#]*(?:glossary|references)\.html#|#term-)')


def inside(element) -> str:
    """The HTML in an element, without links and names: those belong to its page."""
    for link in element.select("a, a > .std"):
        link.unwrap()
    for named in element.select("[id]"):
        del named["id"]
    return element.decode_contents().strip()


def texts(page: str) -> dict[str, str]:
    """{name: HTML} of the terms and the sources on a page, by the names that links to them have."""
    soup = BeautifulSoup(page, "html.parser")
    for mark in soup.select(".headerlink, .citation > .label"):
        mark.decompose()
    found = {term["id"]: f"<strong>{inside(term)}</strong> {inside(term.find_next_sibling('dd'))}" for term in soup.select("dl.glossary > dt[id]")}
    return found | {source["id"]: inside(source) for source in soup.select(".citation[id]")}


def add_script(app, pagename, templatename, context, doctree):
    if doctree is not None and LINK.search(context.get("body", "")):
        app.add_js_file("previews.js", loading_method="defer")


def write(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir)
    found = {f"{page.name}#{name}": text for page in (site / f"{name}.html" for name in sorted(app.env.found_docs))
             if page.name in ("glossary.html", "references.html") for name, text in texts(page.read_text(encoding="utf-8")).items()}
    (site / "_static" / "preview-texts.js").write_text(f"window.previewTexts = {json.dumps(found, ensure_ascii=False)};\n", encoding="utf-8")


def setup(app):
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write)
