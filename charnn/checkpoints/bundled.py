"""The bundled model: a model of the folk corpus that is installed together with charnn."""

from pathlib import Path

BUNDLED = "folk"
_PACKAGE = Path(__file__).parent.parent
# An installed package contains the file; a clone of the repository has it beside the package.
_PATHS = tuple(
    folder / "checkpoints" / f"{BUNDLED}.safetensors" for folder in (_PACKAGE, _PACKAGE.parent)
)


def bundled_model() -> Path | None:
    """Return the path of the bundled model; None if the file is not installed."""
    return next((path for path in _PATHS if path.is_file()), None)


def display_name(path: Path) -> str:
    """Return the name of a checkpoint for messages: `folk` for the bundled model, else the path."""
    return BUNDLED if path == bundled_model() else str(path)
