"""The command line: one short module per command. A command does its heavy imports when it runs.

A command parses its options, calls the library, and shows the result. This file contains the list
of the commands, the exit codes, and the conversion of errors into one line each.
"""

import difflib
import errno
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, cast

import typer
import typer.core

from charnn import signals
from charnn.cli.commands import (
    book,
    check,
    compose,
    continue_tune,
    corpora,
    embedding,
    evaluate,
    export_audio,
    export_midi,
    export_model,
    export_onnx,
    export_page,
    export_score,
    gates,
    inspect,
    licences,
    manage_runs,
    neurons,
    sample,
    show_gradients,
    show_settings,
    step,
    surprise,
    tasks,
    tidy,
    train,
    transpose_tunes,
    vary,
)
from charnn.cli.console import (
    discard_output,
    escape_controls,
    show_error,
    terminal_width,
    write_stdout,
)
from charnn.cli.help import Command, Group
from charnn.cli.playback_options import PlaybackCommand
from charnn.cli.settings import prepare, with_places
from charnn.cli.value_errors import value_error
from charnn.cli.verbosity import Quiet, Verbose, choose_verbosity, with_verbosity
from charnn.cli.wrapping import wrap
from charnn.errors import CharnnError, CharnnWarning, RepeatedError, UsageError
from charnn.training.launchers import is_follower, record_failure
from charnn.version import __version__

# The base of every exception that typer raises for wrong usage. It is click's UsageError, which
# recent versions of typer contain and earlier ones import, so no import path holds for both.
_PREFIX = "Error: "  # which typer writes before the message
_UsageProblem = cast(type[typer.BadParameter], typer.BadParameter.__base__)


class _Program(Group):
    """The program. It escapes user input in typer's error messages, for the terminal."""

    def make_context(self, *arguments: Any, **extra: Any) -> Any:
        with _escaped_usage_problems():
            return super().make_context(*arguments, **extra)

    def invoke(self, ctx: Any) -> Any:
        prepare(ctx)
        with _escaped_usage_problems():
            return super().invoke(ctx)


@contextmanager
def _escaped_usage_problems() -> Iterator[None]:
    try:
        yield
    except _UsageProblem as problem:
        if error := value_error(problem):
            raise UsageError(with_places(str(error), problem.ctx)) from None
        if similar := getattr(problem, "possibilities", None):
            # typer lists all similar options in the order of the alphabet.
            name = cast(Any, problem).option_name
            closest = difflib.get_close_matches(name, similar, n=1, cutoff=0)
            problem.message = f"{problem.message}. Did you mean {closest[0]}?"
            cast(Any, problem).possibilities = None
        message = escape_controls(with_places(problem.message, problem.ctx))
        problem.message = wrap(f"{_PREFIX}{message}", terminal_width(sys.stderr), 2)[len(_PREFIX) :]
        raise


