"""The links of the page, which hold the settings of a tune, and the commands that they mean."""

import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

# A browser takes an address of this length, and so do most programs that store one.
MAX_LINK = 8_000
# The settings of each command that the page writes, by the names of its options.
_SETTINGS = {
    "sample": {
        *("title", "rhythm", "meter", "key", "form", "prime"),
        *("part_bars", "temperature", "seed"),
    },
    "vary": {"bars", "part", "ending", "keep", "simpler", "busier", "temperature", "seed"},
    "continue": {"temperature", "seed"},
}
_SWITCHES = {"ending", "simpler", "busier"}


class TuneCommand(NamedTuple):
    """A command that writes a tune.

    Attributes:
        name: "sample", "vary" or "continue".
        model: the name of the model.
        settings: the names and values of its options; a switch has the value "1".
    """

    name: str
    model: str
    settings: list[tuple[str, str]]


def command_of(words: list[str], options: Mapping[str, Any]) -> str:
    """Return a command as a text.

    Args:
        words: the words after `charnn`.
        options: its options by name; one that may be repeated has a tuple of values.
    """
    parts = ["charnn", *words]
    for name, values in options.items():
        for value in values if isinstance(values, tuple) else (values,):
            if value is True:
                parts.append(f"--{name}")
            elif value != "" and value is not False:
                shown = f"{value:g}" if isinstance(value, float) else str(value)
                parts += [f"--{name.replace('_', '-')}", shown]
    return shlex.join(parts)


def read_command(text: str) -> TuneCommand | None:
    """Return a command that `command_of` has written; None for any other text."""
    try:
        words = shlex.split(text)
    except ValueError:  # a quote that is never closed
        return None
    if len(words) < 3 or words[0] != "charnn" or words[1] not in _SETTINGS:
        return None
    name, rest = words[1], words[2:]
    if name != "sample" and rest.pop(0) != "tune.abc":
        return None
    if not rest:
        return None
    model, *options = rest
    settings = []
    while options:
        option = options.pop(0).removeprefix("--").replace("-", "_")
        if option not in _SETTINGS[name] or (option not in _SWITCHES and not options):
            return None
        settings.append((option, "1" if option in _SWITCHES else options.pop(0)))
    return TuneCommand(name, model, settings)


def link_of(text: str, source: str = "") -> str:
    """Return the part of the page's link after `#` that asks for the tune of a command again.

    Args:
        text: the command.
        source: the tune that it changes; `""` without.

    Returns:
        The text; `""` for a command that the page has not written, for a change of a tune that is
        not known, and for a link that would be too long.
    """
    command = read_command(text)
    if command is None:
        return ""
    fields = [("model", command.model), *command.settings]
    if command.name != "sample":
        if not source:
            return ""
        fields = [("change", command.name), *fields, ("abc", source)]
    link = urlencode(fields)
    return link if len(link) <= MAX_LINK else ""
