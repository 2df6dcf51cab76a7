"""Requests of attackers to a page that runs: all are refused, and none is a traceback."""

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from benchmarks.hostile_requests import (
    MAX_GROWTH,
    REQUESTS,
    SLOW,
    Hostile,
    RunningPage,
    is_closed,
    running_page,
    wrong_answer,
)
from charnn.compose import impatient_protocol
from charnn.compose.impatient_protocol import ImpatientProtocol

GOOD = Hostile("a good request", 200)


@pytest.fixture(scope="module")
def page() -> Iterator[RunningPage]:
    with running_page() as page:
        assert wrong_answer(page, GOOD) == ""
        yield page


def test_there_are_as_many_kinds_as_planned() -> None:
    assert len({hostile.name for hostile in REQUESTS}) == len(REQUESTS) >= 40


@pytest.mark.parametrize("hostile", REQUESTS, ids=lambda hostile: hostile.name)
def test_a_hostile_request_is_refused(page: RunningPage, hostile: Hostile) -> None:
    assert wrong_answer(page, hostile) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_page_stays_small_and_on_this_machine(page: RunningPage) -> None:
    before = page.memory()
    for hostile in REQUESTS:
        wrong_answer(page, hostile)
    assert wrong_answer(page, GOOD) == ""
    assert page.memory() - before < MAX_GROWTH
    assert page.addresses() == {f"0100007F:{page.port:04X}"}
    assert len(page.log.read_text().splitlines()) == 1  # it says how to end the page


def test_a_request_that_never_ends_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impatient_protocol, "SECONDS", 0.2)

    async def answer(scope: object, receive: object, send: object) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
        )  # type: ignore[operator]
        await send({"type": "http.response.body"})  # type: ignore[operator]

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(answer, http=ImpatientProtocol, log_config=None, lifespan="off")  # type: ignore[arg-type]
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    connections = [socket.create_connection(listener.getsockname()) for _ in SLOW]
    for connection, sent in zip(connections, SLOW, strict=True):
        connection.sendall(sent)
    time.sleep(0.6)
    assert list(map(is_closed, connections)) == [True] * len(SLOW)
    server.should_exit = server.force_exit = True
    thread.join(10)
