"""One browser, the built book over http and as files, and readers who report whatever goes wrong."""
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import built  # noqa: E402
import chromium  # noqa: E402
from playwright.sync_api import expect, sync_playwright  # noqa: E402

sys.path.insert(0, str(built.ROOT / "book" / "_ext" / "living_book"))
from serve import serving  # noqa: E402

WAIT = 40_000  # ms: how long a state may take to come; no test sleeps


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
    """{"http": address of the book, served as by `make serve`, "file": address of the book}"""
    if not built.PAGES:
        pytest.fail(f"{built.SITE} has no pages: run `make html` first", pytrace=False)
    with serving(built.SITE) as address:
        yield {"http": address, "file": built.SITE.as_uri() + "/"}


# A page from a file may not preload its fonts, and says so; they come all the same (layout.html).
PRELOADED = re.compile(r"file:.*/fonts/inter-\w+\.woff2")


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
                   not PRELOADED.search(f"{message.text} {message.location['url']}") and
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
        self.contexts.clear()
        return [problem for problem in self.problems
                if not any(re.search(pattern, problem) for pattern in self.expected)]


@pytest.fixture
def reader(browser, origins):
    reader = Reader(browser, origins)
    yield reader
    assert reader.close() == []


@pytest.fixture(scope="session")
def desk(browser, origins):
    """A reader who keeps the last page open."""
    reader = Reader(browser, origins)
    yield reader
    reader.close()


@pytest.fixture
def tab(desk, explorer, where):
    """The explorer's page, open since the test before if there the explorer is in its first state."""
    asked = explorer.page, where
    default = ",".join(map(str, explorer.default))
    if getattr(desk, "asked", None) != asked or desk.tab.locator(
            explorer.selector).get_attribute("data-state") != default:
        desk.close()
        desk.asked, desk.tab = asked, desk.open(explorer.page, where=where)
    desk.problems.clear()
    yield desk.tab
    errors = desk.tab.evaluate("window.__bookErrors")
    assert desk.problems + errors == []


def first_of_each_page(figures):
    """Where it is the front end that is tested, one figure a page is enough."""
    return list({figure.page: figure for figure in reversed(figures)}.values())


def kinds(figures, kind):
    """The first of each page, and the first of each kind: they share one front end."""
    of_kinds = {kind(figure): figure for figure in reversed(figures)}.values()
    return [figure for figure in figures if figure in of_kinds or figure in first_of_each_page(figures)]


def pytest_generate_tests(metafunc):
    """Tests find pages, explorers, stages and forms by themselves: all of them with --every-notebook.

    By default those marked `front_end` try some of each kind and a fourth of the pages, those marked `starts_python` two stages, and
    those of a page's `look` go by turns, a page by day and the next by night. A page is opened both over http and as a file, by default
    a fourth of them; what stands on pages, one way for each page.
    """
    def form_id(form):
        return f"{Path(form.page).stem}-{form.name[8:28]}"

    def figure_id(figure):
        return f"{Path(figure.page).stem}-{figure.name}"

    pages, explorers, stages, forms = built.PAGES, built.EXPLORERS, built.STAGES, built.FORMS
    at_length = metafunc.config.getoption("--every-notebook")
    if not at_length:  # session plans are all of one make: one is enough
        pages = [page for page in pages if not re.search(r"/session_0[2-8]", page)]
    if metafunc.definition.get_closest_marker("front_end") and not at_length:
        explorers = kinds(explorers, lambda explorer: frozenset(control.type for control in explorer.controls))
        pages = pages[::4]
        stages, forms = first_of_each_page(stages), kinds(forms, lambda form: (type(form.opens), "interval" in form.facts))
    if metafunc.definition.get_closest_marker("starts_python") and not at_length:
        stages = stages[::len(stages) // 2 or 1][:2]
    gates = [form for form in forms if isinstance(form.opens, built.Explorer)]
    given = {name for mark in metafunc.definition.iter_markers("parametrize")
             for name in re.split(r"[ ,]+", mark.args[0] if isinstance(mark.args[0], str) else ",".join(mark.args[0]))}
    asked = set(metafunc.fixturenames) - given
    for name, found, ident in (
            ("page", pages, lambda page: Path(page).stem),
            ("explorer", explorers, figure_id),
            ("front_explorer", first_of_each_page(built.EXPLORERS), figure_id),
            ("stage", stages, figure_id),
            ("form", forms, form_id),
            ("gate", gates, form_id),  # a form that an explorer waits for
            ("number_gate", [form for form in gates if form.opens.sets], form_id)):
        if name not in asked:
            continue
        # without a site there is one case all the same, so that `origins` can say what is missing
        found, ident = (found, ident) if found else ([None], lambda nothing: "no-site")
        by = "look" if name == "page" and "where" not in asked else "where"
        if by not in asked or name == "page" and at_length:
            metafunc.parametrize(name, found, ids=ident)
            continue
        if name != "page":
            ways = [(it, ("http", "file")[built.PAGES.index(it.page) % 2] if it else "http") for it in found]
        elif by == "where":
            ways = [(page, "http") for page in found] + [(page, "file") for page in found[::4]]
        else:
            ways = [(page, ("light", "dark")[number % 2]) for number, page in enumerate(found)]
        metafunc.parametrize((name, by), ways, ids=[f"{ident(it)}-{way}" for it, way in ways])
        asked.discard(by)
    if "look" in asked:
        metafunc.parametrize("look", ["light", "dark"])
    if "where" in asked:
        metafunc.parametrize("where", ["http", "file"])
