"""Settings of all tests."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.forks import Forks

# The same examples in every run, and no deadline: the machine may be busy with something else.
settings.register_profile("charnn", derandomize=True, deadline=None, database=None)
settings.load_profile("charnn")

# numba looks for changes in the file of a function alone, not in those that it calls; so what was
# compiled of other sources is kept apart.
ROOT = Path(__file__).parent.parent
SOURCES = (
    "model/cells",
    "model/activations",
    "inference/int8_dot",
    "inference/numba_stepper",
    "sampling/logits",
    "sampling/numba_decoder",
)
DIGEST = hashlib.sha256()
for name in SOURCES:
    DIGEST.update((ROOT / "charnn" / f"{name}.py").read_bytes())
os.environ.setdefault(
    "NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / "numba" / DIGEST.hexdigest()[:16])
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--whole` runs every trial of tests/faults, which takes hours."""
    parser.addoption("--whole", action="store_true", help="run every trial of every fault")


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Runs commands, see there."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    forks = Forks(tmp_path_factory.mktemp("streams"))
    yield forks
    forks.close()
