"""Requests of the page, right and wrong; test_hostile_requests.py has those of others."""

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from charnn.compose.gatekeeper import TOKEN_HEADER
from charnn.compose.server import Page

HOST = "127.0.0.1:8000"
PAGE = Page("secret")


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    application = PAGE.application(frozenset({HOST}))
    headers = {TOKEN_HEADER: "secret"}
    with TestClient(application, base_url=f"http://{HOST}", headers=headers) as client:
        yield client


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_requests_of_the_page_are_answered(client: TestClient, site: str) -> None:
    headers = {"origin": f"http://{HOST}", "sec-fetch-site": site}
    assert client.get("/", headers=headers).status_code == 200
    answer = client.post("/api/tune", json={"abc": "K:C\nCDEF|"}, headers=headers)
    assert answer.json()["ok"]


@pytest.mark.parametrize("path", ["/", "/pages/index.html", "/api/options", "/none", "/api/none"])
def test_every_answer_has_the_headers_that_protect_the_page(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("write", {"model": "../secret"}),
        ("write", {"model": "/etc/passwd"}),
        ("write", {"temperature": "hot"}),
        ("write", {"temperature": 1e308}),
        ("write", {"seed": -1}),
        ("write", {"seed": 1.5}),
        ("write", {"key": "H"}),
        ("write", {"part_bars": 10_000}),
        ("write", {"title": "%x"}),
        ("vary", {"abc": "", "bars": "1"}),
        ("vary", {"abc": "X:1\nK:C\nCDEF|", "bars": 5}),
        ("vary", {"abc": "X:1\nK:C\nCDEF|", "num": 1_000}),
        ("continue", {"abc": "no tune"}),
        ("tune", {"abc": "X:1\nK:C\nCDEF|", "rows": "lute"}),
        ("export", {"abc": "X:1\nK:C\nCDEF|", "format": "svg", "rows": ["names"]}),
    ],
)
def test_wrong_values_are_one_sentence(
    client: TestClient, path: str, asked: dict[str, Any]
) -> None:
    *_, last = client.post(f"/api/{path}", json=asked).text.splitlines()
    error = json.loads(last)["error"]
    assert error
    assert "\n" not in error


def test_markup_of_a_tune_stays_text(client: TestClient) -> None:
    pytest.importorskip("verovio")
    attacks = (
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "]]><svg/onload=alert(1)>",
    )
    heads = "".join(f"T:{each}\nC:{each}\nR:{each}\nW:{each}\n" for each in attacks)
    abc = f"X:1\n{heads}K:C\nCDEF|\nw:{' '.join(each.replace(' ', '') for each in attacks)}\n"
    view = client.post("/api/tune", json={"abc": abc}).json()
    picture = ElementTree.fromstring(view["svg"])  # noqa: S314 - our own
    for element in picture.iter():
        assert element.tag.rpartition("}")[2] not in ("script", "img", "foreignObject")
        assert not any(name.lower().startswith("on") for name in element.attrib)
        assert not any("javascript:" in value for value in element.attrib.values())
    assert attacks[0] in "".join(picture.itertext())
