"""Bytes to text: nothing is guessed, nothing is changed."""

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.corpus import text as text_module
from charnn.corpus.text import decode, looks_like_text, read_file
from charnn.errors import CorpusError, UsageError

PLAIN = "naïve café\r\nlone\rcarriage\nЖ 漢字 🎻 end"


def read(raw: bytes, encoding: str | None = None) -> str:
    return "".join(decode(io.BytesIO(raw), "book.txt", encoding))


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_or_utf8_is_read_without_being_named(codec: str) -> None:
    assert read(PLAIN.encode(codec)) == PLAIN


@pytest.mark.parametrize("codec", ["utf-16-be", "utf-32-be"])
def test_big_endian_marks_are_known(codec: str) -> None:
    assert read(("\ufeff" + PLAIN).encode(codec)) == PLAIN


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("named", ["latin-1", "cp1252", "utf-16-le", "utf-32"])
def test_a_mark_tells_more_than_what_is_said_of_all_files(codec: str, named: str) -> None:
    raw = ("\ufeff" + PLAIN).encode(codec)
    assert read(raw, named) == PLAIN
    # It is left out once: a second one is the text's own.
    assert read(("\ufeff\ufeff" + PLAIN).encode(codec), named) == "\ufeff" + PLAIN
    with pytest.raises(UsageError, match="no text encoding"):
        read(raw, "no-such")


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-32-be", "gb18030"])
def test_a_named_codec_is_used(codec: str) -> None:
    assert read(PLAIN.encode(codec), codec) == PLAIN


@pytest.mark.parametrize("codec", ["latin-1", "cp1252", "cp437"])
def test_another_encoding_is_refused_with_the_place_and_the_way_out(codec: str) -> None:
    raw = "caf\u00e9 au lait".encode(codec)
    with pytest.raises(CorpusError, match=rf"book\.txt .*0x{raw[3]:02x} at offset 3 .*--encoding"):
        read(raw)
    assert read(raw, codec) == "caf\u00e9 au lait"


def test_the_offset_counts_from_the_beginning_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "CHUNK_BYTES", 4)
    with pytest.raises(CorpusError, match="offset 14 "):
        read("abc漢字ef漢".encode() + b"\xff")
    with pytest.raises(CorpusError, match=r"offset 9 .*end"):
        read("abc漢字".encode() + "字".encode()[:2])


# U+FFFE is no character, so that a mark cannot be one of the other byte order.
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe")))
def test_any_text_survives_however_it_is_cut(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_module, "CHUNK_BYTES", 3)
        assert read(b"\xef\xbb\xbf" + text.encode()) == text
        assert read(text.encode("utf-16-le"), "utf-16-le") == text.removeprefix("\ufeff")


@given(st.binary())
def test_any_bytes_are_text_or_refused(raw: bytes) -> None:
    try:
        text = read(raw)
    except CorpusError:
        return
    assert text == raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")


@pytest.mark.parametrize("raw", [b"abc\0def", b"\x01\x02\x03 text", "a text".encode("utf-16-le")])
def test_binary_is_refused(raw: bytes) -> None:
    with pytest.raises(CorpusError, match="looks binary"):
        read(raw)


def test_a_stray_control_character_is_no_reason_to_refuse() -> None:
    assert read(b"\x1b" + b"a" * 200)[0] == "\x1b"


@pytest.mark.parametrize("codec", ["no-such", "base64", "rot13", "a\0b"])
def test_a_codec_that_is_none_is_wrong_usage(codec: str) -> None:
    with pytest.raises(UsageError, match="no text encoding"):
        read(b"abc", codec)


def test_gz_is_unpacked_on_the_way(tmp_path: Path) -> None:
    path = tmp_path / "book.txt.GZ"
    path.write_bytes(gzip.compress(PLAIN.encode()))
    assert "".join(read_file(path)) == PLAIN


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign"])
def test_damaged_gz_is_refused(tmp_path: Path, damage: str) -> None:
    raw = bytearray(gzip.compress(PLAIN.encode() * 100))
    if damage == "cut":
        del raw[len(raw) // 2 :]
    elif damage == "flipped":
        raw[len(raw) // 2] ^= 0xFF
    else:
        raw = bytearray(b"plain text")
    path = tmp_path / "book.gz"
    path.write_bytes(raw)
    with pytest.raises(CorpusError, match=r"damaged|not utf-8"):
        list(read_file(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"cannot read .*gone\.txt"):
        list(read_file(tmp_path / "gone.txt"))


def test_text_is_told_from_binary_by_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for raw, text in [
        (b"plain", True),
        (b"", True),
        ("caf\u00e9".encode("latin-1"), True),
        (PLAIN.encode("utf-16"), True),
        (bytes(range(256)), False),
    ]:
        path.write_bytes(raw)
        assert looks_like_text(path) is text


@pytest.mark.parametrize("codec", ["utf-16", "punycode", "idna"])
def test_a_codec_that_says_no_to_the_whole_text(tmp_path: Path, codec: str) -> None:
    """Some codecs raise without telling where."""
    path = tmp_path / "text.txt"
    path.write_bytes("é-ä..\ud800".encode("utf-16-le", "surrogatepass"))
    with pytest.raises(CorpusError, match="text"):
        "".join(read_file(path, codec))
