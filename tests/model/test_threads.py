"""The choice of threads, on simulated machines: quiet, busy, busy for a while."""

from collections.abc import Callable, Iterator

import pytest
import torch

from charnn.model.threads import MAX_WAIT_SECONDS, Threads

QUIET = {1: 0.050, 2: 0.030, 4: 0.020, 8: 0.024}
BUSY = {1: 0.060, 2: 1.4, 4: 2.0, 8: 2.0}


@pytest.fixture(autouse=True)
def keep_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def run(threads: Threads, seconds: float, machine: Callable[[float], dict[int, float]]) -> int:
    """Simulate steps until `seconds` have passed, and return their number."""
    clock = steps = 0
    while clock < seconds:
        assert torch.get_num_threads() == threads.count
        took = machine(clock)[threads.count]
        clock += took
        steps += 1
        threads.took(took)
    return steps


@pytest.mark.parametrize(("max_count", "best"), [(1, 1), (2, 2), (4, 4), (8, 4)])
def test_the_fastest_count_is_selected(max_count: int, best: int) -> None:
    threads = Threads(max_count)
    while threads.comparing:
        threads.took(QUIET[threads.count])
    assert threads.count == torch.get_num_threads() == best


@pytest.mark.parametrize("max_count", [3, 6])
def test_counts_that_are_no_power_of_two(max_count: int) -> None:
    assert Threads(max_count).counts == {3: [1, 3], 6: [1, 3, 6]}[max_count]


def test_one_slow_step_starts_no_comparison() -> None:
    threads = Threads(2)
    run(threads, 1.0, lambda clock: QUIET)
    threads.took(0.08)
    assert not threads.comparing


def test_most_of_the_speed_remains_beside_another_program() -> None:
    threads = Threads(2)
    run(threads, 1.0, lambda clock: QUIET)
    assert threads.count == 2
    steps = run(threads, 20.0, lambda clock: BUSY)
    assert threads.count == 1
    # The rest is lost in two slow steps and two trials of more threads.
    assert steps * BUSY[1] > 0.7 * 20


def test_more_threads_are_used_again_after_another_program_ends() -> None:
    threads = Threads(2)
    run(threads, 30.0, lambda clock: BUSY)
    assert threads.count == 1
    run(threads, 45.0, lambda clock: QUIET)
    assert threads.count == 2


def test_trials_on_a_busy_machine_become_rare() -> None:
    threads = Threads(2)
    run(threads, 1000.0, lambda clock: BUSY)
    steps = run(threads, 10 * MAX_WAIT_SECONDS, lambda clock: BUSY)
    assert steps * BUSY[1] > 0.98 * 10 * MAX_WAIT_SECONDS
