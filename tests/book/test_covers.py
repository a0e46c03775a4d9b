"""The chapters' covers: one for each, small, in the book's colours, and what their models draw."""
import gzip
import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from helpers.figures import THEME

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))
import covers  # noqa: E402

LIMIT, ZIPPED = 60_000, 14_000  # bytes
QUICK = ("01_crowd", "05_learning", "08_stance")
PAINT = re.compile(r"(?:fill|stroke): ([^;\"]+)")

every_cover = pytest.mark.parametrize("chapter", covers.CHAPTERS)


def committed(chapter):
    return (covers.COVERS / f"{chapter}.svg").read_text(encoding="utf-8")


def words():
    return json.loads((covers.COVERS / "words.json").read_text(encoding="utf-8"))


def test_each_chapter_has_a_cover_and_words():
    listed = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"][0]["chapters"]
    chapters = [name for name in (Path(one["file"]).name for one in listed) if re.match(r"\d\d_", name)]
    assert len(chapters) == 8
    assert chapters == list(covers.CHAPTERS) == list(words()) == sorted(path.stem for path in covers.COVERS.glob("*.svg"))
    for said in words().values():
        assert re.fullmatch(r"\w.*\d.*\.", said)


@every_cover
def test_a_cover_is_small(chapter):
    picture = committed(chapter).encode()
    assert len(picture) <= LIMIT
    assert len(gzip.compress(picture)) <= ZIPPED


@every_cover
def test_a_cover_can_be_set_into_any_page(chapter):
    """It follows the theme, says nothing to a screen reader and has no name that another one could have."""
    picture = committed(chapter)
    root = ElementTree.fromstring(picture)
    assert (root.get("class"), root.get("aria-hidden"), root.get("viewBox")) == ("cover", "true", "0 0 864 216")
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "g", "path"} and "path" in tags
    assert not any(element.get("id") for element in root.iter())
    colours = set(PAINT.findall(picture)) - {"none"}
    assert colours and colours <= {f"var(--fig-{name})" for name in THEME}
    assert not re.search(r"#|rgb|url", picture)


def drawn_again(chapter):
    assert covers.drawn(chapter) == (committed(chapter), words()[chapter])


@pytest.mark.parametrize("chapter", QUICK)
def test_a_cover_is_what_its_model_draws(chapter):
    drawn_again(chapter)


@pytest.mark.parametrize("chapter", [chapter for chapter in covers.CHAPTERS if chapter not in QUICK])
def test_every_cover_is_what_its_model_draws(chapter, at_length):
    drawn_again(chapter)
