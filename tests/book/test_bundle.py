"""The one style sheet and the one script: what can be used stays, the rest goes, and pages name those two."""
import re
import sys
import types
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
from living_book import bundle  # noqa: E402

NAMES = {"figure", "note", "open"}


@pytest.mark.parametrize(("selector", "stays"), [
    ("p", True), (".figure", True), (".figure .note > p", True), (".figure .gone", False), ("#note", True), ("#gone", False),
    (".figure:not(.gone)", True), (".gone:not(.figure)", False), (":is(.gone, .figure) p", True), ("[data-x='.gone'] .note", True),
    (".figure:not(:has(.gone)) .note", True), (".open\\:wide", False), ("::before", True), ("*", True)])
def test_a_rule_stays_if_its_classes_and_names_are_there(selector, stays):
    assert bundle.wanted(selector, NAMES) is stays


def test_of_many_selectors_the_useful_stay():
    css = ".gone, .figure p, .gone:hover { color: red } .gone { color: blue } @media print { .gone { x: y } .note { top: 0 } } @media screen { .gone { x: y } }"
    assert bundle.rules(css, NAMES) == ".figure p{color: red}\n@media print{.note{top: 0}}"


def test_commas_within_brackets_part_nothing():
    assert bundle.rules(":is(.figure, .note) p, .gone { top: 0 }", NAMES).startswith(":is(.figure, .note) p{")


def test_a_damaged_sheet_is_told_of():
    with pytest.raises(ValueError, match="style sheet is damaged"):
        bundle.rules(".figure { color: red } }", NAMES)


@pytest.fixture
def static(tmp_path):
    for folder in ("styles", "vendor", "fonts"):
        (tmp_path / folder).mkdir()
    (tmp_path / "basic.css").write_text(".figure { top: 0 }", encoding="utf-8")
    (tmp_path / "styles" / "theme.css").write_text(
        '@import "../basic.css"; @font-face { src: url(../vendor/icons.woff2) } .note { background: url("../fonts/dot.svg") }', encoding="utf-8")
    return tmp_path


def test_sheets_bring_what_they_import_and_their_addresses(static):
    text = bundle.sheet(static, "styles/theme.css")
    assert ".figure { top: 0 }" in text
    assert 'url("fonts/dot.svg")' in text
    assert "vendor" not in text


def test_variables_that_nothing_reads_go_and_those_of_scripts_stay(static):
    (static / "basic.css").write_text(".figure { --dead: 1; --read: 2; --chain: var(--dead-end); --fig-blue: 3; top: var(--read) }", encoding="utf-8")
    css = bundle.style(static, ["basic.css"], NAMES, "color(`--fig-${name}`)")
    assert "--dead" not in css
    assert "--chain" not in css
    assert "--read: 2" in css
    assert "--fig-blue: 3" in css


def test_the_icons_font_keeps_what_is_shown(tmp_path):
    source = next(Path(sys.prefix).glob("lib/python3*/site-packages/pydata_sphinx_theme/theme/pydata_sphinx_theme/static/"
                                        + bundle.ICONS))
    said = bundle.icons('.fa-list::before { content: "\uf03a" }', source, tmp_path / "icons.woff")
    assert 'url("icons.woff")' in said
    assert list(TTFont(tmp_path / "icons.woff").getBestCmap()) == [0xf03a]


PAGE = """<html data-content_root="../">
<link rel="stylesheet" type="text/css" href="../_static/pygments.css?v=1" />
<link rel="icon" href="../_static/favicon.svg"/>
<link href="../_static/styles/theme.css?digest=2" rel="stylesheet" />
<script src="../_static/doctools.js?v=3"></script>
<script data-x="y" src="../_static/design-tabs.js?v=3"></script>
<script src="../_static/searchtools.js"></script>
<script src="../searchindex.js"></script>
<script defer="defer" src="../_static/explore.js?v=4"></script>
<script>DOCUMENTATION_OPTIONS.pagename = 'book/x';</script>
<script>let toggleHintShow = 'Click';</script>
<pre><span class="n">crowd</span><span class="k">if</span></pre>
<figure class="cover"></figure>
"""


