"""Continuing a tune: what is written stays, and a model writes further parts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import UsageError
from charnn.music.abc import patterns
from charnn.music.abc.cleaning import clean_books
from charnn.music.abc.macros import without_macros
from charnn.music.checking.parts import bars_as_played, split_into_passes
from charnn.music.grammar.body_grammar import BodyGrammar
from charnn.music.grammar.grammar_state import MAX_PARTS, TICKS_PER_WHOLE_NOTE, GrammarState
from charnn.music.grammar.tune_form import TuneForm
from charnn.music.grammar.tune_grammar import MAX_PART_BARS, MIN_PART_BARS, TuneGrammar
from charnn.music.grammar.tune_request import TuneRequest
from charnn.music.tune.tune import BarLine, Change, Meter, Note
from charnn.sampling.constraint import Constraint, ConstraintCursor
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from charnn.tunes.bar_selection import BarNumbers
from charnn.tunes.located_tune import LocatedTune, voice_names
from charnn.tunes.part_labels import label_parts
from charnn.tunes.repeating_cursor import RepeatingCursor
from charnn.tunes.tune_gap import timing

MAX_NEW_PARTS = 8
# Of a new part, in characters: twice a long one.
MAX_PART_LENGTH = 1000
# In music21's books, one tune of 470 has more than six parts.
_MAX_KEPT_PARTS = 99
# Of a first part that is begun: 4 or 8, or if it has more already, the next number.
_BEGUN_PART_BARS = (0, 12, 16, 24, MAX_PART_BARS)

# The grammar has no labels; the bar lines divide the parts.
_PART_LABEL = re.compile(r"^P:.*\n|\[P:[^\]\n]*\]", re.MULTILINE)

# Music for a header without music, because the cleaning drops tunes without music.
_STAND_IN = "CDEF GABc|"


@dataclass(frozen=True)
class Continuation:
    """A continued tune.

    Attributes:
        text: the tune.
        order: the order of parts (P:) in its header if it names new parts, else `""`.
        seed: the seed that gives it again.
    """

    text: str
    order: str
    seed: int


class TuneContinuer:
    """A model that continues one tune.

    Args:
        checkpoint: a model of tunes.
        text: the text of the tune, or of its beginning.
        after: the letter of the last part that stays; `""` keeps all that is written.
        parts: the number of parts to write. A part that is begun is completed first, and counts.
            `None` for one part, unless the tune is finished.
        part_bars: the number of bars of every new part; 0 for as many as the first part has, or if
            it is not complete, for 4 or 8.

    Raises:
        TuneError: the tune cannot be read.
        UsageError: the model was not trained on tunes, an option is out of range, the tune has
            several voices, or the grammar of whole bars cannot continue it; or the tune is
            finished, and neither `after` nor `parts` is given.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        text: str,
        *,
        after: str = "",
        parts: int | None = None,
        part_bars: int = 0,
    ) -> None:
        if not checkpoint.metadata.get("tunes"):
            raise UsageError("this is a model of text: name a model of tunes, such as folk")
        if parts is not None and not 1 <= parts <= MAX_NEW_PARTS:
            raise UsageError(f"--parts must lie in 1..{MAX_NEW_PARTS}, not {parts}")
        text = without_macros(text)
        located = LocatedTune(text)
        if len(voices := voice_names(text)) > 1:
            names = ", ".join(f"V:{name}" for name in voices)
            raise UsageError(
                f"the tune has {len(voices)} voices ({names}), and a new part would be in one of "
                "them only: leave one voice in the tune"
            )
        numbers = BarNumbers(located)
        bar_counts = [part_bars] if part_bars else _usual_part_bars(located, numbers)
        self._line_end = "\r\n" if "\r\n" in text else "\n"
        kept = text[: _end_of_part(located, numbers, after)] if after else text
        self._kept = _end_line(kept.rstrip(), self._line_end)
        self._sampler = Sampler(checkpoint, may_end=True)
        texts = self._sampler.token_texts
        characters = {one for one in texts if len(one) == 1}
        self._prime = _clean(self._kept)
        for bars in bar_counts:
            body = BodyGrammar(characters, bars, TuneForm("", _MAX_KEPT_PARTS))
            state = self._walked(located, body)
            if state is not None:
                break
        else:
            bars = bar_counts[0]
            state = _between_parts(LocatedTune(self._kept))
        if parts is None and not after and state.between_parts:
            _check_unfinished(located, numbers)
        new_parts = parts or 1
        # The tune ends when all parts are done, and not before.
        grammar = TuneGrammar(
            TuneRequest(part_bars=bars), characters, parts=state.parts_done + new_parts
        )
        self._constraint = Constraint(grammar, texts, state)
        self._start, self._max_length = state, new_parts * MAX_PART_LENGTH

    def _walked(self, located: LocatedTune, body: BodyGrammar) -> GrammarState | None:
        """Return the state of the grammar after the kept text; `None` if it refuses the text.

        Where a line may not end, the last line end is left out of the prime.
        """
        begin = timing(located.tune.meter.bar, located.tune.unit)
        if begin is None or not begin.bar:
            return None
        body_text = _PART_LABEL.sub("", self._coded_body())
        state = GrammarState(partial="\n", timing=begin)
        for place, character in enumerate(body_text, 1):
            # What is written may have the habits of books, as an opening may.
            after = body.step(state._replace(remaining_opening=body_text), character)
            if after is None and character == "\n" and place == len(body_text):
                self._prime = self._prime.removesuffix("\n")
                break
            if after is None:
                return None
            state = after
        return state._replace(remaining_opening="")

    def _coded_body(self) -> str:
        """Return the kept body as the model reads it."""
        ids = self._sampler.vocabulary.encode(self._prime)
        coded = "".join(self._sampler.token_texts[token_id] for token_id in ids.tolist())
        return coded.partition("\nK:")[2].partition("\n")[2]

    def continuations(self, seeds: Sequence[int], params: SamplingParams) -> Iterator[Continuation]:
        """Yield the tune with a continuation for each seed."""
        streams = self._sampler.stream_many(
            params, seeds=seeds, length=self._max_length, prime=self._prime, begin=self._begin
        )
        for seed, pieces in zip(seeds, streams, strict=True):
            at_line_start = self._kept.endswith("\n")
            joint = self._line_end if self._prime.endswith("\n") and not at_line_start else ""
            written = "".join(pieces).replace("\n", self._line_end)
            text = self._kept + joint + written
            yield Continuation(*label_parts(text, len(self._kept), self._line_end), seed)

    def _begin(self, seed: int) -> ConstraintCursor:
        cursor = RepeatingCursor(self._constraint, self._start)
        cursor.read(self._sampler.vocabulary.encode(self._prime).tolist())
        return cursor


