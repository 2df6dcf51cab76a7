"""Chromium for the tests of pages. Without Playwright or a browser, they are skipped."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
AXE = os.environ.get("AXE", "")  # the path of axe.min.js


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser, which must have ended before the same process starts another one."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the group `browser`")
    if not CHROMIUM:
        pytest.skip("needs Chromium")
    # Chromium refuses its sandbox to root, as in a container.
    arguments = ["--no-sandbox"] * (getattr(os, "geteuid", lambda: 1)() == 0)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@contextmanager
def checked_tab(browser: Any, width: int, height: int) -> Iterator[tuple[Any, list[str]]]:
    """Open a tab, and the list of its faults, which must stay empty: what its console shows."""
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(15_000)
    tab = context.new_page()
    faults: list[str] = []
    tab.on("console", lambda message: faults.append(message.text))
    tab.on("pageerror", lambda problem: faults.append(str(problem)))
    yield tab, faults
    context.close()
    assert faults == []
