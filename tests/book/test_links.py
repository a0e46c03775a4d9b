"""Addresses outside the book: every one is well-formed. Whether they are alive, `make links` asks."""
import http.server
import re
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import links  # noqa: E402
from links import Answer  # noqa: E402


@pytest.fixture(scope="module")
def everywhere():
    return links.everywhere()


def test_every_address_is_well_formed(everywhere):
    assert len(everywhere) > 80
    assert {address: links.fault(address) for address in everywhere if links.fault(address)} == {}


def test_the_pages_and_the_bibliography_are_read(everywhere):
    essay = next(address for address in everywhere if "xiaocong-yang" in address)
    assert {"book/intro.html", "book/references.html", "references.bib: yang2025decentralization"} <= set(everywhere[essay])
    text = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    assert sum(address.startswith(links.RESOLVER) for address in everywhere) >= len(set(re.findall(r"\bdoi\s*=\s*\{([^}]*)\}", text))) > 50


def test_the_pages_show_every_doi_of_the_bibliography(everywhere):
    assert [address for address, places in everywhere.items()
            if address.startswith(links.RESOLVER) and not any(place.endswith(".html") for place in places)] == []


@pytest.mark.parametrize("address", [
    "https://x.org", "https://a-b.x.org/a/b?c=d&e=f#g", "https://en.wikipedia.org/wiki/Ox_(animal)", "https://doi.org/10.1038/075450a0",
    "https://doi.org/10.1016/S0019-9958(65)90241-X", "https://doi.org/10.1002/(SICI)1097-0258(19980815/30)17:15/16%3C1661::AID-SIM968%3E3.0.CO;2-2"])
def test_good_addresses(address):
    assert links.fault(address) == ""


@pytest.mark.parametrize(("address", "wrong"), [
    ("http://x.org", "is not https"), ("//x.org", "is not https"), ("ftp://x.org", "is not https"), ("http://flocks.py", "is not https"),
    ("https://x.org/a b", "has a space"), ("https://x.org/a\n", "has a space"), ("https://x.org/a.", "ends with '.'"),
    ("https://x.org/a,", "ends with ','"), ("https://x.org/a)", "ends with ')'"), ("https:///a", "no host"), ("https://localhost/a", "no host"),
    ("https://localhost:8000", "no host"), ("https://127.0.0.1/a", "no host"), ("https://x", "no host"), ("https://x..org", "no host"),
    ("https://[x.org", "Invalid IPv6 URL"), ("https://dx.doi.org/10.1038/075450a0", "is not asked of https://doi.org/"),
    ("https://doi.org/075450a0", "is no DOI"), ("https://doi.org/10.38/075450a0", "is no DOI"), ("https://doi.org/10.1038/", "is no DOI"),
    ("https://doi.org/https://doi.org/10.1038/075450a0", "is no DOI"), ("https://doi.org/10.1038/075 450a0", "has a space"),
    ("https://doi.org/10.1038/075450a0.", "ends with '.'")])
def test_bad_addresses_are_caught(address, wrong):
    assert wrong in links.fault(address)


def test_an_address_is_found_wherever_it_stands(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "ours.html").write_text('<a href="https://lab.org">l</a>')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.html").write_text('<a class="x" href="https://x.org/?a=1&amp;b">x</a> <a href="b.html#c">b</a> <a href="//y.org">y</a>')
    (tmp_path / "b.html").write_text("<svg><a\n id='d' href='https://x.org/?a=1&amp;b'/></svg> https://told.org <link href='https://x.org/?a=1&amp;b'>")
    assert links.of_pages(tmp_path) == {"https://x.org/?a=1&b": ["b.html", "sub/a.html"], "//y.org": ["sub/a.html"]}
    assert links.of_bibliography("@misc{a, doi = {10.1/x}, url = {https://x.org}}\n@misc{b, doi = {10.1/x}, note = {n}}") == {
        "https://doi.org/10.1/x": ["a", "b"], "https://x.org": ["a"]}


class Host(http.server.BaseHTTPRequestHandler):
    """Answers /404 with 404, and so on; /moved leads to /404; /shy answers GET alone."""

    def do_GET(self):  # noqa: N802
        code = 302 if self.path == "/moved" else 200 if self.path == "/shy" and self.command == "GET" else \
            405 if self.path == "/shy" else int(self.path[1:])
        self.send_response(code)
        self.send_header("Location", "/404")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *words):
        pass


@pytest.fixture
def host(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize(("path", "answer"), [
    ("200", (True, True, "200")), ("shy", (True, True, "200")), ("404", (False, True, "404")), ("410", (False, True, "410")),
    ("403", (None, True, "403")), ("429", (None, True, "429")), ("503", (None, True, "503")), ("moved", (False, True, "404")),
    ("200#there", (True, True, "200"))])
def test_what_a_host_answers(host, path, answer):
    assert links.ask(host + path) == answer


def test_a_doi_is_asked_of_its_resolver_alone(host, monkeypatch):
    monkeypatch.setattr(links, "RESOLVER", host)
    assert links.ask(host + "moved") == (True, True, "302")
    assert links.ask(host + "404") == (False, True, "404")


def test_where_nobody_answers(host):
    alive, reached, why = links.ask("http://127.0.0.1:9/", patience=2)
    assert (alive, reached) == (False, False) and why


def test_the_dead_are_named_and_without_a_network_nobody_is():
    where = {name: ["a.html"] for name in ("https://x.org", "https://y.org", "https://z.org")}
    alive, shy, dead, away = Answer(True, True, "200"), Answer(None, True, "403"), Answer(False, True, "404"), Answer(False, False, "no answer")
    assert links.told(dict(zip(where, (alive, shy, alive), strict=True)), where) == (
        ["unsure: https://y.org (403), in a.html", "3 asked: 0 dead, 1 would not say."], 0)
    assert links.told(dict(zip(where, (alive, dead, away), strict=True)), where) == (
        ["dead: https://y.org (404), in a.html", "dead: https://z.org (no answer), in a.html", "3 asked: 2 dead, 0 would not say."], 1)
    assert links.told(dict.fromkeys(where, away), where) == (["No network: none of the 3 addresses could be asked."], 2)


def test_asked_only_when_told_to(monkeypatch, capsys):
    where, asked = {"https://x.org": ["a.html"], "http://y": ["a.html", "b.html"]}, []
    monkeypatch.setattr(links, "everywhere", lambda: where)
    monkeypatch.setattr(links, "ask", lambda address: asked.append(address) or Answer(False, False, "no answer"))
    assert (links.main([]), asked) == (1, [])
    assert "malformed: http://y is not https, in a.html, b.html\n2 addresses, 0 of them DOIs; 1 malformed.\n" in capsys.readouterr().out
    del where["http://y"]
    assert (links.main(["--ask"]), asked) == (2, ["https://x.org"])
    assert capsys.readouterr().out.endswith("No network: none of the 1 addresses could be asked.\n")
