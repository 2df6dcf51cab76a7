"""The mode of a tune that its book wrote as a major key, told from the notes.

Old books print a signature and no mode, and whoever typed them in wrote `K:G` for one sharp. So a
tune in A dorian stands under G, and a model learns that tunes in G end anywhere. `infer_key` weighs
the final notes of the parts, the durations of the notes of the scale and the first notes of the
bars for each mode of the signature. It changes the key only if it is confident.

`benchmarks/book_cleaning.py` fits the weights and measures how often the mode is told: see
benchmarks/quality.md.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from charnn.music.abc.key_field import is_key, parse_key
from charnn.music.abc.note_length import parse_length
from charnn.music.abc.patterns import FIELD, NOTE, WITHOUT_NOTES
from charnn.music.tune.theory import LETTERS, SHARP_ORDER, signature_alterations

# The modes that are told, by the degree of the signature's major scale on which they begin.
MODES = {0: "", 1: "dor", 4: "mix", 5: "m"}
# The weights of the features of `mode_features`, then one for each mode after the first.
WEIGHTS = (2.48, 4.78, 2.21, 3.15, 0.76, 0.40, 1.13, 1.07, -0.99, -1.26, -1.17)
# The posterior probability from which a mode is told.
CONFIDENCE = 0.9

_PLAIN_KEY = re.compile("[A-G][#b]?(?:m|dor|mix|lyd|phr)?|HP|Hp")
_PART_END = re.compile(r"\|\||\|\]|\[\||:\|*:*|\|:")
_BAR_LINE = re.compile(r"[|:\n]+")
# A shorter piece between two double bar lines is a pick-up or an ending, not a part.
_MIN_PART_NOTES = 7


@dataclass(frozen=True)
class NoteProfile:
    """Statistics of a tune, by degree 0 to 6 of the major scale of its signature.

    Attributes:
        finals: the degree of the last note of each part.
        durations: the share of each degree in the duration of all notes.
        first_notes: the share of each degree in the first notes of the bars.
        raised: the share of all notes that have this degree and a sharp or natural.
    """

    finals: tuple[int, ...]
    durations: tuple[float, ...]
    first_notes: tuple[float, ...]
    raised: tuple[float, ...]


def infer_key(key: str, body: Sequence[str]) -> str:
    """Return the key of a tune with the mode that its notes tell, as `Ador` for a tune under G.

    Keys with another mode than major stay unchanged, except lydian, phrygian and bagpipe keys,
    which hardly occur in dance tunes. So does a key that the body changes, or a tune whose mode is
    not told with confidence.
    """
    if not is_plain_key(key, body):
        return key
    parsed = parse_key(key)
    if parsed.mode in ("dorian", "mixolydian", "minor"):
        return key
    music = sounding_music(body)
    # Most tunes end on the tonic of their major key. They are left alone without a profile.
    if parsed.mode == "major" and _last_letter(music) == _major_letter(parsed.sharps):
        return key
    profile = note_profile(parsed.sharps, music)
    if profile is None:
        return key
    probabilities = mode_probabilities(profile)
    degree = max(MODES, key=lambda mode: probabilities[mode])
    if probabilities[degree] < CONFIDENCE:
        return key
    return key_on_degree(parsed.sharps, degree)


def is_plain_key(key: str, body: Sequence[str]) -> bool:
    """Return whether a key is a tonic and a mode, or bagpipes, for the whole tune."""
    changes = any(line.startswith("K:") or "[K:" in line for line in body)
    return bool(_PLAIN_KEY.fullmatch(key)) and is_key(key) and not changes


def key_on_degree(sharps: int, degree: int) -> str:
    """Return the key of a signature that begins on a degree of its major scale, as `Ador`."""
    letter = LETTERS[(LETTERS.index(_major_letter(sharps)) + degree) % 7]
    alteration = signature_alterations(sharps)[LETTERS.index(letter)]
    return letter + ("b", "", "#")[alteration + 1] + MODES[degree]


def note_profile(sharps: int, music: str) -> NoteProfile | None:
    """Return the statistics of some music under a signature; None for music without a part."""
    parts = [notes for part in _PART_END.split(music) if (notes := _notes(part, sharps))]
    finals = tuple(notes[-1][0] for notes in parts if len(notes) >= _MIN_PART_NOTES)
    if not finals:
        return None
    durations, first_notes, raised = [0.0] * 7, [0.0] * 7, [0.0] * 7
    for bar in _BAR_LINE.split(music):
        notes = _notes(bar, sharps)
        if len(notes) > 1:
            first_notes[notes[0][0]] += 1
        for degree, duration, is_raised in notes:
            durations[degree] += duration
            raised[degree] += is_raised
    total, count = sum(durations), len(_notes(music, sharps))
    return NoteProfile(
        finals,
        tuple(duration / total for duration in durations),
        tuple(bars / max(1, sum(first_notes)) for bars in first_notes),
        tuple(notes / count for notes in raised),
    )


def mode_features(profile: NoteProfile, degree: int) -> list[float]:
    """Return how well the notes fit the mode on a degree, as numbers from 0 to about 1."""

    def at(shares: Sequence[float], step: int) -> float:
        return shares[(degree + step) % 7]

    # Minor-like modes raise their seventh note before a final: G sharp in A minor.
    leading = min(1.0, 4 * at(profile.raised, 6)) if degree else 0.0
    return [
        profile.finals.count(degree) / len(profile.finals),
        *(4 * at(profile.durations, step) for step in (0, 2, 4, 6)),
        *(2 * at(profile.first_notes, step) for step in (0, 4)),
        leading,
        *(float(degree == mode) for mode in list(MODES)[1:]),
    ]


def mode_probabilities(profile: NoteProfile) -> dict[int, float]:
    """Return the probability of each mode of the signature, by its degree."""
    scores = {
        degree: math.exp(
            sum(w * f for w, f in zip(WEIGHTS, mode_features(profile, degree), strict=True))
        )
        for degree in MODES
    }
    total = sum(scores.values())
    return {degree: score / total for degree, score in scores.items()}


def sounding_music(body: Sequence[str]) -> str:
    """Return the lines of music without fields, grace notes and words."""
    return WITHOUT_NOTES.sub("", "\n".join(line for line in body if not FIELD.match(line)))


def _notes(music: str, sharps: int) -> list[tuple[int, float, bool]]:
    """Return degree, duration in units, and whether it is raised, of each note of some music."""
    tonic = LETTERS.index(_major_letter(sharps))
    degrees = {letter: (number - tonic) % 7 for number, letter in enumerate(LETTERS)}
    return [
        (degrees[letter.upper()], _duration(length), accidental[:1] in ("^", "="))
        for accidental, letter, _, length in NOTE.findall(music)
    ]


@lru_cache(maxsize=1024)
def _duration(length: str) -> float:
    """Return a written length in units, 1 for an impossible one."""
    return float(parse_length(length) or 1)


def _last_letter(music: str) -> str:
    """Return the letter of the last note of some music; `""` without a note."""
    for line in reversed(music.split("\n")):
        if notes := NOTE.findall(line):
            return str(notes[-1][1]).upper()
    return ""


def _major_letter(sharps: int) -> str:
    """Return the letter of the tonic of the major key with a signature: D for two sharps."""
    return SHARP_ORDER[(sharps + 1) % 7]
