"""A figure as lines of SVG: the same picture, in the page's colours and font, and small."""
import base64
import io
import re
from xml.etree import ElementTree

import matplotlib
import matplotlib.pyplot
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.path import Path as Outline
from matplotlib.transforms import Affine2D
from PIL import Image

from helpers import figures
from helpers.svg import svg_lines

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
FIGURE_UNIT = 72  # SVG units an inch


def busy_figure():
    """One of everything that a chapter may draw."""
    rng = np.random.default_rng(1)
    fig, ax = figures.panel("guess, lb", "share of the crowd", wide=True)
    x = np.linspace(0, 1, 50)
    for i, color in enumerate(figures.CYCLE):
        ax.plot(x, x**(i + 1) / 3, color=color, linestyle=["-", "--", ":", "-.", "-"][i])
    ax.scatter(rng.random(20), rng.random(20), s=12, c=rng.random(20), clip_on=True)
    ax.fill_between(x, x / 3, x / 2, color=figures.SKY, alpha=1 / 3)
    ax.bar([0.2, 0.4], [0.5, 0.7], width=1 / 30, color=figures.PEACH, hatch="//")
    ax.errorbar([0.5], [0.5], yerr=[0.1], marker="o")
    figures.label(ax, 0.5, 0.25, "ρ ≥ 0.333 & “x” < 1")
    ax.text(0.1, 0.9, "heavy", weight="semibold", color=figures.PAPER, rotation=30)
    ax.text(0.1, 0.8, "leaning", style="italic")
    ax.text(0.7, 0.8, "two\nlines")
    ax.axhline(0.5, color=figures.INK)
    ax.axvline(0.5, color=figures.FAINT)
    ax.imshow(rng.random((8, 8)), extent=(0.6, 0.9, 0.6, 0.9), aspect="auto")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    return fig


def drawn(make=busy_figure, name="jury"):
    with figures.style():
        return svg_lines(make(), name)


def elements(lines):
    return list(ElementTree.fromstring("\n".join(lines)).iter())


def local(name):
    return name.rpartition("}")[2]


def attributes(lines):
    return [(local(key), value) for element in elements(lines)
            for key, value in element.attrib.items()]


def test_it_is_one_svg_element_an_element_a_line():
    lines = drawn()
    root = ElementTree.fromstring("".join(lines))
    assert local(root.tag) == "svg"
    assert lines[-1] == "</svg>"
    assert all(line.startswith("<") and line.endswith(">") and "\n" not in line for line in lines)
    numbers = [float(number) for number in root.get("viewBox").split()]
    size = 4.2 * FIGURE_UNIT, 2.6 * FIGURE_UNIT
    assert numbers == pytest.approx([0, 0, *size])
    assert [float(root.get(key)) for key in ("width", "height")] == pytest.approx(size)
    assert root.get("aria-hidden") == "true"  # the view around it has the name


def test_ids_belong_to_the_figure_and_references_find_them():
    lines = drawn()
    ids = [value for key, value in attributes(lines) if key == "id"]
    assert ids
    assert all(ident.startswith("jury-") for ident in ids)
    assert len(set(ids)) == len(ids)
    references = re.findall(r"url\(#([^)]*)\)", "".join(lines)) + [
        value.removeprefix("#") for key, value in attributes(lines)
        if key == "href" and value.startswith("#")]
    assert len(references) >= 5  # clip paths, markers and a hatch
    assert set(references) <= set(ids)


def test_two_figures_of_one_page_share_no_id():
    here, there = ({value for key, value in attributes(drawn(name=name)) if key == "id"}
                   for name in ("jury", "market"))
    assert len(here) == len(there) > 0
    assert not here & there


def test_the_colours_are_the_theme_and_the_font_is_the_page_s():
    text = "".join(drawn())
    for name, (light, _) in figures.THEME.items():
        assert light not in text.lower()
        assert f"var(--fig-{name})" in text, name
    assert "#000000" not in text  # it would not follow the theme into the dark
    styles = " ".join(value for key, value in attributes(drawn()) if key == "style")
    assert "font:" not in styles
    assert "font-family" not in styles
    assert "Inter" not in text
    assert "font-size: 9.5px" in styles
    (heavy,) = [element for element in elements(drawn()) if element.text == "heavy"]
    assert {"font-size: 10px", "font-weight: 600"} <= set(heavy.get("style").split("; "))


def test_slanted_text_stays_slanted():
    (leaning,) = [element for element in elements(drawn()) if element.text == "leaning"]
    assert "font-style: italic" in leaning.get("style")
    assert "font-size: 10px" in leaning.get("style")


