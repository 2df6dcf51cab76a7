"""Writing files so that a crash, a full disk or a second writer never leaves half of one."""

import errno
import glob
import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_bytes(path: Path, content: bytes, *, previous: Path | None = None) -> None:
    """Put a file with `content` in the place of `path` in one step.

    It is written to a temporary file in the same folder (a rename across disks is not atomic),
    which is flushed to the disk before it is renamed, the folder after that: at any moment, a power
    cut included, `path` holds either the old content or the whole new one. If the write fails,
    `path` is as it was, and nothing is left beside it.

    A symbolic link stays, and what it leads to is replaced. What is there but is no file, such as
    `/dev/null` or a named pipe, is never replaced, but written into.

    Args:
        path: the file.
        content: all of it.
        previous: another name in the same folder, under which the old content stays.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full.
    """
    target = path.resolve() if path.is_symlink() else path
    if target.exists() and not (target.is_file() or target.is_dir()):
        target.write_bytes(content)
        return
    temporary = _temporary(target)
    try:
        with temporary.open("xb") as file:  # never through a link that lies in wait
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if previous is not None:
            _keep(target, previous)
        temporary.replace(target)
    except BaseException as problem:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(problem, OSError) and problem.filename in (None, str(temporary)):
            problem.filename = str(path)  # the name that the user knows
        raise
    fsync_folder(target.parent)


def remove_leftovers(path: Path) -> None:
    """Remove the temporary files of `path` that a killed process has left.

    Call it only under a lock that every writer of `path` takes.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with suppress(OSError):
            left.unlink()


def fsync_folder(folder: Path) -> None:
    """Make a rename inside `folder` durable, where the system can (Windows and some network disks
    cannot)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as problem:
        if problem.errno not in (errno.EINVAL, errno.ENOTSUP):
            problem.filename = str(folder)
            raise
    finally:
        os.close(descriptor)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def _keep(path: Path, previous: Path) -> None:
    """Give the file at `path` the name `previous` as well, so that it never lacks its own; where
    the disk has no links, in its stead."""
    # Of two names of one file, a rename puts neither in the place of the other.
    if not path.exists() or (previous.exists() and previous.samefile(path)):
        return
    link = _temporary(previous)
    try:
        link.unlink(missing_ok=True)
        os.link(path, link)
        link.replace(previous)
    except OSError:
        with suppress(OSError):
            link.unlink()
        with suppress(OSError):
            path.replace(previous)
