"""The local page: its routes, and the server that listens on this machine only."""

import asyncio
import json
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from charnn.checkpoints.bundled import BUNDLED
from charnn.compose import composer, model_shelf
from charnn.compose.book_api import IMPORT_PATH, MAX_IMPORT, BookApi
from charnn.compose.exports import export_text
from charnn.compose.gatekeeper import Gatekeeper
from charnn.compose.json_requests import Asked, answering, downloading, read_asked, text_of
from charnn.compose.tune_links import read_command
from charnn.compose.tune_novelty import compare_tune
from charnn.compose.tune_view import transpose_tune, view_tune
from charnn.compose.writing_jobs import BusyError, WritingJobs
from charnn.errors import CharnnError, UsageError
from charnn.music.score.finger_places import ROWS
from charnn.music.sound.instruments import NAMES
from charnn.tunebook.tune_book import TuneBook
from charnn.version import __version__

HOST = "127.0.0.1"
_BUSY = "four tunes are being written at the moment: try again when one is done"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Page:
    """The web application that serves the page.

    Args:
        token: the secret of the user's link; by default, a new one.
        book: the tune book; None for a page that keeps nothing.
        model: the name of the model that the page offers first; by default, the bundled one.

    Attributes:
        token: the secret of the user's link.
        jobs: the models that are writing.
    """

    def __init__(self, token: str = "", book: TuneBook | None = None, model: str = "") -> None:
        self._book = None if book is None else BookApi(book)
        self._model = model
        self.token = token or secrets.token_urlsafe(24)
        self.jobs = WritingJobs()
        # Read once: a request can ask for these names only.
        folder = files("charnn.compose").joinpath("pages")
        self._files = {
            each.name: each.read_bytes() for each in folder.iterdir() if each.name[0] != "."
        }

    def application(self, hosts: frozenset[str]) -> ASGIApp:
        """Return the ASGI application, which answers requests for these hosts."""
        routes = [
            Route("/", self._index),
            Route("/pages/{name}", self._file),
            Route("/api/options", self._options),
            Route("/api/write", self._streaming(composer.write_tune), methods=["POST"]),
            Route("/api/vary", self._streaming(composer.vary), methods=["POST"]),
            Route("/api/continue", self._streaming(composer.continue_tune), methods=["POST"]),
            Route("/api/tune", answering(view_tune), methods=["POST"]),
            Route("/api/transpose", answering(transpose_tune), methods=["POST"]),
            Route("/api/novelty", answering(self._novelty), methods=["POST"]),
            Route("/api/export", downloading(export_text), methods=["POST"]),
            *(self._book.routes() if self._book else ()),
        ]
        # JSON writes a character of an import as one to twelve bytes.
        larger = {IMPORT_PATH: 3 * MAX_IMPORT}
        gatekeeper = Middleware(Gatekeeper, hosts=hosts, token=self.token, larger=larger)
        return Starlette(
            routes=routes,
            middleware=[gatekeeper],
            exception_handlers={CharnnError: _explain, BusyError: _refuse_busy},
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        warming = asyncio.create_task(run_in_threadpool(_warm_up))
        yield
        self.jobs.stop()
        await warming

    async def _index(self, request: Request) -> Response:
        return Response(self._files["index.html"], media_type=_TYPES[".html"])

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._files:
            return JSONResponse({"error": "there is no such file"}, 404)
        suffix = name[name.rfind(".") :]
        return Response(self._files[name], media_type=_TYPES.get(suffix, "text/plain"))

    async def _options(self, request: Request) -> Response:
        models = await run_in_threadpool(model_shelf.describe_models, self._model)
        described = {"version": __version__, "models": models}
        return JSONResponse({**described, "instruments": NAMES, "rows": ROWS})

    def _novelty(self, asked: Mapping[str, Any]) -> object:
        """Return how new the tune `abc` is to `model`, by default to that of its `command`."""
        made = read_command(text_of(asked, "command"))
        model = text_of(asked, "model") or (made.model if made else BUNDLED)
        compare = self._book.novelty if self._book else compare_tune
        found = compare(model, text_of(asked, "abc"))
        return {"novelty": found and asdict(found)}

    def _streaming(self, work: Callable[[Mapping[str, Any]], Iterator[Asked]]) -> Any:
        """Return an endpoint that streams the results of `work`, one JSON object a line."""
        if self._book:
            work = self._book.recorded(work)

        async def endpoint(request: Request) -> Response:
            asked = await read_asked(request)
            results = self.jobs.start(lambda: work(asked))
            return StreamingResponse(_lines(results), media_type="application/x-ndjson")

        return endpoint


def _warm_up() -> None:
    """Read the bundled model and start an engraver, so that the first tune need not wait."""
    model_shelf.tune_models()
    view_tune({"abc": "X:1\nK:C\nC"})


async def _lines(results: AsyncIterator[Asked]) -> AsyncIterator[bytes]:
    async for result in results:
        yield json.dumps(result).encode() + b"\n"


async def _explain(request: Request, problem: Exception) -> Response:
    status = 400 if isinstance(problem, UsageError) else 422
    return JSONResponse({"error": str(problem)}, status)


async def _refuse_busy(request: Request, problem: Exception) -> Response:
    return JSONResponse({"error": _BUSY}, 429)


def listen(port: int) -> socket.socket:
    """Return a socket that listens on this machine only; port 0 takes a free one.

    Raises:
        UsageError: the port is in use.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as problem:
        listener.close()
        reason = problem.strerror or "unknown"
        raise UsageError(
            f"--port {port} is not free ({reason.lower()}): choose another one, or 0 for any"
        ) from None
    return listener


def serve(page: Page, listener: socket.socket, started: Callable[[], None]) -> None:
    """Answer requests until Ctrl-C.

    Args:
        page: the page.
        listener: the socket.
        started: called when the page can be opened.
    """
    import uvicorn

    from charnn.compose.impatient_protocol import ImpatientProtocol

    # A model that writes in a thread lets the others wait for 5 ms each time, by default.
    sys.setswitchinterval(0.001)
    port = listener.getsockname()[1]
    hosts = frozenset({f"{HOST}:{port}", f"localhost:{port}"})
    config = uvicorn.Config(
        page.application(hosts),
        http=ImpatientProtocol,
        ws="none",
        log_config=None,
        log_level="error",  # what is refused is no message for the user
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=16_384,
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started()

    asyncio.run(Server(config).serve([listener]))
