"""A chapter in JupyterLab or JupyterLite, used as a reader does: run it, move a slider, touch a stage."""
import re
import time

from playwright.sync_api import TimeoutError, expect

NOTEBOOK = "jupyterapp.shell.currentWidget"
READY = f"() => window.jupyterapp && {NOTEBOOK}?.context?.sessionContext?.session?.kernel?.status === 'idle'"
CELLS = NOTEBOOK + """.content.widgets.filter((cell) => cell.model.type === "code").map((cell) => ({
  index: NOTEBOOK.content.widgets.indexOf(cell),
  source: cell.model.sharedModel.source,
  done: cell.model.executionCount !== null && cell.model.executionState === "idle",
  outputs: cell.model.outputs.toJSON(),
}))""".replace("NOTEBOOK", NOTEBOOK)
PICTURE = ".jp-OutputArea-output .explore-view"
PIXELS = "canvas => canvas.toDataURL()"


class Notebook:
    """The notebook that a tab has open. It asks the front end's own objects, since cells out of sight are not in the page."""

    def __init__(self, tab, wait):
        self.tab = tab
        tab.wait_for_function(READY, timeout=wait)

    def cells(self):
        """[{index, source, done, outputs}] of the code cells."""
        return self.tab.evaluate(CELLS)

    def run_all(self, wait):
        """Run all cells; returns the code cells with their outputs. Fails if they are not done within `wait` ms."""
        self.tab.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        self.tab.wait_for_function(f"() => {CELLS}.every((cell) => cell.done) || {CELLS}.some("
                                   "(cell) => cell.outputs.some((output) => output.output_type === 'error'))", timeout=wait)
        return self.cells()

    def run(self, first, wait):
        """Run the code cells before number `first` alone; returns them."""
        for cell in self.cells()[:first]:
            self.tab.evaluate(f"index => {{ {NOTEBOOK}.content.activeCellIndex = index; "
                              "return jupyterapp.commands.execute('notebook:run-cell'); }", cell["index"])
        self.tab.wait_for_function(f"first => {CELLS}.slice(0, first).every((cell) => cell.done)", arg=first, timeout=wait)
        return self.cells()[:first]

    def show(self, cell):
        """The cell's element, scrolled into view."""
        self.tab.evaluate(f"index => {NOTEBOOK}.content.scrollToItem(index, 'start')", cell["index"])
        return self.tab.evaluate_handle(f"index => {NOTEBOOK}.content.widgets[index].node", cell["index"]).as_element()

    def move_a_slider(self):
        """Move sliders, by one value each, until one changes its picture; returns its cell. Fails if none does."""
        for cell in self.cells():
            if "@explore(" not in cell["source"]:
                continue
            element = self.show(cell)
            self.tab.wait_for_timeout(300)  # widgets of cells that come into view are drawn then
            for handle in element.query_selector_all(".noUi-handle"):
                picture = element.query_selector(PICTURE)
                if not (picture and handle.is_visible()):
                    continue  # its question waits for an answer
                at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
                before = picture.inner_html()
                handle.focus()
                handle.press("ArrowLeft" if at_end else "ArrowRight")
                try:
                    self.tab.wait_for_function(
                        "([element, selector, before]) => { const now = element.querySelector(selector);"
                        " return now && now.innerHTML !== before; }", arg=[element, PICTURE, before], timeout=10_000)
                    return cell
                except TimeoutError:
                    continue  # some change the sentence alone
        raise AssertionError("no slider changed its picture")

    def touch_a_stage(self):
        """Take a step on the first stage, then touch it; fails unless each changes it. Returns its cell; None without a stage."""
        cell = next((cell for cell in self.cells() if re.search(r"^(\w+ = )?stage\(", cell["source"], re.MULTILINE)), None)
        if cell is None:
            return None
        self.show(cell)
        for question in self.tab.locator("form.predict:visible [data-action=pass]:visible").all():
            question.click()
        self.show(cell)
        figure = self.tab.locator("figure.stage:visible").first
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_attribute("data-engine", "kernel")
        before = figure.get_attribute("data-step")
        figure.locator("[data-action=step]").click()
        expect(figure).not_to_have_attribute("data-step", before)
        canvas = figure.locator("canvas")
        picture, box = canvas.evaluate(PIXELS), canvas.bounding_box()
        for share in (0.5, 0.3, 0.7, 0.4, 0.6):  # there may be nothing to touch in the middle
            canvas.click(position={"x": share * box["width"], "y": share * box["height"]})
            self.tab.wait_for_timeout(500)  # time for the kernel to answer
            if canvas.evaluate(PIXELS) != picture:
                return cell
        raise AssertionError("a touch changed nothing on the stage")


class Student:
    """A fresh browser that opens chapters in JupyterLite; requests to other origins are noted. `options`: of Playwright's contexts."""

    def __init__(self, browser, origin, **options):
        self.origin, self.elsewhere = origin, []
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        self.context.on("request", lambda request: request.url.startswith((origin, "data:", "blob:")) or
                        self.elsewhere.append(request.url))
        # the front end's own objects, to look into
        self.context.route("**/lite/jupyter-lite.json", self._expose)

    def _expose(self, route):
        settings = route.fetch().json()
        settings["jupyter-config-data"]["exposeAppInBrowser"] = True
        route.fulfill(json=settings)

    def open(self, chapter, wait):
        """The chapter's notebook, by the button on its page; `clicked` is when, on the clock that is monotonic."""
        tab = self.context.new_page()
        tab.goto(f"{self.origin}book/{chapter}.html")
        button = tab.locator('.launch a[data-launch="lite"]')
        button.wait_for()
        self.clicked = time.monotonic()
        button.click()
        return Notebook(tab, wait)
