"""The corpora with a name, and downloads from a server on this machine."""

import hashlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tqdm import tqdm

from charnn.corpus.catalogue import CATALOGUE, Download
from charnn.corpus.sources import open_corpus
from charnn.errors import CorpusError

CONTENT = b"First Citizen:\nBefore we proceed any further, hear me speak.\n" * 100


class Host(BaseHTTPRequestHandler):
    """Serves `CONTENT` under one path, and counts."""

    served = 0

    def do_GET(self) -> None:
        if self.path != "/a/play.txt":
            self.send_error(404)
            return
        type(self).served += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

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
    return Download("play.txt", "https://host.invalid" + path, hashlib.sha256(content).hexdigest())


class Bar:
    """A progress bar as downloads drive it."""

    total = 0
    seen = 0

    def update(self, n: int) -> None:
        self.seen += n

    def reset(self) -> None:
        self.seen = 0

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


def test_a_bar_of_the_terminal_shows_a_download(mirror: str) -> None:
    with tqdm(total=1, unit="B", disable=None) as bar:
        assert play().fetch(bar).read_bytes() == CONTENT


def test_a_mirror_that_is_no_address(mirror: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARNN_MIRROR", "nonsense")
    with pytest.raises(CorpusError, match="https://"):
        play().fetch()


def test_a_file_with_another_sha256_is_refused_and_not_kept(mirror: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="sha256 is wrong"):
        play(b"something else").fetch()
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_cached_file_that_has_changed_is_fetched_again(mirror: str) -> None:
    path = play().fetch()
    path.write_bytes(b"edited")
    assert play().fetch().read_bytes() == CONTENT


def test_a_host_without_the_file(mirror: str) -> None:
    with pytest.raises(CorpusError, match=r"cannot download .*404"):
        play(path="/gone.txt").fetch()


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


def figures(size: str) -> list[int]:
    return [int(figure.replace(",", "")) for figure in re.findall(r"[\d,]*\d", size)]


def test_folk_is_as_large_as_it_is_said_to_be() -> None:
    corpus = open_corpus(["folk"])
    assert corpus.tunes
    assert corpus.name == "folk"
    tunes, characters = figures(CATALOGUE["folk"].size())
    assert len(corpus.documents) == pytest.approx(tunes, rel=0.03)
    assert sum(len(tune.text()) for tune in corpus.documents) == pytest.approx(characters, rel=0.03)


@pytest.mark.parametrize("name", ["prose", "code"])
def test_what_python_brings_is_as_large_as_it_is_said_to_be(name: str) -> None:
    corpus = open_corpus([name])
    documents, length = figures(CATALOGUE[name].size())
    assert len(corpus.documents) == documents
    assert sum(len(document.text()) for document in corpus.documents) == pytest.approx(
        length, rel=0.02
    )
    assert length > 300_000
    assert not corpus.tunes


def test_code_leaves_out_tests_and_installed_packages() -> None:
    names = [document.name for document in CATALOGUE["code"].open(None)]
    assert "argparse.py" in names
    assert not [name for name in names if name.startswith("test_")]


def test_every_entry_says_what_it_is() -> None:
    for name, entry in CATALOGUE.items():
        assert name == entry.name
        assert all([entry.description, entry.size(), entry.source, entry.licence])
        assert entry.kind in ("built-in", "download")


def test_listing_and_folk_import_nothing_heavy() -> None:
    program = (
        "import sys; from charnn.corpus.catalogue import CATALOGUE; "
        "from charnn.corpus.ids import prepare; "
        "from charnn.corpus.sources import open_corpus; "
        "[entry.size() for entry in CATALOGUE.values()]; open_corpus(['folk']); "
        "print(*{'torch', 'music21', 'pooch', 'requests', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"
