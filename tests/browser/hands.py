"""What a reader's hands do with an explorer."""
from playwright.sync_api import expect

THUMB = 16  # px: the width of the thumb of Chromium's range input


def figure_of(tab, explorer):
    """The explorer's figure, in view, opened by "Show me" if it waits for an answer."""
    figure = tab.locator(explorer.selector)
    if figure.get_attribute("data-waiting"):
        tab.locator(f"#{explorer.after} [data-action=pass]").click()
        expect(figure).not_to_have_attribute("data-waiting", "true")
    figure.scroll_into_view_if_needed()
    return figure


def open_all(tab):
    """Answer every question with "Show me"."""
    for button in tab.locator("form.predict [data-action=pass]").all():
        button.click()


TO_END = """([of, last]) => {
  for (const input of document.querySelectorAll(`${of}.explore .explore-controls [name], ${of}.stage [name=scenario], ${of}.stage [name=frame]`)) {
    if (input.type === "range") input.value = last ? input.max : input.min;
    else if (input.type === "checkbox") input.checked = last;
    else input.selectedIndex = last ? input.options.length - 1 : 0;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}"""


def move_all(tab, last):
    """Every control of every explorer and stage to its first value or, if `last`, to its last."""
    for figure in tab.locator("figure.explore, figure.stage").all():
        figure.scroll_into_view_if_needed()  # it loads then
    tab.wait_for_load_state("networkidle")
    tab.evaluate(TO_END, ["figure", last])
    for figure in tab.locator("figure.explore").all():
        end = figure.evaluate("figure => [...figure.querySelectorAll('.explore-controls [name]')].map(indexOf).join(',')")
        expect(figure).to_have_attribute("data-state", end)


def unfold(tab):
    """Open every solution and every folded list, but not the code."""
    tab.evaluate("""document.querySelectorAll(".toggle-hidden").forEach((one) => one.classList.remove("toggle-hidden"));
      document.querySelectorAll("article details:not(.hide)").forEach((one) => { one.open = true; });""")


def expect_state(figure, indices):
    expect(figure).to_have_attribute("data-state", ",".join(map(str, indices)))


def turn(figure, control, index):
    """Bring one control to `index` by keys, or as its kind is used."""
    field = figure.locator(f'[name="{control.name}"]')
    last = len(control.labels) - 1
    if control.type == "select":
        field.select_option(index=index)
    elif control.type == "checkbox":
        field.set_checked(bool(index))
    else:
        near_start = index <= last / 2
        field.press("Home" if near_start else "End")
        for _ in range(index if near_start else last - index):
            field.press("ArrowRight" if near_start else "ArrowLeft")


def set_state(figure, explorer, indices):
    for control, index in zip(explorer.controls, indices, strict=True):
        turn(figure, control, index)
    expect_state(figure, indices)


def point_on(field, share):
    """Where on the page the thumb of a range stands at `share` of its way."""
    box = field.bounding_box()
    return (box["x"] + THUMB / 2 + share * (box["width"] - THUMB), box["y"] + box["height"] / 2)


def shown(figure):
    """(picture, sentence) as the page has them."""
    return (figure.locator(".explore-view").evaluate("view => view.innerHTML"),
            figure.locator("figcaption").evaluate("caption => caption.textContent"))


def parsed(tab, picture):
    """The picture's SVG as this browser writes it."""
    return tab.evaluate("""svg => {
      const box = document.createElement("div");
      box.innerHTML = svg;
      return box.innerHTML;
    }""", picture)
