"""Fixtures of the tests of training: those of the tests of models, and ways to save time."""

import os

import pytest

from charnn.evaluation import sweep
from charnn.training import start_states
from tests.model.conftest import one_thread as one_thread


@pytest.fixture
def short_contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read fewer tokens before a token is scored, and before a state is kept.

    A run that validates and saves often spends most of its time on these tokens.
    """
    monkeypatch.setattr(sweep, "CONTEXT", 16)
    monkeypatch.setattr(start_states, "CONTEXT", 16)


@pytest.fixture(autouse=True)
def no_power_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system choose when it writes to the disk; `tests/test_files.py` is stricter."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
