"""Tunes that draw themselves and play in a notebook.

A notebook shows an object by its method `_repr_html_`. The picture needs verovio (`charnn[score]`);
without it, the tune is shown as text. The sound is made here, and is part of the page.
"""

import html
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields

from charnn.errors import CharnnError, warn
from charnn.music.abc import reader
from charnn.music.checking.left_out import left_out
from charnn.music.tune.tune import Tune
from charnn.sampling.written_text import WrittenText


class WrittenTune(WrittenText):
    """A tune that a model wrote, in ABC notation. A notebook shows it as a score with sound."""

    def _repr_html_(self) -> str:
        tune = reader.read_first_tune(self)
        return _as_text(self) if tune is None else _tune_html(tune, self)


def written_tunes(texts: Iterable[str], seeds: Iterable[int]) -> Iterator[WrittenTune]:
    """Return an iterator over tunes with their seeds."""
    return map(WrittenTune, texts, seeds)


@dataclass(frozen=True, slots=True, repr=False)
class ShownTune(Tune):
    """A tune that was read. A notebook shows it as a score with sound."""

    def _repr_html_(self) -> str:
        return _tune_html(self, repr(self))


def read_tunes(text: str) -> list[Tune]:
    """Return every tune of a text in ABC notation. A notebook shows a tune as a score with sound.

    What the reader leaves out of a tune is a `CharnnWarning`, with its line and column.

    Raises:
        TuneError: a tune cannot be read; the line of the error is counted in the whole text.
    """
    tunes: list[Tune] = []
    for tune in reader.read_tunes(text):
        for message in left_out(tune):
            warn(message)
        tunes.append(ShownTune(**{field.name: getattr(tune, field.name) for field in fields(tune)}))
    return tunes


def _tune_html(tune: Tune, text: str) -> str:
    """Return a tune as HTML: its score, or `text` where it cannot be drawn, then its sound."""
    score = _or_reason(lambda: _score(tune), _as_text(text))
    return f"<div>{score}{_or_reason(lambda: _sound(tune), '')}</div>"


def _or_reason(make: Callable[[], str], instead: str) -> str:
    """Return the HTML that a function makes; if it fails, other HTML and the reason."""
    try:
        return make()
    except CharnnError as reason:
        return f"{instead}<p><small>{html.escape(str(reason))}</small></p>"


def _score(tune: Tune) -> str:
    from charnn.music.score.engraving import engrave

    svg = engrave(tune, "svg").decode()
    # On a dark page, the black notes need paper.
    return f'<div style="background: white; width: max-content; max-width: 100%">{svg}</div>'


def _sound(tune: Tune) -> str:
    from charnn.music.performance.playback import Playback
    from charnn.music.sound.wav import preview_bytes

    data = b64encode(preview_bytes(Playback(tune))).decode()
    return f'<audio controls src="data:audio/wav;base64,{data}"></audio>'


def _as_text(text: str) -> str:
    return f"<pre>{html.escape(text)}</pre>"
