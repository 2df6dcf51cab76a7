"""Downloads, from a server on this machine."""

import gzip
import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from tqdm import tqdm

from charnn.corpus import download
from charnn.corpus.catalogue import CATALOGUE
from charnn.corpus.download import Download
from charnn.corpus.sources import open_corpus
from charnn.errors import CorpusError

CONTENT = b"First Citizen:\nBefore we proceed any further, hear me speak.\n" * 100


class Host(BaseHTTPRequestHandler):
    """A server that sends `CONTENT` under one path and counts; under other paths it misbehaves."""

    served = 0

    def do_GET(self) -> None:
        if misbehave := getattr(self, self.path[1:].partition(".")[0].replace("/", "_"), None):
            self.send_response(307 if "moved" in self.path else 200)
            with suppress(OSError):  # charnn has closed the connection
                misbehave()
            return
        if self.path != "/a/play.txt":
            self.send_error(404)
            return
        type(self).served += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def endless(self) -> None:
        self.end_headers()
        while True:
            self.wfile.write(CONTENT)

    def slow(self) -> None:
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"a")
            time.sleep(0.05)

    def silent(self) -> None:
        self.end_headers()
        time.sleep(1)

    def cut(self) -> None:
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:100])

    def page(self) -> None:
        self.end_headers()
        self.wfile.write(b"<html>Please sign in to this network.</html>")

    def packed(self) -> None:
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(gzip.compress(bytes(10_000_000)))

    def moved_file(self) -> None:
        self.send_header("Location", "file:///etc/passwd")
        self.end_headers()

    def moved_ftp(self) -> None:
        self.send_header("Location", "ftp://127.0.0.1/play.txt")
        self.end_headers()

    def moved_round(self) -> None:
        self.send_header("Location", self.path)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("CHARNN_MIRROR", url + "/")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    Host.served = 0
    yield url
    server.shutdown()
    server.server_close()
    thread.join()


def play(content: bytes = CONTENT, path: str = "/a/play.txt") -> Download:
    sha256 = hashlib.sha256(content).hexdigest()
    return Download("play.txt", "https://host.invalid" + path, len(content), sha256)


class Bar:
    """A progress bar with the methods that downloads call."""

    total = 0
    seen = 0

    def update(self, n: int) -> None:
        self.seen += n

    def close(self) -> None:
        pass


def test_a_download_is_fetched_once_and_shown(
    mirror: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bar = Bar()
    (document,) = play().documents(bar)
    assert document.text().encode() == CONTENT
    assert bar.total == bar.seen == len(CONTENT)
    assert play().fetch() == tmp_path / "cache" / "charnn" / "play.txt"
    assert Host.served == 1
    assert capfd.readouterr() == ("", "")


def test_tqdm_shows_a_download(mirror: str) -> None:
    with tqdm(total=1, unit="B", disable=None) as bar:
        assert play().fetch(bar).read_bytes() == CONTENT


def test_a_mirror_must_be_an_address(mirror: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARNN_MIRROR", "nonsense")
    with pytest.raises(CorpusError, match="https://"):
        play().fetch()


def test_a_file_with_another_sha256_is_refused_and_not_cached(mirror: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="sha256 is wrong"):
        play(CONTENT.swapcase()).fetch()
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_cached_file_that_has_changed_is_fetched_again(mirror: str) -> None:
    path = play().fetch()
    path.write_bytes(b"edited")
    assert play().fetch().read_bytes() == CONTENT


def test_a_host_without_the_file(mirror: str) -> None:
    with pytest.raises(CorpusError, match=r"cannot download .*404"):
        play(path="/gone.txt").fetch()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/endless.txt", "longer than the 6,100 bytes"),
        ("/slow.txt", "takes longer than 0.3 s"),
        ("/silent.txt", "timed out"),
        ("/cut.txt", "the connection broke off"),
        ("/page.txt", "sha256 is wrong"),
        ("/packed.txt", "compressed"),
        ("/moved/file.txt", "file:///etc/passwd, which is not an https address"),
        ("/moved/ftp.txt", "ftp://127.0.0.1/play.txt, which is not an https address"),
        ("/moved/round.txt", "redirects"),
    ],
)
def test_a_host_that_misbehaves(
    mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, reason: str
) -> None:
    monkeypatch.setattr(download, "MAX_SECONDS", 0.3)
    monkeypatch.setattr(download, "IDLE_TIMEOUT", 0.2)
    with pytest.raises(CorpusError) as refusal:
        play(path=path).fetch()
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_https_stays_https() -> None:
    """The test server has no certificate, so the response is made by hand."""
    response = requests.Response()
    response.status_code, response.url = 302, "https://host.invalid/a"
    for there, allowed in (("/b", True), ("https://other.invalid/", True), ("http://b/", False)):
        response.headers["Location"] = there
        with nullcontext() if allowed else pytest.raises(OSError, match="not an https address"):
            download._check_redirect(response)


def test_offline(mirror: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARNN_MIRROR", "http://127.0.0.1:9")
    with pytest.raises(CorpusError, match=r"cannot download .*refused.*pass a file of your own"):
        play().fetch()


@pytest.mark.parametrize("name", ["tinyshakespeare", "irish"])
def test_downloads_go_to_the_mirror_by_name(
    name: str, mirror: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    source = urlsplit(CATALOGUE[name].source)
    with pytest.raises(CorpusError, match=re.escape(f"{mirror}{source.path} ")):
        open_corpus([name])
