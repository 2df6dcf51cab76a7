"""The answers of the page: tunes as they are written, variations, views, files."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import charnn
from charnn.checkpoints.stored_tunes import store_tunes
from charnn.compose.gatekeeper import TOKEN_HEADER
from charnn.compose.model_shelf import describe_models, model_of, shelf_name
from charnn.compose.server import Page
from charnn.compose.writing_jobs import BusyError, WritingJobs
from charnn.errors import CheckpointError, UsageError
from tests.helpers import charnn as run
from tests.helpers import random_checkpoint, save_run

HOST = "127.0.0.1:8000"
JIG = {"model": "folk", "rhythm": "jig", "key": "D", "seed": 25, "temperature": 1}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    application = Page("secret").application(frozenset({HOST}))
    headers = {TOKEN_HEADER: "secret"}
    with TestClient(application, base_url=f"http://{HOST}", headers=headers) as client:
        yield client


@pytest.fixture(scope="module")
def jig() -> str:
    (tune,) = charnn.load("folk").tunes(1, rhythm="jig", key="D", seed=25)
    return str(tune)


def results(client: TestClient, path: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post(f"/api/{path}", json=asked)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_tune_comes_in_pieces_and_is_that_of_the_library(client: TestClient, jig: str) -> None:
    first, *pieces, last = results(client, "write", JIG)
    assert first["seed"] == 25
    assert len(pieces) > 20
    assert "".join(piece["text"] for piece in pieces) == last["abc"] == jig


def test_the_command_of_a_tune_writes_it_again(
    client: TestClient, jig: str, tmp_path: Path
) -> None:
    command = results(client, "write", JIG)[-1]["command"].split()
    written = run(tmp_path, *command[1:]).stdout.decode()
    body = [line for line in written.splitlines() if not line.startswith("%")]
    assert body == jig.splitlines()


def test_variations_keep_the_other_bars(client: TestClient, jig: str) -> None:
    asked = {"abc": jig, "bars": "2", "num": 2, "seed": 3}
    varied = results(client, "vary", asked)
    assert [each["seed"] for each in varied] == [3, 4]
    assert all(each["abc"].splitlines()[:6] == jig.splitlines()[:6] for each in varied)
    assert all(each["abc"] != jig for each in varied)


def test_a_tune_is_continued(client: TestClient, jig: str) -> None:
    (longer,) = results(client, "continue", {"abc": jig, "num": 1, "seed": 1})
    assert len(longer["abc"]) > len(jig) + 40


def test_a_tune_with_a_mistake_has_its_place(client: TestClient) -> None:
    view = client.post("/api/tune", json={"abc": "X:1\nK:G\nGA[Bd|"}).json()
    assert not view["ok"]
    assert view["problems"] == [
        {"message": "this [ is never closed: add the ]", "line": 3, "column": 3, "serious": True}
    ]
    view = client.post("/api/tune", json={"abc": "X:1\nM:4/4\nL:1/4\nK:G\nGABc|dB|G4|]"}).json()
    assert view["ok"]
    assert [(each["line"], each["serious"]) for each in view["problems"]] == [(5, True)]


@pytest.mark.parametrize(
    ("kind", "begin"),
    [("abc", b"X:1"), ("midi", b"MThd"), ("wav", b"RIFF"), ("musicxml", b"<?xml")],
)
def test_files(client: TestClient, jig: str, kind: str, begin: bytes) -> None:
    answer = client.post("/api/export", json={"abc": jig, "format": kind})
    assert answer.status_code == 200
    assert answer.content.startswith(begin)
    assert answer.headers["content-disposition"].startswith("attachment")


def test_models_are_described(client: TestClient) -> None:
    options = client.get("/api/options").json()
    assert options["models"][0]["name"] == "folk"
    assert options["models"][0]["types"]["jig"] > 100
    assert "fiddle" in options["instruments"]


def test_four_write_at_once_and_no_more() -> None:
    jobs, go = WritingJobs(), threading.Event()

    def wait() -> Iterator[dict[str, Any]]:
        go.wait(10)
        yield {}

    async def fill() -> None:
        running = [jobs.start(wait) for _ in range(4)]
        with pytest.raises(BusyError):
            jobs.start(wait)
        go.set()
        for each in running:
            assert [result async for result in each] == [{}]
        assert [result async for result in jobs.start(wait)] == [{}]

    import asyncio

    asyncio.run(fill())


def test_a_job_stops_when_the_page_has_gone() -> None:
    jobs, drawn = WritingJobs(limit=1), []

    def write() -> Iterator[dict[str, Any]]:
        for number in range(100_000):
            drawn.append(number)
            yield {"n": number}

    async def leave() -> None:
        import asyncio

        results = jobs.start(write)
        async for _ in results:
            break
        await results.aclose()  # type: ignore[attr-defined]
        for _ in range(200):
            await asyncio.sleep(0.01)
            try:
                again = jobs.start(lambda: iter([{}]))
            except BusyError:
                continue
            assert [result async for result in again] == [{}]
            return
        pytest.fail("the job has not ended")

    import asyncio

    asyncio.run(leave())
    assert len(drawn) < 100_000


def test_the_score_names_its_notes_and_brings_no_styles(client: TestClient, jig: str) -> None:
    pytest.importorskip("verovio")
    view = client.post("/api/tune", json={"abc": jig}).json()
    places = [place for bar in view["written_bars"] for place in bar["places"]]
    names = {f"n{line}-{column}" for line, column in places}
    assert len(names) > 70
    assert all(f'id="{name}"' in view["svg"] for name in names)
    assert "<style" not in view["svg"]
    assert {tuple(note["place"]) for note in view["notes"]} <= set(map(tuple, places))


def test_a_tune_is_moved(client: TestClient, jig: str) -> None:
    moved = client.post("/api/transpose", json={"abc": jig, "semitones": 2}).json()["abc"]
    assert "K:E\n" in moved
    wrong = client.post("/api/transpose", json={"abc": jig, "semitones": 500})
    assert wrong.status_code == 400


def test_the_command_of_a_variation_repeats_each_choice(client: TestClient, jig: str) -> None:
    asked = {"abc": jig, "bars": "2", "num": 1, "seed": 3, "keep": ["rhythm", "notes-on-beats"]}
    (varied,) = results(client, "vary", asked)
    assert "--keep rhythm --keep notes-on-beats" in varied["command"]


def test_a_run_that_is_trained_again_is_read_again_and_so_are_its_tunes(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = random_checkpoint("abc\n")
    model.metadata["tunes"] = True
    path = save_run(tmp_path, "mine", model)
    first = model_of("mine")
    assert model_of("mine") is first
    model.save(path)
    assert model_of("mine") is not first
    reel, jig = ("X:1\nT:Reel\nK:D\nfafd edBd|A2FA\n", "X:1\nT:Jig\nK:G\nGAG GAB|ABA ABd|edd\n")
    asked = {"model": "mine", "abc": reel}
    assert client.post("/api/novelty", json=asked).json() == {"novelty": None}
    store_tunes(path.parent, [jig])
    new = client.post("/api/novelty", json=asked).json()["novelty"]
    assert (new["nearest"], new["shared_notes"]) == ("Jig", 0)
    store_tunes(path.parent, [jig, reel])
    copied = client.post("/api/novelty", json=asked).json()["novelty"]
    assert copied == {
        "model": "mine",
        "nearest": "Reel",
        "similarity": 1,
        "shared_notes": 11,
        "shared_with": "Reel",
    }
    assert client.post("/api/novelty", json={"model": "gone", "abc": ""}).json() == {
        "novelty": None
    }
    assert client.post("/api/novelty", json={"abc": 7}).status_code == 400


def test_runs_that_write_texts_or_are_damaged_do_not_keep_the_page_from_its_models(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_run(tmp_path, "text", random_checkpoint("abc\n"))
    broken = tmp_path / "checkpoints" / "broken" / "best.safetensors"
    broken.parent.mkdir()
    broken.write_bytes(b"no checkpoint")
    models = client.get("/api/options").json()["models"]
    assert [model["name"] for model in models] == ["folk"]
    (refused,) = results(client, "write", {"model": "text"})
    assert "there is no model text here" in refused["error"]


def test_a_run_that_is_named_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = random_checkpoint("abc\n")
    model.metadata["tunes"] = True
    run = save_run(tmp_path, "mine", model).parent
    assert [each["name"] for each in describe_models()] == ["folk", "mine"]
    for named in (Path("mine"), run):
        assert [each["name"] for each in describe_models(shelf_name(named))] == ["mine", "folk"]
    assert shelf_name(Path("folk")) == "folk"
    save_run(tmp_path, "text", random_checkpoint("abc\n"))
    save_run(tmp_path / "elsewhere", "mine", model)
    with pytest.raises(UsageError, match="text writes no tunes"):
        shelf_name(Path("text"))
    with pytest.raises(UsageError, match="is elsewhere"):
        shelf_name(tmp_path / "elsewhere" / "checkpoints" / "mine")
    with pytest.raises(CheckpointError, match="neither a checkpoint file nor a run"):
        shelf_name(Path("nosuch"))
