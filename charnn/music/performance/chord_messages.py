"""Messages on the chord symbols of a tune that are not played as they are written."""

from collections.abc import Iterator

from charnn.music.checking.left_out import first_messages, problem_messages
from charnn.music.performance.playback import Playback
from charnn.music.tune.written_chords import has_chords, shortened_chords, unreadable_chords


def chord_messages(playback: Playback) -> Iterator[str]:
    """Yield the messages on the chords of a playback; none if no chords are asked for."""
    if playback.options.chords == "off":
        return
    voice = playback.tune.voices[playback.chord_voice]
    unreadable = unreadable_chords(voice, "and is not played")
    if playback.options.chords == "written" and not has_chords(voice):
        which = "chord symbols that can be read" if unreadable else "chord symbols"
        yield f"{voice.name or 'the tune'} has no {which}: --chords auto chooses chords for it"
    problems = [*unreadable, *shortened_chords(voice)]
    yield from first_messages(problem_messages(problems, voice.name))
