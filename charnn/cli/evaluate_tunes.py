"""The comparison of new tunes with the training tunes, for `charnn evaluate --tunes`.

Each figure of the new tunes stands beside the same figure of the training tunes: real tunes have
irregular bars and common phrases, too, so a figure alone means little.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from charnn.cli.console import is_quiet, is_terminal, show_message
from charnn.cli.form_table import auc_lines, form_object, form_rows
from charnn.cli.formatting import table_row
from charnn.cli.model_options import Bars

if TYPE_CHECKING:
    from charnn.library import Model
    from charnn.music.grammar.tune_request import RequestOptions
    from charnn.music.similarity.compare import TuneComparison

# The rows of the table on tunes: the text of each, and its name in the JSON object.
_SHARES = {
    "can be read": "read",
    "every bar is legal": "legal",
    "every part is a whole number of bars": "whole",
    "every part has 4, 8, 12 or 16 bars": "usual",
    "repeats and endings are balanced": "balanced",
    "parts of 8 bars": "eights",
    "notes in the mode's scale": "in_mode",
}
_DISTANCES = {
    "pitch above the tonic": "pitches",
    "interval": "intervals",
    "length of a note": "lengths",
    "meter": "meters",
    "mode": "modes",
}
# The columns: the model's tunes, and the tunes that it was trained on.
_COLUMNS = ("model", "learned")


def compare_with_training_tunes(
    model: "Model", num: int, temperature: float, seed: int, bars: Bars, request: dict[str, str]
) -> dict[str, Any]:
    """Write tunes, compare them with the training tunes, and return the object that --json prints.

    Args:
        model: the model that writes.
        num: the number of tunes.
        temperature: the sampling temperature.
        seed: the seed of the first tune; tune i, counted from 0, has the seed `seed + i`.
        bars: "strict" or "off".
        request: the requested header fields by name: "rhythm", "meter", "key".

    Raises:
        CheckpointError: the training tunes are missing.
        UsageError: the model can't write such tunes.
    """
    from charnn.checkpoints.bundled import display_name
    from charnn.music.similarity.compare import compare_tunes

    # The training tunes may be missing, so read them first: writing new tunes takes minutes.
    training_tunes = model.learned_tunes()
    name = display_name(model.path)
    show_message(f"{name}: {num:,} tunes, temperature {temperature:g}, seed {seed}, bars {bars}")
    options = cast("RequestOptions", request)
    tunes = model.tunes(num, seed=seed, temperature=temperature, bars=bars, **options)
    written = list(_with_progress_bar(tunes, num))
    comparison = compare_tunes(written, training_tunes)
    return {
        "tunes": num,
        "seed": seed,
        "temperature": temperature,
        "bars": bars,
        "asked": {name: _share_as_asked(written, name, value) for name, value in request.items()},
        "learned": comparison.real.tunes,
        "shares": {"model": comparison.new.shares(), "learned": comparison.real.shares()},
        "distances": {"model": comparison.new_distances, "learned": comparison.real_distances},
        "copying": [
            {
                "length": new.length,
                "model": {"tunes": new.tunes, "runs": new.runs},
                "learned": {"tunes": real.tunes, "runs": real.runs},
            }
            for new, real in zip(comparison.new_copying, comparison.real_copying, strict=True)
        ],
        "flagged": _copied_tunes(comparison, written, seed),
        **form_object(comparison.form, "model"),
    }


def _with_progress_bar(tunes: Iterator[str], num: int) -> Iterator[str]:
    """Yield the tunes; show a progress bar on stderr if stderr is a terminal."""
    from tqdm import tqdm

    hidden = is_quiet() or not is_terminal(sys.stderr)
    yield from tqdm(tunes, total=num, unit="tune", leave=False, disable=hidden, file=sys.stderr)


def _share_as_asked(tunes: Sequence[str], name: str, value: str) -> float:
    """Return the share of tunes whose header field has the requested value, in [0, 1].

    Different spellings of a meter or a key count as equal: `C` and `4/4`, `D` and `D major`.
    """
    from charnn.music.abc import fields
    from charnn.music.abc.clean_fields import short_key

    def meaning(text: str) -> object:
        if name == "rhythm":
            return text.casefold()
        try:
            return fields.parse_meter(text).bar if name == "meter" else short_key(text)
        except fields.FieldError:
            return text

    letter = {"rhythm": "R", "meter": "M", "key": "K"}[name]
    headers = [re.search(rf"(?m)^{letter}:(.*)", tune) for tune in tunes]
    meanings = [meaning(header[1]) for header in headers if header]
    return meanings.count(meaning(value)) / len(tunes)


def _copied_tunes(
    comparison: "TuneComparison", written: Sequence[str], seed: int
) -> list[dict[str, Any]]:
    """Return a JSON object for each tune that counts as a copy, the most similar tune first."""
    from charnn.music.similarity.melody import extract_melody

    copied = [
        {
            "seed": seed + number,
            "title": extract_melody(text).title,
            "similarity": nearest.similarity,
            "nearest": nearest.title,
        }
        for number, (nearest, text) in enumerate(zip(comparison.nearest, written, strict=True))
        if nearest.copied
    ]
    return sorted(copied, key=lambda tune: -float(tune["similarity"]))


def comparison_table(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the printed table; `results` is the object that --json prints."""
    yield table_row("", "model", "training")
    yield table_row("tunes", f"{results['tunes']:,}", f"{results['learned']:,}")
    for text, name in _SHARES.items():
        yield table_row(text, *_percentages(results["shares"], name))
    for name, share in results["asked"].items():
        yield table_row(f"{name} as asked", f"{100 * share:.1f} %", "-")
    yield "\nForm (training: of the same types, meters and modes)\n"
    yield from form_rows(results, "model", with_types=not results["asked"])
    yield from auc_lines(results)
    # The distance of a small sample is above 0 even for real tunes. The second column shows it.
    yield "\nJensen-Shannon distance to the training tunes (training: of a sample to the rest)\n"
    for text, name in _DISTANCES.items():
        yield table_row(text, *_distances(results["distances"], name))
    yield "\nRuns of notes found in training tunes (training: in other training tunes)\n"
    for copied_row in copying_rows(results):
        yield table_row(*copied_row)
    copied = results["flagged"]
    yield f"\n{len(copied):,} of {results['tunes']:,} tunes count as copies of a training tune\n"
    for tune in copied:
        yield (
            f"  seed {tune['seed']}, {tune['title']!r}: "
            f"{tune['similarity']:.2f} like {tune['nearest']!r}\n"
        )


def copying_rows(results: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield a figure, its value for the model's tunes and its value for training tunes."""
    for row in results["copying"]:
        for name, text in (("tunes", "tunes with a run"), ("runs", "runs")):
            written, learned = _percentages(row, name)
            yield f"{text} of {row['length']} notes", written, learned


def _percentages(row: dict[str, Any], name: str) -> Iterator[str]:
    return (f"{100 * row[column][name]:.1f} %" for column in _COLUMNS)


def _distances(row: dict[str, Any], name: str) -> Iterator[str]:
    return (f"{row[column][name]:.3f}" if row[column] else "-" for column in _COLUMNS)
