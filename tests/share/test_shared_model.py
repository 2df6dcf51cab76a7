"""The folder of a shared model on a disk that fails."""

from pathlib import Path

import pytest

from charnn.share.shared_model import folder_files, write_folder
from tests.helpers import random_checkpoint


@pytest.mark.parametrize("failing", ["README.md", "config.json"])
def test_a_folder_is_written_completely_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    files = folder_files(random_checkpoint("abc"), "a", "a", "")

    def write(path: Path, content: bytes) -> None:
        if path.name == failing:
            raise OSError(28, "No space left on device", str(path))
        path.write_bytes(content)

    monkeypatch.setattr("charnn.share.shared_model.write_bytes", write)
    with pytest.raises(OSError, match="No space left") as caught:
        write_folder(tmp_path / "shared", files)
    assert caught.value.filename == str(tmp_path / "shared")
    assert list(tmp_path.iterdir()) == []
