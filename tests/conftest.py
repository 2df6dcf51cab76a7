"""Settings and fixtures of all tests."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.forks import Forks, shared_forks

# The same examples in every run, and no deadline, because the machine may be busy.
settings.register_profile("charnn", derandomize=True, deadline=None, database=None)
settings.load_profile("charnn")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--whole`, which runs every trial of tests/faults and takes hours."""
    parser.addoption("--whole", action="store_true", help="run every trial of every fault")


@pytest.fixture(scope="session", autouse=True)
def ended_forks() -> Iterator[None]:
    """End the server of forks after the last test, if there is one."""
    yield
    if shared_forks.cache_info().currsize:
        shared_forks().close()


@pytest.fixture(scope="session")
def forks() -> Forks:
    """Return a `Forks`, which runs commands in forked processes."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    return shared_forks()
