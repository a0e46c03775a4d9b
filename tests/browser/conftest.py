"""One browser, the built book over http and as files, and readers who report whatever goes wrong."""
import re
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import built  # noqa: E402
import chromium  # noqa: E402
from playwright.sync_api import expect, sync_playwright  # noqa: E402

WAIT = 40_000  # ms: how long a state may take to come; no test sleeps


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def browser():
    path = chromium.find()
    assert path, "no Chromium or Chrome: run `python tests/browser/chromium.py`"
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[
            *chromium.ARGUMENTS, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def origins():
    """{"http": address of the book, "file": address of the book}"""
    if not built.PAGES:
        pytest.fail(f"{built.SITE} has no pages: run `make html` first", pytrace=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=built.SITE))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield {"http": f"http://127.0.0.1:{server.server_port}/", "file": built.SITE.as_uri() + "/"}
    server.shutdown()
    thread.join()
    server.server_close()


class Reader:
    """Opens pages of the book. Whatever a page asks of another origin is refused and noted, as are
    its errors and warnings; the test fails on any that it did not `expect`."""

    def __init__(self, browser, origins):
        self.browser, self.origins = browser, origins
        self.contexts, self.problems, self.expected = [], [], []

    def open(self, page, fragment="", where="http", replies=None, script=None, **options):
        """A fresh visitor's page. `replies`: {pattern of address: body} instead of the book's own;
        `script` runs before the page's; `options` are those of Playwright's contexts."""
        origin = self.origins[where]
        context = self.browser.new_context(service_workers="block", **options)
        context.set_default_timeout(WAIT)
        self.contexts.append(context)

        def guard(route):
            url = route.request.url
            for pattern, body in (replies or {}).items():
                if re.search(pattern, url):
                    route.abort() if body is None else route.fulfill(
                        body=body, content_type="text/javascript")
                    return
            if url.startswith((origin, "data:", "blob:")):
                route.continue_()
            else:
                self.problems.append(f"request to {url}")
                route.abort()

        context.route("**/*", guard)
        context.on("console", lambda message: message.type in ("error", "warning") and
                   self.problems.append(f"console {message.type}: {message.text}"))
        context.on("weberror", lambda error: self.problems.append(f"page error: {error.error}"))
        context.on("response", lambda response: response.status >= 400 and
                   self.problems.append(f"status {response.status}: {response.url}"))
        if script:
            context.add_init_script(script)
        tab = context.new_page()
        tab.goto(origin + page + fragment)
        return tab

    def expect(self, pattern):
        """Let the page complain of this."""
        self.expected.append(pattern)

    def close(self):
        for context in self.contexts:
            for tab in context.pages:
                self.problems += [f"book error: {error}" for error in tab.evaluate(
                    "typeof window === 'undefined' ? [] : window.__bookErrors ?? []")]
            context.close()
        return [problem for problem in self.problems
                if not any(re.search(pattern, problem) for pattern in self.expected)]


@pytest.fixture
def reader(browser, origins):
    reader = Reader(browser, origins)
    yield reader
    assert reader.close() == []


@pytest.fixture(params=["http", "file"])
def where(request):
    return request.param


@pytest.fixture(scope="session")
def desk(browser, origins):
    """A reader who keeps every page open."""
    reader = Reader(browser, origins)
    yield reader
    reader.close()


@pytest.fixture
def tab(desk, explorer, where):
    """The explorer's page, open since an earlier test if there the explorer is in its first state."""
    desk.tabs = getattr(desk, "tabs", {})
    tab = desk.tabs.get((explorer.page, where))
    default = ",".join(map(str, explorer.default))
    if tab is None or tab.locator(explorer.selector).get_attribute("data-state") != default:
        tab = desk.tabs[explorer.page, where] = desk.open(explorer.page, where=where)
    desk.problems.clear()
    yield tab
    errors = tab.evaluate("window.__bookErrors")
    assert desk.problems + errors == []


def pytest_generate_tests(metafunc):
    """Tests find pages, explorers and forms by themselves."""
    def form_id(form):
        return f"{Path(form.page).stem}-{form.name[8:28]}"

    gates = [form for form in built.FORMS if form.opens]
    for name, found, ident in (
            ("page", built.PAGES, lambda page: Path(page).stem),
            ("explorer", built.EXPLORERS, lambda it: f"{Path(it.page).stem}-{it.name}"),
            ("stage", built.STAGES, lambda it: f"{Path(it.page).stem}-{it.name}"),
            ("form", built.FORMS, form_id),
            ("gate", gates, form_id),  # a form that an explorer waits for
            ("number_gate", [form for form in gates if form.opens.sets], form_id)):
        given = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
        if name in metafunc.fixturenames and not any(name in names for names in given):
            # without a site there is one case all the same, so that `origins` can say what is missing
            metafunc.parametrize(name, found or [None], ids=ident if found else ["no-site"])
