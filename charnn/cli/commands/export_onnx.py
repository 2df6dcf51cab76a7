"""`charnn export-onnx`: write one step of a model as a graph for other programs."""

import importlib.util
from typing import Annotated

from charnn.cli.console import show_message, warn_if_damaged, write_stdout_bytes
from charnn.cli.model_files import (
    check_target,
    make_folder,
    output_file,
    output_option,
    refuse_terminal,
)
from charnn.cli.model_options import RunArgument, show_if_bundled
from charnn.cli.output_files import ForceOption, check_suffix
from charnn.errors import CharnnError

SUFFIX = ".onnx"


def command(
    checkpoint: RunArgument = None,
    output: Annotated[str | None, output_option(SUFFIX)] = None,
    force: ForceOption = False,
) -> None:
    """Write one step of a model as a graph for ONNX Runtime.

    The graph takes a token and the state, and returns the logits of the next token and the next
    state. ONNX Runtime runs it in Python, JavaScript, C++, Java and others. Names, shapes, and
    examples in Python and JavaScript are in docs/share.md. Needs `pip install 'charnn[onnx]'`.

    \b
    Examples:
      charnn export-onnx shakespeare
      charnn export-onnx shakespeare -o play.onnx
    """
    from charnn.files import write_bytes
    from charnn.library import load
    from charnn.share.onnx_graph import onnx_bytes
    from charnn.share.shared_model import model_name

    check_suffix(output, SUFFIX)
    if importlib.util.find_spec("onnx") is None:
        raise CharnnError("onnx must be installed for this export: pip install 'charnn[onnx]'")
    model = load(checkpoint)
    show_if_bundled(checkpoint, model.path)
    warn_if_damaged(model.path, model.damaged)
    refuse_terminal(output)
    if output == "-":
        write_stdout_bytes(onnx_bytes(model.checkpoint))
        return
    target = output_file(output, f"{model_name(model.path)}{SUFFIX}")
    check_target(target, force)
    content = onnx_bytes(model.checkpoint)
    make_folder(output)
    write_bytes(target, content)
    show_message(f"{target}: {len(content) / 1e6:.1f} MB")
