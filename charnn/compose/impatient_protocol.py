"""An HTTP connection that is closed when its requests do not arrive, or are not HTTP.

uvicorn waits for ever for the rest of a request. A page that opens connections and sends nothing
would hold them all.
"""

import asyncio
from typing import ClassVar

from h11 import LocalProtocolError
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS = 5.0
MAX_CONNECTIONS = 256


class ImpatientProtocol(H11Protocol):
    """A connection with a limit on the time until its next request is complete."""

    _open: ClassVar[int] = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, unless there are too many."""
        type(self)._open += 1
        super().connection_made(transport)
        if self._open > MAX_CONNECTIONS:
            transport.close()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        type(self)._open -= 1
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request of the connection."""
        super().on_response_complete()
        self._wait()

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are not HTTP, in place of the application; then close."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True  # what the application answers goes nowhere
            cycle.message_event.set()
        try:
            super().send_400_response(msg)
        except LocalProtocolError:  # an answer has begun
            self.transport.close()

    def _wait(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(SECONDS, self._close_if_idle)

    def _close_if_idle(self) -> None:
        is_idle = self.cycle is None or self.cycle.response_complete
        if is_idle and not self.transport.is_closing():
            self.transport.close()
