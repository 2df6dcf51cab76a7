"""`charnn surprise`: what surprises a model in a text."""

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charnn.cli.console import write_stdout
from charnn.cli.insight_options import (
    JsonOption,
    ModelArgument,
    PictureOption,
    TextArgument,
    check_picture,
    load_model,
    read_corpus,
    write_picture,
)
from charnn.cli.model_options import EncodingOption, check_alternatives

if TYPE_CHECKING:
    from charnn.insight.shown_surprise import ShownSurprise
    from charnn.library import Model

# The alternatives that a page shows at each character.
_ON_PAGES = 5


def command(
    run: ModelArgument,
    text: TextArgument,
    alternatives: Annotated[
        int,
        typer.Option(metavar="N", help="List each character with the N likeliest other ones."),
    ] = 0,
    encoding: EncodingOption = None,
    output: PictureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what surprises a model in a text, in bits per character.

    The darker a character, the more it surprised the model. Tables show the bits of each bar of a
    tune, the best and the worst predicted characters, and the errors by kind, beside those of a
    5-gram.

    \b
    Examples:
      charnn surprise folk tune.abc
      charnn surprise shakespeare scene.txt --alternatives 3
      charnn surprise folk tune.abc -o tune.html
      charnn surprise shakespeare scene.txt --json
    """
    check_alternatives(alternatives)
    path = check_picture(output)
    model = load_model(run)
    read = read_corpus(model, text, encoding)

    has_page = path is not None and path.suffix.lower() == ".html"
    kept = max(alternatives, _ON_PAGES) if has_page else alternatives
    surprise = model.surprise(read, alternatives=kept)
    if path is not None:
        write_picture(path, surprise.figure, partial(_page, model, surprise))
    if as_json:
        write_stdout(json.dumps(_json_object(model, surprise)) + "\n")
    elif path is None:
        _write(model, surprise, listed=bool(alternatives))


def _page(model: "Model", surprise: "ShownSurprise") -> bytes:
    from charnn.checkpoints.bundled import display_name

    title = f"What surprises the model {display_name(model.path)}"
    return surprise.page(title, model.error_kinds(surprise))


def _write(model: "Model", surprise: "ShownSurprise", *, listed: bool) -> None:
    from charnn.cli.surprise_view import write_alternatives, write_figures, write_text, write_tunes

    errors, counted = model.error_kinds(surprise), model.checkpoint.vocabulary.counted
    write_stdout(
        f"{surprise.characters:,} {counted}, {surprise.bits_per_char:.3f} bits per "
        f"{counted.removesuffix('s')}\n"
    )
    if listed:
        write_alternatives(surprise)
    else:
        write_text(surprise)
    write_tunes(surprise.bars())
    write_figures(surprise, errors)


def _json_object(model: "Model", surprise: "ShownSurprise") -> dict[str, Any]:
    """Return the object that --json prints."""
    found: dict[str, Any] = {
        "checkpoint": str(model.path),
        "chars": surprise.characters,
        "bits_per_char": surprise.bits_per_char,
        "unknown": dict(surprise.read.unknown),
        "pieces": surprise.pieces,
        "bits": [round(each, 4) for each in surprise.bits.tolist()],
    }
    if surprise.top_ids.shape[1]:
        found["alternatives"] = [
            [[other.name, round(other.probability, 6)] for other in others]
            for others in surprise.alternatives()
        ]
    found["characters"] = [row._asdict() for row in surprise.by_character()]
    if surprise.has_tunes:
        found["tunes"] = [
            {
                "title": tune.title,
                "header_bits": tune.header.bits,
                "bars": [vars(bar) for bar in tune.bars],
            }
            for tune in surprise.bars()
        ]
    found["errors"] = vars(model.error_kinds(surprise))
    return found
