"""A page in a real browser. Without Playwright or Chromium, the tests are skipped."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import AXE, checked_tab, chromium
from tests.helpers import PROJECT

JIG = """\
X:1
T:A Jig <b>of</b> Ours
R:jig
M:6/8
L:1/8
K:D
|:d2 e f2 g|agf e2 d|B2 c d2 e|fed e3:|
|:faf gbg|faf e2 d|B2 c d2 e|fdc d3:|
"""
# Listen to what goes to the loudspeakers, and note each tone: frequency, start and end. The policy
# of the page does not bind Playwright.
EAR = """
const { connect } = AudioNode.prototype;
const { start, stop } = OscillatorNode.prototype;
window.tones = [];
AudioNode.prototype.connect = function (target, ...rest) {
  if (target instanceof AudioDestinationNode) {
    window.ear = new AnalyserNode(this.context, { fftSize: 32768 });
    connect.call(this, window.ear);
  }
  return connect.call(this, target, ...rest);
};
OscillatorNode.prototype.start = function (time) {
  window.tones.push({ hertz: this.frequency.value, start: time });
  this.tone = window.tones.at(-1);
  return start.call(this, time);
};
OscillatorNode.prototype.stop = function (time) {
  this.tone.end = time - 0.25; // the time to fade
  return stop.call(this, time);
};
"""


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    for name in ("verovio", "typst"):
        pytest.importorskip(name, reason="needs charnn[score]")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def link(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the page with a new tune book, and return its link."""
    command = [sys.executable, "-m", "charnn", "compose", "--no-open", "--book", "tunes.db"]
    with subprocess.Popen(
        command,
        cwd=tmp_path_factory.mktemp("compose"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        text=True,
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture
def page(browser: Any, link: str) -> Iterator[Any]:
    """Open the page in a tab of its own; nothing may be written to the console."""
    with checked_tab(browser, 1280, 900) as (page, _):
        page.add_init_script(EAR)
        page.goto(link)
        page.wait_for_selector("body[data-ready]")
        yield page


@pytest.fixture
def tune(page: Any) -> Any:
    """Open the page with a tune."""
    page.fill("#abc", JIG)
    page.wait_for_selector("#score .note")
    return page


@pytest.fixture
def look() -> Callable[..., None]:
    """Return a function that looks for faults of width and accessibility in a part of a page."""

    def look_at(page: Any, part: str = "body") -> None:
        if AXE:
            page.evaluate(Path(AXE).read_text(encoding="utf-8"))
        for width, scheme in ((360, "light"), (800, "dark"), (1280, "dark")):
            page.set_viewport_size({"width": width, "height": 740})
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if not AXE or (width == 800 and part != "body"):
                continue
            found = page.evaluate("(part) => axe.run(part)", part)["violations"]
            grave = [each for each in found if each["impact"] in ("serious", "critical")]
            assert [(each["id"], each["nodes"][0]["html"][:200]) for each in grave] == []

    return look_at
