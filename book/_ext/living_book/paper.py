"""The printed book: every page of the built site as one PDF, with contents, page numbers and working links.

    make pdf                        to _build/the-power-of-decentralization.pdf
    make pdf ADDRESS=https://...    the same, each figure with the address, and a QR code, that opens it alive

Chromium opens each page as a reader does. What cannot move on paper gives way to what can be printed: a figure shows its
first state, a moving model four moments of its first recording, a question its answer, and what takes a reader's numbers says
where it does. All pages become one document, so that links stay links; it is printed twice, since only then are the contents'
page numbers known.
"""
import argparse
import html
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import segno
import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
import chromium  # noqa: E402  how the tests find a browser

SITE = ROOT / "_build" / "html"
TARGET = ROOT / "_build" / "the-power-of-decentralization.pdf"
LOOK = Path(__file__).parent / "paper.css"
MOMENTS = (0.02, 0.2, 0.5, 1)  # of a recording, as shares of its length
UNPRINTED = (".launch, .headerlink, .explore-controls, .stage-controls, .stage-bar, .predict-actions, .explore-note, .explore-link, .predict-wait, "
             "noscript, details.hide, .cell_input.docutils.container.tag_hide-input, script, .toggle-button, #address-note, .figure-pack, dialog")
# Runs in each page, once its stages have their recordings: what moves becomes pictures, what is asked gets its answer.
PREPARE = """async ([moments, unprinted]) => {
  for (const figure of document.querySelectorAll("[data-waiting]")) delete figure.dataset.waiting;
  for (const figure of document.querySelectorAll("figure.stage")) {
    const stage = figure.stage;
    await stage.load();
    stage.pause();
    stage.begun = true;
    const strip = document.createElement("div");
    strip.className = "film";
    if (stage.recording) {
      const last = stage.recording.frames(0) - 1;
      for (const share of moments) {
        stage.seek(Math.round(share * last));
        const picture = document.createElement("figure");
        const image = document.createElement("img");
        image.src = figure.querySelector("canvas").toDataURL("image/png");
        image.alt = stage.shown.said.readout;
        const step = document.createElement("figcaption");
        step.textContent = `step ${stage.shown.said.step}`;
        picture.append(image, step);
        strip.append(picture);
      }
    }
    figure.querySelector(".stage-view").replaceWith(strip);
    figure.querySelector(".stage-still").remove();
  }
  for (const form of document.querySelectorAll("form[data-predict]")) {
    form.querySelector(".predict-feedback").textContent = JSON.parse(form.dataset.predict).told;
  }
  for (const form of document.querySelectorAll("form.bets")) {
    form.querySelectorAll("label:has(select)").forEach((one) => one.remove());
    const told = form.querySelector(".bets-told"); // here to be read after the bets: what was measured
    told.innerHTML = form.querySelector("noscript").textContent;
    told.hidden = false;
  }
  for (const figure of document.querySelectorAll("figure.paste")) {
    figure.innerHTML = "<p>Not on paper: here the living page takes numbers that you give it.</p>";
  }
  for (const cell of document.querySelectorAll("td")) {
    if (/^[\\d.,%±\\s−–×+-]+$/.test(cell.textContent)) cell.classList.add("number");
  }
  document.querySelectorAll(unprinted).forEach((element) => element.remove());
  document.querySelectorAll("details").forEach((element) => { element.open = true; });
  document.querySelectorAll(".toggle-hidden").forEach((element) => element.classList.remove("toggle-hidden"));
  return document.querySelector("article").innerHTML;
}"""


def pages(root: Path = ROOT) -> list[str]:
    """The pages of the book in the order of its table of contents, such as book/intro."""
    def below(part):
        for entry in part.get("parts", []) + part.get("chapters", []) + part.get("sections", []):
            if "file" in entry:
                yield entry["file"]
            yield from below(entry)
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *below(toc)]


def slug(page: str) -> str:
    return page.replace("/", "-")


def joined(article: str, page: str, printed: set[str], site: str) -> str:
    """An article with its names made its own, and its links led to where their targets are: in this document, or in the site."""
    mark = f"{slug(page)}--"
    article = re.sub(r'(\sid=")([^"]+)"', rf'\g<1>{mark}\2"', article)
    article = re.sub(r'((?:xlink:)?href="#|url\(#)(?=[^")?]+[")])', rf"\g<1>{mark}", article)

    def lead(found):
        target = urlsplit(html.unescape(found[1]))
        if target.scheme or found[1].startswith("#"):
            if "?" in found[1] and found[1].startswith("#"):  # a state of a figure
                return f'href="{site}/{page}.html{found[1]}"' if site else f'href="#{mark}{target.fragment.split("?")[0]}"'
            return found[0]
        there = (Path("/") / page).parent.joinpath(target.path).resolve()
        name = str(there.with_suffix("")).lstrip("/")
        if name not in printed:
            return f'href="{site}{there}"' if site else 'data-left-out="true"'
        if "?" in target.fragment and site:
            return f'href="{site}/{name}.html#{target.fragment}"'
        return f'href="#{slug(name)}--{target.fragment.split("?")[0]}"' if target.fragment else f'href="#{slug(name)}"'
    return re.sub(r'href="([^"]+)"', lead, article)


