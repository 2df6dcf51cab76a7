"""The configuration files: defaults of options, in TOML.

A file has a table for each command, such as `[train]`, whose keys are options without their dashes.
A key before the first table holds for every command that has such an option.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charnn.errors import UsageError, shorten

PROJECT_FILE = Path("charnn.toml")
# A configuration has a few lines. A large file could keep the parser busy for a long time.
MAX_BYTES = 100_000
# They remove or replace files, so a file or variable from long ago must not give the consent.
TYPED_ONLY = frozenset({"force", "yes"})


@dataclass(frozen=True)
class Setting:
    """The value of an option in a file: the text that would be typed, or for a flag a boolean."""

    value: str | bool
    file: Path


# Settings by the name of a command and the name of a parameter.
Settings = dict[str, dict[str, Setting]]


def config_files() -> list[Path]:
    """Return the paths of the configuration files; the first one takes precedence."""
    from platformdirs import user_config_path

    return [PROJECT_FILE, user_config_path("charnn", appauthor=False) / "config.toml"]


def options_of(command: Any) -> dict[str, Any]:
    """Return the options of a command by their names without dashes."""
    options = (each for each in command.params if each.param_type_name == "option")
    return {max(each.opts, key=len).lstrip("-"): each for each in options}


def read_settings(commands: Mapping[str, Any]) -> Settings:
    """Return the settings of the configuration files.

    Args:
        commands: the commands of the program by name.

    Raises:
        UsageError: a file is unreadable or no TOML, or an entry is not for an option of a command.
    """
    settings: Settings = {}
    for file in reversed(config_files()):
        for name, option, setting in _settings_of(file, commands):
            settings.setdefault(name, {})[option.name] = setting
    return settings


def advice(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown name, with a similar known name if any."""
    similar = difflib.get_close_matches(name, list(known), n=1)
    return f". Did you mean {similar[0]}?" if similar else ""


def _settings_of(file: Path, commands: Mapping[str, Any]) -> Iterator[tuple[str, Any, Setting]]:
    """Yield command, option and setting of each entry of a file; entries of tables come last."""
    content = _read(file)
    tables = {name: content.pop(name) for name in list(content) if type(content[name]) is dict}
    for name in content:
        if name in commands:
            raise UsageError(f"{file}: {name} is a command: write its options below [{name}]")
    known: dict[str, Any] = {}
    for command in commands.values():
        known |= options_of(command)
    for key, value, _ in _options(content, known, f"{file}", "any command"):
        for name, command in commands.items():
            if option := options_of(command).get(key):
                yield name, option, Setting(_typed(value, option, f"{file}: {key}"), file)
    for name, table in tables.items():
        if name not in commands:
            raise UsageError(
                f"{file}: [{_shown(name)}] is no command of charnn{advice(name, commands)}"
            )
        place, known = f"{file}, [{name}]", options_of(commands[name])
        for key, value, option in _options(table, known, place, f"charnn {name}"):
            yield name, option, Setting(_typed(value, option, f"{place}: {key}"), file)


def _read(file: Path) -> dict[str, Any]:
    """Return the content of a file; an empty one if there is no file.

    Raises:
        UsageError: the file is unreadable, too large or no TOML.
    """
    try:
        if not file.exists():
            return {}
        # Not a named pipe, which would never end.
        if not file.is_file():
            raise UsageError(f"{file} is no file: rename it, or write a configuration file there")
        content = file.read_bytes()
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror or problem}") from problem
    if len(content) > MAX_BYTES:
        raise UsageError(f"{file} has more than {MAX_BYTES:,} bytes, too many for a configuration")
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as problem:
        raise UsageError(f"{file} is not UTF-8: save it as UTF-8") from problem
    except (ValueError, RecursionError) as problem:
        words = "nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        raise UsageError(
            f"{file} is not valid TOML: {shorten(words, 200)}. A line is, for "
            "instance, hidden-size = 512"
        ) from problem


def _options(
    table: Mapping[str, Any], known: Mapping[str, Any], place: str, owner: str
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the key, the value and the option of each entry of a table.

    Raises:
        UsageError: a key is no option or must be typed, or two keys are the same option.
    """
    seen = set()
    for key, value in table.items():
        # A library call, and many configuration files, have hidden_size.
        name = key.replace("_", "-")
        if name not in known:
            raise UsageError(f"{place}: {_shown(key)} is no option of {owner}{advice(name, known)}")
        if name in TYPED_ONLY:
            raise UsageError(f"{place}: {name} cannot be set in a file: type --{name} when needed")
        if name in seen:
            raise UsageError(f"{place}: {name} is set twice: remove one of the lines")
        seen.add(name)
        yield name, value, known[name]


def _typed(value: Any, option: Any, place: str) -> str | bool:
    """Return a value as it would be typed; True or False for a flag.

    Raises:
        UsageError: the value is of a wrong type.
    """
    if option.is_flag:
        if type(value) is not bool:
            raise UsageError(f"{place} is true or false, not {_shown(value)}")
        return value
    if type(value) not in (str, int, float):
        raise UsageError(f"{place} needs a text or a number, not {_shown(value)}")
    return str(value)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return shorten({"True": "true", "False": "false"}.get(text, text), 60)
