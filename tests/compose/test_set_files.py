"""The files of sets: joined in one where the format can hold several tunes, else in a zip."""

import io
import json
import wave
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mido
import pytest
from starlette.testclient import TestClient

from benchmarks.page_notes import written_notes
from charnn.music.sound import arrangement
from tests.compose.test_book_api import JIG, REEL, page, post
from tests.helpers import PROJECT

__all__ = ["page"]
WRONG = JIG.replace("GAG", "[GA").replace("Kesh, The", "Wr\u00f6ng")
DUET = "X:3\nT:Duet\nM:4/4\nL:1/4\nQ:1/4=90\nK:C\nV:1\nCDEF|\nV:2\nC4|\n"


@pytest.fixture
def numbers(page: TestClient) -> dict[str, int]:
    tunes = {"jig": JIG, "wrong": WRONG, "reel": REEL, "duet": DUET}
    return {
        name: post(page, "book", abc=abc, rating=4)["tune"]["id"] for name, abc in tunes.items()
    }


def exported(page: TestClient, kind: str, numbers: list[int], **asked: Any) -> Any:
    post(page, "sets", name="Friday", tunes=numbers)
    asked = {"set": "Friday", "format": kind, "title": "Friday", **asked}
    answer = page.post("/api/book/export", json=asked)
    assert answer.status_code == 200, answer.text
    return answer


def messages(answer: Any) -> list[str]:
    return list(json.loads(answer.headers.get("x-charnn-messages", "[]")))


def test_abc_has_every_tune_also_one_that_cannot_be_read(
    page: TestClient, numbers: dict[str, int]
) -> None:
    text = exported(page, "abc", [numbers["reel"], numbers["wrong"], numbers["reel"]]).text
    assert text.count("X:") == 3
    assert text.count('"rating": 4') == 3
    one = page.post("/api/book/export", json={"text": "kesh", "format": "abc"}).text
    assert one.count("X:") == 1


def test_midi_plays_one_tune_after_the_other(page: TestClient, numbers: dict[str, int]) -> None:
    names = ["jig", "duet", "reel"]
    alone = [exported(page, "midi", [numbers[name]], chords="auto").content for name in names]
    answer = exported(page, "midi", [numbers[n] for n in (*names, "wrong")], chords="auto")
    (message,) = messages(answer)
    assert message.startswith("Wr\u00f6ng is left out: ")
    expected, onset = [], 0.0
    for each in alone:
        notes = written_notes(each)
        expected += [(n.pitch, n.velocity, n.program, n.onset + onset) for n in notes]
        onset += max(note.end for note in notes)
    found = [(n.pitch, n.velocity, n.program, n.onset) for n in written_notes(answer.content)]
    assert [note[:3] for note in found] == [note[:3] for note in expected]
    assert [note[3] for note in found] == pytest.approx([note[3] for note in expected], abs=0.01)
    file = mido.MidiFile(file=io.BytesIO(answer.content))
    texts = [(m.type, getattr(m, "text", getattr(m, "name", ""))) for m in file if m.is_meta]
    assert [text for kind, text in texts if kind == "marker"] == [
        "Kesh, The",
        "Duet",
        "<b>Old</b> Reel",
    ]
    assert ("track_name", "Friday") in texts


def test_audio_plays_one_tune_after_the_other(page: TestClient, numbers: dict[str, int]) -> None:
    def seconds(*names: str) -> float:
        content = exported(page, "wav", [numbers[name] for name in names], repeats=False).content
        with wave.open(io.BytesIO(content)) as file:
            return file.getnframes() / file.getframerate()

    assert seconds("jig", "reel") == pytest.approx(seconds("jig") + seconds("reel"), abs=1.5)


@pytest.mark.parametrize(("kind", "root"), [("musicxml", "score-partwise"), ("svg", "svg")])
def test_a_format_of_one_tune_is_a_zip_of_numbered_files(
    page: TestClient, numbers: dict[str, int], kind: str, root: str
) -> None:
    if kind == "svg":
        pytest.importorskip("verovio")
    chosen = [numbers[name] for name in ("duet", "wrong", "jig")]
    answer = exported(page, kind, chosen)
    assert answer.headers["content-disposition"].endswith('.zip"')
    assert [message.partition(":")[0] for message in messages(answer)] == ["Wr\u00f6ng is left out"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.namelist() == [f"1-duet.{kind}", f"2-kesh-the.{kind}"]
    for name in archive.namelist():
        assert ElementTree.fromstring(archive.read(name)).tag.endswith(root)  # noqa: S314
    assert exported(page, kind, chosen).content == answer.content


def test_pdfs_name_what_cannot_be_drawn(page: TestClient, numbers: dict[str, int]) -> None:
    pytest.importorskip("verovio")
    pytest.importorskip("typst")
    for kind in ("pdf", "book"):
        answer = exported(page, kind, [numbers["jig"], numbers["wrong"]], rows="whistle")
        assert answer.content.startswith(b"%PDF")
        (message,) = messages(answer)
        assert message.startswith("Wr\u00f6ng is left out: ")


@pytest.mark.parametrize(
    ("kind", "expected"), [("midi", [(True, False)]), ("musicxml", [(False, True)])]
)
def test_what_a_file_lacks_is_named(
    page: TestClient, kind: str, expected: list[tuple[bool, bool]]
) -> None:
    abc = JIG.replace("GAG GAB", '"G""huh"GA!mystery!G GAB')
    answer = page.post("/api/export", json={"abc": abc, "format": kind, "chords": "written"})
    assert [("huh" in each, "mystery" in each) for each in messages(answer)] == expected


def test_too_many_tunes_are_one_sentence(page: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrangement, "MAX_JOINED_SOUNDS", 400)
    for kind, tune, count, words in (
        ("midi", JIG, 40, "the 40 tunes have 480 notes, more than the 400"),
        ("wav", "X:1\nM:4/4\nL:1/1\nQ:1/4=4\nK:C\nC4|\n", 4, "last 16 minutes"),
        ("svg", JIG, 201, "up to 200 tunes, not 201"),
    ):
        answer = page.post("/api/export", json={"abc": f"{tune}\n" * count, "format": kind})
        assert answer.status_code in (400, 422), kind
        assert words in answer.json()["error"]


def test_many_messages_are_counted(page: TestClient) -> None:
    abc = "\n".join([JIG, *[WRONG] * 30])
    found = messages(page.post("/api/export", json={"abc": abc, "format": "midi"}))
    assert (len(found), found[-1]) == (21, "and 10 more")


def test_the_page_offers_every_format() -> None:
    texts = Path(PROJECT, "charnn/compose/pages/texts.js").read_text(encoding="utf-8")
    for name in ("abc", "midi", "musicxml", "svg", "pdf", "wav"):
        assert f'{name}: "' in texts
