"""The form for a text that the reader gives: what it refuses, its HTML, and its answers in a kernel."""
import json

import numpy as np
import pytest
from bs4 import BeautifulSoup

from helpers import paste
from helpers.guesses import Pasted


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(paste, "display", found.append)
    return found


def show(shown, engine, monkeypatch):
    monkeypatch.setenv("EXPLORE_ENGINE", engine)
    paste.paste(Pasted, "Guesses & more", "1200\n<1300>", "ours")
    (form,) = shown
    return form, BeautifulSoup(form.data if engine == "baked" else form.html, "html.parser").select_one("figure.paste#ours")


@pytest.mark.parametrize("engine", ["baked", "kernel"])
def test_the_form_is_the_same_in_a_page_and_in_a_kernel(shown, engine, monkeypatch):
    _, figure = show(shown, engine, monkeypatch)
    assert figure.select_one("label[for=ours-text]").text == "Guesses & more"
    assert figure.textarea["placeholder"] == "1200\n<1300>"
    assert {field["name"] for field in figure.select("[name]")} == {"text", "file", "truth", "leave_out"}
    header = json.loads(figure["data-header"])
    assert (header["module"], header["model"]) == ("helpers.guesses", "Pasted")
    assert {"__init__.py", "checks.py", "crowd.py", "guesses.py", "live.py", "wording.py"} == set(header["sources"])


def test_in_a_kernel_the_model_answers(shown, monkeypatch):
    form, _ = show(shown, "kernel", monkeypatch)
    sent = []
    monkeypatch.setattr(form, "send", lambda said, buffers=None: sent.append((said, buffers)))
    message = {"do": "start", "text": "10\n16\n19", "truth": "14", "leave_out": True}
    form._answer(None, message, None)
    facts, numbers = Pasted().answer(message)
    assert sent[0][0] == facts
    assert np.array_equal(np.frombuffer(sent[0][1][0]), numbers)
    form._answer(None, {}, None)
    assert sent[1][0] == {"error": "KeyError: 'text'"}


def test_a_model_that_cannot_answer_or_be_found_is_named(shown):
    class Mute:
        pass

    class Lost:
        def answer(self, message):
            return {}, np.empty(0)
    with pytest.raises(ValueError, match="Mute has no answer"):
        paste.paste(Mute, "a", "b", "c")
    with pytest.raises(ValueError, match="Lost is defined in"):
        paste.paste(Lost, "a", "b", "c")
    assert shown == []
