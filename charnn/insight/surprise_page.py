"""The page of a text coloured by surprise, with what else the model weighed at each place."""

from collections.abc import Sequence

from charnn.insight.bar_surprise import TuneBits
from charnn.insight.error_kinds import ErrorKinds
from charnn.insight.html_page import escape, html_page, picture, table
from charnn.insight.surprise_colours import LEAST, MOST, is_dark, palette, palette_index
from charnn.insight.surprise_figure import bars_figure
from charnn.insight.surprise_tables import character_rows, error_rows, place_rows
from charnn.insight.text_surprise import Surprise

# A browser shows this many characters at once without a delay.
SHOWN = 20_000
MAX_TUNES = 5

_TEXT = """<p>{summary}</p>
<p class="quiet">White: the model expected the character (less than {least:g} bits). The darker, the
more it was surprised; the darkest are {most:g} bits and more. Point at a character, or move the
slider with the arrow keys.</p>
<div class="panel">
<p><label for="place">Place in the text</label>
<input type="range" id="place" min="0" max="{last}" value="0" step="1"></p>
<p><button type="button" id="back">Back</button> <button type="button" id="on">On</button>
<button type="button" id="next">Next surprise</button></p>
<output id="shown" for="place"></output>
</div>
<div class="text" id="text"></div>
"""


def surprise_page(
    surprise: Surprise,
    title: str,
    tunes: Sequence[TuneBits] = (),
    errors: ErrorKinds | None = None,
) -> bytes:
    """Return the page of a text.

    Args:
        surprise: the surprise of a model at the text.
        title: the title of the page.
        tunes: the tunes of the text, whose bars are shown.
        errors: the errors by kind, which are shown if they are given.
    """
    count = min(len(surprise), SHOWN)
    counted = surprise.vocabulary.counted
    summary = (
        f"{surprise.characters:,} {counted}, {surprise.bits_per_char:.3f} bits per "
        f"{counted.removesuffix('s')}."
    )
    if count < len(surprise):
        summary += f" The page shows the first {count:,} of them."
    body = _TEXT.format(summary=escape(summary), least=LEAST, most=MOST, last=count - 1)
    for tune in tunes[:MAX_TUNES]:
        if tune.bars:
            body += _bars(tune)
    body += "<h2>Characters</h2>\n" + table(*character_rows(surprise))
    body += "<h2>The most surprising places</h2>\n" + table(*place_rows(surprise))
    if errors is not None:
        body += "<h2>Errors by kind</h2>\n" + table(*error_rows(errors))
    return html_page(title, body, data=_data(surprise, count), scripts=["slider.js", "surprise.js"])


def _data(surprise: Surprise, count: int) -> dict[str, object]:
    """Return what the script of the page shows."""
    bits = [round(float(each), 2) for each in surprise.bits[:count]]
    return {
        "pieces": surprise.pieces[:count],
        "names": surprise.names()[:count],
        "bits": bits,
        "colours": [palette_index(each) for each in bits],
        "palette": [f"rgb({r} {g} {b})" for r, g, b in palette()],
        "dark": [is_dark(colour) for colour in palette()],
        "alternatives": [
            [[other.name, round(other.probability, 4)] for other in others]
            for others in surprise.alternatives(count)
        ],
    }


def _bars(tune: TuneBits) -> str:
    """Return the HTML of the bars of a tune: a picture and a table."""
    highest = max(tune.bars, key=lambda bar: bar.bits)
    title = tune.title or "untitled"
    described = (
        f"Bits of each bar of {title}: {tune.mean:.1f} on average, and most, {highest.bits:.1f}, "
        f"in bar {highest.name}. The table below has them all."
    )
    rows = [[bar.name, f"{bar.bits:.1f}", bar.text.strip()] for bar in tune.bars]
    return (
        f"<h2>Bars of {escape(title)}</h2>\n"
        + picture(bars_figure(tune), described)
        + table(["bar", "bits", "music"], rows, f"Surprise at each bar of {title}")
    )
