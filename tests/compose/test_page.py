"""The page in a real browser: Playwright drives Chromium. Without either, the tests are skipped."""

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mido
import pytest

from charnn.music.abc.reader import read_tunes
from tests.helpers import PROJECT

sync_api = pytest.importorskip("playwright.sync_api", reason="needs the group `browser`")
expect = sync_api.expect
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
if not CHROMIUM:
    pytest.skip("needs Chromium", allow_module_level=True)
for name in ("verovio", "typst"):
    pytest.importorskip(name, reason="needs charnn[score]")

AXE = os.environ.get("AXE", "")  # the path of axe.min.js
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
# Listen to what goes to the loudspeakers. The policy of the page does not bind Playwright.
EAR = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target instanceof AudioDestinationNode) {
    window.ear = new AnalyserNode(this.context, { fftSize: 32768 });
    connect.call(this, window.ear);
  }
  return connect.call(this, target, ...rest);
};
"""
LOUDEST = """() => {
  const samples = new Float32Array(window.ear.fftSize);
  window.ear.getFloatTimeDomainData(samples);
  return [window.ear.context.state, Math.max(...samples.map(Math.abs))];
}"""


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # Chromium refuses its sandbox to root, as in a container.
    arguments = ["--no-sandbox"] * (getattr(os, "geteuid", lambda: 1)() == 0)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, link: str) -> Iterator[Any]:
    """Open the page in a tab of its own; nothing may be written to the console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda problem: complaints.append(str(problem)))
    page.add_init_script(EAR)
    page.goto(link)
    page.wait_for_selector("body[data-ready]")
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def tune(page: Any) -> Any:
    """Open the page with a tune."""
    page.fill("#abc", JIG)
    page.wait_for_selector("#score .note")
    return page


def text_of(page: Any) -> str:
    return str(page.input_value("#abc"))


def test_a_tune_is_asked_for_and_its_settings_survive_a_reload(page: Any) -> None:
    page.select_option("#rhythm", "reel")
    page.select_option("#key", "G")
    page.fill("#seed", "7")
    page.press("#seed", "Enter")
    page.wait_for_selector("#score .note")
    expect(page.locator("#status")).to_contain_text("is ready", timeout=20_000)
    (written,) = read_tunes(text_of(page))
    assert written.rhythm == "reel"
    assert "charnn sample folk" in page.inner_text("#command")
    expect(page.locator("#facts")).to_contain_text("Nearest learned tune", timeout=20_000)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.input_value("#rhythm") == "reel"
    assert page.input_value("#seed") == "7"
    assert "token" not in page.url


def test_a_drawn_seed_can_be_kept_and_writing_can_be_stopped(page: Any) -> None:
    page.fill("#form", "AABBCCDD")
    page.click("#write")
    page.click("#stop-writing")
    expect(page.locator("#status")).to_contain_text("Stopped")
    page.click("#write")
    page.click("#lock", timeout=20_000)
    assert page.input_value("#seed") in page.inner_text("#command").split()


def test_bars_are_chosen_by_dragging_keys_and_numbers(tune: Any) -> None:
    notes = tune.locator("#score .note")
    first, last = notes.nth(1).bounding_box(), notes.nth(6).bounding_box()
    tune.mouse.move(first["x"] + 3, first["y"] + 3)
    tune.mouse.down()
    tune.mouse.move(last["x"] + 3, last["y"] + 3, steps=4)
    tune.mouse.up()
    chosen = tune.locator("#selection")
    expect(chosen).to_have_text("Bars 1 to 2 are chosen.")
    tune.focus("#score")
    tune.keyboard.press("Escape")
    tune.keyboard.press("ArrowRight")
    tune.keyboard.press("ArrowRight")
    tune.keyboard.press("Shift+ArrowRight")
    expect(chosen).to_have_text("Bars 2 to 3 are chosen.")
    tune.fill("#bar-from", "5")
    tune.press("#bar-from", "Tab")
    tune.fill("#bar-to", "6")
    tune.press("#bar-to", "Tab")
    expect(chosen).to_have_text("Bars 5 to 6 are chosen.")


def test_bars_are_written_anew_taken_and_taken_back(tune: Any) -> None:
    tune.fill("#bar-from", "2")
    tune.press("#bar-from", "Tab")
    tune.click("[data-change=rhythm]")
    tune.wait_for_selector("#candidates li:nth-child(3) svg", timeout=20_000)
    tune.wait_for_selector("#keep-old")
    tune.click("#candidates li:nth-child(2) button.main")
    changed = text_of(tune)
    assert changed != JIG
    assert changed.splitlines()[7] == JIG.splitlines()[7]
    tune.click("#undo")
    assert text_of(tune) == JIG
    tune.click("#redo")
    assert text_of(tune) == changed
    tune.click("#tune-link")  # opens the tune before the change, and offers the change again
    expect(tune.locator("#abc")).to_have_value(JIG)
    tune.click("#candidates button")
    tune.wait_for_selector("#keep-old", timeout=20_000)
    tune.click("#candidates li:nth-child(1) button.main")
    assert text_of(tune) == changed


