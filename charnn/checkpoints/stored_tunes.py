"""The training tunes, stored beside a run's checkpoints for the comparison with samples."""

import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path

from charnn.checkpoints.run_files import TUNES
from charnn.errors import CheckpointError
from charnn.files import write_bytes

# The limit of the unpacked size, above that of any corpus of tunes. A small .gz file can unpack to
# any size.
MAX_BYTES = 1_000_000_000


def store_tunes(run: Path, tunes: Iterable[str]) -> None:
    """Write the training tunes of a run; the same tunes give the same bytes.

    Args:
        run: the run's folder.
        tunes: cleaned texts without empty lines, each with a line end.

    Raises:
        OSError: the file cannot be written.
    """
    # gzip puts the current time into the file unless mtime is set.
    write_bytes(run / TUNES, gzip.compress("\n".join(tunes).encode(), mtime=0))


def read_stored_tunes(run: Path) -> list[str]:
    """Return the training tunes of a run.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    path = run / TUNES
    try:
        with gzip.open(path) as file:
            text = file.read(MAX_BYTES).decode()
            if not text or file.read(1):
                raise EOFError("the file is empty, or larger than any tune book")
    except FileNotFoundError:
        raise CheckpointError(
            f"{path} is missing, so samples cannot be compared with the training tunes. "
            "Train on a tune book, or write the file again with charnn train CORPUS --resume."
        ) from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}). Write it again with charnn train CORPUS --resume."
        ) from error
    return [tune.rstrip("\n") + "\n" for tune in text.split("\n\n")]
