"""Send the compose page requests of attackers, and see that it refuses each and still answers.

    python -m benchmarks.hostile_requests [--slow 200]

Starts the page, and sends every request of `REQUESTS` over a raw connection, while many other
connections are open that never complete theirs. Shown are the number of answers with the expected
status, the longest time of a good request meanwhile, the growth of the memory, and the addresses
at which the page listens. The exit code is 1 if anything is wrong.
"""

import argparse
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

TUNE = b'{"abc": "K:C\\nC"}'
MAX_GROWTH = 50  # MB


@dataclass(frozen=True)
class Hostile:
    """A request, and the status that it must get.

    Attributes:
        name: what is wrong with it.
        status: the status of the answer; 0 for a connection that is closed without one.
        headers: headers that differ from those of the page; None leaves one out. `HOST`, `PORT` and
            `TOKEN` stand for the values of the page.
        method, path, body: the rest of the request.
        raw: the whole request, where it is not even HTTP; `b""` for the one of the other values.
    """

    name: str
    status: int
    headers: Mapping[str, str | None] = field(default_factory=dict)
    method: str = "POST"
    path: str = "/api/tune"
    body: bytes = TUNE
    raw: bytes = b""

    def sent(self, page: "RunningPage") -> bytes:
        """Return the bytes of the request to a page."""
        usual = {
            "Host": "HOST",
            "X-Charnn-Token": "TOKEN",
            "Content-Type": "application/json",
            "Content-Length": str(len(self.body)),
            "Connection": "close",
        }
        lines = [f"{self.method} {self.path} HTTP/1.1"]
        lines += [
            f"{key}: {value}"
            for key, value in {**usual, **self.headers}.items()
            if value is not None
        ]
        plain = self.raw or "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body
        for name, value in (("HOST", page.host), ("PORT", str(page.port)), ("TOKEN", page.token)):
            plain = plain.replace(name.encode(), value.encode())
        return plain


def _get(name: str, status: int, path: str, **headers: str | None) -> Hostile:
    return Hostile(name, status, headers, "GET", path, b"")


def _json(name: str, status: int, body: bytes, path: str = "/api/tune") -> Hostile:
    return Hostile(name, status, {}, "POST", path, body)


