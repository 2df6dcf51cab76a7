"""Fixtures of the tests of training: those of the tests of models."""

from tests.model.conftest import one_thread as one_thread
