"""The parts of a tune that its score lacks: syllables without notes, and unknown signs."""

from charnn.music.score.lyrics import find_lyrics
from charnn.music.score.musicxml_signs import BAR_ENDS, DIRECTIONS, NOTATIONS, sign_name
from charnn.music.score.spans import find_unpaired_signs
from charnn.music.tune.tune import Change, Mark, Tune

_MAX_WORDS = 30  # characters of the left out syllables in a message


def find_omissions(tune: Tune) -> list[str]:
    """Return everything that the score of a tune leaves out, as phrases with line numbers."""
    return [omission for voice in tune.voices for omission in _omissions_of_voice(voice)]


def _omissions_of_voice(voice: Tune) -> list[str]:
    lines: dict[str, list[int]] = {}
    unpaired_signs = find_unpaired_signs(voice)
    for index, element in enumerate(voice.music):
        if isinstance(element, Mark) and element.kind == "decoration":
            sign = element.meaning or element.text
            if index in unpaired_signs or not _is_drawn(sign_name(sign)):
                lines.setdefault(sign, []).append(element.line)
        elif isinstance(element, Change) and element.letter == "s":
            lines.setdefault("the signs of s:", []).append(element.line)
    omissions = [f"{sign} ({_in_lines(where)})" for sign, where in lines.items()]
    for line, words in find_lyrics(voice).unplaced:
        shown = words if len(words) <= _MAX_WORDS else words[:_MAX_WORDS].rstrip() + " ..."
        omissions.append(f'the syllables "{shown}", for which there is no note (line {line})')
    return omissions


def _is_drawn(name: str) -> bool:
    return name in NOTATIONS or name in DIRECTIONS or name in BAR_ENDS or not name.strip()


def _in_lines(lines: list[int]) -> str:
    return f"line {lines[0]}" if len(lines) == 1 else f"{len(lines)} times from line {lines[0]}"