def _check_unfinished(located: LocatedTune, numbers: BarNumbers) -> None:
    """Raise an error if a tune that ends with a complete part is finished.

    Raises:
        UsageError: the tune is finished.
    """
    last = _last_sign(located)
    if isinstance(last, BarLine) and last.text.endswith("|]") and last.text != "[|]":
        reason = "ends with |]"
    elif len(numbers.parts) >= MAX_PARTS:
        reason = f"has {len(numbers.parts)} parts"
    else:
        return
    raise UsageError(
        f"the tune is finished, because it {reason}: add parts with --parts 1, or keep only its "
        "beginning with --after A"
    )


def _usual_part_bars(located: LocatedTune, numbers: BarNumbers) -> Sequence[int]:
    """Return the possible numbers of bars of a part, the preferred ones first.

    The first part decides if it is complete. 0 stands for the usual numbers of the grammar.
    """
    first = next(iter(numbers.parts.values()), [])
    last = _last_sign(located)
    is_complete = len(numbers.parts) > 1 or (isinstance(last, BarLine) and last.section)
    if not is_complete:
        return _BEGUN_PART_BARS
    # As they are played the first time: of several endings, only one counts.
    played = list(bars_as_played(located.tune, located.bar_of_note))
    bars_of_start: dict[int, int] = {}
    for one in split_into_passes(located.bars, played):
        if one.bar_indices[0] in first:
            bars_of_start.setdefault(one.bar_indices[0], one.bars)
    count = sum(bars_of_start.values())
    return [count if MIN_PART_BARS <= count <= MAX_PART_BARS else 0]


def _last_sign(located: LocatedTune) -> BarLine | Note | None:
    """Return the last note or bar line of a tune; `None` if it has neither."""
    signs = (one for one in reversed(located.tune.music) if isinstance(one, BarLine | Note))
    return next(signs, None)


def _end_line(kept: str, line_end: str) -> str:
    """Return the kept text, with a line end if music must not follow on its last line."""
    last_line = kept.rpartition("\n")[2]
    is_music = not patterns.FIELD.match(last_line) and "%" not in last_line
    return kept if is_music else kept + line_end


def _end_of_part(located: LocatedTune, numbers: BarNumbers, part: str) -> int:
    """Return the offset of the end of a part, after its last bar line.

    Raises:
        UsageError: there is no such part.
    """
    last_bar = max(numbers.part(part, "--after"))
    passed = False
    for index, element in enumerate(located.tune.music):
        if isinstance(element, Note) and located.bar_of_note[index] == last_bar:
            passed = True
        elif passed and isinstance(element, BarLine):
            return located.offset(element.line, element.column) + len(element.text)
    return len(located.text)


def _clean(text: str) -> str:
    """Return a text as training tunes are written; a header alone is cleaned with a stand-in."""
    if cleaned := clean_books([text]):
        return cleaned[0].text
    cleaned = clean_books([f"{text.rstrip()}\n{_STAND_IN}\n"])
    return cleaned[0].text.removesuffix("\n").removesuffix(_STAND_IN) if cleaned else text


def _between_parts(located: LocatedTune) -> GrammarState:
    """Return the state after a part of a tune that may break the rules of the grammar.

    Raises:
        UsageError: the tune ends inside a part, or bars cannot be counted.
    """
    meter, unit, last = located.tune.meter, located.tune.unit, _last_sign(located)
    for element in located.tune.music:
        if isinstance(element, Change) and isinstance(element.value, Meter):
            meter = element.value
        elif isinstance(element, Change) and element.letter == "L":
            unit = located.runs[-1].unit
    found = timing(meter.bar, unit)
    if found is None or not found.bar:
        raise UsageError("bars cannot be counted in this meter: give the tune another M: and L:")
    if not isinstance(last, BarLine) or not last.section:
        raise UsageError(
            "the tune ends inside a part that is not made of whole bars: end the part with :| or "
            "||, or mend its bars (charnn check shows them)"
        )
    first = located.bars[0]
    pickup = first.duration * TICKS_PER_WHOLE_NOTE / 4 if first.too_short else 0
    opens = bool(last.starts)
    return GrammarState(
        partial="\n",
        timing=found,
        parts_done=len(BarNumbers(located).parts),
        pickup=int(pickup),
        repeat_open=opens,
        between_parts=not opens,
        has_note=True,
    )
