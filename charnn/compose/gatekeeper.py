"""The checks of every request to the local page, and the headers of every answer.

Other web pages in the user's browser can send requests to this machine. So a request must name this
host (against DNS rebinding) and, if it has an origin, come from this page (against cross-site
requests). Everything under /api/ needs the token that only the user's link contains.
"""

import hmac
from collections.abc import Mapping, MutableMapping
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A tune of 64 kB has far more notes than charnn plays.
MAX_BODY = 64_000
MAX_QUERY = 2_000
TOKEN_HEADER = "x-charnn-token"  # noqa: S105 - the name of a header, not a secret

# The page runs its own scripts only, and nothing leaves the machine.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Gatekeeper:
    """An ASGI middleware that refuses every request but those of the page.

    Args:
        app: the application.
        hosts: the values of the header Host that are accepted, such as `127.0.0.1:8000`.
        token: the secret of the user's link.
        larger: the paths whose bodies may have more bytes than `MAX_BODY`, with their limits.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: frozenset[str],
        token: str,
        larger: Mapping[str, int] | None = None,
    ) -> None:
        self._app, self._hosts, self._token = app, hosts, token
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no web sockets
            return
        headers = _unique_headers(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *own]
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is not None:
            status, reason = refusal
            response = JSONResponse({"error": reason}, status)
            await response(scope, receive, send_with_headers)
            return
        limit = self._limit(scope)
        try:
            await self._app(scope, _limited(receive, limit), send_with_headers)
        except _TooLargeError:
            response = JSONResponse({"error": f"a request has at most {limit:,} bytes"}, 413)
            await response(scope, receive, send_with_headers)
        except ClientDisconnect:  # nobody waits for the answer
            return

    def _refusal(
        self, scope: Scope, headers: MutableMapping[str, str] | None
    ) -> tuple[int, str] | None:
        """Return the status and the reason of a refusal; None for a request to pass on."""
        if headers is None:
            return 400, "a header is there twice"
        if headers.get("host", "").lower() not in self._hosts:
            return 421, "this page answers on its own address only"
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in {f"http://{host}" for host in self._hosts}:
            return 403, "the request comes from another page"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return 403, "the request comes from another page"
        if len(scope.get("query_string", b"")) > MAX_QUERY:
            return 414, "the address is too long"
        if not scope["path"].startswith("/api/"):
            return None
        if not hmac.compare_digest(headers.get(TOKEN_HEADER, "").encode(), self._token.encode()):
            return (
                401,
                "the link is of an earlier start: open the one that was printed last",
            )
        if scope["method"] not in ("GET", "HEAD"):
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                return 415, "a request is JSON"
            length = headers.get("content-length", "0")
            limit = self._limit(scope)
            if not length.isdecimal() or len(length) > 20 or int(length) > limit:
                return 413, f"a request has at most {limit:,} bytes"
        return None

    def _limit(self, scope: Scope) -> int:
        return self._larger.get(scope["path"], MAX_BODY)


class _TooLargeError(Exception):
    """A body that is too long."""


def _limited(receive: Receive, limit: int) -> Receive:
    """Return `receive` with a limit, for bodies that do not say their length."""
    seen = 0

    async def receive_within_limit() -> Any:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _TooLargeError
        return message

    return receive_within_limit


def _unique_headers(scope: Scope) -> MutableMapping[str, str] | None:
    """Return the headers by name; None if one that is checked is there twice."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        if key in headers and key in ("host", "origin", "content-length", TOKEN_HEADER):
            return None
        headers[key] = value.decode("latin-1")
    return headers
