"""The text of a file of tunes is decoded as the file declares it, or as it can be."""

from pathlib import Path

import pytest

from charnn.cli.tune_files import read_tune_file

TUNE = "X:1\nT:{}\nK:C\nABc|\n"


@pytest.mark.parametrize(
    ("start", "title", "codec", "warning"),
    [
        ("", "Bourrée", "utf-8", ""),
        ("", "Bourrée", "latin-1", ""),
        ("%%abc-charset cp1251\n", "Катюша", "cp1251", ""),
        ("%%abc-charset utf-8\n", "Bourrée", "latin-1", "is not utf-8 text"),
        ("%%abc-charset klingon\n", "Bourrée", "latin-1", "declares an unknown encoding"),
    ],
)
def test_a_title_is_decoded(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    start: str,
    title: str,
    codec: str,
    warning: str,
) -> None:
    path = tmp_path / "tunes.abc"
    path.write_bytes((start + TUNE.format(title)).encode(codec))
    file = read_tune_file(str(path))
    assert file.sources[0].title == title
    assert ("cp1251" in file.text, warning in capsys.readouterr().err) == (False, True)
