"""Requests that do not come from the page, and requests that are wrong."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from charnn.compose.gatekeeper import MAX_BODY, TOKEN_HEADER
from charnn.compose.server import Page

HOST = "127.0.0.1:8000"
PAGE = Page("secret")
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    application = PAGE.application(frozenset({HOST}))
    headers = {TOKEN_HEADER: "secret"}
    with TestClient(application, base_url=f"http://{HOST}", headers=headers) as client:
        yield client


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.com"}, 421),
        ({"host": "0.0.0.0:8000"}, 421),
        ({"host": "[::]:8000"}, 421),
        ({"host": "127.0.0.1"}, 421),
        ({"host": "127.0.0.1:8000.evil.com"}, 421),
        ({"origin": "http://evil.com"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://127.0.0.1:8000"}, 403),
        ({"origin": "http://127.0.0.1:9000"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({TOKEN_HEADER: ""}, 401),
        ({TOKEN_HEADER: "wrong"}, 401),
        ({TOKEN_HEADER: "s\xe9cret"}, 401),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "multipart/form-data; boundary=x"}, 415),
        ({"content-length": "10000000"}, 413),
        ({"content-length": "-1"}, 413),
        ({"content-length": "x"}, 413),
    ],
)
def test_requests_of_others_are_refused(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    sent = JSON | {name: value.encode("latin-1") for name, value in headers.items()}  # type: ignore[operator]
    answer = client.post("/api/tune", content=b'{"abc": "K:C\\nC"}', headers=sent)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert "charnn" not in answer.headers.get("server", "")


def test_a_header_that_is_there_twice_is_refused(client: TestClient) -> None:
    twice = [(TOKEN_HEADER, "secret"), (TOKEN_HEADER, "wrong")]
    assert client.get("/api/options", headers=httpx.Headers(twice)).status_code == 400


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
    "path",
    [
        "/pages/../server.py",
        "/pages/%2e%2e/server.py",
        "/pages/..%2fserver.py",
        "/pages/%2fetc%2fpasswd",
        "/pages//etc/passwd",
        "/pages/index.html%00",
        "/server.py",
    ],
)
def test_only_the_files_of_the_page_are_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_body_that_does_not_say_its_length_has_a_limit(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * (MAX_BODY // 10)

    assert client.post("/api/tune", content=chunks(), headers=JSON).status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"7", b'"x"', b"[" * 20_000, b'{"abc": 7}', b'{"abc": null}', b"\xff\xfe"],
)
def test_a_body_that_is_no_request_is_explained(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/tune", content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["error"]


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
