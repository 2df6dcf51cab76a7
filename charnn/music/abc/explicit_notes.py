"""Notes whose sound needs no memory: explicit accidentals, and lengths in place of `>` and `<`.

Programs differ in how long an accidental holds: to the end of the bar in every octave, as in
charnn, or in its own octave only, or not at all in some versions of music21. They differ in broken
rhythm as well once a sign stands between the two notes, or if their lengths differ.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from charnn.music.abc.tuplet import parse_tuplet
from charnn.music.tune.tempo import is_swung
from charnn.music.tune.theory import LETTERS
from charnn.music.tune.tune import BarLine, Change, Element, Key, Mark, Note, Pitch, Tune


def with_explicit_accidentals(voice: Tune) -> list[Element]:
    """Return the elements of a voice with an accidental wherever another note's would act."""
    writer = _AccidentalWriter(voice.key)
    return [writer.rewritten(element) for element in voice.music]


class _AccidentalWriter:
    def __init__(self, key: Key) -> None:
        self._set_key(key)
        self._keeps_graces = False

    def _set_key(self, key: Key) -> None:
        self._key_alterations = dict(zip(LETTERS, key.alterations, strict=True))
        self._transpose = key.transpose
        self._altered: set[str] = set()  # the letters with an accidental in this bar
        self._keeps_graces = True  # they may stand before the new key

    def rewritten(self, element: Element) -> Element:
        """Return an element, with more accidentals if it is a note."""
        if isinstance(element, Note):
            graces = element.graces
            if not self._keeps_graces:
                graces = tuple(map(self._rewritten_pitch, graces))
            self._altered.update(grace.letter for grace in graces)
            self._keeps_graces = False
            pitches = tuple(map(self._rewritten_pitch, element.pitches))
            if graces != element.graces or pitches != element.pitches:
                return replace(element, graces=graces, pitches=pitches)
        elif isinstance(element, BarLine):
            self._altered = set()
        elif isinstance(element, Change) and isinstance(element.value, Key):
            self._set_key(element.value)
        return element

    def _rewritten_pitch(self, pitch: Pitch) -> Pitch:
        alteration = pitch.midi - self._transpose - pitch.natural
        if pitch.accidental is None and (
            pitch.letter in self._altered or alteration != self._key_alterations[pitch.letter]
        ):
            pitch = replace(pitch, accidental=alteration)
        if pitch.accidental is not None:
            self._altered.add(pitch.letter)
        return pitch


def broken_rhythm_as_lengths(voice: Tune) -> tuple[dict[int, Fraction], set[int]]:
    """Find the broken pairs that are better written as lengths.

    These are pairs of unlike notes, chains of pairs, pairs in tuplets, and pairs with anything
    between the notes but the sign. In a tune that is swung, only the sign shows which pairs are, so
    all signs stay.

    Returns:
        The factor of the length of each note of these pairs by its index in the music, and the
        indices of the signs.
    """
    factors: dict[int, Fraction] = {}
    signs: set[int] = set()
    if is_swung(voice):
        return factors, signs
    pairs = list(_broken_pairs(voice.music))
    in_tuplets = _notes_in_tuplets(voice.music)
    uses = Counter(index for before, _, after in pairs for index in (before, after))
    for before, sign, after in pairs:
        combined = max(uses[before], uses[after]) > 1 or not in_tuplets.isdisjoint((before, after))
        if combined or not _is_plain(voice.music, before, sign, after):
            signs.add(sign)
            for index, factor in zip((before, after), _factors(voice.music[sign]), strict=True):
                factors[index] = factors.get(index, Fraction(1)) * factor
    return factors, signs


def _broken_pairs(music: Sequence[Element]) -> Iterator[tuple[int, int, int]]:
    """Yield the indices of the first note, the sign and the second note of each pair."""
    note = sign = -1
    for index, element in enumerate(music):
        if isinstance(element, Mark) and element.kind == "broken rhythm":
            sign = index
        elif isinstance(element, Note):
            if min(note, sign) >= 0:
                yield note, sign, index
            note, sign = index, -1


def _notes_in_tuplets(music: Sequence[Element]) -> set[int]:
    """Return the indices of the notes in tuplets."""
    found: set[int] = set()
    left = 0
    for index, element in enumerate(music):
        if isinstance(element, Mark) and element.kind == "tuplet":
            _, _, left = parse_tuplet(element.text, compound=False)
        elif isinstance(element, Note) and left:
            found.add(index)
            left -= 1
    return found


def _factors(sign: Element) -> tuple[Fraction, Fraction]:
    """Return the factors of the durations of the two notes, for `>` 3/2 and 1/2."""
    text = sign.text if isinstance(sign, Mark) else ">"
    short = Fraction(1, 2 ** len(text))
    return (2 - short, short) if text[0] == ">" else (short, 2 - short)


def _is_plain(music: Sequence[Element], before: int, sign: int, after: int) -> bool:
    """Return whether a pair consists of two like notes with only the sign between them."""
    first, second = music[before], music[after]
    first_factor, second_factor = _factors(music[sign])
    return (
        before + 1 == sign == after - 1
        and isinstance(first, Note)
        and isinstance(second, Note)
        and not any(pitch.tied for pitch in first.pitches)
        and first.duration * second_factor == second.duration * first_factor
    )
