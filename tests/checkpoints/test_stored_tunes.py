"""The training tunes beside a run's checkpoints."""

import gzip
from pathlib import Path

import pytest

from charnn.checkpoints import stored_tunes
from charnn.checkpoints.run_files import TUNES
from charnn.checkpoints.stored_tunes import read_stored_tunes, store_tunes
from charnn.errors import CheckpointError

BOOK = ("X:1\nT:One\nK:C\nCDE|\n", "X:1\nT:Zwölf\nK:C\nEDC|\n")


def test_tunes_survive_and_the_same_tunes_give_the_same_bytes(tmp_path: Path) -> None:
    store_tunes(tmp_path, iter(BOOK))
    assert read_stored_tunes(tmp_path) == list(BOOK)
    first = (tmp_path / TUNES).read_bytes()
    store_tunes(tmp_path, BOOK)
    assert (tmp_path / TUNES).read_bytes() == first
    assert gzip.decompress(first).decode() == "\n".join(BOOK)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="tune book"):
        read_stored_tunes(tmp_path)


@pytest.mark.parametrize("damage", [b"", b"no gzip", b"\x1f\x8b\x08", None])
def test_a_damaged_file(tmp_path: Path, damage: bytes | None) -> None:
    store_tunes(tmp_path, BOOK)
    whole = (tmp_path / TUNES).read_bytes()
    (tmp_path / TUNES).write_bytes(whole[:-9] if damage is None else damage)
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_stored_tunes(tmp_path)


def test_a_gzip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_tunes(tmp_path, BOOK)
    monkeypatch.setattr(stored_tunes, "MAX_BYTES", 30)
    with pytest.raises(CheckpointError, match="larger than any tune book"):
        read_stored_tunes(tmp_path)