app = typer.Typer(
    name="charnn",
    cls=_Program,
    help="Train a character model on a text or on folk tunes, and write new ones with it.",
    epilog="Start with: charnn sample, then: charnn train folk --minutes 1",
    no_args_is_help=True,
    # typer would answer a full disk behind stdout with a traceback in colours.
    pretty_exceptions_enable=False,
    # Brackets in help texts, as in 'charnn[score]', are no markup.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

_PANELS: dict[str, dict[str, Any]] = {
    "Train": {"train": train, "corpora": corpora, "runs": manage_runs},
    "Write": {"compose": compose, "sample": sample, "vary": vary, "continue": continue_tune},
    "Tunes": {
        "export-midi": export_midi,
        "export-audio": export_audio,
        "export-score": export_score,
        "check": check,
        "tidy": tidy,
        "transpose": transpose_tunes,
        "book": book,
    },
    "Look inside": {
        "evaluate": evaluate,
        "inspect": inspect,
        "gates": gates,
        "neurons": neurons,
        "surprise": surprise,
        "gradients": show_gradients,
        "step": step,
        "embedding": embedding,
        "tasks": tasks,
    },
    "Share": {
        "export-page": export_page,
        "export-model": export_model,
        "export-onnx": export_onnx,
        "licences": licences,
    },
    "Configure": {"config": show_settings},
}
_CLASSES = {
    export_midi: PlaybackCommand,
    export_audio: PlaybackCommand,
    manage_runs: manage_runs.RunsCommand,
}
for _panel, _modules in _PANELS.items():
    for _name, _module in _modules.items():
        _class = _CLASSES.get(_module, Command)
        _command = with_verbosity(_module.command)
        app.command(_name, cls=_class, rich_help_panel=_panel)(_command)


def _show_version(wanted: bool) -> None:
    if wanted:
        write_stdout(f"charnn {__version__}\n")
        raise typer.Exit


@app.callback()
def _common_options(
    version: bool = typer.Option(
        False, "--version", "-V", callback=_show_version, is_eager=True, help="Show the version."
    ),
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    choose_verbosity(quiet=quiet, verbose=verbose)


def main() -> None:
    """Run the command line.

    The exit code is 0 for success, 1 for a failure and 2 for wrong usage. If a signal ends the
    program, the exit code is 128 plus the number of the signal.
    """
    # A small network writes fastest on one thread, and at a steady rate when other programs run.
    # OpenBLAS reads this variable when NumPy is imported, which no command has done yet.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _replace_closed_streams()
    if is_follower():
        _fall_silent()
    if "_CHARNN_COMPLETE" in os.environ:
        _skip_conversion_of_values()
    before = signals.install_handlers(signals.exit_after_cleanup)
    try:
        _run()
    except SystemExit as end:
        # Interpreter shutdown takes about a second once torch is loaded, and a signal that comes
        # in that second has the system's own effect; so exit with os._exit after a signal.
        if _is_signal(end.code) or _is_compiling():
            _exit_at_once(end.code)
        raise
    finally:
        signals.restore_handlers(before)


def _replace_closed_streams() -> None:
    """Open a substitute for each standard stream that was closed at the start (`>&-`).

    The substitute of stdout is read-only, so that a write fails instead of losing the result. The
    substitutes of stderr and stdin are /dev/null: a lost message does no harm.
    """
    sys.stdout = sys.stdout or open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115


def _fall_silent() -> None:
    """Discard all output but tracebacks: of several processes, that of rank 0 has the console."""
    show_traceback = sys.excepthook

    def show_on_console(*failure: Any) -> None:
        sys.stderr = sys.__stderr__
        show_traceback(*failure)

    sys.excepthook = show_on_console
    sys.stdout, sys.stderr = (open(os.devnull, "w", encoding="utf-8") for _ in range(2))  # noqa: PTH123, SIM115


def _run() -> None:
    """Run the command, and turn each failure that the user can mend into one line."""
    # A command shows in its own words what the library warns of.
    warnings.simplefilter("ignore", CharnnWarning)
    try:
        app()
    except RepeatedError as problem:
        record_failure(str(problem))
        sys.exit(problem.exit_code)
    except CharnnError as problem:
        _fail(str(problem), problem.exit_code)
    except OSError as problem:
        if problem.errno == errno.EBADF:
            discard_output(sys.stdout)
            _fail("stdout is closed, so the result would be lost. Redirect it to a file.", 1)
        _fail(_system_error(problem), 1)
    except (MemoryError, RuntimeError) as problem:
        # torch raises RuntimeError where the memory of the machine or of the GPU is exhausted.
        words = ("out of memory", "ALLOC_FAILED", "allocate memory", "not enough memory")
        if isinstance(problem, RuntimeError) and not any(w in str(problem) for w in words):
            raise
        _fail(
            "out of memory: close other programs, or use less: for training a smaller "
            "--hidden-size, --batch-size or --seq-len, otherwise fewer or shorter texts or tunes",
            1,
        )


def _system_error(problem: OSError) -> str:
    """Return one line on an error of the operating system, with the file and a remedy."""
    name = problem.filename
    if problem.errno == errno.ENOENT and name:
        folder = Path(os.fsdecode(name)).parent
        return f"no such file: {name}" if folder.exists() else f"no such folder: {folder}"
    advice = {
        errno.ENOSPC: ". Free some space and try again.",
        errno.EDQUOT: ". Free some space and try again.",
        errno.EACCES: ". Check its permissions, or choose another path.",
        errno.EROFS: ". Choose another path.",
    }.get(problem.errno or 0, "")
    return f"{f'{name}: ' if name else ''}{problem.strerror or problem}{advice}"


def _is_signal(code: object) -> bool:
    return isinstance(code, int) and code > 128


def _is_compiling() -> bool:
    """Return whether numba is compiling in the background, as in the first run on a machine.

    If so, `main` ends the program without waiting for the compiler.
    """
    backends = sys.modules.get("charnn.sampling.backend")
    if backends is None:
        return False
    return any(
        thread.name.startswith(backends.COMPILER_THREAD_NAME) for thread in threading.enumerate()
    )


def _exit_at_once(code: object) -> NoReturn:
    """End the process without Python's shutdown. Call it after all clean-up is done."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _skip_conversion_of_values() -> None:
    """Keep typer from converting values while the shell completes a command.

    No command runs during a completion, and the conversion would import pydantic, which takes
    longer than the rest of the completion.
    """
    parameter = getattr(typer.core, "_TyperParameter", None)  # missing from some versions of typer
    if parameter is not None:
        parameter.process_value = lambda self, context, value: value


def _fail(message: str, code: int) -> NoReturn:
    show_error(message)
    record_failure(message)
    sys.exit(code)