REQUESTS = (
    Hostile("another host", 421, {"Host": "evil.com"}),
    Hostile("another host with the port", 421, {"Host": "evil.com:PORT"}),
    Hostile("any address as host", 421, {"Host": "0.0.0.0:PORT"}),
    Hostile("any IPv6 address as host", 421, {"Host": "[::]:PORT"}),
    Hostile("a host without its port", 421, {"Host": "127.0.0.1"}),
    Hostile("a host that begins like this one", 421, {"Host": "HOST.evil.com"}),
    Hostile("a host with a user", 421, {"Host": "x@HOST"}),
    Hostile("no host", 400, {"Host": None}),
    Hostile("two hosts", 400, {"host": "evil.com"}),
    Hostile("the origin of another page", 403, {"Origin": "http://evil.com"}),
    Hostile("no origin, as of a file", 403, {"Origin": "null"}),
    Hostile("another scheme", 403, {"Origin": "https://HOST"}),
    Hostile("another port of this machine", 403, {"Origin": "http://127.0.0.1:1"}),
    Hostile("two origins", 400, {"Origin": "http://HOST", "origin": "http://evil.com"}),
    Hostile("sent by another site", 403, {"Sec-Fetch-Site": "cross-site"}),
    Hostile("sent by a neighbouring site", 403, {"Sec-Fetch-Site": "same-site"}),
    Hostile("no token", 401, {"X-Charnn-Token": None}),
    Hostile("a wrong token", 401, {"X-Charnn-Token": "wrong"}),
    Hostile("a token that is not ASCII", 401, {"X-Charnn-Token": "s\xe9cret"}),
    Hostile("two tokens", 400, {"x-charnn-token": "wrong"}),
    Hostile("a token in the address", 401, {"X-Charnn-Token": None}, path="/api/tune?token=TOKEN"),
    Hostile("a form", 415, {"Content-Type": "application/x-www-form-urlencoded"}),
    Hostile("a text", 415, {"Content-Type": "text/plain"}),
    Hostile("a form with files", 415, {"Content-Type": "multipart/form-data; boundary=x"}),
    Hostile("no type", 415, {"Content-Type": None}),
    Hostile("10 MB", 413, {"Content-Length": "10000000"}),
    Hostile("a length below 0", 400, {"Content-Length": "-1"}),
    Hostile("a length that is no number", 400, {"Content-Length": "x"}),
    Hostile("two lengths", 400, {"content-length": "3"}),
    Hostile(
        "chunks that are too many",
        413,
        {"Content-Length": None, "Transfer-Encoding": "chunked"},
        body=(b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 3 + b"0\r\n\r\n",
    ),
    Hostile(
        "a length and chunks",
        400,
        {"Content-Length": "3", "Transfer-Encoding": "chunked"},
        body=b"2\r\n{}\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n",
    ),
    Hostile(
        "a chunk without its end",
        400,
        {"Content-Length": None, "Transfer-Encoding": "chunked"},
        body=b"2\r\n{}{}{}\r\n0\r\n\r\n",
    ),
    Hostile(
        "a chunk that is refused",
        400,
        {"Host": "evil.com", "Content-Length": None, "Transfer-Encoding": "chunked"},
        body=b"zz\r\n",
    ),
    Hostile("an encoding that hides the body", 400, {"Transfer-Encoding": "gzip, chunked"}),
    _json("an empty body", 400, b""),
    _json("half an object", 400, b"{"),
    _json("a list", 400, b"[]"),
    _json("no UTF-8", 400, b"\xff\xfe"),
    _json("half a character", 400, b'{"abc": "X:1\\nT:\\ud800\\nK:C\\nC"}'),
    _json(
        "half a character as bytes", 400, b'{"abc": "\xed\xa0\x80", "format": "abc"}', "/api/export"
    ),
    _json("20,000 brackets", 400, b"[" * 20_000),
    _json("a number for a tune", 400, b'{"abc": 7}'),
    _json("an import that is too long", 413, b" " * 70_000, "/api/book"),
    _json("a book that does not exist", 404, TUNE, "/api/books/../../etc/passwd"),
    _get("a path upwards", 404, "/pages/../server.py"),
    _get("a path upwards in code", 404, "/pages/%2e%2e/server.py"),
    _get("a slash in code", 404, "/pages/..%2fserver.py"),
    _get("an absolute path", 404, "/pages//etc/passwd"),
    _get("an end in the name", 404, "/pages/index.html%00.js"),
    _get("markup in the path", 404, "/pages/<script>alert(1)</script>"),
    _get("a header in the path", 404, "/pages/x%0d%0aSet-Cookie:%20a=b"),
    _get("another site as path", 404, "http://evil.com/"),
    _get("a long path", 404, "/" + "a" * 9_000),
    _get("a long question", 414, "/api/book?text=" + "a" * 3_000),
    _get("long headers", 400, "/", **{"X-Long": "a" * 200_000}),
    Hostile("a preflight of another page", 403, {"Origin": "http://evil.com"}, "OPTIONS"),
    Hostile("a preflight", 405, {}, "OPTIONS", body=b""),
    Hostile("an echo", 405, {"Content-Type": "application/json"}, "TRACE", "/"),
    Hostile("a change of a file", 405, {}, "PUT", "/pages/index.html"),
    Hostile("a removal of the book", 405, {}, "DELETE", "/api/book"),
    Hostile(
        "a line break in a header", 400, raw=b"GET / HTTP/1.1\r\nHost: HOST\r\nA: b\rc\r\n\r\n"
    ),
    Hostile("a space before a colon", 400, raw=b"GET / HTTP/1.1\r\nHost : HOST\r\n\r\n"),
    Hostile("HTTP 2", 421, raw=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Hostile("TLS", 400, raw=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n"),
)


class RunningPage(NamedTuple):
    """A page that runs as a process of its own.

    Attributes:
        pid: the number of the process.
        port: the port.
        token: the secret of its link.
        log: a file with what the process has written to stderr.
    """

    pid: int
    port: int
    token: str
    log: Path

    @property
    def host(self) -> str:
        """The address and the port."""
        return f"127.0.0.1:{self.port}"

    def memory(self) -> float:
        """Return the memory that the process holds, in MB (Linux only)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1000

    def addresses(self) -> set[str]:
        """Return the addresses at which the process listens, as Linux writes them."""
        links = (str(each.readlink()) for each in Path(f"/proc/{self.pid}/fd").iterdir())
        sockets = {link[8:-1] for link in links if link.startswith("socket:[")}
        rows = [
            line.split()
            for table in ("tcp", "tcp6")
            for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        ]
        return {row[1] for row in rows if row[3] == "0A" and row[9] in sockets}


@contextmanager
def running_page() -> Iterator[RunningPage]:
    """Start the page with a tune book of its own."""
    command = [sys.executable, "-m", "charnn", "compose", "--no-open", "--book"]
    with (
        tempfile.TemporaryDirectory() as folder,
        Path(folder, "log.txt").open("w") as log,
        subprocess.Popen(
            [*command, f"{folder}/tunes.db"], stdout=subprocess.PIPE, stderr=log, text=True
        ) as server,
    ):
        try:
            assert server.stdout is not None
            port, token = re.findall(r":(\d+)/#token=(\S+)", server.stdout.readline())[0]
            yield RunningPage(server.pid, int(port), token, Path(log.name))
        finally:
            server.terminate()


def answer(page: RunningPage, sent: bytes) -> bytes:
    """Return the answer to some bytes; `b""` if the page closes the connection."""
    with socket.create_connection(("127.0.0.1", page.port), timeout=10) as connection:
        try:
            connection.sendall(sent)
            received = b""
            while piece := connection.recv(65_536):
                received += piece
        except ConnectionError:
            pass
        return received


def status_of(received: bytes) -> int:
    """Return the status of an answer; 0 without one."""
    found = re.match(rb"HTTP/1\.1 (\d+)", received)
    return int(found[1]) if found else 0


def wrong_answer(page: RunningPage, hostile: Hostile) -> str:
    """Return what is wrong with the answer to a request; `""` for nothing."""
    received = answer(page, hostile.sent(page))
    head = received.partition(b"\r\n\r\n")[0].lower()
    if status_of(received) != hostile.status:
        return f"{hostile.name}: status {status_of(received)}, not {hostile.status}"
    if b"access-control-allow-origin" in head or b"set-cookie" in head:
        return f"{hostile.name}: a header lets other pages in"
    if page.token.encode() in received:
        return f"{hostile.name}: the answer has the token"
    return ""


# Beginnings of requests that never end: within the first one, within the next one of a connection,
# and within a body.
SLOW = (
    b"POST /api/write HTTP/1.1\r\nHost: ",
    b"GET /pages/icon.svg HTTP/1.1\r\nHost: HOST\r\n\r\nGET / HTTP/1.1\r\nHost: ",
    b"POST /api/write HTTP/1.1\r\nHost: HOST\r\nContent-Length: 9\r\n\r\n{",
)


@contextmanager
def slow_requests(page: RunningPage, count: int) -> Iterator[list[socket.socket]]:
    """Open connections whose requests never end."""
    connections = []
    for number in range(count):
        connection = socket.create_connection(("127.0.0.1", page.port), timeout=10)
        connection.sendall(SLOW[number % len(SLOW)].replace(b"HOST", page.host.encode()))
        connections.append(connection)
    yield connections
    for connection in connections:
        connection.close()


def is_closed(connection: socket.socket) -> bool:
    """Return whether the page has closed a connection."""
    connection.settimeout(1)
    try:
        while connection.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def main() -> int:
    """Send all requests amid slow ones, and print what came."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--slow", type=int, default=200, help="connections that never complete")
    options = parser.parse_args()
    with running_page() as page:
        good = Hostile("a good request", 200)
        wrong = [wrong_answer(page, good)]
        memory, longest = page.memory(), 0.0
        with slow_requests(page, options.slow) as connections:
            for hostile in REQUESTS:
                wrong.append(wrong_answer(page, hostile))
                began = time.perf_counter()
                wrong.append(wrong_answer(page, good))
                longest = max(longest, time.perf_counter() - began)
            time.sleep(7)
            closed = sum(map(is_closed, connections))
        growth = page.memory() - memory
        addresses = page.addresses()
        wrong += page.log.read_text().splitlines()[1:]  # the first line names Ctrl-C
    wrong = [each for each in wrong if each]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{len(REQUESTS)} hostile requests, {len(wrong)} wrong answers")
    print(f"longest good request meanwhile: {longest:.2f} s")
    print(f"{closed} of {options.slow} requests that never end are closed after 7 s")
    print(f"memory: {growth:+.0f} MB; the page listens on {', '.join(sorted(addresses))}")
    is_local = all(address.startswith("0100007F:") for address in addresses)
    held = growth < MAX_GROWTH and closed == options.slow and longest < 1
    return int(bool(wrong) or not is_local or not held)


if __name__ == "__main__":
    sys.exit(main())