def test_the_tune_sounds_at_a_tempo_that_changes_and_in_a_loop(tune: Any) -> None:
    tune.focus("#score")
    tune.keyboard.press("ArrowRight")
    tune.check("#loop")
    tune.click("#play")
    sounding = tune.locator("#score .sounding")
    expect(sounding).not_to_have_count(0)
    before = sounding.first.get_attribute("id")
    tune.fill("#tempo", tune.get_attribute("#tempo", "max"))
    expect(tune.locator("#bpm")).to_contain_text("200 %")
    expect(tune.locator(f"#score .sounding:not([id='{before}'])")).not_to_have_count(0)
    tune.wait_for_timeout(400)
    state, loudest = tune.evaluate(LOUDEST)
    assert state == "running"
    assert 0.01 < loudest < 1
    # The first bar comes again, and playing goes on.
    expect(tune.locator(f"#score .sounding[id='{before}']")).to_have_count(1)
    tune.select_option("#instrument", "flute")
    expect(sounding).not_to_have_count(0)
    expect(tune.locator("#play")).to_have_attribute("aria-pressed", "true")
    tune.click("#play")
    expect(sounding).to_have_count(0)


def test_a_click_on_a_note_plays_from_it_and_the_end_is_an_end(tune: Any) -> None:
    last = tune.locator("#score .note").last
    last.click(force=True)
    expect(last).to_have_class(re.compile("sounding"))
    tune.fill("#tempo", tune.get_attribute("#tempo", "min"))
    tune.fill("#tempo", tune.get_attribute("#tempo", "max"))
    expect(tune.locator("#play")).to_have_attribute("aria-pressed", "false")


def test_the_player_sees_fingers_and_notes_out_of_range(tune: Any) -> None:
    assert tune.inner_text("#range") == ""
    tune.select_option("#instrument", "bagpipes")
    expect(tune.locator("#range")).to_contain_text("above its highest note A5")
    tune.select_option("#rows", "whistle")
    expect(tune.locator("#score > svg")).to_contain_text("●")
    with tune.expect_download() as download:
        tune.click("[data-format=svg]")
    assert "●" in Path(download.value.path()).read_text(encoding="utf-8")


def test_the_trainer_gets_faster_at_each_loop(tune: Any) -> None:
    tune.fill("#bar-from", "1")
    tune.press("#bar-from", "Tab")
    tune.click("summary")
    for name, value in {"start": 100, "end": 200, "step": 50, "loops": 1}.items():
        tune.fill(f"#trainer-{name}", str(value))
    tune.check("#trainer")
    tune.click("#play")
    for percent in (150, 200):
        expect(tune.locator("#bpm")).to_contain_text(f"{percent} %")
    expect(tune.locator("#score .sounding")).not_to_have_count(0)


def test_problems_are_marked_where_they_are(tune: Any) -> None:
    tune.fill("#abc", JIG.replace("gbg", "g[bg"))
    mark = tune.locator("#abc-marks mark")
    expect(mark).to_have_text("[")
    tune.click("#problems button")
    assert tune.evaluate("document.activeElement.selectionStart") == JIG.index("bg|")
    tune.press("#abc", "Control+z")
    expect(mark).to_have_count(0)
    assert text_of(tune) == JIG


def test_files_are_saved(tune: Any) -> None:
    def saved(kind: str) -> bytes:
        with tune.expect_download(timeout=30_000) as download:
            tune.click(f"[data-format={kind}]")
        assert download.value.suggested_filename.startswith("a-jig-b-of-b-ours.")
        return Path(download.value.path()).read_bytes()

    assert saved("abc").decode() == JIG
    assert mido.MidiFile(file=io.BytesIO(saved("midi"))).length > 10
    for kind in ("musicxml", "svg"):
        score = ElementTree.fromstring(saved(kind))  # noqa: S314 - it is our own
        assert len(list(score.iter())) > 100
    assert saved("wav")[:4] == b"RIFF"
    assert saved("pdf")[:5] == b"%PDF-"


def test_every_width_and_both_schemes(tune: Any) -> None:
    assert tune.locator("b").count() == 0, "the title has markup, which must stay text"
    for summary in tune.locator("summary").all():
        summary.click()
    if AXE:
        tune.evaluate(Path(AXE).read_text(encoding="utf-8"))
    for width, scheme in ((360, "light"), (800, "dark"), (1280, "dark")):
        tune.set_viewport_size({"width": width, "height": 740})
        tune.emulate_media(color_scheme=scheme)
        assert tune.evaluate("document.documentElement.scrollWidth") <= width
        if not AXE:
            continue
        found = tune.evaluate("axe.run()")["violations"]
        grave = [each for each in found if each["impact"] in ("serious", "critical")]
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in grave] == []


def test_on_a_phone_lines_have_fewer_bars_and_the_player_stays_in_sight(tune: Any) -> None:
    expect(tune.locator("#score .system")).to_have_count(2)
    tune.set_viewport_size({"width": 360, "height": 740})
    expect(tune.locator("#score .system")).to_have_count(4)
    tune.locator("#score .note").last.scroll_into_view_if_needed()
    expect(tune.locator("#play")).to_be_in_viewport()


def test_the_keyboard_alone_is_enough(tune: Any) -> None:
    reached = set()
    tune.evaluate("document.activeElement.blur()")
    for _ in range(90):
        tune.keyboard.press("Tab")
        reached.add(
            tune.evaluate("document.activeElement.id || document.activeElement.dataset.format")
        )
    assert {"write", "play", "tempo", "score", "bar-from", "abc", "transpose", "pdf"} <= reached
    tune.focus("#score")
    tune.keyboard.press(" ")
    expect(tune.locator("#play")).to_have_attribute("aria-pressed", "true")
    tune.keyboard.press(" ")
    expect(tune.locator("#play")).to_have_attribute("aria-pressed", "false")
