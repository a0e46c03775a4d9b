"""A deck of slides for each chapter, at slides/ in the site: what is shown on the wall, with the prose as speaker notes.

Made of the chapter's built page, and so of its notebook: each section opens with its heading, its first sentence and its
formulas; each figure, question and table has a slide to itself, and the same front end makes it alive. The prose that follows
goes to the notes of the slide before it (press S). reveal.js is in the site; exercises and sources are not in the deck. A deck
whose page is as it was stays.
"""
import copy
import hashlib
import re
import shutil
from importlib import resources
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString

from living_book import figures

REVEAL = resources.files("sphinx_revealjs") / "_static" / "revealjs"
FILES = ("dist/reveal.js", "dist/reveal.css", "plugin/notes/notes.js", "LICENSE")
OURS = Path(__file__).parent / "slides"  # style sheet and start
LEFT_OUT = ("exercises", "further-reading")
FRONT_END = re.compile(rf"_static/(?:{'|'.join(re.escape(name) for scripts in figures.SCRIPTS.values() for name in scripts)})")
FONTS = ("inter-regular", "inter-semibold")  # wanted at once, as in the pages
STYLES = ("figures.css", "explore.css", "stage.css", "paste.css", "book.css")
SHOWN = "figure, form.predict, table, .system-card"
END = re.compile(r"(?<!\bal)[.?!](?=\s|$)")  # of a sentence; not the point of et al.
LONGEST = 260  # characters of the sentence that opens a section


class Deck:
    """Slides in stacks: a stack for each section; a slide is (what is shown, notes), two lists of elements."""

    def __init__(self):
        self.stacks = []

    def slide(self, *shown, fresh=False):
        if fresh or not self.stacks:
            self.stacks.append([])
        self.stacks[-1].append((list(shown), []))

    def note(self, element):
        self.stacks[-1][-1][1].append(element)


def lead(soup, paragraph):
    """The first sentence of a paragraph, as a paragraph; None if it is long, or leads to what follows it."""
    made = soup.new_tag("p", attrs={"class": "lead"})
    for part in paragraph.contents:
        end = END.search(part) if isinstance(part, NavigableString) else None
        made.append(part[:end.start() + 1] if end else copy.copy(part))
        if end:
            break
    for named in made.select("[id]"):  # its name stays with the prose
        del named["id"]
    text = made.get_text().strip()
    return made if text[-1:] in tuple(".?!") and len(text) <= LONGEST else None


def heading_of(element):
    """A copy without the link to itself."""
    made = copy.copy(element)
    for link in made.select(".headerlink"):
        link.decompose()
    made.name = "h2"
    return made


def fill(deck, soup, section, title):
    """Put a section of the page, with its subsections, into the deck. `title`: its heading, repeated small above each figure."""
    opened = False  # has the heading's slide its first sentence?
    for element in section.find_all(recursive=False):
        if element.name == "section":
            if element.get("id") not in LEFT_OUT:
                below = heading_of(element.find(["h2", "h3"]))
                deck.slide(below, fresh=element.find("h2", recursive=False) is not None)
                fill(deck, soup, element, below)
        elif element.name in ("h1", "h2", "h3") or "launch" in element.get("class", []):
            continue
        elif {"formula", "cover"} & set(element.get("class", [])):
            deck.stacks[-1][-1][0].append(element)
        elif element.name == "p":
            first = None if opened else lead(soup, element)
            if first is not None and len(deck.stacks[-1][-1][0]) == 1:
                deck.stacks[-1][-1][0].append(first)
            opened = True
            deck.note(element)
        elif element.select(SHOWN) or element.name == "figure" or "system-card" in element.get("class", []):
            for shown in [element] if "system-card" in element.get("class", []) else element.select(SHOWN):
                small = copy.copy(title)
                small["class"] = "above"
                deck.slide(small, shown)
        elif element.name in ("ul", "ol", "dl"):
            deck.note(element)


def deck_of(page: str):
    """The deck of a chapter's page, with the page's own scripts and styles: the whole HTML."""
    soup = BeautifulSoup(page, "html.parser")
    article = soup.select_one("section:has(> h1)")
    deck, title = Deck(), heading_of(article.find("h1"))
    title.name = "h1"
    deck.slide(title)
    small = copy.copy(title)
    small.name = "h2"
    fill(deck, soup, article, small)
    slides = "\n".join("<section>" + "".join(
        f"<section>{''.join(map(str, shown))}<aside class=\"notes\">{''.join(map(str, notes))}</aside></section>"
        for shown, notes in stack) + "</section>" for stack in deck.stacks)
    styles = "".join(f'<link rel="preload" href="../_static/fonts/{name}.woff2" as="font" type="font/woff2" crossorigin>' for name in FONTS)
    styles += "".join(f'<link rel="stylesheet" href="../_static/{name}">' for name in STYLES)
    scripts = "".join(str(script) for script in soup.select("script[src]") if FRONT_END.search(script["src"]))
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title.get_text()}: slides</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="stylesheet" href="dist/reveal.css">{styles}<link rel="stylesheet" href="slides.css">'
            f'<script src="start.js"></script>{scripts}</head><body><div class="reveal"><div class="slides">{slides}</div></div>'
            '<script src="dist/reveal.js"></script><script src="plugin/notes/notes.js"></script><script src="show.js"></script></body></html>')


def linked(html: str, chapter: str) -> str:
    """Links of the page, as seen from slides/: those within the page and to its neighbours."""
    soup = BeautifulSoup(html, "html.parser")
    for link in soup.select("a[href]"):
        target = link["href"]
        if target.startswith("#"):
            link["href"] = f"../book/{chapter}.html{target}"
        elif not re.match(r"\w+:|\.\./", target):
            link["href"] = f"../book/{target}"
    return str(soup)


def write(app, exception):
    site = Path(app.outdir)
    pages = sorted((site / "book").glob("[0-9]*.html"))
    if exception is not None or app.builder.name != "html" or not pages:
        return
    target = site / "slides"
    for deck in set(target.glob("[0-9]*.html")) - {target / page.name for page in pages}:
        deck.unlink()
    shutil.copytree(OURS, target, dirs_exist_ok=True)
    for name in FILES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes((REVEAL / name).read_bytes())
    for page in pages:
        text, deck = page.read_text(encoding="utf-8"), target / page.name
        made_of = f"<!-- {hashlib.sha256(Path(__file__).read_bytes() + text.encode()).hexdigest()[:16]} -->"
        if not (deck.exists() and deck.read_text(encoding="utf-8").endswith(made_of)):
            deck.write_text(linked(deck_of(text), page.stem) + made_of, encoding="utf-8")


def setup(app):
    app.connect("build-finished", write, priority=950)  # of the pages as bundle.py leaves them
