"""What every page loads, in two files: one style sheet of the rules that the book can use, and one script.

The theme and the extensions bring fourteen style sheets and ten scripts, 500 KB in all, of which a page uses a tenth. When the
site is written (`build-finished`), the sheets that the pages name become `_static/page.css`, without the rules whose classes
and names occur in no page and in no script; the icons' font keeps the icons that are left. The scripts that all pages
share become `_static/page.js`; every script waits until the text is there (`defer`). The pages then name those two.
"""
import hashlib
import logging
import re
from pathlib import Path

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError

LINK = re.compile(r'[ \t]*<link (?=[^>]*rel="stylesheet")[^>]*?href="(?:\.{1,2}/)*_static/([^"?]+)[^"]*"[^>]*>\n?')
SCRIPT = re.compile(r'[ \t]*<script(?: [^>]*?)? src="(?:\.{1,2}/)*(?:_static/)?([^"?]+)[^"]*"[^>]*></script>\n?')
NO_PAGE = re.compile(r"[ \t]*<script>DOCUMENTATION_OPTIONS\.\w+ = '[^']*';</script>\n?")  # for a theme's versions, which there are none of
# What no page uses: tabs.
DROPPED = {"design-tabs.js"}
SHARED = ("documentation_options.js", "doctools.js", "sphinx_highlight.js", "clipboard.min.js", "copybutton.js",
          "scripts/sphinx-book-theme.js", "togglebutton.js", "scripts/bootstrap.js", "scripts/pydata-sphinx-theme.js")
# What the theme measures as soon as it is there, so that all is laid out while the page waits: each piece of code and each output,
# again whenever a figure has changed (no output scrolls, and code that is folded away or figures far away would be laid out for
# it); and the height of its header, which the book has not.
MEASURED = {
    '["pre",".nboutput > .output_area",".cell_output > .output",': '["pre:not(details:not([open]) *)",',
    "subtree:!0,childList:!0}),e()}": "subtree:!0,childList:!0}),requestAnimationFrame(e)}",
    'document.getElementsByClassName("bd-header")[0].getBoundingClientRect()': "{bottom:0}",
}
UNFOLDED = 'addEventListener("toggle", () => dispatchEvent(new Event("resize")), true)'  # then the theme measures
# On a phone the contents lie over the page, and would stay there.
CHOSEN = 'addEventListener("click", ({ target }) => target.closest("dialog[open] a[href]")?.closest("dialog").close())'
FROM_FILES = 'if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false'  # it would be fetched from pages
# A page that was found is quoted: from its text, and not from its code or the marks of a figure.
QUOTED = """addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;
  const textOf = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const one of page.querySelectorAll("figure, .cell, form, details, .bd-header-article, #jb-print-docs-body")) one.remove();
    for (const one of page.querySelectorAll("h1, h2, h3, p, dt, dd, li, th, td")) one.append(" ");
    const term = anchor ? page.querySelector(`dt${anchor}`) : null;
    term?.append(term.nextElementSibling?.textContent ?? "");  // what it means
    return textOf(page.documentElement.outerHTML, anchor).replace(/\\s+/g, " ");
  };
})"""
THEME = "sphinx_book_theme"  # whose files these are
ICONS = "vendor/fontawesome/webfonts/fa-solid-900.ttf"
STYLE, PROGRAM, FONT = "page.css", "page.js", "icons.woff"
TOKEN = re.compile(r'<span class="(\w{1,3})">([^<]*)</span>')  # of code
CELL = '<div class="cell '
DISTANT = "distant"
# What a cell of a notebook shows, by what its page has of it, and the second class of such a distant cell: it says how high it is (book.css).
SHOWN = {'<figure class="stage"': "distant-stage", '<figure class="explore"': "distant-explore", "<form": "distant-form", "<table": "distant-table"}
WORD = re.compile(r"[A-Za-z_][\w-]*")
NAMED = re.compile(r'(?:class|id)=(?:"([^"]*)"|([\w-]+))')


def used(site: Path, scripts) -> set[str]:
    """Every class and name that a page has, and every word of a script, which may give it to an element."""
    names = set()
    for page in site.rglob("*.html"):
        if not {"lite", "slides"} & set(page.relative_to(site).parts):  # which have sheets of their own
            for quoted, bare in NAMED.findall(page.read_text(encoding="utf-8")):
                names.update((quoted or bare).split())
    for script in scripts:
        names.update(WORD.findall(script.read_text(encoding="utf-8")))
    return names


