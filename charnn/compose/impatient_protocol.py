"""An HTTP connection that is closed when its request does not arrive.

uvicorn waits for ever for the rest of a request. A page that opens connections and sends nothing
would hold them all.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS = 5.0
MAX_CONNECTIONS = 256


class ImpatientProtocol(H11Protocol):
    """A connection with a limit on the time until its first request is complete."""

    _open: ClassVar[int] = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, unless there are too many."""
        type(self)._open += 1
        super().connection_made(transport)
        if self._open > MAX_CONNECTIONS:
            transport.close()
            return
        self._deadline = self.loop.call_later(SECONDS, self._close_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        type(self)._open -= 1
        if deadline := getattr(self, "_deadline", None):
            deadline.cancel()
        super().connection_lost(exc)

    def _close_if_idle(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()
