"""The check of a checkpoint's metadata: a file from elsewhere may contain any JSON.

Every value is checked once, here, so all other code uses the values without further checks.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from charnn.corpus.document_kinds import DOCUMENT_CHOICES

# Above every count of a run; a larger int would overflow NumPy's.
_MAX_NUMBER = 2**63
# The depth of nested lists and objects. Python's json can read deeper values than it can write.
_MAX_DEPTH = 8

Check = Callable[[Any], bool]


def check_metadata(metadata: object) -> dict[str, Any]:
    """Return the metadata unchanged; any key may be missing.

    Raises:
        ValueError: the metadata is not a JSON object, or a value has a type that charnn never
            writes there.
    """
    if not isinstance(metadata, dict):
        raise ValueError("the metadata is not an object")
    for name, value in metadata.items():
        if not _CHECKS.get(name, _is_plain)(value):
            raise ValueError(f"the metadata has an invalid value of {name}")
    return metadata


# `type(...) is` instead of isinstance: in Python, a bool is an int.
def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_bool(value: Any) -> bool:
    return type(value) is bool


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < _MAX_NUMBER


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -_MAX_NUMBER < value < _MAX_NUMBER


def _is_fraction(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < 1


def _is_plain(value: Any, depth: int = _MAX_DEPTH) -> bool:
    """Return whether a value is JSON of at most `depth` levels with all numbers in the limits."""
    if isinstance(value, list | dict):
        children = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(_is_plain(child, depth - 1) for child in children)
    return value is None or type(value) in (str, bool) or _is_number(value)


def _is_object(value: Any) -> bool:
    return type(value) is dict and _is_plain(value)


def _is_training(value: Any) -> bool:
    # Earlier versions accepted any finite --clip, also one above _MAX_NUMBER.
    return type(value) is dict and all(
        _is_plain(option, _MAX_DEPTH - 1) or (type(option) is float and isfinite(option))
        for option in value.values()
    )


def _is_position(value: Any) -> bool:
    return type(value) is dict and all(
        number is None or _is_number(number) for number in value.values()
    )


def _is_document_kind(value: Any) -> bool:
    return type(value) is str and value in DOCUMENT_CHOICES


def _is_key_range(value: Any) -> bool:
    if type(value) is not list or [type(end) for end in value] != [int, int]:
        return False
    low, high = value
    return bool(-12 < low <= 0 <= high < 12)


def _is_texts(value: Any) -> bool:
    return type(value) is list and all(map(_is_text, value))


def _is_history(value: Any) -> bool:
    return type(value) is list and all(
        type(entry) is dict
        and _is_count(entry.get("step"))
        and {"seconds", "val_loss"} <= entry.keys()
        and all(map(_is_number, entry.values()))
        for entry in value
    )


def _is_calibration(value: Any) -> bool:
    numbers = ("temperature", "nats_per_char", "calibrated_nats_per_char")
    return (
        type(value) is dict
        and value.keys() == {*numbers, "protocol"}
        and _is_text(value["protocol"])
        and all(_is_number(value[name]) for name in numbers)
    )


def _is_sessions(value: Any) -> bool:
    return type(value) is list and all(map(_is_session, value))


def _is_session(value: Any) -> bool:
    if type(value) is not dict or not _is_plain(value):
        return False
    machine = value.get("machine")
    return (
        _is_texts(value.get("corpus"))
        and _is_texts(value.get("options"))
        and type(machine) is dict
        and _is_count(machine.get("cores"))
        and all(_is_text(text) for name, text in machine.items() if name != "cores")
    )


def _is_measured(value: Any) -> bool:
    """Return whether a value is what `charnn export-model --measure` stores."""
    if type(value) is not dict or not value.keys() <= {"windows", "novelty"}:
        return False
    windows, novelty = value.get("windows"), value.get("novelty")
    return (windows is None or _is_loss(windows)) and (novelty is None or _is_novelty(novelty))


def _is_loss(value: Any) -> bool:
    return (
        type(value) is dict
        and _is_number(value.get("nats_per_char"))
        and _is_text(value.get("protocol"))
    )


def _is_novelty(value: Any) -> bool:
    if type(value) is not dict or not _is_text(value.get("protocol")):
        return False
    rows = value.get("rows")
    return type(rows) is list and all(_is_texts(row) and len(row) == 3 for row in rows)


# By key; every other key may have any plain value.
_CHECKS: Mapping[str, Check] = {
    "corpus": _is_text,
    "catalogue": _is_text,
    "init_from": _is_text,
    "fingerprint": _is_text,
    "protocol": _is_text,
    "tokens": _is_text,
    "tunes": _is_bool,
    "mended": _is_bool,
    "keep_cr": _is_bool,
    "vocabulary_given": _is_bool,
    "sources": _is_texts,
    "encoding": _is_text,
    "document_kind": _is_document_kind,
    "val_fraction": _is_fraction,
    "documents": _is_count,
    "characters": _is_count,
    "parameters": _is_count,
    "transpose": _is_key_range,
    "history": _is_history,
    "position": _is_position,
    "training": _is_training,
    "learned": _is_object,
    "nats_per_char": _is_number,
    "calibration": _is_calibration,
    "sessions": _is_sessions,
    "threads": _is_count,
    "processes": _is_count,
    "trained": _is_position,
    "measured": _is_measured,
}
