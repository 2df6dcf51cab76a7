"""The table of the form of tunes, beside that of the training tunes."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from charnn.cli.formatting import table_row

if TYPE_CHECKING:
    from charnn.music.form.compare_form import FormComparison

_SHOWN_FEATURES = 6  # those that tell most
_SHOWN_TYPES = 6  # the commonest types of the training tunes


def form_object(comparison: "FormComparison", column: str) -> dict[str, Any]:
    """Return the part of a JSON object about form: `form`, `types`, `auc` and `telling`.

    Args:
        comparison: the result of `FormJudge.compare`.
        column: the key of the new tunes; that of the training tunes is `learned`.
    """
    return {
        "form": {column: comparison.new, "learned": comparison.real},
        "types": {column: comparison.new_types, "learned": comparison.real_types},
        "auc": comparison.auc,
        "telling": comparison.telling,
    }


def form_rows(results: Mapping[str, Any], column: str, *, with_types: bool) -> Iterator[str]:
    """Yield the lines of a table about form; `results` contains the result of `form_object`."""
    from charnn.music.form.form_figures import NUMBER_FIGURES
    from charnn.music.form.real_tunes import FIGURES

    for name, text in FIGURES.items():
        values = [results["form"][each].get(name) for each in (column, "learned")]
        spell = _number if name in NUMBER_FIGURES else _percentage
        yield table_row(text, *map(spell, values))
    if with_types:
        for rhythm, share in list(results["types"]["learned"].items())[:_SHOWN_TYPES]:
            of_new = results["types"][column].get(rhythm, 0.0)
            yield table_row(f"type: {rhythm}", _percentage(of_new), _percentage(share))


def auc_lines(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines about the classifier that tells new tunes from training tunes."""
    if results["auc"] is None:
        yield "told from training tunes, AUC              - (too few tunes)\n"
        return
    yield table_row("told from training tunes, AUC", f"{results['auc']:.2f}")
    shown = list(results["telling"].items())[:_SHOWN_FEATURES]
    for word, sign in (("more", 1), ("less", -1)):
        if names := [name for name, coefficient in shown if sign * coefficient > 0]:
            yield f"  by {word}: {', '.join(names)}\n"


def _percentage(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
