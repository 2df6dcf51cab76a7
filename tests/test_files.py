"""Atomic writes: files are replaced completely or not at all."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from charnn.files import remove_leftovers, write_bytes


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    write_bytes(path, b"the new content")
    assert path.read_bytes() == b"the new content"
    assert list(tmp_path.iterdir()) == [path]


class Crash(BaseException):
    """An exception like KeyboardInterrupt, which no `except Exception` catches."""


@pytest.mark.parametrize("failure", [OSError("no space left"), ValueError("a bug"), Crash()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, failure: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fsync(descriptor: int) -> None:
        (temporary,) = set(tmp_path.iterdir()) - {path}
        assert temporary.read_bytes() == b"the new content"
        assert path.read_bytes() == b"old"
        raise failure

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(type(failure)):
        write_bytes(path, b"the new content", previous=tmp_path / "previous")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_content_is_kept_under_another_name(tmp_path: Path) -> None:
    path, previous = tmp_path / "file", tmp_path / "previous"
    for number in range(4):
        write_bytes(path, str(number).encode(), previous=previous)
        assert path.read_bytes() == str(number).encode()
        assert not number or previous.read_bytes() == str(number - 1).encode()
        assert sorted(tmp_path.iterdir()) == [path, previous][: number + 1]


def test_a_write_after_a_kill_between_the_renames(tmp_path: Path) -> None:
    """Such a kill leaves one file with both names, between which `rename` does nothing."""
    path, previous = tmp_path / "file", tmp_path / "previous"
    write_bytes(path, b"old")
    os.link(path, previous)
    write_bytes(path, b"new", previous=previous)
    assert (path.read_bytes(), previous.read_bytes()) == (b"new", b"old")
    assert sorted(tmp_path.iterdir()) == [path, previous]


def test_without_hard_links_the_old_content_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*names: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", link)
    test_the_old_content_is_kept_under_another_name(tmp_path)


def test_leftovers_of_killed_processes_are_removed(tmp_path: Path) -> None:
    ours = tmp_path / ".a[1].txt.123.tmp"
    others = [tmp_path / name for name in (".a1.txt.123.tmp", ".a[1].txt.lock", "a[1].txt")]
    for path in (ours, *others):
        path.touch()
    remove_leftovers(tmp_path / "a[1].txt")
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_missing_folders_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        write_bytes(tmp_path / "absent" / "file", b"new")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_bytes(folder, b"new")
    assert list(tmp_path.iterdir()) == [folder]
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make symbolic links")
@pytest.mark.parametrize("there", [True, False])
def test_a_symbolic_link_stays_a_link(tmp_path: Path, there: bool) -> None:
    path, link = tmp_path / "folder" / "file", tmp_path / "link"
    path.parent.mkdir()
    if there:
        path.write_bytes(b"old")
    link.symlink_to(Path("folder") / "file")
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]
    assert sorted(tmp_path.iterdir()) == [path.parent, link]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_device_or_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "nowhere"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_bytes(pipe, b"into the pipe")
        assert os.read(reading, 99) == b"into the pipe"
    finally:
        os.close(reading)
    link.symlink_to(os.devnull)
    write_bytes(link, b"gone")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(link.stat().st_mode)
    assert sorted(tmp_path.iterdir()) == [link, pipe]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_the_mode_follows_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write_bytes(tmp_path / "file", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot sync a folder")
def test_the_content_reaches_the_disk_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is synced before the rename, and the folder before the call returns."""
    path = tmp_path / "file"
    write_bytes(path, b"old")
    done: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        size = "" if kind == "folder" else f" of {os.fstat(descriptor).st_size}"
        done.append(f"{kind}{size}, then {path.read_bytes().decode()}")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_bytes(path, b"new content")
    assert done == ["file of 11, then old", "folder, then new content"]


def test_both_names_exist_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new file is synced before a name changes; the folder is synced at the end."""
    path, previous = tmp_path / "last", tmp_path / "previous"
    write_bytes(path, b"first", previous=previous)
    done: list[str] = []

    def recorded(name: str) -> None:
        real = getattr(os, name)

        def call(*arguments: Any) -> None:
            if name == "fsync":
                folder = stat.S_ISDIR(os.fstat(arguments[0]).st_mode)
                done.append("fsync folder" if folder else "fsync file")
            else:
                done.append(" ".join([name, *(Path(argument).name for argument in arguments)]))
            real(*arguments)

        monkeypatch.setattr(os, name, call)

    monkeypatch.setattr("secrets.token_hex", lambda count: "token")
    for name in ("fsync", "link", "replace", "rename", "unlink"):
        recorded(name)
    write_bytes(path, b"second", previous=previous)
    kept, new = ".previous.token.tmp", ".last.token.tmp"
    assert [line for line in done if not line.startswith("unlink")] == [
        "fsync file",
        f"link last {kept}",
        f"replace {kept} previous",
        f"replace {new} last",
        "fsync folder",
    ]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot sync a folder")
def test_a_file_system_that_cannot_sync_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network file systems cannot; that is not an error."""
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not for folders")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_bytes(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_prepared_link_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a shared folder, another user may create a link with the temporary file's name."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    monkeypatch.setattr("secrets.token_hex", lambda count: "guessed")
    (tmp_path / ".file.guessed.tmp").symlink_to(victim)
    with pytest.raises(FileExistsError):
        write_bytes(tmp_path / "file", b"new")
    assert victim.read_text() == "mine"
    assert not (tmp_path / "file").exists()
