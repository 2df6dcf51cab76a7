"""Tests of the compose page in Chromium, which Playwright drives."""
