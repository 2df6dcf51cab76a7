"""Measure the compose page under load: users who write at once, and connections that send nothing.

    python -m benchmarks.compose_load [--users 5] [--tunes 4] [--slow 200]

The page runs as its own process, and the load comes from this one, over the loopback interface. A
user asks for one tune after the other, and waits a second when four others are being written. Shown
are the time to the first bar of a tune, the longest wait between two bars, and what happens to a
request while many connections are open that never complete theirs.
"""

import argparse
import itertools
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from statistics import median
from urllib.parse import urlsplit

import httpx


class User:
    """A user who writes tunes, and the times that were measured.

    Args:
        link: the link of the page.
        number: the number of the user; the seeds depend on it.
    """

    def __init__(self, link: str, number: int) -> None:
        base, self.token = link.split("/#token=")
        self.client = httpx.Client(base_url=base, timeout=60)
        self.number = number
        self.first_bars: list[float] = []
        self.longest_waits: list[float] = []
        self.busy = 0

    def write(self, tunes: int) -> None:
        """Write some tunes."""
        done = 0
        while done < tunes:
            if self._write_one(1000 * self.number + done):
                done += 1
            else:
                self.busy += 1
                time.sleep(1)

    def _write_one(self, seed: int) -> bool:
        began = time.perf_counter()
        bars = [began]
        headers = {"X-Charnn-Token": self.token}
        with self.client.stream("POST", "/api/write", headers=headers, json={"seed": seed}) as got:
            if got.status_code == httpx.codes.TOO_MANY_REQUESTS:
                return False
            for line in got.iter_lines():
                if "|" in json.loads(line).get("text", ""):
                    bars.append(time.perf_counter())
        self.first_bars.append(bars[1] - began)
        waits = [after - before for before, after in itertools.pairwise(bars[1:])]
        self.longest_waits.append(max(waits))
        return True


def main() -> None:
    """Start the page, load it, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--users", type=int, default=5)
    parser.add_argument("--tunes", type=int, default=4, help="tunes of each user")
    parser.add_argument("--slow", type=int, default=200, help="connections that send nothing")
    options = parser.parse_args()
    command = [sys.executable, "-m", "charnn", "compose", "--no-open", "--book"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [*command, f"{folder}/tunes.db"], stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        try:
            assert server.stdout is not None
            link = server.stdout.readline().strip()
            User(link, 0).write(1)  # reads the model
            print("| | first bar, median | first bar, longest | longest wait between bars | busy |")
            print("| --- | --- | --- | --- | --- |")
            for users in (1, options.users):
                _show_load([User(link, number + 1) for number in range(users)], options.tunes)
            _show_slow(link, options.slow)
        finally:
            server.terminate()


def _show_load(users: list[User], tunes: int) -> None:
    threads = [threading.Thread(target=user.write, args=(tunes,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = [seconds for user in users for seconds in user.first_bars]
    longest = max(max(user.longest_waits) for user in users)
    print(
        f"| {len(users)} at once | {median(first):.2f} s | {max(first):.2f} s | {longest:.2f} s "
        f"| {sum(user.busy for user in users)} |"
    )


def _show_slow(link: str, count: int) -> None:
    address = urlsplit(link)
    open_sockets = []
    for _ in range(count):
        slow = socket.create_connection((address.hostname or "", address.port or 0))
        slow.sendall(b"POST /api/write HTTP/1.1\r\nHost: ")
        open_sockets.append(slow)
    began = time.perf_counter()
    status = httpx.get(f"http://{address.netloc}/").status_code
    seconds = time.perf_counter() - began
    print(f"\n{count} open requests that never end: the page answers {status} in {seconds:.2f} s")
    time.sleep(7)
    closed = 0
    for slow in open_sockets:
        slow.settimeout(1)
        try:
            closed += slow.recv(1) == b""
        except OSError:
            closed += 1
    print(f"after 7 s, {closed} of {count} are closed")


if __name__ == "__main__":
    main()
