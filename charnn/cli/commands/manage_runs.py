"""`charnn runs`: list, compare, rename and remove runs, and remove prepared corpora."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charnn.checkpoints.run_files import RUNS_FOLDER
from charnn.cli.completion import RUN_ACTIONS, complete_action_or_run
from charnn.cli.console import (
    escape_to_one_line,
    is_terminal,
    show_message,
    show_warning,
    write_stdout,
)
from charnn.cli.help import Command
from charnn.cli.settings import places
from charnn.errors import CharnnError, CheckpointError, UsageError, unknown_choice

if TYPE_CHECKING:
    from charnn.checkpoints.run_summary import RunSummary


class RunsCommand(Command):
    """The command, whose actions may also be written as options: `--compare A B`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, with each action as a plain word."""
        options = {f"--{action}": action for action in RUN_ACTIONS}
        return super().parse_args(ctx, [options.get(each, each) for each in args])


def command(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ACTION",
            help="compare A B, rename A B, remove A or clean; default: list the runs.",
            autocompletion=complete_action_or_run,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the runs.")] = RUNS_FOLDER,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the list or the comparison as one JSON object.")
    ] = False,
) -> None:
    """List the runs, newest first; compare, rename or remove them.

    The list shows corpus, parameters, lowest loss on the held-out part, steps and date. `clean`
    removes prepared corpora in data/ that no run needs; training prepares them again when they
    are needed. An action may also be written as an option, as in --compare.

    \b
    Examples:
      charnn runs
      charnn runs compare shakespeare shakespeare-2
      charnn runs rename shakespeare-2 with-dropout
      charnn runs remove shakespeare
      charnn runs clean
    """
    action, *names = words or ["list"]
    if action not in ACTIONS:
        raise unknown_choice("the action", action, RUN_ACTIONS)
    run, number = ACTIONS[action]
    if as_json and action not in ("list", "compare"):
        if "as_json" not in places(context):
            raise UsageError(f"--json is for the list and for compare: leave it out with {action}")
        as_json = False  # a setting holds for the actions that have the option
    if yes and action != "remove":
        raise UsageError("--yes is for remove: leave it out")
    if not number(len(names)):
        usage = {"compare": "compare A B", "rename": "rename OLD NEW", "remove": "remove RUN"}
        raise UsageError(f"type charnn runs {usage.get(action, action)}")
    run(names, out, yes or as_json)


def _list(_: Sequence[str], folder: Path, as_json: bool) -> None:
    from charnn.checkpoints.run_summary import summarise_run
    from charnn.checkpoints.runs import find_runs
    from charnn.cli.run_tables import json_object, list_table

    runs = list(map(summarise_run, find_runs(folder)))
    _warn_of_unreadable(runs)
    if as_json:
        write_stdout(json.dumps({"runs": list(map(json_object, runs))}) + "\n")
    elif runs:
        write_stdout(list_table(runs))
    else:
        show_message(f"there is no run in {folder}/. Train one: charnn train CORPUS")


def _compare(names: Sequence[str], folder: Path, as_json: bool) -> None:
    from charnn.checkpoints.run_changes import find_run_folder
    from charnn.checkpoints.run_summary import are_comparable, summarise_run
    from charnn.cli.run_tables import NOT_COMPARABLE, comparison_table, differences, json_object

    runs = [summarise_run(find_run_folder(name, folder)) for name in names]
    _warn_of_unreadable(runs)
    comparable = are_comparable([run.latest for run in runs if run.latest])
    if as_json:
        rows = list(map(json_object, runs))
        found = {"runs": rows, "differences": differences(runs), "comparable": comparable}
        write_stdout(json.dumps(found) + "\n")
        return
    write_stdout(comparison_table(runs))
    if not comparable:
        show_warning(NOT_COMPARABLE)


def _rename(names: Sequence[str], folder: Path, _: bool) -> None:
    from charnn.checkpoints.run_changes import find_run_folder, rename_run

    run = find_run_folder(names[0], folder)
    show_message(f"renamed {run} to {rename_run(run, names[1])}")


def _remove(names: Sequence[str], folder: Path, yes: bool) -> None:
    from charnn.checkpoints.run_changes import find_run_folder, remove_run
    from charnn.checkpoints.run_summary import summarise_run

    # All names are looked up first, so a mistyped one removes nothing.
    folders = {run.resolve(): run for run in (find_run_folder(name, folder) for name in names)}
    runs = list(map(summarise_run, folders.values()))
    if not (yes or _confirm(runs)):
        advice = "" if is_terminal(sys.stdin) else ". To remove without a question: --yes"
        raise CharnnError(f"nothing was removed{advice}")
    for run in runs:
        is_gone = remove_run(run.path)
        kept = "" if is_gone else "; the folder stays, because other files are in it"
        show_message(f"removed {run.path}{kept}")


def _confirm(runs: "Sequence[RunSummary]") -> bool:
    """Ask on stderr whether runs are to be removed, and return the answer from stdin."""
    from charnn.cli.run_tables import format_bytes, list_table

    show_message(list_table(runs).rstrip("\n"))
    names = ", ".join(escape_to_one_line(run.name) for run in runs)
    size = format_bytes(sum(run.size for run in runs))
    sys.stderr.write(f"Remove {names} ({size}) for good? [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not (answer.endswith("\n") and is_terminal(sys.stdin)):
        sys.stderr.write("\n")
    return answer.strip().lower() in ("y", "yes")


def _clean(_: Sequence[str], folder: Path, __: bool) -> None:
    from charnn.checkpoints.run_summary import summarise_run
    from charnn.checkpoints.runs import find_runs
    from charnn.cli.run_tables import format_bytes
    from charnn.corpus.ids import DATA_FOLDER
    from charnn.corpus.prepared_folders import remove_prepared

    runs = list(map(summarise_run, find_runs(folder)))
    for run in runs:
        if run.latest is None:
            raise CheckpointError(
                f"{run.problem}. So the corpus that it needs is unknown, and nothing was removed. "
                f"Remove the run first: charnn runs remove {run.name}"
            )
    needed = {str(run.metadata.get("fingerprint")) for run in runs}
    removed = remove_prepared(DATA_FOLDER, needed)
    for path, size in removed.items():
        show_message(f"removed {path} ({format_bytes(size)})")
    if not removed:
        show_message(f"every prepared corpus in {DATA_FOLDER}/ is needed by a run in {folder}/")


def _warn_of_unreadable(runs: "Sequence[RunSummary]") -> None:
    for run in runs:
        if run.problem:
            show_warning(run.problem)


# The function of each action, and which numbers of names it takes.
ACTIONS: dict[str, tuple[Callable[[Sequence[str], Path, bool], None], Callable[[int], bool]]] = {
    "list": (_list, lambda number: number == 0),
    "compare": (_compare, lambda number: number >= 2),
    "rename": (_rename, lambda number: number == 2),
    "remove": (_remove, lambda number: number >= 1),
    "clean": (_clean, lambda number: number == 0),
}
