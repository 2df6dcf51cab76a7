"""The tables of a text's surprise: heads, rows and captions, for the terminal and for pages."""

from typing import Any

from charnn.insight.error_kinds import LABEL, RARE, ErrorKinds
from charnn.insight.text_surprise import Surprise

# A head, rows, and a caption.
Table = tuple[list[str], list[list[Any]], str]

SHOWN_CHARACTERS = 6
SHOWN_PLACES = 8


def character_rows(surprise: Surprise) -> Table:
    """Return the table of the best and the worst predicted characters, side by side."""
    ranked = surprise.by_character()
    count = min(SHOWN_CHARACTERS, max(1, len(ranked) // 2))
    best, worst = ranked[:count], ranked[: -count - 1 : -1]
    rows = [
        [
            *(good.name, f"{good.bits:.2f}", f"{good.occurrences:,}"),
            *(bad.name, f"{bad.bits:.2f}", f"{bad.occurrences:,}"),
        ]
        for good, bad in zip(best, worst, strict=True)
    ]
    head = ["best", "bits", "times", "worst", "bits", "times"]
    return head, rows, "The best and the worst predicted characters"


def place_rows(surprise: Surprise) -> Table:
    """Return the table of the most surprising places."""
    rows = [
        [f"{place.token + 1:,}", f"{place.bits:.1f}", place.name, place.before]
        for place in surprise.worst_places(SHOWN_PLACES)
    ]
    return ["place", "bits", "came", "after"], rows, "The most surprising places"


def error_rows(errors: ErrorKinds) -> Table:
    """Return the table of the errors by kind."""

    wrong = sum(errors.kinds.values())
    rows = [
        [kind, f"{count:,}", _percent(count, wrong)]
        for kind, count in errors.kinds.items()
        if count or (kind != LABEL and (kind != RARE or errors.has_rare))
    ]
    rows.append(["all errors", f"{wrong:,}", _percent(wrong, errors.tokens) + " of the text"])
    known = _percent(errors.ngram_errors_known, errors.ngram_errors)
    rare = "" if errors.has_rare else " Without the training text, rare words are not told apart."
    caption = (
        f"Errors of the model: probability below one half. A 5-gram, counted on {errors.counted}, "
        f"needs {errors.ngram_bits_per_char:.3f} bits per character and makes "
        f"{errors.ngram_errors:,} errors, of which the model knows {known}.{rare}"
    )
    return ["kind", "errors", "share"], rows, caption


def _percent(count: int, total: int) -> str:
    return f"{100 * count / max(1, total):.1f} %"
