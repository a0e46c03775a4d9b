"""A page asks nobody else for anything, and keeps what the reader set in the reader's browser. The fixture `reader` reports
every request to another origin and everything that the Content-Security-Policy stopped."""
import re
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from serve import LITE, PAGES, policy

SETTINGS = {"mode", "theme"}  # light or dark


def test_the_policy_lets_nothing_from_elsewhere_in(origins):
    for path in ("book/intro.html", "lite/index.html", "_static/page.js", "nowhere.html"):
        try:
            answer = urlopen(origins["http"] + path)
        except HTTPError as error:  # of the page that is not there
            answer = error
        with answer:
            said = answer.headers["Content-Security-Policy"]
        assert said == policy(f"/{path}")
        assert "default-src 'self'" in said
        assert not re.search(r"https?:|\*", said)
    assert "'unsafe-eval'" not in PAGES["script-src"]
    assert "'unsafe-eval'" in LITE["script-src"]


def test_a_page_that_did_ask_elsewhere_is_stopped(reader):
    tab = reader.open("book/intro.html")
    reader.expect("violates the following Content Security Policy|Refused to")
    stopped = tab.evaluate("""() => new Promise((done) => {
      addEventListener("securitypolicyviolation", (event) => done(event.blockedURI));
      const image = new Image();
      image.src = "https://example.org/pixel.png";
    })""")
    assert stopped.startswith("https://example.org")


@pytest.mark.parametrize("page", ["book/01_crowd.html", "book/08_stance.html", "search.html"])
def test_no_cookie_is_set_and_settings_stay_here(reader, page):
    tab = reader.open(page)
    tab.locator("button.theme-switch-button").locator("visible=true").first.click()
    assert tab.context.cookies() == []
    assert set(tab.evaluate("Object.keys(localStorage)")) <= SETTINGS
    before = tab.evaluate("localStorage.getItem('mode')")
    tab.reload()
    assert tab.evaluate("document.documentElement.dataset.mode") == before != "auto"
