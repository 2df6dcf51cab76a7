"""The tune book of the page: what is kept comes back, and nothing is lost."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from charnn.compose.gatekeeper import MAX_BODY, TOKEN_HEADER
from charnn.compose.server import Page
from charnn.compose.tune_links import MAX_LINK, link_of
from charnn.music.similarity.copies import TuneIndex
from charnn.tunebook.tune_book import TuneBook

HOST = "127.0.0.1:8000"
JIG = "X:1\nT:Kesh, The\nR:jig\nM:6/8\nK:G\nGAG GAB|ABA ABd|\n"
REEL = "X:2\nT:<b>Old</b> Reel\nR:reel\nM:4/4\nL:1/8\nK:D\nfafd edBd|A2FA DAFA|\n"
COMMAND = "charnn sample folk --rhythm jig --title 'My tune' --temperature 0.8 --seed 7"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[TestClient]:
    application = Page("secret", TuneBook(tmp_path / "book.db")).application(frozenset({HOST}))
    headers = {TOKEN_HEADER: "secret"}
    with TestClient(application, base_url=f"http://{HOST}", headers=headers) as client:
        yield client


def post(page: TestClient, path: str, **asked: Any) -> dict[str, Any]:
    answer = page.post(f"/api/{path}", json=asked)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def titles(page: TestClient, **query: Any) -> list[str]:
    answer = page.get("/api/book", params=query)
    assert answer.status_code == 200, answer.text
    return [tune["title"] for tune in answer.json()["tunes"]]


def test_a_tune_is_kept_with_its_marks_found_removed_and_brought_back(page: TestClient) -> None:
    kept = post(page, "book", abc=JIG, command=COMMAND, tags=["slow"], note="for Anna")["tune"]
    assert kept["title"] == "The Kesh"
    assert parse_qs(kept["link"])["title"] == ["My tune"]
    post(page, "book", abc=REEL)
    changed = post(page, f"book/{kept['id']}", rating=5, tags=["slow", "set"])["tune"]
    assert (changed["rating"], changed["tags"], changed["note"]) == (5, ["set", "slow"], "for Anna")
    assert titles(page) == ["<b>Old</b> Reel", "The Kesh"]
    for query in ({"text": "anna kesh"}, {"melody": "cdcc de"}, {"tag": "set"}, {"rating": 5}):
        assert titles(page, **query) == ["The Kesh"], query
    assert titles(page, **{"from": 1}) == ["The Kesh"]
    post(page, f"book/{kept['id']}", removed=True)
    assert titles(page) == ["<b>Old</b> Reel"]
    back = post(page, f"book/{kept['id']}", removed=False)["tune"]
    assert back == changed


def test_a_save_writes_over_no_removal_and_no_other_text(page: TestClient) -> None:
    number = post(page, "book", abc=JIG)["tune"]["id"]
    mine, theirs = JIG.replace("GAG", "BAB"), JIG.replace("GAG", "DAD")
    assert post(page, f"book/{number}", abc=theirs, before=JIG)["tune"]["abc"] == theirs
    refused = post(page, f"book/{number}", abc=mine, before=JIG, rating=5)
    assert (refused["refused"], refused["tune"]["abc"]) == ("changed", theirs)
    assert refused["tune"]["rating"] == 0
    assert not post(page, f"book/{number}", abc=mine, before=theirs)["refused"]
    post(page, f"book/{number}", removed=True)
    for change in ({"abc": theirs, "before": mine}, {"rating": 3}):
        assert post(page, f"book/{number}", **change)["refused"] == "removed"
    assert post(page, f"book/{number}", removed=False)["tune"]["abc"] == mine


def test_what_is_written_is_in_the_history_and_the_kept_tune_knows_it(page: TestClient) -> None:
    asked = {"model": "folk", "rhythm": "jig", "seed": 25}
    *_, written = page.post("/api/write", json=asked).text.splitlines()
    tune = json.loads(written)
    varied = page.post("/api/vary", json={"abc": tune["abc"], "bars": "2", "num": 1}).text
    post(page, "book", abc=tune["abc"], command=tune["command"], written=tune["written"])
    edited = post(page, "book", abc=tune["abc"] + "A|", written=tune["written"])["tune"]
    assert edited["edited"]
    newest, oldest = page.get("/api/history").json()["tunes"]
    assert (newest["abc"], newest["kept"], newest["here"]) == (
        json.loads(varied)["abc"],
        False,
        True,
    )
    assert (oldest["id"], oldest["kept"]) == (tune["written"], True)
    assert parse_qs(oldest["link"])["seed"] == ["25"]
    earlier = page.get("/api/history", params={"before": newest["id"]}).json()
    assert [each["id"] for each in earlier["tunes"]] == [oldest["id"]]
    (first,) = [each for each in page.get("/api/book").json()["tunes"] if not each["edited"]]
    assert first["command"] == oldest["command"]


def test_a_set_has_an_order(page: TestClient) -> None:
    first, second = (post(page, "book", abc=abc)["tune"]["id"] for abc in (JIG, REEL))
    post(page, "sets", name="Friday", tunes=[first, second])
    (saved,) = post(page, "sets", name="Friday", tunes=[second, first, second])["sets"]
    assert [tune["id"] for tune in saved["tunes"]] == [second, first, second]
    assert page.get("/api/sets").json()["sets"] == [saved]
    post(page, f"book/{second}", removed=True)
    (left,) = post(page, "sets", name="Friday", tunes=[first])["sets"]
    post(page, f"book/{second}", removed=False)
    (back,) = page.get("/api/sets").json()["sets"]
    assert [tune["id"] for tune in left["tunes"]] == [first]
    assert {tune["id"] for tune in back["tunes"]} == {first, second}
    assert post(page, "sets", name="friday", removed=True) == {"sets": []}


def test_what_is_removed_or_written_over_comes_back_after_a_restart(
    page: TestClient, tmp_path: Path
) -> None:
    first, second = (post(page, "book", abc=abc)["tune"]["id"] for abc in (JIG, REEL))
    (saved,) = post(page, "sets", name="Friday", tunes=[second, first])["sets"]
    post(page, "sets", name="Friday", tunes=[first])
    post(page, "sets", name="friday", removed=True)
    post(page, f"book/{first}", abc=JIG.replace("GAG", "BAB"))
    post(page, f"book/{first}", rating=5)
    post(page, f"book/{second}", removed=True)
    post(page, f"book/{first}", removed=True)
    post(page, f"book/{first}", removed=False)  # a step that is taken back is not undone again
    again = Page("secret", TuneBook(tmp_path / "book.db")).application(frozenset({HOST}))
    page = TestClient(again, base_url=f"http://{HOST}", headers={TOKEN_HEADER: "secret"})
    assert page.get("/api/book").json()["undo"] == "<b>Old</b> Reel"
    undone = [post(page, "undo")["undone"] for _ in range(4)]
    assert undone == ["<b>Old</b> Reel", "The Kesh", "Friday", "<b>Old</b> Reel"]
    (back,) = page.get("/api/sets").json()["sets"]
    assert [tune["id"] for tune in back["tunes"]] == [second, first]
    assert back["tunes"][1] == {**saved["tunes"][1], "rating": 5}
    refused = page.post("/api/undo", json={})
    assert (refused.status_code, "nothing to undo" in refused.json()["error"]) == (400, True)


def test_a_tune_is_compared_once(page: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    learned = TuneIndex([REEL, JIG.replace("Kesh, The", "Kincora")])
    monkeypatch.setattr("charnn.compose.tune_novelty.learned_index", lambda name: learned)
    kept = post(page, "book", abc=JIG, command=COMMAND)["tune"]
    assert kept["novelty"] is None
    found = post(page, "novelty", abc=JIG, command=COMMAND)["novelty"]
    assert (found["model"], found["nearest"], found["shared_with"]) == (
        "folk",
        "Kincora",
        "Kincora",
    )
    monkeypatch.setattr("charnn.compose.book_api.compare_tune", lambda *_: pytest.fail("again"))
    assert post(page, "novelty", abc=JIG)["novelty"] == found
    assert page.get(f"/api/book/{kept['id']}").json()["tune"]["novelty"] == found
    changed = post(page, f"book/{kept['id']}", abc=REEL)["tune"]
    assert changed["novelty"] is None


def test_the_link_of_a_change_makes_it_again(page: TestClient) -> None:
    asked = {"abc": JIG, "bars": "2", "keep": ["rhythm"], "num": 1, "seed": 3, "temperature": 0.9}
    varied = json.loads(page.post("/api/vary", json=asked).text)
    fields = parse_qs(varied["link"])
    assert fields.pop("change") == ["vary"]
    assert fields["abc"] == [JIG]
    again = {name: value for name, (value,) in fields.items()}
    again |= {"seed": int(again["seed"]), "temperature": float(again["temperature"])}
    assert json.loads(page.post("/api/vary", json={**again, "num": 1}).text)["abc"] == varied["abc"]
    (written,) = page.get("/api/history").json()["tunes"][1:]
    kept = post(page, "book", abc=written["abc"], command=written["command"])["tune"]
    assert kept["link"] == written["link"] == varied["link"]
    assert "source" not in kept


def test_a_book_comes_in_whole_also_a_long_one(page: TestClient) -> None:
    count = 250
    book = "\n".join(JIG.replace("Kesh", f"Tune {n}{' long' * 60}") for n in range(count))
    assert len(book) > MAX_BODY
    assert post(page, "import", abc=book) == {"added": count, "known": 0, "problems": []}
    assert post(page, "import", abc="lost words\n\n" + JIG)["problems"]
    assert post(page, "import", abc=JIG) == {"added": 0, "known": 1, "problems": []}
    found = page.get("/api/book", params={"text": "tune"}).json()
    assert (found["found"], len(found["tunes"])) == (count, 200)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("book", {}),
        ("book", {"abc": 7}),
        ("book", {"abc": "no tune"}),
        ("book", {"abc": f"{JIG}\n{REEL}"}),
        ("book", {"abc": JIG, "rating": 6}),
        ("book", {"abc": JIG, "tags": "slow"}),
        ("book", {"abc": JIG, "tags": [7]}),
        ("book", {"abc": JIG, "tags": ["x" * 1_000]}),
        ("book", {"abc": JIG, "note": "\ud800"}),
        ("book/999", {"rating": 1}),
        (f"book/{10**30}", {"rating": 1}),
        ("book/1", {"rating": True}),
        ("book/1", {"removed": "yes"}),
        ("book/1", {"id": 2, "abc": ""}),
        ("sets", {"name": "", "tunes": []}),
        ("sets", {"name": "a", "tunes": [999]}),
        ("sets", {"name": "a", "tunes": ["1"]}),
        ("sets", {"name": "none", "removed": True}),
        ("import", {"abc": "no tune"}),
        ("import", {"abc": []}),
        ("book/export", {"format": "exe"}),
        ("book/export", {"format": "pdf", "set": "none"}),
        ("book/export", {"format": "abc", "text": "nothing has this word"}),
        ("book?melody=AB", None),
        ("book?rating=9", None),
        ("book?from=-1", None),
        ("history?before=x", None),
    ],
)
def test_wrong_values_are_one_sentence(
    page: TestClient, path: str, asked: dict[str, Any] | None
) -> None:
    post(page, "book", abc=JIG)
    url = f"/api/{path}"
    answer = (
        page.get(url)
        if asked is None
        else page.post(url, content=json.dumps(asked), headers={"content-type": "application/json"})
    )
    assert answer.status_code == 400
    assert "\n" not in answer.json()["error"]
    assert titles(page) == ["The Kesh"]


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(["rhythm", "title", "prime", "seed"]), st.text(min_size=1)))
def test_a_link_has_the_options_of_the_command(options: dict[str, str]) -> None:
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    link = link_of(shlex.join(["charnn", "sample", "folk", *words]))
    found = {name: value for name, (value,) in parse_qs(link, keep_blank_values=True).items()}
    assert found == {"model": "folk", **options}


@settings(max_examples=30)
@given(st.text())
def test_other_texts_have_no_link(text: str) -> None:
    assert link_of(text) == ""
    assert link_of(f"charnn vary tune.abc {text}") == ""
    assert len(link_of("charnn continue tune.abc folk --seed 1", text)) <= MAX_LINK
