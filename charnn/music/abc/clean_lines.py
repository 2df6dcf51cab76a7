"""Lines of music in one spelling: no words, no typesetting, no spaces around bar lines."""

import re

from charnn.music.abc.clean_fields import body_field_value

# Everything that may be dropped from a line of music. A sign counts only if it is closed on the
# same line. No alternative runs over the opening bracket or quote of the next sign, so that a line
# full of brackets costs linear time.
_NOISE = re.compile(
    r"""
    (?P<quoted>"(?P<words>[^"]*)(?:"|$))   # a chord symbol, an annotation or a fingering
    | (?P<field>\[(?P<letter>[A-Za-z]):(?P<value>[^\]\[]*)\])
    | \+(?P<chord>[\w^=',/]+)\+            # a chord in the notation of ABC 1.3
    | ![^!\s|\[\]"]+!                      # a named decoration
    | \[\|\]                              # an invisible bar line, which may stand inside a bar
    | \\%|[!\\`*$;]                        # escapes, line breaks, grouping signs, reserved signs
    | y\d*                                 # typesetter's space
    | [h-wI-KNOQRSUVW]                     # user-defined signs; O and S mark jumps, which are lost
    """,
    re.VERBOSE,
)
_LAYOUT = re.compile(r"\\%|[!\\`*$;]|y\d*|\[\|\]")  # of the printed page only
# Up-bow and down-bow are within h-w, but they are part of the music in fiddlers' books.
_BOWING = frozenset("uv")
_CHORD_SYMBOL = re.compile(r"[A-G][#b]?[a-z0-9#+\-°]{0,6}(?:/[A-G][#b]?)?")
_CHORD_KIND_WORDS = re.compile(r"m|maj|min|dim|aug|sus|add|[0-9#+\-°b]")
# A space stays in three places: before a chord, between two bar lines, and in `| 1`, where the 1
# would otherwise become the number of an ending.
_BAR_LINE_AND_SPACES = re.compile(r"(?:(?<![|:]) )?(\[?\|[|:\]]*|:[|:]*\]?)(?: (?![\d\[|:]))?")


def clean_music(line: str, kept: str = "") -> str:
    """Return a line of music in one spelling, without annotations and typesetting signs.

    Args:
        line: the line.
        kept: a sign that stays, although it would be dropped.
    """
    return _clean_spaces(
        _NOISE.sub(lambda found: found[0] if kept == found[0] else _clean_sign(found), line)
    )


def dropped_signs(line: str) -> list[str]:
    """Return the annotations, decorations and fields that `clean_music` drops, as they stand."""
    return [
        found[0]
        for found in _NOISE.finditer(line)
        if not _clean_sign(found) and not _LAYOUT.fullmatch(found[0])
    ]


def _clean_sign(found: re.Match[str]) -> str:
    """Return the text that replaces one match of `_NOISE`; most matches are removed."""
    if found["quoted"]:
        words = found["words"].strip()
        return f'"{words}"' if _is_chord_symbol(words) else ""
    if found["field"]:
        value = body_field_value(found["letter"], found["value"].strip())
        return f"[{found['letter']}:{value}]" if value else ""
    if found["chord"]:
        return f"[{found['chord']}]"
    return found[0] if found[0] in _BOWING else ""


def _is_chord_symbol(words: str) -> bool:
    """Return whether words in quotes are a chord symbol: `Dm` is one, `Da` is not."""
    if not _CHORD_SYMBOL.fullmatch(words):
        return False
    kind = words.partition("/")[0].lstrip("ABCDEFG")
    return not _CHORD_KIND_WORDS.sub("", kind)


def _clean_spaces(music: str) -> str:
    """Return music with single spaces between notes and none around bar lines."""
    music = _BAR_LINE_AND_SPACES.sub(r"\1", re.sub(r"\s+", " ", music)).strip()
    # `A:` at the beginning of a line would be read as a field.
    return f"{music[0]} {music[1:]}" if re.match(r"[A-Za-z]:", music) else music
