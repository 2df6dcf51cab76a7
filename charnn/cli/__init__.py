"""The command line: one short module a command, loaded when the command is called.

A command parses its options, calls the library, and shows what comes back. Here is what all have in
common: the list of them, and what becomes of a failure.
"""

import errno
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

import typer
import typer.core

from charnn import signals
from charnn.cli.commands import (
    check,
    corpora,
    evaluate,
    export_audio,
    export_midi,
    export_model,
    export_score,
    inspect,
    sample,
    train,
)
from charnn.cli.console import discard_output, escape_controls, show_error, write_stdout
from charnn.cli.playback_options import PlayingCommand
from charnn.errors import CharnnError
from charnn.version import __version__

# What all that typer raises on wrong usage is made of.
_Misuse = cast(type[typer.BadParameter], typer.BadParameter.__base__)


class _Group(typer.core.TyperGroup):
    """Typer quotes what was typed: on a terminal that is shown, not obeyed."""

    def make_context(self, *arguments: Any, **extra: Any) -> Any:
        with _shown():
            return super().make_context(*arguments, **extra)

    def invoke(self, ctx: Any) -> Any:
        with _shown():
            return super().invoke(ctx)


@contextmanager
def _shown() -> Iterator[None]:
    try:
        yield
    except _Misuse as misuse:
        misuse.message = escape_controls(misuse.message)
        raise


app = typer.Typer(
    name="charnn",
    cls=_Group,
    help="Learn a text or a book of folk tunes character by character, and write new ones.",
    epilog="Start with: charnn train folk --minutes 1, then: charnn sample",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("train")(train.command)
app.command("sample")(sample.command)
app.command("export-midi", cls=PlayingCommand)(export_midi.command)
app.command("export-audio", cls=PlayingCommand)(export_audio.command)
app.command("export-score")(export_score.command)
app.command("export-model")(export_model.command)
app.command("check")(check.command)
app.command("evaluate")(evaluate.command)
app.command("inspect")(inspect.command)
app.command("corpora")(corpora.command)


def _show_version(wanted: bool) -> None:
    if wanted:
        write_stdout(f"charnn {__version__}\n")
        raise typer.Exit


@app.callback()
def _common(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line; the exit code is 0 done, 1 failed, 2 wrong usage, 128+ a signal."""
    # One stream of a small network is fastest on one thread, and steady when other programs run.
    # OpenBLAS reads this when NumPy is imported, which no command has done yet.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Of the streams that were closed before we began (`>&-`), stdout fails when it is written to,
    # since a result would be lost; messages that nobody reads, and an empty stdin, do no harm.
    sys.stdout = sys.stdout or open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
    if "_CHARNN_COMPLETE" in os.environ:
        _complete_quickly()
    before = signals.answer(signals.unwind)
    try:
        _run()
    except SystemExit as end:
        if _is_stopped(end.code) or _is_compiling():
            _leave(end.code)
        raise
    finally:
        signals.give_back(before)


def _run() -> None:
    try:
        app()
    except CharnnError as problem:
        _fail(str(problem), problem.exit_code)
    except OSError as problem:
        if problem.errno == errno.EBADF:
            discard_output(sys.stdout)
            _fail("stdout is closed: redirect it to a file, or there is nowhere for the result", 1)
        where = f"{problem.filename}: " if problem.filename else ""
        reason = problem.strerror or problem
        _fail(f"{where}{reason}: check the path, its permissions and the space on the disk", 1)
    except (MemoryError, RuntimeError) as problem:
        words = ("out of memory", "allocate memory")
        if isinstance(problem, RuntimeError) and not any(w in str(problem) for w in words):
            raise
        _fail(
            "out of memory: close other programs, or ask for less: in training a smaller "
            "--hidden-size, --batch-size or --seq-len, else fewer or shorter texts or tunes",
            1,
        )


def _is_stopped(code: object) -> bool:
    """Whether a signal has ended the program. Python takes a second to take itself and torch apart,
    and in that second a signal has the system's own effect."""
    return isinstance(code, int) and code > 128


def _is_compiling() -> bool:
    """Whether numba is at work, for the first time on a machine: a text that is done should not
    keep its reader waiting."""
    backends = sys.modules.get("charnn.sampling.backend")
    if backends is None:
        return False
    return any(
        thread.name.startswith(backends.COMPILER_THREAD_NAME) for thread in threading.enumerate()
    )


def _leave(code: object) -> None:
    """End at once; what had to be cleaned up has been."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _complete_quickly() -> None:
    """Take values as they are: whoever completes a command runs none, and typer would import
    pydantic, which takes longer than all the rest, to convert them."""
    parameter = getattr(typer.core, "_TyperParameter", None)  # not in every typer
    if parameter is not None:
        parameter.process_value = lambda self, context, value: value


def _fail(message: str, code: int) -> None:
    show_error(message)
    sys.exit(code)
