"""The settings of a command: what its options are when they are not typed.

click looks an option up on the command line, in its variable (`envvar`), in the configuration files
(`default_map`), and then in its default. This file prepares the variables and the map, and
describes where a value comes from.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from charnn.cli.config_files import (
    TYPED_ONLY,
    Settings,
    advice,
    config_files,
    options_of,
    read_settings,
)
from charnn.errors import UsageError, shorten

# Options of which one is enough: one from a stronger source overrules the others.
_ALTERNATIVES = (
    ("minutes", "epochs", "steps"),
    ("clip", "clip_value"),
    ("embedding_size", "one_hot"),
    ("quiet", "verbose"),
)
# The options that a typed preset sets.
_SIZES = ("num_layers", "hidden_size", "embedding_size", "one_hot")
# The keys of the data that the contexts of a program share.
_SETTINGS, _PROBLEM = "charnn.settings", "charnn.problem"


def name_variables(command: Any) -> None:
    """Let each option of a command be set by a variable, such as CHARNN_TRAIN_HIDDEN_SIZE."""
    for name, option in options_of(command).items():
        if name in TYPED_ONLY:
            continue
        option.envvar = _variable(command, name)
        # Otherwise the help repeats the variable at every option.
        option.show_envvar = False


def refuse_typed_only(command: Any, environment: Mapping[str, str]) -> None:
    """Raise an error if a variable sets an option that must be typed.

    Raises:
        UsageError: such a variable is set.
    """
    for name in sorted(TYPED_ONLY & options_of(command).keys()):
        if environment.get(variable := _variable(command, name)):
            raise UsageError(
                f"{variable} cannot set --{name}: unset it, and type --{name} when needed"
            )


def unknown_variables(command: Any, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each variable that seems to set an option of a command, but sets none."""
    known = [_variable(command, name) for name in options_of(command)]
    for variable in environment:
        if variable.startswith(_variable(command, "")) and variable not in known:
            yield f"{variable} sets no option of charnn {command.name}{advice(variable, known)}"


def prepare(context: Any) -> None:
    """Read the configuration files for the commands of a program.

    An error is kept until a command runs, because the help, which is needed to mend the files, must
    be shown in any case.

    Args:
        context: the context of the program.
    """
    settings: Settings = {}
    try:
        settings = read_settings(context.command.commands)
    except UsageError as problem:
        context.meta[_PROBLEM] = problem
    context.meta[_SETTINGS] = settings
    context.default_map = {
        command: {name: setting.value for name, setting in options.items()}
        for command, options in settings.items()
    }


def problem_of_files(context: Any) -> UsageError | None:
    """Return the error of the configuration files, if there is one."""
    problem: UsageError | None = context.meta.get(_PROBLEM)
    return problem


def untyped_setting(option: Any, context: Any) -> tuple[Any, str]:
    """Return value and place of an option that is not typed; the place is "" for its default."""
    value, source = option.consume_value(context, {})
    return value, _place(option, context, source)


def places(context: Any) -> dict[str, str]:
    """Return the place of each option that is set but not typed, by the name of the parameter.

    Args:
        context: the context of a command whose arguments are parsed.
    """
    found = {}
    for option in options_of(context.command).values():
        if place := _place(option, context, context.get_parameter_source(option.name)):
            found[option.name] = place
    return found


def drop_overruled(context: Any) -> None:
    """Reset the settings that an option from a stronger source overrules.

    `--minutes 5` on the command line, for instance, overrules `steps = 100` in a file.

    Args:
        context: the context of a command whose arguments are parsed.
    """
    set_at = places(context)
    options = {option.name: option for option in options_of(context.command).values()}
    files = [str(file) for file in config_files()] if set_at else []

    def rank(name: str) -> int:
        place = set_at.get(name)
        return 0 if place is None else 2 + files.index(place) if place in files else 1

    def reset(names: Any, strongest: int) -> None:
        for name in names:
            if name in set_at and rank(name) > strongest:
                context.params[name] = options[name].default

    for group in _ALTERNATIVES:
        given = [name for name in group if context.params.get(name) not in (None, False)]
        reset(given, min(map(rank, given), default=0))
    if context.params.get("preset"):
        reset(_SIZES, rank("preset"))
    program = context.parent.params if context.parent else {}
    if program.get("quiet") or program.get("verbose"):  # typed before the name of the command
        reset(("quiet", "verbose"), 0)


def with_places(message: str, context: Any) -> str:
    """Return an error with the places of the settings that it names, which the user did not type.

    Args:
        message: the error.
        context: the context of a command, or None.
    """
    if context is None or _SETTINGS not in context.meta:
        return message
    set_at, words = places(context), {word.strip(".,:;()") for word in message.split()}
    for name, option in options_of(context.command).items():
        if f"--{name}" in words and option.name in set_at:
            message += f" (--{name} is set in {set_at[option.name]})"
    return message


def shown_value(value: Any) -> str:
    """Return the value of an option in a table or a help text."""
    return "set" if value is True else "not set" if value is False else shorten(str(value), 60)


def _variable(command: Any, option: str) -> str:
    return f"CHARNN_{command.name}_{option}".replace("-", "_").upper()


def _place(option: Any, context: Any, source: Any) -> str:
    # By name, because no import path of the enumeration holds for all versions of typer.
    match getattr(source, "name", ""):
        case "ENVIRONMENT":
            return str(option.envvar)
        case "DEFAULT_MAP":
            return str(context.meta[_SETTINGS][context.command.name][option.name].file)
    return ""
