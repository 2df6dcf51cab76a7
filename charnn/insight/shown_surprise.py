"""A measured surprise that shows itself: as a picture, as a page, and in a notebook."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from charnn.insight.bar_surprise import TuneBits, bits_by_bar
from charnn.insight.error_kinds import ErrorKinds
from charnn.insight.html_page import escape
from charnn.insight.surprise_colours import is_dark, surprise_colour
from charnn.insight.surprise_figure import surprise_figure, text_lines
from charnn.insight.surprise_page import surprise_page
from charnn.insight.text_surprise import Surprise

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The characters that a notebook shows.
_SHOWN, _COLUMNS = 4000, 100


@dataclass(frozen=True, repr=False)
class ShownSurprise(Surprise):
    """The surprise of a model at a text, with its pictures.

    Attributes:
        has_tunes: whether the text consists of tunes.
    """

    has_tunes: bool = False

    @classmethod
    def of(cls, measured: Surprise, *, has_tunes: bool) -> Self:
        """Return a measured surprise that shows itself."""
        return cls(
            measured.read,
            measured.vocabulary,
            measured.bits,
            measured.top_ids,
            measured.top_probabilities,
            has_tunes,
        )

    def bars(self) -> list[TuneBits]:
        """Return the surprise at each bar, tune by tune; an empty list if the text is prose."""
        return bits_by_bar(self) if self.has_tunes else []

    def figure(self) -> "Figure":
        """Return a picture of the text in colours; below it the bars, if it is a single tune."""
        tunes = self.bars()
        return surprise_figure(self, tunes[0] if len(tunes) == 1 and tunes[0].bars else None)

    def page(self, title: str, errors: ErrorKinds | None = None) -> bytes:
        """Return a page with the text in colours, and what else the model weighed.

        Args:
            title: the title of the page.
            errors: the errors by kind, which the page shows if they are given.
        """
        return surprise_page(self, title, self.bars(), errors)

    def _repr_html_(self) -> str:
        """Return the text in colours for a notebook."""
        lines = text_lines(self, _COLUMNS, _SHOWN)
        spans = "\n".join("".join(_span(*cell) for cell in line) for line in lines)
        left = len(self) - _SHOWN
        more = f"<p>{left:,} more characters are not shown.</p>" if left > 0 else ""
        return f"<p>{self.bits_per_char:.3f} bits per character</p><pre>{spans}</pre>{more}"


def _span(sign: str, bits: float, begins: bool) -> str:
    colour = surprise_colour(bits)
    if colour is None:
        return escape(sign)
    red, green, blue = colour
    ink = "white" if is_dark(colour) else "black"
    style = f"background:rgb({red},{green},{blue});color:{ink}"
    return f'<span style="{style}" title="{bits:.1f} bits">{escape(sign)}</span>'
