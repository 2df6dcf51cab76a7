"""JSON in, JSON or a file out: the endpoints of the page, and the values that it sends."""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from charnn.errors import UsageError
from charnn.exports.exported_file import ExportedFile
from charnn.stopping import StoppedError, stopped_by

Asked = dict[str, Any]

MESSAGES_HEADER = "x-charnn-messages"
MAX_MESSAGES = 20  # a header has a limited length
# Between two looks whether the page that waits for a file is still there.
_LOOK_SECONDS = 0.2
_CLOSED = 499  # what proxies log for an answer that nobody waits for


def answering(work: Callable[[Mapping[str, Any]], object]) -> Any:
    """Return an endpoint that answers with the JSON value of `work`, computed in a thread.

    `work` gets the values of the body, or those of the query of a GET request, which are texts; and
    those of the path.
    """

    async def endpoint(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(work, await read_asked(request)))

    return endpoint


def downloading(work: Callable[[Mapping[str, Any]], ExportedFile]) -> Any:
    """Return an endpoint that answers with the file of `work`, made in a thread.

    A header has the messages of the file, in the ASCII of JSON. The work stops when the page has
    gone.
    """

    async def endpoint(request: Request) -> Response:
        asked, gone = await read_asked(request), threading.Event()

        def make() -> ExportedFile:
            with stopped_by(gone):
                return work(asked)

        making = asyncio.create_task(run_in_threadpool(make))
        try:
            while making not in (await asyncio.wait([making], timeout=_LOOK_SECONDS))[0]:
                if await request.is_disconnected():
                    gone.set()
            made = making.result()
        except StoppedError:
            return Response(status_code=_CLOSED)
        finally:
            gone.set()
        headers = {"content-disposition": f'attachment; filename="tune{made.suffix}"'}
        messages = list(made.messages)
        if len(messages) > MAX_MESSAGES:
            messages[MAX_MESSAGES:] = [f"and {len(messages) - MAX_MESSAGES} more"]
        if messages:
            headers[MESSAGES_HEADER] = json.dumps(messages)
        return Response(made.content, media_type=made.media_type, headers=headers)

    return endpoint


async def read_asked(request: Request) -> Asked:
    """Return what a request asks for.

    Raises:
        UsageError: the body is no JSON object, or a text in it cannot be written.
    """
    if request.method in ("GET", "HEAD"):
        return {**request.query_params, **request.path_params}
    try:
        asked = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise UsageError("the request is no JSON") from None
    if not isinstance(asked, dict):
        raise UsageError("the request is no JSON object")
    try:
        json.dumps(asked, ensure_ascii=False).encode()
    except UnicodeEncodeError as problem:
        half = problem.object[problem.start]
        raise UsageError(f"the text contains half a character, {half!r}: remove it") from None
    return asked | request.path_params


def text_of(asked: Mapping[str, Any], name: str) -> str:
    """Return a text; `""` without.

    Raises:
        UsageError: the value is no text.
    """
    value = asked.get(name) or ""
    if not isinstance(value, str):
        raise UsageError(f"{name} is a text")
    return value


def number_of(asked: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    """Return a whole number, also one that a query writes as a text.

    Raises:
        UsageError: the value is no whole number, or out of range.
    """
    value = asked.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if type(value) is not int or not least <= value <= most:
        raise UsageError(f"{name} must be a whole number from {least} to {most}")
    return value
