"""A tune as the page shows and plays it: its problems, its score, and its notes.

The notes are those of `charnn export-midi`, because both come from the same `Arrangement`.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from charnn.compose.json_requests import number_of
from charnn.errors import CharnnError, TuneError, UsageError
from charnn.music.abc.book_text import change_book
from charnn.music.abc.reader import read_tune
from charnn.music.abc.transpose import check_semitones, transpose
from charnn.music.abc.transposed_text import transpose_source
from charnn.music.abc.tunebook import TuneSource, split_book
from charnn.music.checking.report import check_tune
from charnn.music.performance.accompaniment import Chords
from charnn.music.performance.playback import Playback, PlaybackOptions
from charnn.music.performance.played_bars import beat_of
from charnn.music.score.engraving import engrave
from charnn.music.score.finger_places import ROWS
from charnn.music.score.finger_rows import add_rows, missing_notes_warning
from charnn.music.score.musicxml import to_musicxml
from charnn.music.score.pictures import WIDTH
from charnn.music.sound.arrangement import arrange
from charnn.music.sound.instruments import find_instrument
from charnn.music.sound.ranges import range_warning
from charnn.music.tune.tune import Note, Tempo, Tune
from charnn.tunes.bar_selection import BarNumbers
from charnn.tunes.located_tune import LocatedTune

View = dict[str, Any]
_STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL)
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


def rows_of(asked: Mapping[str, Any]) -> str:
    """Return the rows under the staff that the page asks for; "" for none.

    Raises:
        UsageError: there are no such rows.
    """
    rows = asked.get("rows") or ""
    if rows not in ("", *ROWS):
        raise UsageError(f"rows are one of {', '.join(ROWS)}")
    return str(rows)


def width_of(asked: Mapping[str, Any]) -> int:
    """Return the width of the score that the page asks for, in pixels of a printed page's 840.

    Raises:
        UsageError: the width is out of range.
    """
    return number_of(asked, "width", WIDTH, WIDTH // 2, WIDTH)


def view_tune(asked: Mapping[str, Any]) -> View:
    """Return the view of one tune. A tune that cannot be read has its error among the problems.

    Args:
        asked: `abc`, `rows` (see `rows_of`), `width` (of the
            score, see `width_of`), and the options of `playback_options`.

    Raises:
        UsageError: a value is wrong.
    """
    text, options = asked.get("abc"), playback_options(asked)
    rows, width = rows_of(asked), width_of(asked)
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
    picture = _picture(tune, rows, width)
    return _view(text, tune, sources[0], Playback(tune, options), picture)


def transpose_tune(asked: Mapping[str, Any]) -> View:
    """Return a tune moved by some semitones: `{"abc": text}`.

    Args:
        asked: `abc` and `semitones`.

    Raises:
        UsageError: a value is wrong.
        TuneError: the tune cannot be read or moved.
    """
    text, semitones = asked.get("abc"), asked.get("semitones")
    if not isinstance(text, str) or type(semitones) is not int:
        raise UsageError("abc is a text, and semitones a whole number")
    check_semitones(semitones)
    moved = change_book(
        text, lambda source: transpose_source(source, lambda tune: transpose(tune, semitones))
    )
    if moved.problems:
        raise moved.problems[0]
    return {"abc": moved.text}


def _view(text: str, tune: Tune, source: TuneSource, playback: Playback, picture: View) -> View:
    report = check_tune(tune)
    problems = [
        _problem(problem.text, problem.line, problem.column, serious=problem.serious)
        for problem in report.problems
    ]
    try:
        sounds = view_sounds(playback)
    except TuneError as problem:
        return _unreadable(problem.problem, problem.line, problem.column) | picture
    except CharnnError as problem:
        return _unreadable(str(problem), tune.line, 1) | picture
    return {
        "ok": True,
        "title": source.title,
        "key": report.key,
        "meter": report.meter,
        "rhythm": report.rhythm,
        "bars_written": report.bars,
        "parts": [part.bars for part in report.parts],
        "range": [report.lowest, report.highest],
        "range_warning": range_warning(
            playback.options.instrument,
            [sound.pitch for voice in playback.performances for sound in voice.sounds],
        ),
        "problems": problems,
        **picture,
        "written_bars": _written_bars(text),
        **sounds,
    }


def _picture(tune: Tune, rows: str, width: int) -> View:
    """Return the score as SVG, or the reason why it cannot be drawn; and what its rows lack."""
    picture = {"svg": "", "svg_problem": "", "rows_warning": ""}
    try:
        score = to_musicxml(tune)
        if rows:
            if missing := missing_notes_warning(score, rows):
                picture["rows_warning"] = f"{missing[0].upper()}{missing[1:]}."
            score = add_rows(score, rows)
        svg = engrave(tune, "svg", lambda: score, width=width)
    except CharnnError as problem:
        return {**picture, "svg_problem": str(problem)}
    # The style sheet of the page has these styles; its policy forbids those of a picture.
    return {**picture, "svg": _STYLE.sub("", svg.decode())}


def _written_bars(text: str) -> list[View]:
    """Return the bars whose numbers `vary` takes: number, part, and the places of the notes.

    The list is empty for a tune that `vary` does not take, such as one with voices in one line.
    """
    try:
        located = LocatedTune(text)
    except TuneError:
        return []
    numbers = BarNumbers(located)
    part_of = {bar: letter for letter, bars in numbers.parts.items() for bar in bars}
    bars: list[View] = [
        {"number": number, "part": part_of.get(bar, ""), "places": []}
        for bar, number in enumerate(numbers.numbers)
    ]
    for index, bar in located.bar_of_note.items():
        note = located.tune.music[index]
        if isinstance(note, Note):
            bars[bar]["places"].append((note.line, note.column))
    return bars


def view_sounds(playback: Playback) -> View:
    """Return the notes of all parts with their instruments; times are in quarter notes.

    Raises:
        TuneError: the tune has no notes, or too many once its repeats are played.
    """
    arrangement = arrange(playback)
    return {
        "notes": [
            {
                "start": float(sound.onset),
                "duration": float(sound.duration),
                "pitch": sound.pitch,
                "velocity": sound.velocity,
                "part": number,
                "place": sound.place,
            }
            for number, part in enumerate(arrangement.parts)
            for sound in part.sounds
        ],
        "voices": len(arrangement.voices),
        "instruments": [
            {"name": part.instrument.name, "program": part.instrument.program}
            for part in arrangement.parts
        ],
        "duration": float(arrangement.duration),
        "tempo": [
            {
                "at": float(change.onset),
                "quarters_per_minute": float(change.value.beat * change.value.beats),
            }
            for change in arrangement.timeline.changes
            if isinstance(change.value, Tempo) and change.value.beats
        ],
        "bars": [
            {
                "start": float(bar.onset),
                "duration": float(bar.duration),
                "origin": float(bar.origin),
                "beat": float(beat_of(bar.meter)) if bar.meter.bar else 1.0,
            }
            for bar in arrangement.timeline.bars
        ],
    }


def _problem(text: str, line: int, column: int, *, serious: bool = True) -> View:
    return {"message": text, "line": line, "column": column, "serious": serious}


def _unreadable(text: str, line: int, column: int) -> View:
    return {"ok": False, "problems": [_problem(text, line, column)], "svg": "", "notes": []}