def wanted(selector: str, names: set[str]) -> bool:
    """Whether each class and name that the selector asks for is among `names`; what it excludes does not count."""
    while (shorter := re.sub(r":(?:not|is|where|has)\([^()]*\)", "", selector)) != selector:
        selector = shorter
    selector = re.sub(r"\[[^\]]*\]", "", selector)
    return all(name.replace("\\", "") in names for name in re.findall(r"[.#]((?:[\w-]|\\.)+)", selector))


def split(prelude) -> list[str]:
    """The selectors of a rule, parted at the commas that stand in no brackets."""
    parts = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def declared(content, read) -> str:
    """The declarations of a rule, without variables that nothing reads."""
    kept = []
    for part in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if part.type == "error":
            raise ValueError(f"a style sheet is damaged: {part.message} at line {part.source_line}")
        if part.type != "declaration" or not part.name.startswith("--") or read is None or read(part.name):
            kept.append(re.sub(r"\s+", " ", part.serialize()).strip(" ;"))
    return ";".join(kept)


def rules(tokens, names, read=None) -> str:
    """The rules of a style sheet that something can match, as text."""
    kept = []
    for rule in tinycss2.parse_rule_list(tokens, skip_comments=True, skip_whitespace=True):
        if rule.type == "error":
            raise ValueError(f"a style sheet is damaged: {rule.message} at line {rule.source_line}")
        if rule.type == "qualified-rule":
            selectors = [selector for selector in split(rule.prelude) if wanted(selector, names)]
            inner = declared(rule.content, read)
            if selectors and inner:
                kept.append(f"{','.join(selectors)}{{{inner}}}")
        elif rule.content is not None:
            grouped = rule.lower_at_keyword in ("media", "supports")
            inner = rules(rule.content, names, read) if grouped else tinycss2.serialize(rule.content).strip()
            if inner:
                kept.append(f"@{rule.at_keyword} {tinycss2.serialize(rule.prelude).strip()}{{{inner}}}")
    return "\n".join(kept)


def sheet(static: Path, name: str) -> str:
    """A style sheet with those that it imports; addresses as seen from `static`. The theme's icon fonts are left out."""
    text = (static / name).read_text(encoding="utf-8")
    folder = (static / name).parent

    def seen(address):
        return (folder / address).resolve().relative_to(static.resolve()).as_posix()

    text = re.sub(r'@import (?:url\()?"([^"]+)"\)?;', lambda found: sheet(static, seen(found[1])), text)
    text = re.sub(r"@font-face\s*\{[^}]*vendor/[^}]*\}", "", text)
    return re.sub(r"""url\((["']?)(?!data:|#)([^)"']+)\1\)""", lambda found: f'url("{seen(found[2])}")', text)


def style(static: Path, sheets, names, scripts: str) -> str:
    """One sheet of many, in their order, with what can be used."""
    css = rules("\n".join(sheet(static, name) for name in sheets), names)
    while True:  # a variable that is gone may have been the last reader of another
        read = set(re.findall(r"var\(\s*(--[\w-]+)", css)) | set(re.findall(r"--[\w-]+", scripts))
        starts = tuple(name for name in read if name.endswith("-"))  # `--fig-${name}`
        shorter = rules(css, names, lambda name, read=read, starts=starts: name in read or name.startswith(starts))
        if shorter == css:
            return css
        css = shorter


def icons(css: str, source: Path, target: Path) -> str:
    """The rule for a font of the icons that `css` shows."""
    shown = {ord(letter) for letter in css if "\ue000" <= letter <= "\uf8ff"}  # where fonts keep their signs
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table
    font = TTFont(source)
    options = subset.Options(layout_features=[], notdef_outline=False, name_IDs=[])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=shown)
    cutter.subset(font)
    font.flavor = "woff"
    font["head"].modified = font["head"].created  # the same bytes whenever it is made
    font.recalcTimestamp = False
    font.save(target)
    return (f'@font-face {{ font-family: "Font Awesome 6 Free"; font-style: normal; font-weight: 900; font-display: block; '
            f'src: url("{target.name}") format("woff"); }}\n')


