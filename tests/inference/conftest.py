"""Fixtures of the tests of inference: one thread, as in the tests of models."""

from tests.model.conftest import one_thread as one_thread
