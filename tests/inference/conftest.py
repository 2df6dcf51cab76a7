"""Settings of these tests: the same as of the tests of models."""

from tests.model.conftest import one_thread as one_thread