def test_a_page_names_the_two_and_its_other_scripts_wait():
    page = bundle.rewritten(PAGE, {bundle.STYLE: "a1", bundle.PROGRAM: "b2"}, lambda token: token == "n")
    assert page.count("stylesheet") == 1
    assert '<link rel="stylesheet" href="../_static/page.css?v=a1" />' in page
    assert '<script defer src="../_static/page.js?v=b2"></script>' in page
    assert "doctools" not in page
    assert "design-tabs" not in page
    assert "pagename" not in page
    assert "favicon.svg" in page
    assert "toggleHintShow" in page
    assert '<script defer src="../_static/searchtools.js"></script>' in page
    assert '<script defer src="../searchindex.js"></script>' in page
    assert '<script defer="defer" src="../_static/explore.js?v=4"></script>' in page
    assert page.index("page.js") < page.index("searchtools") < page.index("searchindex")
    assert '<pre>crowd<span class="k">if</span></pre>' in page


def cell(shown):
    return f'<div class="cell docutils container">\n<div class="cell_output docutils container">{shown}</div>\n</div>\n'


def test_what_cells_show_after_the_first_figure_waits_until_the_reader_is_near():
    shown = ["<form></form>", '<figure class="stage"></figure>', "<table></table>", '<figure class="explore"></figure><form></form>', "<p>12</p>", "<form></form>"]
    bare = '<div class="cell docutils container">x = 1</div><table></table>\n'
    page = bundle.rewritten(PAGE + "".join(map(cell, shown)) + bare, {bundle.STYLE: "a1", bundle.PROGRAM: "b2"}, lambda token: False)
    assert [kind.strip() for kind in re.findall(r'<div class="cell (.*?)docutils', page)] == [
        "", "", "distant distant-table", "distant distant-explore", "", "distant distant-form", ""]


def test_a_page_that_has_them_gets_newer_stamps_and_nothing_else():
    plain = {bundle.STYLE: "a1", bundle.PROGRAM: "b2"}
    once = bundle.rewritten(PAGE + cell('<figure class="stage"></figure>') + cell("<form></form>"), plain, lambda token: False)
    again = bundle.rewritten(once, {bundle.STYLE: "c3", bundle.PROGRAM: "d4"}, lambda token: False)
    assert again == once.replace("a1", "c3").replace("b2", "d4")


def test_code_is_marked_where_it_looks_other_than_its_surroundings_by_day_or_night():
    css = (".day .highlight{background: white;color: #111}\n.night .highlight{color: #eee}\n"
           ".day .highlight .n{color: #111}\n.night .highlight .n{color: #eee}\n"
           ".day .highlight .k{color: blue}\n.night .highlight .k{color: #eee}\n.day .highlight .c{color: #111;font-style: italic}\n")
    assert bundle.distinct(css) == {"k", "c"}


def test_the_sheet_is_made_anew_only_where_what_it_is_made_of_has_changed(tmp_path, monkeypatch):
    made, style, static = [], bundle.style, tmp_path / "_static"
    monkeypatch.setattr(bundle, "style", lambda *given: made.append(given) or style(*given))
    monkeypatch.setattr(bundle, "icons", lambda css, source, target: "" if target.write_bytes(b"a font") else "")
    for name in bundle.SHARED:
        (static / name).parent.mkdir(parents=True, exist_ok=True)
        (static / name).write_text("".join(bundle.MEASURED) if name == "doctools.js" else "", encoding="utf-8")
    app = types.SimpleNamespace(outdir=tmp_path, builder=types.SimpleNamespace(name="html"), config=types.SimpleNamespace(html_theme=bundle.THEME))
    page = '<html data-content_root="./"><link rel="stylesheet" href="_static/basic.css" /><p class="figure">'
    for look, text, times in (("top: 0", "one", 1), ("top: 0", "two", 1), ("top: 1px", "two", 2), ("top: 1px", '<p class="note">', 3)):
        (static / "basic.css").write_text(f".figure {{ {look} }} .note {{ left: 0 }}", encoding="utf-8")
        (tmp_path / "index.html").write_text(page + text, encoding="utf-8")
        bundle.write(app, None)
        assert len(made) == times
        css = (static / bundle.STYLE).read_text(encoding="utf-8")
        assert look in css and (".note" in css) == ("note" in text)
        assert f"{bundle.STYLE}?v={bundle.stamp(css)}" in (tmp_path / "index.html").read_text(encoding="utf-8")
