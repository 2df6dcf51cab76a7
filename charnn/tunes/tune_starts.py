"""The beginnings of new tunes: the header and the opening that a model reads for them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from charnn.music.coding.bar_labels import has_labels
from charnn.music.coding.form_plan import FormPlan
from charnn.music.grammar.grammar_state import GrammarState, PlannedPart
from charnn.music.grammar.header_candidates import draw_header
from charnn.music.grammar.reading_key import reading_key
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import Header, TuneRequest
from charnn.sampling.sampler import Sampler
from charnn.tunes.opening_header import OpeningCoder, likeliest_header

if TYPE_CHECKING:
    from charnn.tunes.starred_prime import StarredPrime


class TuneStarts:
    """The beginnings of the tunes of one request.

    If the headers of the training tunes are known, each tune has one of those that suit the
    request: the likeliest one for the requested opening, or else one that its seed draws. The
    temperature does not change these draws, so new tunes have the types and keys of the training
    tunes in the same proportions. If no headers are known, the model chooses.

    Args:
        sampler: the model.
        grammar: the grammar of the request.
        request: the properties that every tune must have.

    Raises:
        UsageError: the model cannot write the opening.
    """

    def __init__(self, sampler: Sampler, grammar: TuneGrammar, request: TuneRequest) -> None:
        self._grammar, self._request = grammar, request
        self._vocabulary = sampler.vocabulary
        self._headers: Mapping[Header, float] = grammar.headers
        self._has_labels = has_labels(sampler.token_texts)
        self._opening = ""
        if request.opening:
            coder = OpeningCoder(sampler.vocabulary, request)
            header = likeliest_header(sampler, coder, grammar.candidates)
            self._headers = {header: 1.0}
            self._opening = "" if request.starred else coder.coded_text(header)
        self._states: dict[tuple[Header, tuple[PlannedPart, ...]], GrammarState] = {}
        self._drawn: dict[int, Header] = {}

    def state(self, seed: int, plan: FormPlan | None = None) -> GrammarState:
        """Return the state of the grammar before the first character of the tune of a seed.

        With a plan, the tune must have the parts of the plan, unless it has an opening.
        """
        if not self._headers:
            return self._grammar.start
        header = self._read(self._header(seed))
        parts: tuple[PlannedPart, ...] = ()
        if plan and not self._opening:
            parts = tuple(PlannedPart(part.bars, part.bars_before_endings) for part in plan.parts)
        if (header, parts) not in self._states:
            state = self._grammar.start_with(header, self._opening, parts)
            self._states[header, parts] = state
        return self._states[header, parts]

    def filled_state(self, stars: "StarredPrime", seed: int, temperature: float) -> GrammarState:
        """Return the state for a tune of a seed, after a prime whose stars are filled in."""
        header = self._header(seed) if self._headers else next(iter(self._grammar.candidates))
        filled = stars.filled(header, seed, temperature)
        opening = OpeningCoder(self._vocabulary, filled).coded_text(header)
        return self._grammar.start_with(self._read(header), opening)

    def _header(self, seed: int) -> Header:
        """Return the header that a seed draws from those that suit the request."""
        if seed not in self._drawn:
            self._drawn[seed] = draw_header(self._headers, seed)
        return self._drawn[seed]

    def _read(self, header: Header) -> Header:
        """Return a header with the key that the model reads."""
        if not header[3] or not self._vocabulary.moves_keys:
            return header
        return (*header[:3], reading_key(header[3], self._request.headers))

    def key(self, seed: int) -> str:
        """Return the key to which the tune of a seed is moved when it is decoded.

        The result is `""` if the model reads the key of the tune.
        """
        if not self._headers:
            return ""
        header = self._header(seed)
        return header[3] if self._read(header) != header else ""

    def plan(self, seed: int) -> FormPlan | None:
        """Return the plan of the tune of a seed; `None` without one.

        Only the bars of a model that writes bar labels follow a plan.
        """
        plans, request = self._request.plans, self._request
        if plans is None or not (self._headers and request.strict and self._has_labels):
            return None
        rhythm, meter, _, _ = self._header(seed)
        return plans.draw(rhythm, meter, self._grammar.form, request.part_bars, seed)
