"""A prime with stars: the model fills in the bars and notes that `*` stands for.

The filling is that of `charnn vary`, so it suits what follows it in the prime. Each tune of a
request gets a filling of its own, by its seed.
"""

import re
from dataclasses import replace

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import TuneError, UsageError, shorten
from charnn.music.abc.patterns import FIELD
from charnn.music.grammar.header_candidates import find_candidates
from charnn.music.grammar.prime_text import STAR
from charnn.music.grammar.tune_request import Header, TuneRequest
from charnn.sampling.params import SamplingParams
from charnn.tunes.infilling import Infiller
from charnn.tunes.opening_header import header_text
from charnn.tunes.variation import Varier, VaryOptions

# At temperature 0 nothing is drawn, and a filling is drawn.
_MIN_TEMPERATURE = 0.01
_BAR_LINE = re.compile(r"\||(?<!\(\d)::")  # `(3::2` is a tuplet
_MAX_SHOWN = 24  # of a bar in a message


class StarredPrime:
    """The prime of a request, with stars.

    Args:
        checkpoint: a model of tunes.
        request: the request.
    """

    def __init__(self, checkpoint: Checkpoint, request: TuneRequest) -> None:
        # A model of its own, because the filling reads other texts than the tunes.
        self._infiller = Infiller(checkpoint)
        self._request = request
        self._variers: dict[Header, Varier] = {}

    def filled(self, header: Header, seed: int, temperature: float) -> TuneRequest:
        """Return the request with this header, and with an opening without stars.

        Raises:
            UsageError: a bar with stars cannot be filled, or no tune can begin like this.
        """
        if not header[1] or not header[3]:
            raise UsageError(
                "a * stands for what a bar lacks, so the tune needs a meter and a key: add --meter "
                "and --key"
            )
        before = header_text(self._request, header)
        if header not in self._variers:
            self._variers[header] = self._varier(before, header)
        params = SamplingParams(max(temperature, _MIN_TEMPERATURE))
        (found,) = self._variers[header].variations([seed], params)
        return self._with_opening(header, found.text[len(before) :])

    def _with_opening(self, header: Header, opening: str) -> TuneRequest:
        rhythm, meter, unit, key = header
        return replace(
            self._request,
            rhythm=rhythm,
            meter=meter,
            unit=unit,
            key=key,
            opening=opening.removesuffix("\n"),
        )

    def _varier(self, before: str, header: Header) -> Varier:
        music = self._request.starred
        # A bar line completes the last bar if there is a star in it.
        ends_in_star = STAR in _BAR_LINE.split(music)[-1]
        text = f"{before}{music}{'|' * ends_in_star}\n"
        try:
            varier = Varier(self._infiller, text, VaryOptions(), is_beginning=True)
        except TuneError as problem:
            bar = _bar_at(text, problem)
            where = f", in the bar {shorten(bar, _MAX_SHOWN)!r}" if bar else ""
            raise UsageError(f"--prime: {problem.problem}{where}") from problem
        if self._request.strict:
            request = self._with_opening(header, varier.old_text()[len(before) :])
            places = (
                (start - len(before), stop - len(before)) for start, stop in varier.old_places()
            )
            request = replace(request, headers=(), star_places=tuple(places))
            find_candidates(request, self._infiller.characters)
        return varier


def _bar_at(text: str, problem: TuneError) -> str:
    """Return the bar that contains the place of a problem; `""` for a place in the header."""
    line = next(iter(text.split("\n")[problem.line - 1 : problem.line]), "")
    if FIELD.match(line):
        return ""
    start, stop = 0, len(line)
    for bar_line in _BAR_LINE.finditer(line):
        if bar_line.start() >= problem.column:
            stop = bar_line.start()
            break
        start = bar_line.end()
    return line[start:stop].strip(" :")