def distinct(css: str) -> set[str]:
    """The classes of code that look other than the code around them, by day or by night."""
    around, found = {}, set()
    for theme, token, look in re.findall(r"([^\s,{}]+) \.highlight(?: \.(\w+))?\{([^{}]*)\}", css):
        if not token:
            around[theme] = look.split(";")
        elif look not in around.get(theme, ()):
            found.add(token)
    return found


def rewritten(page: str, stamps: dict[str, str], plain) -> str:
    """The page with one style sheet and one script in the place of the shared ones; the scripts wait for the text. Of the
    elements of code, those that look like their surroundings are gone: they would be half of the page. What cells show after the
    first figure is marked (book.css)."""
    up = re.search(r'data-content_root="([^"]*)"', page)
    root = up[1] if up else ""

    def script(found):
        if found[1] in (*SHARED, *DROPPED, PROGRAM):
            return ""
        return found[0] if " defer" in found[0] else found[0].replace("<script ", "<script defer ", 1)

    page = page.replace(' data-theme="auto">', ' data-theme="light">', 1)  # without JavaScript there would be no colours at all
    page = TOKEN.sub(lambda found: found[2] if plain(found[1]) else found[0], page)
    first = LINK.search(page)
    if first is None:
        return page
    both = (f'<link rel="stylesheet" href="{root}_static/{STYLE}?v={stamps[STYLE]}" />\n'
            f'    <script defer src="{root}_static/{PROGRAM}?v={stamps[PROGRAM]}"></script>\n')
    page = page[:first.start()] + "\0" + page[first.start():]
    page = SCRIPT.sub(script, LINK.sub("", NO_PAGE.sub("", page)))
    return CELL.join(distanced(page.split(CELL))).replace("\0", both, 1)


def distanced(cells):
    """The parts of a page that begin with its cells, but for the first; of cells after the first figure, those that show something are marked."""
    near = True
    for cell in cells:
        shown = next((name for mark, name in SHOWN.items() if mark in cell), None) if "cell_output" in cell else None
        yield cell if near or shown is None or cell.startswith(DISTANT) else f"{DISTANT} {shown} {cell}"
        near = near and shown not in ("distant-stage", "distant-explore")


def stamp(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def write(app, exception):
    site = Path(app.outdir)
    if exception is not None or app.builder.name != "html" or app.config.html_theme != THEME:
        return
    static = site / "_static"
    pages = [page for page in sorted(site.rglob("*.html")) if not {"lite", "slides", "_static"} & set(page.relative_to(site).parts)]
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    sheets = list(dict.fromkeys(name for text in texts.values() for name in LINK.findall(text) if name != STYLE))
    if not sheets:  # nothing was written anew
        return
    scripts = [path for path in sorted(static.rglob("*.js")) if path.name not in (PROGRAM, "fontawesome.js", *DROPPED)]
    program = ";\n".join([*((static / name).read_text(encoding="utf-8") for name in SHARED), UNFOLDED, CHOSEN, FROM_FILES, QUOTED])
    for theirs, ours in MEASURED.items():
        if theirs not in program:
            raise ExtensionError(f"The theme no longer measures as it did, by {theirs}: see MEASURED in bundle.py.")
        program = program.replace(theirs, ours)
    words = "\n".join(script.read_text(encoding="utf-8") for script in scripts)
    names = used(site, scripts) | {DISTANT, *SHOWN.values()}
    made_of = "\n".join([Path(__file__).read_text(encoding="utf-8"), *(sheet(static, name) for name in sheets), *sorted(names), words])
    first, css = f"/* of {stamp(made_of)} */\n", ""
    if (static / STYLE).exists() and (static / FONT).exists():
        css = (static / STYLE).read_text(encoding="utf-8")
    if not css.startswith(first):  # it would take seconds
        css = style(static, sheets, names, words)
        css = first + icons(css, static / ICONS, static / FONT) + css
        (static / STYLE).write_text(css, encoding="utf-8")
    (static / PROGRAM).write_text(program, encoding="utf-8")
    stamps = {STYLE: stamp(css), PROGRAM: stamp(program)}
    seen = distinct(css)
    for page, text in texts.items():
        page.write_text(rewritten(text, stamps, lambda token: token not in seen), encoding="utf-8")


def setup(app):
    app.connect("build-finished", write, priority=900)  # the theme writes its colours of code then, too