def test_text_is_text():
    said = [element.text for element in elements(drawn()) if local(element.tag) == "text"]
    for text in ("guess, lb", "share of the crowd", "ρ ≥ 0.333 & “x” < 1", "heavy", "two", "lines"):
        assert text in said


def test_a_number_below_zero_has_a_minus_sign():
    def below():
        fig, ax = figures.panel("change, pages 2-3")
        ax.set(yticks=[-2, 0], yticklabels=["-200%", "0%"])
        figures.label(ax, 0, -1, f"{-0.5:g}")
        return fig
    assert {"−200%", "−0.5", "change, pages 2-3"} <= {element.text for element in elements(drawn(below))}


def test_no_number_has_more_than_two_decimals():
    numbers = [number for key, value in attributes(drawn())
               if key not in ("id", "href", "clip-path")
               and not value.startswith(("data:", "matrix", "scale"))
               for number in NUMBER.findall(re.sub(r"#[\w-]+", "", value))]
    assert len(numbers) > 500
    assert [number for number in numbers if len(number.partition(".")[2]) > 2] == []


def test_what_a_page_does_not_need_is_gone():
    text = "".join(drawn())
    for word in ("metadata", "<style", "<!--", "<!DOCTYPE", "<?xml", "matplotlib", "dc:"):
        assert word not in text
    assert not re.search(r"\b20\d\d-\d\d-\d\d", text)
    assert not [element for element in elements(drawn())
                if local(element.tag) == "g" and not element.attrib]


def test_the_same_figure_twice_is_the_same_to_the_byte():
    assert drawn() == drawn()


