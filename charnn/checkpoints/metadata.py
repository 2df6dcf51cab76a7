"""What a checkpoint tells of where it came from, held against what that can be.

The file may be anybody's. What is checked here once, all others take as it is: they count with it,
compare it, and show it.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

# Beyond what any run counts, and not so large that arithmetic fails.
_MOST = 2**63
# Of lists in lists; deeper ones could be read, but not be written again.
_DEPTH = 8

Test = Callable[[Any], bool]


def check_metadata(metadata: object) -> dict[str, Any]:
    """Return the values as they are, which may lack any of those that charnn writes.

    Raises:
        ValueError: they are no object of JSON, or one is of another kind than charnn writes.
    """
    if not isinstance(metadata, dict):
        raise ValueError("the story of the run is no object")
    for name, value in metadata.items():
        if not _TESTS.get(name, _is_plain)(value):
            raise ValueError(f"the story of the run has no such {name}")
    return metadata


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_flag(value: Any) -> bool:
    return type(value) is bool


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < _MOST


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -_MOST < value < _MOST


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < 1


def _is_plain(value: Any, depth: int = _DEPTH) -> bool:
    if isinstance(value, list | dict):
        inside = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(_is_plain(one, depth - 1) for one in inside)
    return value is None or type(value) in (str, bool) or _is_number(value)


def _is_object(value: Any) -> bool:
    return type(value) is dict and _is_plain(value)


def _is_training(value: Any) -> bool:
    # Earlier versions took any clip.
    return type(value) is dict and all(
        _is_plain(one, _DEPTH - 1) or (type(one) is float and isfinite(one))
        for one in value.values()
    )


def _is_position(value: Any) -> bool:
    return type(value) is dict and all(one is None or _is_number(one) for one in value.values())


def _is_key_range(value: Any) -> bool:
    if type(value) is not list or [type(end) for end in value] != [int, int]:
        return False
    low, high = value
    return bool(-12 < low <= 0 <= high < 12)


def _is_history(value: Any) -> bool:
    return type(value) is list and all(
        type(entry) is dict
        and _is_count(entry.get("step"))
        and {"seconds", "val_loss"} <= entry.keys()
        and all(map(_is_number, entry.values()))
        for entry in value
    )


_TESTS: Mapping[str, Test] = {
    "corpus": _is_text,
    "init_from": _is_text,
    "fingerprint": _is_text,
    "protocol": _is_text,
    "tokens": _is_text,
    "tunes": _is_flag,
    "val_fraction": _is_share,
    "documents": _is_count,
    "characters": _is_count,
    "parameters": _is_count,
    "transpose": _is_key_range,
    "history": _is_history,
    "position": _is_position,
    "training": _is_training,
    "learned": _is_object,
}
