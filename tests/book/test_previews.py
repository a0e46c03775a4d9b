"""What a preview tells: the definition or the source that its link leads to, whole, and nothing that belongs to its page alone."""
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "tests" / "browser")]
import built  # noqa: E402
from living_book import previews  # noqa: E402

MATH = '<span class="formula"><math display="inline"><mi>ρ</mi></math></span>'
PAGE = f"""<article><dl class="glossary">
<dt id="term-floor">floor<a class="headerlink" href="#term-floor">#</a></dt>
<dt id="term-ground">ground<a class="headerlink" href="#term-ground">#</a></dt>
<dd><p id="index-0">At <em>least</em> {MATH}, as a <a href="#term-mean"><span class="xref std std-term">mean</span></a>.</p></dd>
</dl><div class="citation" id="id7"><span class="label">[Gal07]</span><p>Galton. <em>Nature</em>. URL: <a href="https://x.org">x</a>.</p></div></article>"""


def test_a_definition_and_a_source_are_kept_whole_without_links_and_names():
    definition = f"<p>At <em>least</em> {MATH}, as a mean.</p>"
    assert previews.texts(PAGE) == {
        "term-floor": f"<strong>floor</strong> {definition}", "term-ground": f"<strong>ground</strong> {definition}",
        "id7": "<p>Galton. <em>Nature</em>. URL: x.</p>"}


@pytest.fixture(scope="module")
def told():
    script = (built.SITE / "_static" / "preview-texts.js").read_text(encoding="utf-8")
    return json.loads(re.fullmatch(r"window\.previewTexts = (.*);\n", script)[1])


def test_every_link_to_a_term_or_a_source_has_its_preview(told):
    wanted = {f"{link['href'].partition('#')[0].rpartition('/')[2] or Path(page).name}#{link['href'].partition('#')[2]}"
              for page in built.PAGES for link in built.soup(page).select('article a[href*="#term-"], article a[href*="references.html#"]')}
    assert len(wanted) > 300
    assert wanted - set(told) == set()
    assert all(re.sub("<[^>]*>", "", text).strip() for text in told.values())


def test_the_front_end_is_loaded_where_there_is_such_a_link():
    for page in built.PAGES:
        soup = built.soup(page)
        wanted = bool(soup.select('article a[href*="#term-"], article a[href*="references.html#"]'))
        assert bool(soup.select('script[src*="/previews.js"]')) == wanted, page
        assert not soup.select('script[src*="preview-texts.js"]'), page