def path_of(d):
    """The points of an SVG path, those that pull its curves among them."""
    points = []
    for command, told in re.findall("([Mlqcz])([^Mlqcz]*)", d):
        steps = np.reshape([float(number) for number in re.findall(r"-?[\d.]+", told)], (-1, 2))
        if command == "M":
            points.extend(steps)
        else:
            for segment in np.split(steps, len(steps) // {"l": 1, "q": 2, "c": 3}.get(command, 1)) if len(steps) else []:
                points.extend(points[-1] + segment)
    return np.array(points)


def test_the_line_goes_where_the_data_go():
    x, y = np.array([0.0, 0.3, 0.7, 1.0]), np.array([0.2, 0.9, 0.4, 0.8])
    with figures.style():
        fig, ax = figures.panel()
        ax.plot(x, y, color="#123456")
        ax.set(xlim=(-0.5, 1.5), ylim=(0, 1))
        lines = svg_lines(fig, "jury")
        points = ax.transData.transform(np.column_stack([x, y])) / fig.dpi * FIGURE_UNIT
    (line,) = [element for element in elements(lines) if "#123456" in element.get("style", "")]
    height = fig.get_figheight() * FIGURE_UNIT
    expected = np.column_stack([points[:, 0], height - points[:, 1]])
    np.testing.assert_allclose(path_of(line.get("d")), expected, atol=0.0051)


def test_a_long_path_and_a_curve_go_where_their_data_do():
    x, y = np.linspace(0, 1, 3000), np.random.default_rng(0).random(3000)
    x[1500] = np.nan  # two pieces
    with figures.style():
        fig, ax = figures.panel()
        ax.plot(x, y, color="#123456")
        ring = ax.add_patch(Circle((0.5, 0.5), 0.3, color="#654321"))
        ax.set(xlim=(0, 1), ylim=(0, 1))
        lines = svg_lines(fig, "jury")
        on_page = Affine2D().scale(1 / fig.dpi).translate(0, -fig.get_figheight()).scale(FIGURE_UNIT, -FIGURE_UNIT)
        ends = on_page.transform(ax.transData.transform(np.column_stack([x, y])[[0, -1]]))
        curve = on_page.transform(ring.get_transform().transform(ring.get_path().vertices[:-1]))
    long, round_one = ([path_of(element.get("d")) for element in elements(lines) if color in element.get("style", "")]
                       for color in ("#123456", "#654321"))
    np.testing.assert_allclose(np.vstack(long)[[0, -1]], ends, atol=0.0051)
    np.testing.assert_allclose(np.vstack(round_one), curve, atol=0.0051)


def test_a_mark_stands_where_its_datum_is():
    with figures.style():
        fig, ax = figures.panel()
        ax.plot([0.25], [0.75], "o", color="#123456")
        ax.set(xlim=(0, 1), ylim=(0, 1))
        lines = svg_lines(fig, "jury")
        x, y = ax.transData.transform((0.25, 0.75)) / fig.dpi * FIGURE_UNIT
    (mark,) = [element for element in elements(lines)
               if local(element.tag) == "use" and "#123456" in element.get("style", "")]
    assert float(mark.get("x")) == pytest.approx(x, abs=0.0051)
    assert float(mark.get("y")) == pytest.approx(fig.get_figheight() * FIGURE_UNIT - y, abs=0.0051)


def raster_of(lines):
    (image,) = [element for element in elements(lines) if local(element.tag) == "image"]
    uri = next(value for key, value in image.attrib.items() if local(key) == "href")
    assert uri.startswith("data:image/png;base64,")
    return image, Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def field(n, **options):
    def make():
        fig, ax = figures.panel()
        values = np.hypot(*np.meshgrid(*2 * [np.linspace(-1, 1, n)]))
        ax.imshow(values, **options)
        return fig
    return make


def test_a_raster_is_a_small_png_with_a_palette():
    with figures.style():
        fig = field(60)()
        buffer = io.StringIO()
        fig.savefig(buffer, format="svg")
        _, exact = raster_of([buffer.getvalue()])
        _, ours = raster_of(svg_lines(fig, "jury"))
    assert exact.mode == "RGBA"
    assert ours.mode == "P"
    assert ours.size == exact.size
    error = np.abs(np.asarray(ours.convert("RGBA"), int) - np.asarray(exact, int))
    assert error.mean() < 255 / 100  # one per cent of the range cannot be seen
    assert error.max() <= 256 / 16


def transform_of(image):
    """What the element's transform makes of the corners of its picture, as (x, y) pairs."""
    matrix = np.eye(3)
    for kind, inside in re.findall(r"(\w+)\(([^)]*)\)", image.get("transform", "")):
        numbers = [float(number) for number in re.split(r"[ ,]+", inside.strip())]
        step = np.eye(3)
        if kind == "translate":
            step[:2, 2] = numbers
        elif kind == "scale":
            step[0, 0], step[1, 1] = numbers[0], numbers[-1]
        else:
            assert kind == "matrix"
            step[:2] = np.array(numbers).reshape(3, 2).T
        matrix = matrix @ step
    left, top = float(image.get("x", 0)), float(image.get("y", 0))
    right, bottom = left + float(image.get("width")), top + float(image.get("height"))
    return (matrix @ np.array([[left, top, 1], [right, bottom, 1]]).T)[:2].T


@pytest.mark.parametrize("n", [7, 60, 1000])
@pytest.mark.parametrize("interpolation", ["none", "nearest"])
def test_a_raster_covers_its_axes(n, interpolation):
    with figures.style():
        fig = field(n, interpolation=interpolation)()
        lines = svg_lines(fig, "jury")
        box = fig.axes[0].get_window_extent().extents / fig.dpi * FIGURE_UNIT
    image, _ = raster_of(lines)
    corners = transform_of(image)
    height = fig.get_figheight() * FIGURE_UNIT
    found = [*corners.min(axis=0), *corners.max(axis=0)]
    # matplotlib resamples "nearest" to whole pixels of its own, one SVG unit wide
    assert found == pytest.approx([box[0], height - box[3], box[2], height - box[1]], abs=1.01)


def test_drawing_leaves_matplotlib_as_it_was():
    before = dict(matplotlib.rcParams)
    drawn()
    assert dict(matplotlib.rcParams) == before


def test_style_does_not_depend_on_the_reader_s_settings():
    usual = drawn()
    with matplotlib.rc_context({"font.size": 20, "axes.grid": False, "svg.hashsalt": "other",
                                "text.color": "red", "svg.fonttype": "path"}):
        assert drawn() == usual


def test_a_clip_path_keeps_its_shape():
    def make():
        fig = Figure(figsize=(2, 2))
        ax = fig.add_axes((0, 0, 1, 1))
        ax.set(xlim=(0, 1), ylim=(0, 1))
        (line,) = ax.plot([0, 1], [0, 1], color="#123456")
        line.set_clip_path(Outline([(0.25, 0.25), (0.75, 0.25), (0.5, 0.75)]), ax.transData)
        return fig
    lines = drawn(make)
    (line,) = [element for element in elements(lines) if "#123456" in element.get("style", "")]
    name = line.get("clip-path").removeprefix("url(#").removesuffix(")")
    (clip,) = [element for element in elements(lines) if element.get("id") == name]
    (outline,) = clip
    np.testing.assert_allclose(path_of(outline.get("d"))[:3], [(36, 108), (108, 108), (72, 36)],
                               atol=0.0051)
