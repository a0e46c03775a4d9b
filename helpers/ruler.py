"""Axes whose rulers cost a fraction: all marks of an axis are one mark, drawn in one place after the other.

Matplotlib keeps five artists for every tick of an axis, and lays the ticks out four times in a drawing: that took most of the
time of a small figure. Here an axis has one Tick, which is moved to each place and drawn there. The picture is the same.
"""
from matplotlib.artist import allow_rasterization
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.transforms import Bbox


class _Ruler:
    """An axis with one major tick for all places, and one minor."""

    def get_major_ticks(self, numticks=None):
        return super().get_major_ticks(1) * (len(self.get_majorticklocs()) if numticks is None else numticks)

    def get_minor_ticks(self, numticks=None):
        return super().get_minor_ticks(1) * (len(self.get_minorticklocs()) if numticks is None else numticks)

    @allow_rasterization
    def draw(self, renderer):
        if not self.get_visible():
            return
        renderer.open_group(__name__, gid=self.get_gid())
        boxes = []
        for tick, place, text in self._marks():
            tick.update_position(place)
            tick.label1.set_text(text)
            tick.draw(renderer)
            if self.label.get_text():
                boxes.append(tick.label1.get_window_extent(renderer))
        if self.label.get_text():
            self._put_name(Bbox.union([*boxes, self.axes.bbox]), self.labelpad * self.get_figure().dpi / 72)
            self.label.draw(renderer)
        renderer.close_group(__name__)
        self.stale = False

    def _marks(self):
        """(tick, place, text) of all that is within view."""
        scale = self.get_transform().transform
        low, high = sorted(scale(self.get_view_interval()))
        edge = 1e-10 * (high - low)  # a mark on the border is inside
        for ticker, places, ticks in ((self.major, self.get_majorticklocs(), self.get_major_ticks),
                                      (self.minor, self.get_minorticklocs(), self.get_minor_ticks)):
            if len(places):
                for place, at, text in zip(places, scale(places), ticker.formatter.format_ticks(places), strict=True):
                    if low - edge <= at <= high + edge:
                        yield ticks(1)[0], place, text


class _X(_Ruler, XAxis):
    def _put_name(self, box, pad):
        self.label.set_y(box.y0 - pad)


class _Y(_Ruler, YAxis):
    def _put_name(self, box, pad):
        self.label.set_x(box.x0 - pad)


class Ruled(Axes):
    """Axes with such a ruler below and one at the left."""

    def _init_axis(self):  # matplotlib's documented place for axes with other rulers
        self.xaxis, self.yaxis = _X(self, clear=False), _Y(self, clear=False)
        for side, axis in (("bottom", self.xaxis), ("top", self.xaxis), ("left", self.yaxis), ("right", self.yaxis)):
            self.spines[side].register_axis(axis)
