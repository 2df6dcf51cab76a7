"""The novelty of a tune: the nearest learned tune, and the longest run of notes shared with one."""

from charnn.compose.model_shelf import learned_index
from charnn.errors import CharnnError
from charnn.tunebook.book_records import Novelty


def compare_tune(model: str, abc: str) -> Novelty | None:
    """Compare a tune with those that a model has learned; the first time takes seconds.

    Returns:
        The result; None if the model or its learned tunes are not at hand.
    """
    try:
        index = learned_index(model)
    except (CharnnError, OSError):
        return None
    if not index.titles:
        return None
    nearest, run = index.nearest(abc), index.longest_run(abc)
    return Novelty(
        model=model,
        nearest=nearest.title,
        similarity=nearest.similarity,
        shared_notes=run.notes,
        shared_with=run.title,
    )
