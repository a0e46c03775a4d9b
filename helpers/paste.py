"""A text that the reader gives, and what Python makes of it: in a page in the reader's own browser, in a kernel there.

    paste(Pasted, "Our guesses", hint="1200", name="our-guesses")

`model` is a class of a module that the browser can run, with `answer(message)`: it takes {"text", "truth", "leave_out"} and
returns (facts, numbers) as `guesses.Pasted` says. Nothing leaves the browser, and nothing is kept.
"""
import json
import os
from html import escape
from pathlib import Path

from IPython.display import HTML, display

from helpers.figures import theme_css
from helpers.stage import Answering, sources

WEB = Path(__file__).parent / "web"


class Form(Answering):
    """The form in a live kernel."""

    _css = theme_css() + "".join((WEB / name).read_text(encoding="utf-8") for name in ("explore.css", "paste.css"))
    _esm = "".join((WEB / name).read_text(encoding="utf-8") for name in ("controls.js", "engines.js", "paste.js")) + """
export default { render({ model, el }) {
  el.innerHTML = model.get("html");
  const paste = new Paste(el.firstElementChild);
  paste.engine = paste.kernel = new Kernel(model);
} };
"""


def paste(model, title: str, hint: str, name: str):
    """Show the form `name` for the class `model`. `title`: what the text is; `hint`: an example, shown while there is none.

    Raises ValueError for a model that a browser could not import, or that has no `answer`.
    """
    if not hasattr(model, "answer"):
        raise ValueError(f"{model.__name__} has no answer(message), so it cannot say anything to a text")
    header = {"module": model.__module__, "model": model.__name__, "sources": sources(model), "facts": None}
    html = _html(title, hint, name, json.dumps(header))
    display(HTML(html) if os.environ.get("EXPLORE_ENGINE") == "baked" else Form(model(), html=html))


def _html(title, hint, name, header):
    return (
        f'<figure class="paste" id="{name}" data-header="{escape(header)}">'
        f'<form autocomplete="off"><label for="{name}-text">{escape(title)}</label>'
        f'<textarea id="{name}-text" name="text" rows="7" spellcheck="false" aria-describedby="{name}-how" required '
        f'placeholder="{escape(hint)}"></textarea>'
        f'<p id="{name}-how">Paste them, or drop a text or CSV file here. They stay in this browser: nothing is sent anywhere.</p>'
        f'<div class="paste-controls"><label>or choose a file <input type="file" name="file" accept=".csv,.tsv,.txt,text/*"></label>'
        f'<label>the truth, if you know it <input type="text" name="truth" inputmode="decimal" size="10"></label>'
        f'<label><input type="checkbox" name="leave_out" checked> leave out what is far out</label>'
        f'<button type="submit">Weigh them</button></div></form>'
        f'<div class="paste-view"></div><output aria-live="polite"></output>'
        f'<p class="explore-note" role="status" hidden></p>'
        f"<noscript><p>This needs JavaScript, and a page that a server sends.</p></noscript></figure>")
