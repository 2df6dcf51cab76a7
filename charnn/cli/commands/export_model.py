"""`charnn export-model`: write a trained model as a small file that can be shared."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charnn.cli.console import show_message, warn_if_damaged, write_stdout_bytes
from charnn.cli.model_files import (
    check_target,
    is_run,
    make_folder,
    output_file,
    output_option,
    refuse_terminal,
)
from charnn.cli.model_options import RunArgument, show_if_bundled
from charnn.cli.output_files import check_suffix
from charnn.errors import UsageError

if TYPE_CHECKING:
    from charnn.library import Model

SUFFIX, CARD_SUFFIX = ".safetensors", ".md"
LicenceOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Licence of the model for its card, such as mit or cc-by-4.0 (default: not stated).",
    ),
]


def command(
    checkpoint: RunArgument = None,
    output: Annotated[str | None, output_option(SUFFIX)] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write a folder to upload: model.safetensors, README.md (the card), config.json.",
        ),
    ] = None,
    licence: LicenceOption = "",
    measure: Annotated[
        bool,
        typer.Option(
            "--measure",
            help="Measure the loss in fresh windows, and how much the model copies, for the card; "
            "takes a minute, and needs the training text.",
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Write over an existing model, with its card, whose licence stays if --licence "
            "names no other, and its config.json.",
        ),
    ] = False,
) -> None:
    """Write a model to a small file or folder to share, with a card.

    The weights are stored in half precision and the state of the training is left out: about a
    sixth of the checkpoint's size, for less than 0.001 nats per character. Others can sample from
    the file, evaluate it, or start a run with it (charnn train --init-from), but not resume it. The
    file contains the name of the corpus and the training options, but not the text; for a tune
    book, it also contains the headers of the tunes and the words of their titles.

    The card (Markdown, with the header that Hugging Face reads) lies beside the file, as play.md
    beside play.safetensors: the model, its data with source, licence and hash, the command, losses,
    copies, an estimate of the energy, limits. Every command that takes a RUN takes the folder.

    \b
    Examples:
      charnn export-model shakespeare
      charnn export-model folk -o session.safetensors
      charnn sample session.safetensors --rhythm jig
      charnn export-model shakespeare --folder play --licence mit --measure
      charnn sample play
    """
    from charnn.checkpoints.run_files import SHARED
    from charnn.library import load
    from charnn.share.licence_name import check_licence_name
    from charnn.share.shared_model import CARD, model_name
    from charnn.share.written_card import licence_of_card

    if folder is not None and output is not None:
        raise UsageError("--folder and -o exclude each other: a folder has its own names")
    check_suffix(output, SUFFIX)
    model = load(checkpoint)
    show_if_bundled(checkpoint, model.path)
    warn_if_damaged(model.path, model.damaged)
    refuse_terminal(output)
    check_licence_name(licence)
    if folder is not None:
        _check_folder(folder, force)
        licence = _licence(licence, model, _checked_card(folder / CARD))
        _write_folder(model, folder, licence, _measured(model, measure))
        return
    if output == "-":
        write_stdout_bytes(model.to_share(_measured(model, measure)).half_precision_bytes())
        return
    target = output_file(output, f"{model_name(model.path)}{SUFFIX}")
    if target.name == SHARED and licence_of_card(target.with_name(CARD)) is not None:
        raise UsageError(
            f"{target} belongs to a folder with a card: write over the files of that folder with "
            f"--folder {shlex.quote(str(target.parent))} --force"
        )
    has_card = target.is_file() or not target.exists()
    card = target.with_suffix(CARD_SUFFIX) if has_card else None
    check_target(target, force)
    if card is not None:
        check_target(card, force)
        licence = _licence(licence, model, _checked_card(card))
    make_folder(output)
    _write_file(model, target, card, licence, _measured(model, measure))


def _write_file(
    model: "Model", target: Path, card: Path | None, licence: str, measured: dict[str, Any]
) -> None:
    """Write the model to a file, and its card beside it; a device or a pipe gets no card."""
    from charnn.files import write_bytes
    from charnn.share.shared_model import card_bytes, model_name

    shared = model.to_share(measured)
    content = shared.half_precision_bytes()
    write_bytes(target, content)
    show_message(f"{target}: {len(content) / 1e6:.1f} MB")
    if card is not None:
        name = model_name(model.path)
        write_bytes(card, card_bytes(shared, content, name, target.name, licence))
        show_message(f"{card}: its card")


def _write_folder(model: "Model", folder: Path, licence: str, measured: dict[str, Any]) -> None:
    """Write the model to a folder to upload."""
    from charnn.share.shared_model import folder_files, model_name, write_folder

    name, place = model_name(model.path), folder.resolve().name
    files = folder_files(model.to_share(measured), name, place, licence)
    write_folder(folder, files)
    size = sum(map(len, files.values())) / 1e6
    show_message(f"{folder}: {', '.join(files)}, {size:.1f} MB")


def _checked_card(card: Path) -> str:
    """Return the licence that an existing card states; "" without a card or a licence.

    Raises:
        UsageError: a file that is not a card of charnn has the name of the card.
    """
    from charnn.share.written_card import licence_of_card

    licence = licence_of_card(card)
    if licence is None and card.is_file():
        raise UsageError(
            f"{card} is not a card of charnn, so --force does not write over it: move it, or name "
            "another place"
        )
    return licence or ""


def _licence(licence: str, model: "Model", earlier: str) -> str:
    """Return the licence for the card: that of the option, else that of the card before it."""
    from charnn.checkpoints.bundled import bundled_model

    if earlier and not licence:
        show_message(f"licence: {earlier}, as in the card that is written over")
    return licence or earlier or ("mit" if model.path == bundled_model() else "")


def _measured(model: "Model", measure: bool) -> dict[str, Any]:
    from charnn.cli.measured_card import measure_for_card

    return measure_for_card(model) if measure else {}


def _check_folder(folder: Path, force: bool) -> None:
    """Raise an error if the folder exists, unless the user wants to write into it.

    Raises:
        UsageError: the folder exists, and --force is not given, or it is a run; or it is a file.
    """
    if folder.is_dir() and not is_run(folder):
        if not force:
            raise UsageError(
                f"{folder} exists: name another folder, or write over the files of a model in it "
                "with --force"
            )
    elif folder.exists():
        kind = "the folder of a run" if folder.is_dir() else "a file"
        raise UsageError(f"{folder} is {kind}: name another folder")
