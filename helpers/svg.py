"""A matplotlib figure as compact SVG that belongs to the page.

Each element is one line, so that the states of an explorer share most of their lines. Colours of
the book's style become CSS variables and the font is the page's, so that the picture follows the
theme. Coordinates keep two decimals, each point of a path is told from the point before it, raster
parts become indexed PNG, and what a page does not need (metadata, global style rules, empty groups) goes.
"""
import base64
import io
import re
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from PIL import Image

from helpers.figures import THEME
from helpers.wording import minus

VARIABLES = {light: f"var(--fig-{name})" for name, (light, _) in THEME.items()}
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
RASTER = "data:image/png;base64,"

LONG_DECIMAL = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
COLOR = re.compile(r"#[0-9a-f]{6}\b")
SEGMENT = re.compile(r"([MLQCz])([^MLQCz]*)")
FONT = re.compile(r"font: (?:(\d+) )?([\d.]+)px [^;]*|font-family: [^;]*(?:; )?")
REFERENCE = re.compile(r"(?<=url\(#)|(?<=^#)")
PAINT = ("style", "fill", "stroke")  # where a colour may stand


def svg_lines(figure, name: str) -> list[str]:
    """The figure as lines of SVG, one element a line.

    `name` is put before every id, so that the pictures of one page do not take each other's
    clip paths. The lines joined are one `<svg>` element that scales with its container.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=NO_METADATA)
    root = ElementTree.fromstring(buffer.getvalue())
    _, _, width, height = root.get("viewBox").split()
    lines = [f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
             f'aria-hidden="true" xmlns="http://www.w3.org/2000/svg">']
    for child in root:
        if child.find("{*}style") is None:  # matplotlib's style rule would reach the whole page
            _emit(child, f"{name}-", lines)
    lines.append("</svg>")
    return lines


def _emit(element, prefix, lines):
    tag = element.tag.rpartition("}")[2]
    attributes = dict(_clean(tag, element.attrib, prefix))
    invisible = tag == "path" and attributes.get("style") == "fill: none"
    if invisible and "id" not in attributes:
        return
    if tag == "g" and not attributes:
        for child in element:
            _emit(child, prefix, lines)
        return
    start = f"<{tag}" + "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    if len(element):
        lines.append(start + ">")
        for child in element:
            _emit(child, prefix, lines)
        lines.append(f"</{tag}>")
    elif element.text and element.text.strip():
        lines.append(f"{start}>{escape(minus(element.text.strip()))}</{tag}>")
    else:
        lines.append(start + "/>")


def _clean(tag, attributes, prefix):
    for key, value in attributes.items():
        key = key.rpartition("}")[2]
        if key == "id":
            if tag != "g":  # groups are named by matplotlib, but nothing refers to them
                yield key, prefix + value
        elif value.startswith(RASTER):
            yield key, _indexed_png(value)
        elif key == "d":
            yield key, _relative(value)
        elif not (key == "transform" and value.startswith("rotate(-0 ")):
            if not value.startswith(("matrix", "scale")):  # factors of a raster, far below one
                value = LONG_DECIMAL.sub(_two_decimals, value)
            if key in PAINT:
                value = COLOR.sub(lambda found: VARIABLES.get(found[0], found[0]), value)
                value = FONT.sub(_size_and_weight, value)
            if "url(#" in value or key == "href":
                value = REFERENCE.sub(prefix, value)
            yield key, value


def _relative(path):
    """The path with each point as its distance from the last point, which takes fewer digits than its place.

    Places are rounded to hundredths first, so that a long path ends where its data end.
    """
    told, last, x, y = [], "", 0, 0
    for command, numbers in SEGMENT.findall(path):
        places = [round(float(number) * 100) for number in numbers.split()]
        if command in "LQC":
            command = command.lower()
            places[::2] = [place - x for place in places[::2]]
            places[1::2] = [place - y for place in places[1::2]]
            x, y = x + places[-2], y + places[-1]
        elif places:
            x, y = places
        text = " ".join([f"{place / 100:g}" for place in places]).replace(" -", "-")
        told.append(command if command != last or command in "Mz" else "" if text[0] == "-" else " ")
        told.append(text)
        last = command
    return "".join(told)


def _two_decimals(found):
    text = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _size_and_weight(found):
    weight, size = found.groups()
    return "" if size is None else f"font-size: {size}px" + (
        f"; font-weight: {weight}" if weight else "")


def _indexed_png(uri):
    """The PNG with a palette of at most 256 colours: a quarter of the bytes, no visible change."""
    image = Image.open(io.BytesIO(base64.b64decode(uri.removeprefix(RASTER))))
    buffer = io.BytesIO()
    image.convert("RGBA").quantize(256, method=Image.Quantize.FASTOCTREE).save(
        buffer, "PNG", optimize=True)
    return RASTER + base64.b64encode(buffer.getvalue()).decode()
