"""The tune book of the page: keep, mark, find, order, take out and in again, undo, reload."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido
import pytest

from charnn.music.abc.reader import read_tunes
from tests.compose.browser.conftest import JIG

sync_api = pytest.importorskip("playwright.sync_api", reason="needs the group `browser`")
expect = sync_api.expect

REEL = "X:7\nT:Reel, The\nR:reel\nM:4/4\nL:1/8\nK:G\n|:GABc d2Bd|cAFA G4:|\n"
BOOK = "X:1\nT:Third\nK:Am\nABcd|\n\nX:2\nT:Fourth\nK:C\nCDEF|\n"
TITLES = "#kept-tunes .title"


@pytest.fixture(scope="module")
def kept(browser: Any, link: str) -> None:
    """Keep two tunes in the book."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.wait_for_selector("body[data-ready]")
    for abc in (JIG, REEL):
        page.fill("#abc", abc)
        page.click("#keep")
        expect(page.locator("#status")).to_contain_text("is in the tune book")
    context.close()


def titles(page: Any, *expected: str, among: str = TITLES) -> None:
    expect(page.locator(among)).to_have_text(list(expected))


def go_to(page: Any, panel: str) -> None:
    """Open a part of the book, and wait for what it lists."""
    path = "book" if panel == "kept" else panel
    with page.expect_response(re.compile(rf"/api/{path}(\?|$)")) as listed:
        page.click(f"#show-{panel}")
    listed.value.finished()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def downloaded(page: Any, button: str) -> Path:
    with page.expect_download(timeout=30_000) as download:
        page.click(button)
    path: Path = Path(download.value.path())
    return path.rename(path.with_name(download.value.suggested_filename))


@pytest.mark.usefixtures("kept")
def test_marks_are_found_and_survive_a_reload(page: Any) -> None:
    jig = page.locator("#kept-tunes li", has_text="Jig")
    jig.locator("select").select_option("4")
    expect(page.locator("#status")).to_contain_text("is saved")
    jig.locator("summary").click()
    jig.get_by_label("Tags").fill("slow, session")
    jig.get_by_label("Note").fill("for Anna")
    with page.expect_response("**/api/book/*"):
        jig.get_by_label("Note").press("Tab")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    titles(page, "The Reel", "A Jig <b>of</b> Ours")
    expect(jig).to_contain_text("session; slow; for Anna")
    assert jig.locator("select").input_value() == "4"
    for field, value in (("text", "anna jig"), ("tag", "slow"), ("rating", "4")):
        control = page.locator(f"#find-{field}")
        choose = control.fill if field == "text" else control.select_option
        choose(value)
        titles(page, "A Jig <b>of</b> Ours")
        choose("")
        titles(page, "The Reel", "A Jig <b>of</b> Ours")
    page.fill("#find-melody", "e2 f g2 | a")  # a tone higher; others come after it
    expect(page.locator(TITLES).first).to_have_text("A Jig <b>of</b> Ours")


@pytest.mark.usefixtures("kept")
def test_a_set_has_an_order_and_is_exported(page: Any) -> None:
    go_to(page, "sets")
    page.fill("#set-name", "Friday")
    page.press("#set-name", "Enter")
    expect(page.locator("#set")).to_have_value("Friday")
    go_to(page, "kept")
    for name in ("Reel", "Jig"):
        tune = page.locator("#kept-tunes li", has_text=name)
        tune.locator("button.add").click()
        expect(page.locator("#status")).to_contain_text("is in the set Friday")
    go_to(page, "sets")
    in_set = "#set-tunes .title"
    titles(page, "The Reel", "A Jig <b>of</b> Ours", among=in_set)
    page.locator(in_set).last.focus()
    page.keyboard.press("Alt+ArrowUp")
    titles(page, "A Jig <b>of</b> Ours", "The Reel", among=in_set)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    go_to(page, "sets")
    titles(page, "A Jig <b>of</b> Ours", "The Reel", among=in_set)
    midi = downloaded(page, "#set-actions [data-book-format=midi]")
    assert midi.name == "friday.mid"
    markers = [message.text for message in mido.MidiFile(midi) if message.type == "marker"]
    assert markers == ["A Jig <b>of</b> Ours", "Reel, The"]
    archive = downloaded(page, "#set-actions [data-book-format=musicxml]")
    assert archive.name == "friday.zip"
    names = zipfile.ZipFile(io.BytesIO(archive.read_bytes())).namelist()
    assert names == ["1-a-jig-b-of-b-ours.musicxml", "2-reel-the.musicxml"]
    book = downloaded(page, "#set-actions [data-book-format=book]")
    assert book.read_bytes().startswith(b"%PDF")


@pytest.mark.usefixtures("kept")
def test_books_come_in_and_go_out_and_removals_are_undone(page: Any, tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text(BOOK, encoding="utf-8")
    page.set_input_files("#import", tmp_path / "book.abc")
    expect(page.locator("#status")).to_contain_text("2 tunes are new in the book")
    titles(page, "Fourth", "Third", "The Reel", "A Jig <b>of</b> Ours")
    page.set_input_files("#import", tmp_path / "book.abc")
    expect(page.locator("#status")).to_contain_text("2 were there")
    out = downloaded(page, "#book-kept [data-book-format=abc]")
    assert len(read_tunes(out.read_text(encoding="utf-8"))) == 4
    for title in ("Fourth", "Third"):
        tune = page.locator("#kept-tunes li", has_text=title)
        tune.locator("summary").click()
        tune.locator("button.remove").click()
        expect(tune).to_have_count(0)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.click("#book-undo")
    titles(page, "Third", "The Reel", "A Jig <b>of</b> Ours")
    page.locator("#kept-tunes li", has_text="Third").locator("summary").click()
    page.locator("#kept-tunes li", has_text="Third").locator("button.remove").click()
    titles(page, "The Reel", "A Jig <b>of</b> Ours")


@pytest.mark.usefixtures("kept")
def test_the_history_has_what_was_written_and_keeps_it(
    page: Any, look: Callable[..., None]
) -> None:
    page.fill("#part_bars", "4")
    page.fill("#form", "AB")
    page.fill("#title", "Written <i>now</i>")
    page.press("#title", "Enter")
    expect(page.locator("#status")).to_contain_text("is ready", timeout=20_000)
    go_to(page, "history")
    written = page.locator("#history-here li", has_text="Written <i>now</i>")
    expect(written).to_have_count(1)
    written.locator("summary").click()
    expect(written.locator("code")).to_contain_text("charnn sample folk")
    written.get_by_role("button", name="Keep").click()
    expect(written).to_contain_text("kept")
    go_to(page, "kept")
    titles(page, "Written <i>now</i>", "The Reel", "A Jig <b>of</b> Ours")
    page.locator(TITLES).last.click()
    expect(page.locator("#abc")).to_have_value(JIG)
    assert page.locator("#book i, #book b").count() == 0, "markup of a title must stay text"
    for panel in ("kept", "sets", "history"):
        go_to(page, panel)
        look(page, "#book")
