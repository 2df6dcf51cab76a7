"""From bytes to text: no codec is guessed, and no character is changed."""

import gzip
import io
import re
import zipfile
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
def test_utf8_and_byte_order_marks_need_no_encoding(codec: str) -> None:
    assert read(PLAIN.encode(codec)) == PLAIN


@pytest.mark.parametrize("codec", ["utf-16-be", "utf-32-be"])
def test_big_endian_byte_order_marks(codec: str) -> None:
    assert read(("\ufeff" + PLAIN).encode(codec)) == PLAIN


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("named", ["latin-1", "cp1252", "utf-16-le", "utf-32"])
def test_a_byte_order_mark_overrides_the_named_encoding(codec: str, named: str) -> None:
    raw = ("\ufeff" + PLAIN).encode(codec)
    assert read(raw, named) == PLAIN
    # The mark is removed once; a second one belongs to the text.
    assert read(("\ufeff\ufeff" + PLAIN).encode(codec), named) == "\ufeff" + PLAIN
    with pytest.raises(UsageError, match="no text encoding"):
        read(raw, "no-such")


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-32-be", "gb18030"])
def test_a_named_codec_is_used(codec: str) -> None:
    assert read(PLAIN.encode(codec), codec) == PLAIN


BOOK = "%abc-2.1\n{}\n\nX:1\nT:Bourrée\nK:C\nABc|\n"


@pytest.mark.parametrize(
    "declaration",
    ["%%abc-charset iso-8859-1", "I:abc-charset latin1 % old", "M:4/4\r\n%% abc-charset CP1252"],
)
def test_a_tune_book_declares_its_encoding(declaration: str) -> None:
    """The text is written as UTF-8 from here on, so the declaration changes with it."""
    raw = BOOK.format(declaration).encode("latin-1")
    now = re.sub(r"(abc-charset) [^ ]*", r"\1 utf-8", declaration)
    assert read(raw) == BOOK.format(now)
    assert read(BOOK.format(declaration).encode(), "utf-8") == BOOK.format(now)
    assert read(("\ufeff" + BOOK.format(declaration)).encode()) == BOOK.format(now)
    in_tune = raw.replace(b"%abc-2.1\n", b"X:0\nT:T\n")
    assert "Bourrée" in read(in_tune)


@pytest.mark.parametrize("start", ["", "Prose about it:\n", "X:0\nK:C\nABc|\n"])
def test_only_a_header_declares_an_encoding(start: str) -> None:
    text = BOOK.format("%%abc-charset utf-8") if not start else f"{start}%%abc-charset latin-1\né"
    assert read(text.encode()) == text


@pytest.mark.parametrize("charset", ["klingon", "rot13", "base64", "x" * 9_999])
def test_an_unknown_declared_encoding_is_refused(charset: str) -> None:
    raw = BOOK.format(f"%%abc-charset {charset}").encode()
    with pytest.raises(CorpusError, match=r"book\.txt declares .* '.{4,40}'\. Name its enc"):
        read(raw)
    assert "Bourrée" in read(raw, "utf-8")


@pytest.mark.parametrize("codec", ["latin-1", "cp1252", "cp437"])
def test_another_encoding_is_refused_with_offset_and_advice(codec: str) -> None:
    raw = "caf\u00e9 au lait".encode(codec)
    with pytest.raises(CorpusError, match=rf"book\.txt .*0x{raw[3]:02x} at offset 3 .*--encoding"):
        read(raw)
    assert read(raw, codec) == "caf\u00e9 au lait"


def test_the_offset_is_that_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "CHUNK_BYTES", 4)
    with pytest.raises(CorpusError, match="offset 14 "):
        read("abc漢字ef漢".encode() + b"\xff")
    with pytest.raises(CorpusError, match=r"offset 9 .*end"):
        read("abc漢字".encode() + "字".encode()[:2])


# U+FFFE is not a character: it is the byte order mark read in the wrong byte order.
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe")))
def test_any_text_survives_in_any_chunks(text: str) -> None:
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


def zip_of(name: str, content: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (zip_of("word/document.xml"), "book.txt is a Word file. Save it as plain text first."),
        (zip_of("mimetype", b"application/vnd.oasis.opendocument.text"), "OpenDocument"),
        (zip_of("notes.txt", b"text"), "book.txt is a zip archive. Unpack it first."),
        (zip_of("META-INF/container.xml"), "is an EPUB book. Save it as plain text first."),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "is a PDF file. Save it as plain text first."),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG image"),
        (gzip.compress(b"text", mtime=0), "ends in .gz"),
    ],
)
@pytest.mark.parametrize("encoding", [None, "latin-1"])
def test_common_binary_formats_are_named(raw: bytes, message: str, encoding: str | None) -> None:
    with pytest.raises(CorpusError) as caught:
        read(raw + bytes(100), encoding)
    assert message in str(caught.value)


@pytest.mark.parametrize("raw", [b"%PDF-1.4\n1 0 obj\n", rb"{\rtf1\ansi Once upon a time}"])
def test_a_document_of_pure_ascii_is_no_text(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(CorpusError, match="Save it as plain text first"):
        read(raw)
    (tmp_path / "book").write_bytes(raw)
    assert not looks_like_text(tmp_path / "book")


def test_a_stray_control_character_is_accepted() -> None:
    assert read(b"\x1b" + b"a" * 200)[0] == "\x1b"


@pytest.mark.parametrize("codec", ["no-such", "base64", "rot13", "a\0b"])
def test_an_unknown_encoding_is_wrong_usage(codec: str) -> None:
    with pytest.raises(UsageError, match="no text encoding"):
        read(b"abc", codec)


def test_gz_is_unpacked(tmp_path: Path) -> None:
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
    with pytest.raises(CorpusError, match=r"no such file: .*gone\.txt"):
        list(read_file(tmp_path / "gone.txt"))


def test_looks_like_text(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for raw, text in [
        (b"plain", True),
        (b"", True),
        ("caf\u00e9".encode("latin-1"), True),
        (PLAIN.encode("utf-16"), True),
        (bytes(range(256)), False),
        (b"plain text\n" * 200_000 + bytes(range(256)), False),
    ]:
        path.write_bytes(raw)
        assert looks_like_text(path) is text


@pytest.mark.parametrize("codec", ["utf-16", "punycode", "idna"])
def test_a_codec_that_rejects_the_whole_text(tmp_path: Path, codec: str) -> None:
    """Some codecs raise an error without a position."""
    path = tmp_path / "text.txt"
    path.write_bytes("é-ä..\ud800".encode("utf-16-le", "surrogatepass"))
    with pytest.raises(CorpusError, match="text"):
        "".join(read_file(path, codec))
