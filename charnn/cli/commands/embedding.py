"""`charnn embedding`: the vectors of a model's tokens, their neighbours and a map of them."""

import json

from charnn.cli.console import write_stdout
from charnn.cli.insight_options import (
    JsonOption,
    ModelArgument,
    PictureOption,
    check_picture,
    load_model,
    write_picture,
)


def command(
    run: ModelArgument,
    output: PictureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which characters are alike to a model: its embedding.

    For each token: the length of its vector, and the tokens with the most similar vectors, with the
    cosine of the angle between the two. A picture shows a map of all tokens, by the first two
    principal components.

    \b
    Examples:
      charnn embedding shakespeare
      charnn embedding folk -o map.png
      charnn embedding folk --json
    """
    path = check_picture(output)
    model = load_model(run)
    from charnn.checkpoints.bundled import display_name
    from charnn.cli.plain_table import table_lines

    embedding = model.embedding()
    if path:
        title = f"The tokens of {display_name(model.path)}"
        write_picture(path, embedding.figure, lambda: embedding.page(title))
    if as_json:
        found = {"checkpoint": str(model.path), **embedding.to_json()}
        write_stdout(json.dumps(found) + "\n")
    elif not path:
        head = ["token", "length", "nearest, with the cosine"]
        lines = table_lines(head, embedding.rows(), left=(0, 2))
        write_stdout(f"{embedding.summary()}\n\n" + "".join(lines))
