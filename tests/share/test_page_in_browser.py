"""The page of a model in Chromium, opened as a file. Without a browser, the tests are skipped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import charnn
from charnn.library import Model
from tests.chromium import AXE, checked_tab, chromium
from tests.helpers import prose, random_checkpoint
from tests.share.pages import USUAL, texts_of

sync_api = pytest.importorskip("playwright.sync_api", reason="needs the group `browser`")
expect = sync_api.expect
EVIL = "<b>A & B</b>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the pages of a model of text and of the bundled model of tunes."""
    folder = tmp_path_factory.mktemp("pages")
    text_model = Model(Path("m.safetensors"), random_checkpoint(prose(2000), pointer=20))
    (folder / "text.html").write_bytes(text_model.page(title=EVIL))
    (folder / "tunes.html").write_bytes(charnn.load("folk").page())
    return folder


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """Return a tab; nothing may be written to the console, and nothing may be requested."""
    schemes = ("file:", "blob:")
    with checked_tab(browser, 390, 844) as (page, faults):
        page.on("request", lambda each: each.url.startswith(schemes) or faults.append(each.url))
        yield page


def opened(page: Any, path: Path, link: str = "") -> Any:
    page.goto(f"{path.as_uri()}{link}")
    page.wait_for_selector("#write:enabled")
    return page


def test_a_link_writes_what_the_command_line_writes(page: Any, folder: Path) -> None:
    link = "#seed=3&length=300&temperature=0.7&prime=The+a&top-p=0.9&autorun=1"
    opened(page, folder / "text.html", link).wait_for_selector("#text[data-done]")
    settings = {
        **USUAL,
        "seed": 3,
        "length": 300,
        "temperature": 0.7,
        "topP": 0.9,
        "prime": "The a",
    }
    model = random_checkpoint(prose(2000), pointer=20)
    assert page.text_content("#text") == texts_of(model, [settings])[0]
    assert page.inner_text("#command") == (
        "charnn sample m.safetensors --temperature 0.7 --top-p 0.9 --length 300 "
        "--prime 'The a' --seed 3"
    )
    assert page.inner_text("h1") == EVIL
    assert page.locator("h1 b").count() == 0
    # The seed stays until a new one is wanted, and the link holds it.
    page.check("[name=new-seed]")
    page.click("#write")
    expect(page.locator("#status")).to_contain_text("a second")
    assert page.input_value("[name=seed]") != "3"
    assert f"seed={page.input_value('[name=seed]')}" in page.url


def test_what_a_link_cannot_mean_is_named_and_not_run(page: Any, folder: Path) -> None:
    link = "#seed=x&length=-1&temperature=0.001&rhythm=jig&top_p=1&foo=%3Cb%3E&autorun=true"
    opened(page, folder / "text.html", link)
    status = page.locator("#status")
    for words in (
        'this page has no setting "rhythm"; this page has no setting "top_p"',
        'no setting "foo"; seed is a whole number of at most 40 digits, not "x"',
        'length is a whole number from 1 to 1,000,000, not "-1"; 2 more',
    ):
        expect(status).to_contain_text(words)
    assert page.text_content("#text") == ""
    # A number that only charnn refuses spoils neither this link nor the next one.
    for value in ("0.001", "1e999"):
        page.evaluate(f"location.hash = '#temperature={value}&autorun=1'")
        expect(status).to_contain_text(f'0 or a number from 0.01 to 100, not "{value}"')
        assert page.input_value("[name=temperature]") == "0.8"
    page.fill("[name=temperature]", "0.001")
    page.click("#write")
    assert page.text_content("#text") == ""
    page.evaluate("location.hash = '#length=9&seed=1&autorun=1'")
    expect(status).to_contain_text("9 characters with seed 1")


def test_a_new_link_ends_the_writing_and_removes_the_text(page: Any, folder: Path) -> None:
    opened(page, folder / "text.html", "#length=1000000&stop=%E2%82%AC&prime=The%C4%80&autorun=1")
    status, text = page.locator("#status"), page.locator("#text")
    left_out = "Left out of the prime, as the model does not know it: 'Ā' (U+0100)."
    never = "never writes the text to stop at: it does not know '€' (U+20AC)."
    expect(status).to_contain_text(f"Writing … {left_out} The model {never}")
    expect(text).to_contain_text("The")
    page.click("#stop-writing")
    expect(status).to_contain_text(left_out)
    assert page.get_attribute("#text", "data-done") is None
    page.click("#write")
    expect(text).to_contain_text("The")
    page.evaluate("location.hash = '#seed=2'")
    expect(status).to_have_text("Ready.")
    page.wait_for_timeout(200)
    assert page.text_content("#text") == ""
    assert page.is_disabled("#copy")
    page.evaluate("location.hash = '#seed=2&length=9&prime=%C4%80&autorun=1'")
    page.wait_for_selector("#text[data-done]")
    expect(status).to_contain_text(f"a second. {left_out}")
    page.evaluate("location.hash = '#seed=nine&autorun=1'")
    expect(status).to_contain_text('not "nine"')
    assert page.text_content("#text") == ""
    assert page.get_attribute("#text", "data-done") is None


def test_the_command_keeps_its_spaces_when_it_is_copied(page: Any, folder: Path) -> None:
    opened(page, folder / "text.html", "#seed=3&length=9&prime=The++a+++b&autorun=1")
    page.wait_for_selector("#text[data-done]")
    command = "charnn sample m.safetensors --length 9 --prime 'The  a   b' --seed 3"
    assert page.inner_text("#command") == command
    selected = "getSelection().selectAllChildren(document.getElementById('command'))"
    assert page.evaluate(f"{selected}; getSelection().toString()") == command


def test_a_tune_is_asked_for_played_and_holds_its_command(page: Any, folder: Path) -> None:
    opened(page, folder / "tunes.html")
    page.select_option("[name=rhythm]", "jig")
    page.select_option("[name=key]", "Ador")
    page.fill("[name=title]", "A <b> jig\u2603")
    page.fill("[name=length]", "200")
    page.click("#write")
    page.wait_for_selector("#text[data-done]")
    lines = page.text_content("#text").splitlines()
    assert lines[1].startswith("% charnn sample folk --length 200 --bars off --prime $'X:1")
    assert [lines[0], *lines[2:4], lines[6]] == ["X:1", "T:A <b> jig", "R:jig", "K:Ador"]
    play = page.locator("#play")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    expect(play).to_have_text("Stop playing")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "false")
    # The page treats a blank title as no title. This seed repeats one sign to the end.
    page.evaluate("location.hash = '#seed=5&title=%20&length=700&autorun=1'")
    page.wait_for_selector("#text[data-done]")
    assert page.text_content("#text").splitlines()[2][2:].strip()
    expect(page.locator("#status")).to_contain_text("seed went astray")
    assert page.is_checked("[name=new-seed]")


@pytest.mark.parametrize("name", ["text.html", "tunes.html"])
def test_every_width_both_schemes_and_the_keyboard(page: Any, folder: Path, name: str) -> None:
    opened(page, folder / name, "#seed=1&length=100&autorun=1").wait_for_selector("[data-done]")
    page.click("summary")
    reached = set()
    for _ in range(25):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.name"))
    assert {"temperature", "length", "seed", "write", "copy", "link", "text"} <= reached
    if AXE:
        page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    for width, scheme in ((360, "light"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        heading, fact = (
            page.locator(f"table {cell}").first.bounding_box() for cell in ("th", "td")
        )
        assert (fact["y"] > heading["y"]) is (width < 480)
        if AXE:
            found = page.evaluate("axe.run()")["violations"]
            assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
