"""How many threads NumPy multiplies with."""

import os


def one_thread() -> None:
    """Let NumPy use one; to be said before it is imported.

    The product of a matrix and a vector hardly gains by a second thread, and where another program
    keeps a core busy, the two wait for each other so long that it takes ten times as long.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
