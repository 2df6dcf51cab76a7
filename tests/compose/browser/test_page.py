"""The page in a real browser: Playwright drives Chromium. Without either, the tests are skipped."""

import io
import json
import re
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from music21 import converter

from benchmarks.page_notes import written_notes
from charnn.music.abc.reader import read_tunes
from tests.compose.browser.conftest import JIG

sync_api = pytest.importorskip("playwright.sync_api", reason="needs the group `browser`")
expect = sync_api.expect


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
    expect(page.locator("#facts")).to_contain_text("Nearest learned tune", timeout=60_000)
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


def test_the_player_sees_fingers_and_notes_out_of_range(tune: Any) -> None:
    assert tune.inner_text("#range") == ""
    tune.select_option("#instrument", "bagpipes")
    expect(tune.locator("#range")).to_contain_text("above its highest note A5")
    tune.select_option("#rows", "whistle")
    expect(tune.locator("#score > svg")).to_contain_text("●")
    with tune.expect_download() as download:
        tune.click("[data-format=svg]")
    assert "●" in Path(download.value.path()).read_text(encoding="utf-8")


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
    assert len(written_notes(saved("midi"))) == 72  # each part twice
    assert len(converter.parseData(saved("musicxml"), format="musicxml").flatten().notes) == 36
    svg = ElementTree.fromstring(saved("svg"))  # noqa: S314 - it is our own
    assert sum("note" in each.get("class", "").split() for each in svg.iter()) == 36
    with wave.open(io.BytesIO(saved("wav"))) as sound:
        samples = np.frombuffer(sound.readframes(10**8), "<i2")
        assert sound.getnframes() / sound.getframerate() > 10
    assert np.abs(samples[: len(samples) // 2]).max() > 10_000
    assert len(re.findall(rb"/Type ?/Page\b", saved("pdf"))) == 1


def test_every_width_and_both_schemes(tune: Any, look: Callable[..., None]) -> None:
    assert tune.locator("b").count() == 0, "the title has markup, which must stay text"
    for summary in tune.locator("summary").all():
        summary.click()
    look(tune)


def test_on_a_phone_lines_have_fewer_bars_and_the_player_stays_in_sight(tune: Any) -> None:
    expect(tune.locator("#score .system")).to_have_count(2)
    tune.set_viewport_size({"width": 360, "height": 740})
    expect(tune.locator("#score .system")).to_have_count(4)
    tune.locator("#score .note").last.scroll_into_view_if_needed()
    expect(tune.locator("#play")).to_be_in_viewport()
    assert tune.locator("#transport").bounding_box()["height"] < 80


def test_the_keyboard_alone_is_enough(tune: Any) -> None:
    reached = set()
    tune.evaluate("document.activeElement.blur()")
    for _ in range(120):
        tune.keyboard.press("Tab")
        reached.add(
            tune.evaluate("document.activeElement.id || document.activeElement.dataset.format")
        )
    assert {
        "write",
        "play",
        "tempo",
        "score",
        "bar-from",
        "abc",
        "transpose",
        "pdf",
        "show-sets",
        "find-melody",
    } <= reached
    tune.focus("#score")
    tune.keyboard.press(" ")
    expect(tune.locator("#play")).to_have_attribute("aria-pressed", "true")
    tune.keyboard.press(" ")
    expect(tune.locator("#play")).to_have_attribute("aria-pressed", "false")


def test_what_cannot_be_drawn_leaves_no_old_tune_to_play(tune: Any) -> None:
    expect(tune.locator("#facts")).to_contain_text(
        "jig in D, 6/8, 8 bars, 16 as played, from B4 to B5"
    )
    tune.fill("#abc", "hello")
    expect(tune.locator("#last-drawn")).to_be_visible()
    expect(tune.locator("#score")).to_have_class("old")
    expect(tune.locator("#facts")).to_be_empty()
    expect(tune.locator("#play")).to_be_disabled()
    tune.click("#undo")
    expect(tune.locator("#last-drawn")).to_be_hidden()
    expect(tune.locator("#play")).to_be_enabled()
    tune.fill("#abc", "X:1\nK:D\nA4 c4|")
    facts = "tune in D, no meter, 1 bar, from A4 to C♯5. It is too short to be compared"
    expect(tune.locator("#facts")).to_contain_text(facts)
    tune.fill("#abc", "X:1\nM:4/4\nK:C\nz8|")
    expect(tune.locator("#problems")).to_have_text("Line 1, column 1 the tune has no notes to play")


def test_messages_have_the_words_of_the_page(tune: Any) -> None:
    status, warning = tune.locator("#status"), tune.locator("#ask-warning")
    tune.evaluate("document.querySelector('#ask').noValidate = true")
    for name, value, message in (
        ("form", "AXB!", "“Form” is made of the letters"),
        ("part_bars", "40", "Bars in a part: 2 to 32."),
        ("part_bars", "1", "Bars in a part: 2 to 32."),
    ):
        tune.fill(f"#{name}", value)
        tune.click("#write")
        expect(status).to_contain_text(message)
        tune.fill(f"#{name}", "")
        assert tune.inner_text("#command") == ""
    tune.fill("#seed", "3")
    tune.fill("#prime", "hello world")
    tune.click("#write")
    expect(status).to_contain_text("is ready", timeout=20_000)
    expect(warning).to_have_text("left out: h l o w r (line 1)")


def test_another_tune_is_tried_if_one_leaves_the_range(page: Any) -> None:
    low = JIG.replace("B2 c", "G,2 c")
    tunes, answers = [low, low, JIG, JIG], []

    def write(route: Any) -> None:
        made = {"seed": len(answers), "command": "charnn sample folk", "link": "", "warnings": []}
        answers.append(tunes[len(answers)])
        done = {**made, "done": True, "abc": answers[-1]}
        route.fulfill(body=f"{json.dumps(made)}\n{json.dumps(done)}\n")

    page.route("**/api/write", write)
    page.select_option("#rows", "whistle")
    page.check("#fit")
    page.click("#write")
    expect(page.locator("#abc")).to_have_value(JIG)
    expect(page.locator("#range")).to_be_empty()
    assert answers == tunes[:3]
    page.fill("#seed", "7")
    tunes[3] = low
    page.click("#write")  # a seed has one tune only
    expect(page.locator("#range")).to_contain_text("whistle")
    assert answers[3] == low
