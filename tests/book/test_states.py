"""Links that open a figure in a state: what the text beside them says is what the figure says there."""
import re
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
import built  # noqa: E402

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
PAGES = [page for page in built.PAGES if built.soup(page).select("a.state")]


def explorer(page, link):
    """The explorer that a link opens, and the indices of its state; None for a stage."""
    address = urlsplit(link)
    name, _, query = address.fragment.partition("?")
    target = str((Path("/") / page).parent.joinpath(address.path).resolve().relative_to("/"))
    found = [one for one in built.EXPLORERS if (one.page, one.name) == (target, name)]
    if not found:
        assert any((one.page, one.name) == (target, name) for one in built.STAGES), link
        return None
    asked, (figure,) = dict(parse_qsl(query)), found
    return figure, tuple(control.labels.index(asked[control.name]) if control.name in asked else start
                         for control, start in zip(figure.controls, figure.default, strict=True))


def test_there_are_links_to_states():
    assert len(PAGES) >= 9


@pytest.mark.parametrize("page", PAGES, ids=lambda page: Path(page).stem)
def test_what_is_said_of_a_state_is_what_its_figure_says(page):
    """The words after a colon report: each number in them stands in the figure's sentence, or in what the link asks for."""
    wrong = []
    for link in built.soup(page).select("a.state"):
        opened = explorer(page, link["href"])
        if opened is None or ":" not in link.text:
            continue
        figure, state = opened
        sentence = figure.states()[state].sentence
        said = [float(number.replace(",", "")) for number in NUMBER.findall(sentence + " " + BeautifulSoup(link["href"], "html.parser").text)]
        wrong += [(link.text, number, sentence) for number in NUMBER.findall(link.text.partition(":")[2])
                  if float(number.replace(",", "")) not in said]
    assert wrong == []
