"""The settings of the tests of models, for these tests."""

from tests.model.conftest import one_thread as one_thread
