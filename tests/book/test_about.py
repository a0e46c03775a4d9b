"""What pages say of themselves to those who have not opened them."""
import sys
from pathlib import Path

import pytest
from docutils import nodes

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))
from living_book import about  # noqa: E402


def page(*paragraphs):
    section = nodes.section("", nodes.title("", "A title"), *(nodes.paragraph("", text) for text in paragraphs))
    return nodes.container("", section)


@pytest.mark.parametrize(("paragraphs", "said"), [
    (["Short.", "This is the first paragraph with enough words to tell something. And more of it."],
     "This is the first paragraph with enough words to tell something. And more of it."),
    (["One sentence of some forty letters or more. " * 6], "One sentence of some forty letters or more. " * 3),
    (["word " * 60 + "."], "word " * 31 + "word ..."),
    ([], ""), (["Too short."], "")])
def test_the_first_sentences_that_fit(paragraphs, said):
    words = about.first_words(page(*paragraphs))
    assert words == said.strip()
    assert len(words) <= about.LONGEST + len(" ...")


def test_words_in_a_figure_are_none_of_the_pages():
    figure = nodes.container("", nodes.paragraph("", "A caption that is long enough to be taken for the page's words."))
    doctree = page("The page's own first words, long enough to be taken.")
    doctree[0].insert(1, figure)
    assert about.first_words(doctree) == "The page's own first words, long enough to be taken."