def code(address: str) -> str:
    """The address as a QR code and in letters."""
    drawn = segno.make(address, micro=False, error="l").svg_inline(scale=1, border=0, omitsize=True)
    return f'<a class="live" href="{html.escape(address)}">{drawn}<span>alive at {html.escape(address)}</span></a>'


def with_addresses(article: str, page: str, site: str) -> str:
    """Beside each figure the address that opens it alive; as it is without a site."""
    if not site:
        return article
    soup = BeautifulSoup(article, "html.parser")
    for figure in soup.select("figure.explore, figure.stage, figure.paste, form.bets"):
        figure.append(BeautifulSoup(code(f"{site}/{page}.html#{figure['id']}"), "html.parser"))
    return str(soup)


def contents(articles: dict[str, str], numbers: dict[str, int]) -> str:
    """The table of contents: pages, and the sections of chapters, with their numbers where they are known."""
    rows = []
    for page, article in articles.items():
        soup = BeautifulSoup(article, "html.parser")
        rows.append((1, slug(page), soup.find("h1").get_text()))
        if re.search(r"/\d\d_", page):
            rows += [(2, heading.parent["id"], heading.get_text()) for heading in soup.find_all("h2")]
    lines = "".join(f'<li class="level-{level}"><a href="#{name}"><span>{html.escape(text.strip("# "))}</span>'
                    f'<span class="number">{numbers.get(name, "000")}</span></a></li>' for level, name, text in rows)
    return f'<nav class="contents"><h1>Contents</h1><ol>{lines}</ol></nav>'


def document(articles: dict[str, str], styles: str, numbers: dict[str, int], site: str) -> str:
    body = "".join(f'<article class="bd-article" id="{slug(page)}">{article}</article>' for page, article in articles.items())
    title = ('<section class="title"><h1>The Power of Decentralization</h1><p>An interactive textbook, on paper. What moves and answers '
             f'in the browser stands here still.</p>{code(site) if site else ""}<p>Text and figures: CC BY 4.0. Code: MIT.</p></section>')
    return (f'<!doctype html><html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">'
            f'<title>The Power of Decentralization</title>{styles}<style>{LOOK.read_text(encoding="utf-8")}</style></head>'
            f'<body><main id="main-content">{title}{contents(articles, numbers)}{body}</main></body></html>')


def numbered(pdf: Path) -> dict[str, int]:
    """{name of a link's target: its page number} of a printed document."""
    reader = PdfReader(pdf)
    return {name.lstrip("/"): reader.get_destination_page_number(target) + 1 for name, target in reader.named_destinations.items()}


def prepared(browser, page: str) -> tuple[str, str]:
    """(article, style sheets) of a page of the site, made ready for paper."""
    tab = browser.new_page(viewport={"width": 900, "height": 1200}, device_scale_factor=2, color_scheme="light", reduced_motion="reduce")
    tab.goto((SITE / f"{page}.html").as_uri())
    article = tab.evaluate(PREPARE, [MOMENTS, UNPRINTED])
    styles = tab.evaluate("[...document.querySelectorAll('link[rel=stylesheet]')].map((link) => `<link rel='stylesheet' href='${link.href}'>`).join('')")
    tab.close()
    return article, styles


def gathered(browser, wanted: list[str], site: str) -> tuple[dict[str, str], str]:
    """({page: its article, ready for paper}, style sheets). Raises FileNotFoundError, naming it, for a page that is not built."""
    articles, styles = {}, ""
    for page in wanted:
        if not (SITE / f"{page}.html").is_file():
            raise FileNotFoundError(f"{SITE / page}.html is not there: run `make html` first")
        article, styles = prepared(browser, page)
        articles[page] = joined(with_addresses(article, page, site), page, set(wanted), site)
    return articles, styles


def make(target: Path, wanted: list[str], site: str = ""):
    """Print the `wanted` pages to `target`. Raises FileNotFoundError if there is no browser, or a page is not built."""
    path = chromium.find()
    if path is None:
        raise FileNotFoundError("no Chromium or Chrome: run `python tests/browser/chromium.py`")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        articles, styles = gathered(browser, wanted, site)
        source, printed, numbers = Path(folder) / "book.html", Path(folder) / "book.pdf", {}
        for _ in range(3):  # the second time with the numbers, which may move a line once more
            source.write_text(document(articles, styles, numbers, site), encoding="utf-8")
            tab = browser.new_page()
            tab.goto(source.as_uri())
            tab.pdf(path=printed, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
            tab.close()
            before, numbers = numbers, numbered(printed)
            if before == numbers:
                break
        browser.close()
        part = target.with_suffix(".part")
        part.write_bytes(printed.read_bytes())
        part.replace(target)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", default="", help="where the book is published")
    asked = parser.parse_args()
    if asked.site and urlsplit(asked.site).scheme not in ("http", "https"):
        parser.error(f"--site={asked.site}: must begin with https:// or http://")
    try:
        make(TARGET, pages(), asked.site.rstrip("/"))
    except FileNotFoundError as missing:
        parser.exit(1, f"{missing}\n")
    print(f"{TARGET}: {len(PdfReader(TARGET).pages)} pages, {TARGET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
