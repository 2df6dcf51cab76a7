"""A tune as the page shows and plays it: its problems, its score, and its notes.

The notes are those of `charnn export-midi`, because both come from the same `Playback`.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from charnn.errors import CharnnError, TuneError, UsageError
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import TuneSource, split_book
from charnn.music.checking.report import TuneReport, check_tune
from charnn.music.performance.accompaniment import Chords
from charnn.music.performance.performance import Sound
from charnn.music.performance.playback import Playback, PlaybackOptions
from charnn.music.score.engraving import engrave
from charnn.music.sound.instruments import accompanist_of, find_instrument
from charnn.music.tune.tune import Tempo, Tune

View = dict[str, Any]
_CHORDS = ("off", "written", "auto")


def playback_options(asked: Mapping[str, Any]) -> PlaybackOptions:
    """Return the options of the playing that the page asks for.

    Args:
        asked: `instrument`, `chords` ("off", "written" or "auto"), `repeats`, and `swing`, the
            share of the first note of a pair, in percent; None for the swing of the tune's type.

    Raises:
        UsageError: a value is wrong.
    """
    instrument = asked.get("instrument") or "fiddle"
    chords: Chords = asked.get("chords") or "off"
    repeats, swing = asked.get("repeats", True), asked.get("swing")
    if not isinstance(instrument, str) or chords not in _CHORDS or not isinstance(repeats, bool):
        raise UsageError("an option of the playing has the wrong type")
    if swing is not None and (type(swing) is not int or not 50 <= swing <= 80):
        raise UsageError("the swing must be a whole number from 50 to 80")
    find_instrument(instrument)
    share = None if swing is None else Fraction(swing, 100)
    return PlaybackOptions(instrument=instrument, chords=chords, repeats=repeats, swing=share)


def view_tune(asked: Mapping[str, Any]) -> View:
    """Return the view of one tune. A tune that cannot be read has its error among the problems.

    Args:
        asked: `abc`, and the options of `playback_options`.

    Raises:
        UsageError: a value is wrong.
    """
    text, options = asked.get("abc"), playback_options(asked)
    if not isinstance(text, str):
        raise UsageError("abc is a text")
    sources = split_book(text)
    if not sources:
        return _unreadable("there is no tune: a tune in ABC has a K: line, then notes", 1, 1)
    if len(sources) > 1:
        return _unreadable("there are several tunes: show one at a time", sources[1].line, 1)
    try:
        tune = read_tune(sources[0])
    except TuneError as problem:
        return _unreadable(problem.problem, problem.line, problem.column)
    return _view(tune, sources[0], Playback(tune, options))


def _view(tune: Tune, source: TuneSource, playback: Playback) -> View:
    report = check_tune(tune)
    problems = [
        _problem(problem.text, problem.line, problem.column, serious=problem.serious)
        for problem in report.problems
    ]
    svg, failure = "", ""
    try:
        svg = engrave(tune, "svg").decode()
    except CharnnError as problem:
        failure = str(problem)
    try:
        sounds = _sounds(playback)
    except CharnnError as problem:
        return _unreadable(str(problem), tune.line, 1) | {"svg": svg}
    return {
        "ok": True,
        "title": source.title,
        "key": report.key,
        "meter": report.meter,
        "rhythm": report.rhythm,
        "bars_written": report.bars,
        "parts": [part.bars for part in report.parts],
        "range": _range(report),
        "problems": problems,
        "svg": svg,
        "svg_problem": failure,
        **sounds,
    }


def _sounds(playback: Playback) -> View:
    """Return the notes of all voices and of the accompaniment; times are in quarter notes."""
    first = playback.performance
    melody = find_instrument(playback.options.instrument)
    voices = [performance.sounds for performance in playback.performances]
    parts = [*voices, playback.accompaniment]
    accompanist = accompanist_of(melody)
    return {
        "notes": [
            note
            for number, sounds in enumerate(parts)
            for note in _notes(
                sounds, number, (melody if number < len(voices) else accompanist).sounding
            )
        ],
        "voices": len(voices),
        "duration": float(playback.duration),
        "tempo": [
            {
                "at": float(change.onset),
                "quarters_per_minute": float(change.value.beat * change.value.beats),
            }
            for change in first.changes
            if isinstance(change.value, Tempo) and change.value.beats
        ],
        "bars": [
            {"start": float(bar.onset), "duration": float(bar.duration)} for bar in first.bars
        ],
    }


def _notes(sounds: Iterable[Sound], part: int, sounding: Any) -> Iterable[View]:
    for sound in sounds:
        yield {
            "start": float(sound.onset),
            "duration": float(sound.duration),
            "pitch": sounding(sound.pitch),
            "velocity": sound.velocity,
            "part": part,
            "place": sound.place,
        }


def _range(report: TuneReport) -> list[str]:
    return [report.lowest, report.highest]


def _problem(text: str, line: int, column: int, *, serious: bool = True) -> View:
    return {"message": text, "line": line, "column": column, "serious": serious}


def _unreadable(text: str, line: int, column: int) -> View:
    return {"ok": False, "problems": [_problem(text, line, column)], "svg": "", "notes": []}
