"""Writing files so that a crash, a full disk or a second writer never leaves half of one."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def replace_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file, then put it in the place of `path` in one step.

    The temporary file lies in the same folder (a rename across disks is not atomic) and is flushed
    to the disk before the rename, the folder after it: at any moment, a power cut included, `path`
    holds either the old content or the whole new one. If `write` fails, `path` is as it was.

    A symbolic link stays, and what it leads to is replaced. What is there but is no file, such as
    `/dev/null` or a named pipe, is never replaced: `write` fills it directly.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full.
    """
    target = path.resolve() if path.is_symlink() else path
    if target.exists() and not (target.is_file() or target.is_dir()):
        write(target)
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException as problem:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(problem, OSError) and problem.filename == str(temporary):
            problem.filename = str(path)  # the name that the user knows
        raise
    fsync_folder(target.parent)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, atomically if that is a file (see `replace_atomically`)."""
    replace_atomically(path, lambda temporary: _fill(temporary, content))


def fsync_folder(folder: Path) -> None:
    """Make a rename inside `folder` durable, where the system can (Windows cannot)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fill(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
