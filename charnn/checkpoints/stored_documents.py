"""The hashes of the training documents, stored beside a run's checkpoints.

With them, samples are compared with the training documents even after the corpus has been deleted.
A million names take 8 MB.
"""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.run_files import DOCUMENTS
from charnn.errors import CheckpointError
from charnn.files import write_bytes


def store_document_hashes(run: Path, hashes: NDArray[np.uint64]) -> None:
    """Write the hashes of the training documents of a run.

    Args:
        run: the run's folder.
        hashes: the distinct hashes in rising order, see
            `charnn.corpus.text_documents.training_hashes`.

    Raises:
        OSError: the file cannot be written.
    """
    file = io.BytesIO()
    np.save(file, hashes, allow_pickle=False)
    write_bytes(run / DOCUMENTS, file.getvalue())


def read_document_hashes(run: Path) -> NDArray[np.uint64] | None:
    """Return the hashes of the training documents of a run; None if they are not stored.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = run / DOCUMENTS
    try:
        # Memory-mapped, so that a damaged header cannot make NumPy allocate any memory.
        hashes = np.load(path, mmap_mode="r", allow_pickle=False)
        if hashes.dtype != np.uint64 or hashes.ndim != 1 or (hashes[1:] <= hashes[:-1]).any():
            raise ValueError("it contains no hashes")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, OverflowError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}). Write it again with charnn train CORPUS --resume."
        ) from error
    return np.asarray(hashes, np.uint64)
