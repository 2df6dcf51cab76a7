"""The lines of a score: where a new system begins (ABC 2.1, section 6.1)."""

from charnn.music.score.staff import WrittenBar
from charnn.music.tune.tune import Change, Mark, Tune

# The signs that end a line of the score unless `I:linebreak` names others; the standard names the
# first two of them. A lone `!` is the line break of ABC before 1.6.
_DEFAULT_BREAKS = frozenset(("<EOL>", "$", "!"))


def find_line_breaks(tune: Tune) -> frozenset[int]:
    """Return the indices of the elements of `tune.music` at which a line of the score ends.

    `I:linebreak` in the header or the body names the signs that end a line: `<EOL>`, `$`, `!` or
    `<none>`.
    """
    signs = _DEFAULT_BREAKS
    for letter, text in tune.fields:
        signs = _break_signs(letter, text, signs)
    breaks = []
    for index, element in enumerate(tune.music):
        if isinstance(element, Change):
            signs = _break_signs(element.letter, element.text, signs)
        elif isinstance(element, Mark) and _ends_line(element, signs):
            breaks.append(index)
    return frozenset(breaks)


def _break_signs(letter: str, text: str, signs: frozenset[str]) -> frozenset[str]:
    """Return the signs that end a line after a field; `signs` are those before the field."""
    words = text.split()
    if letter != "I" or not words or words[0].lower() != "linebreak":
        return signs
    return frozenset(word.upper() for word in words[1:])


def _ends_line(mark: Mark, signs: frozenset[str]) -> bool:
    if mark.kind == "line":
        return (mark.text or "<EOL>") in signs
    return mark.kind == "space" and "$" in mark.text and "$" in signs


def break_after_bars(bars: list[WrittenBar], bars_per_line: int) -> None:
    """Begin a new system after each `bars_per_line` bars, and after each part.

    Pick-ups and the bars of second and later endings, which are played in place of earlier bars,
    are not counted.
    """
    count = 0
    is_later_ending = False
    for before, bar in zip([None, *bars], bars, strict=False):
        if bar.ending_passes:
            is_later_ending = bar.ending_passes[0] > 1
        elif before is None or before.ending_stop_passes:
            is_later_ending = False
        is_new_part = before is not None and before.ends_section and not bar.ending_passes
        is_counted = bar.counted and not is_later_ending
        bar.new_system = is_new_part or (is_counted and count == bars_per_line)
        if bar.new_system:
            count = 0
        count += is_counted
