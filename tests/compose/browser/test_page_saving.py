"""The text of the page is not lost, and writes over no other one without a question."""

from typing import Any

import pytest

from tests.compose.browser.conftest import JIG

sync_api = pytest.importorskip("playwright.sync_api", reason="needs the group `browser`")
expect = sync_api.expect

REEL = "X:7\nT:Reel, The\nR:reel\nM:4/4\nL:1/8\nK:G\n|:GABc d2Bd|cAFA G4:|\n"


def keep(page: Any, abc: str) -> None:
    page.fill("#abc", abc)
    page.wait_for_selector("#score .note")
    page.click("#keep")
    expect(page.locator("#status")).to_contain_text("is in the tune book")


def another_tab(page: Any) -> Any:
    """Return another tab with the same book, and the newest kept tune in its editor."""
    other = page.context.new_page()
    other.goto(page.url.split("#")[0] + f"#token={page.evaluate('sessionStorage.token')}")
    other.wait_for_selector("body[data-ready]")
    other.locator("#kept-tunes .title").first.click()
    other.wait_for_selector("#score .note")
    return other


def test_a_removed_tune_is_kept_again(page: Any) -> None:
    keep(page, REEL)
    item = page.locator("#kept-tunes li", has_text="Reel")
    item.locator("summary").click()
    item.locator(".remove").click()
    expect(page.locator("#save-changes")).to_be_hidden()
    page.click("#book-undo")
    expect(page.locator("#save-changes")).to_be_visible()
    other = another_tab(page)
    item.locator("summary").click()
    item.locator(".remove").click()
    expect(item).to_have_count(0)
    other.fill("#abc", REEL.replace("GABc", "GBGB"))
    other.press("#abc", "Control+s")
    expect(other.locator("#save-choice")).to_contain_text("was removed from the tune book")
    other.click("#save-choice button")
    expect(other.locator("#kept-tunes li", has_text="Reel")).to_have_count(1)


def test_the_text_of_another_tab_and_another_tune_are_not_written_over(page: Any) -> None:
    keep(page, JIG)
    other = another_tab(page)
    for tab, note in ((other, "c2"), (page, "a2")):
        tab.fill("#abc", JIG.replace("d2", note, 1))
        tab.press("#abc", "Control+s")
        if tab is other:
            expect(tab.locator("#status")).to_contain_text("is saved")
    expect(page.locator("#save-choice")).to_contain_text("was changed in the tune book")
    page.get_by_role("button", name="Write my text over it").click()
    expect(page.locator("#status")).to_contain_text("is saved")
    expect(page.locator("#save-choice")).to_be_hidden()
    page.fill("#abc", REEL)
    page.press("#abc", "Control+s")
    expect(page.locator("#save-choice")).to_contain_text("Reel, The is another tune than A Jig")
    page.click("#save-choice button")
    expect(page.locator("#kept-tunes .title").first).to_have_text("The Reel")


def test_a_candidate_is_saved_over_the_kept_tune(page: Any) -> None:
    keep(page, JIG)
    page.click("[data-change=ending]")
    page.wait_for_selector("#keep-old", timeout=20_000)
    assert page.locator("#candidates li:nth-child(1) svg .chosen").count() in (1, 2)
    page.click("#candidates li:nth-child(1) button.main")
    expect(page.locator("#status")).to_have_text("Candidate 1 is taken.")
    count = page.inner_text("#book-count")
    page.click("#save-changes")
    expect(page.locator("#status")).to_contain_text("is saved")
    assert page.inner_text("#book-count") == count


def test_a_reload_and_a_new_link_leave_the_text(page: Any) -> None:
    keep(page, REEL)
    mine = REEL.replace("GABc", "GBGB")
    page.fill("#abc", mine)
    token = page.evaluate("sessionStorage.token")
    page.reload()
    page.wait_for_selector("#score .note")
    expect(page.locator("#abc")).to_have_value(mine)
    expect(page.locator("#save-changes")).to_be_visible()
    page.evaluate("sessionStorage.token = 'old'")
    page.evaluate(f"location.hash = 'token={token}'")
    expect(page.locator("#status")).to_contain_text("connected again")
    assert "token" not in page.url
    page.click("#save-changes")
    expect(page.locator("#status")).to_contain_text("is saved")
    expect(page.locator("#abc")).to_have_value(mine)
    page.locator(".add").first.click()
    expect(page.locator("#status.wrong")).to_contain_text("There is no set yet")
    page.fill("#abc", REEL)
    expect(page.locator("#status")).to_be_empty()  # what is drawn again is no problem any more
