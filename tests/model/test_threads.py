"""The threads of a step on machines that are simulated: quiet, busy, busy for a while."""

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
    """Take steps for so many seconds; return how many there were."""
    clock = steps = 0
    while clock < seconds:
        assert torch.get_num_threads() == threads.count
        took = machine(clock)[threads.count]
        clock += took
        steps += 1
        threads.took(took)
    return steps


@pytest.mark.parametrize(("most", "best"), [(1, 1), (2, 2), (4, 4), (8, 4)])
def test_the_fastest_count_is_found(most: int, best: int) -> None:
    threads = Threads(most)
    while threads.comparing:
        threads.took(QUIET[threads.count])
    assert threads.count == torch.get_num_threads() == best


@pytest.mark.parametrize("most", [3, 6])
def test_odd_numbers_of_cores(most: int) -> None:
    assert Threads(most).counts == {3: [1, 3], 6: [1, 3, 6]}[most]


def test_one_slow_step_is_an_accident() -> None:
    threads = Threads(2)
    run(threads, 1.0, lambda clock: QUIET)
    threads.took(0.08)
    assert not threads.comparing


def test_most_of_the_speed_is_kept_when_another_program_begins() -> None:
    threads = Threads(2)
    run(threads, 1.0, lambda clock: QUIET)
    assert threads.count == 2
    steps = run(threads, 20.0, lambda clock: BUSY)
    assert threads.count == 1
    # Two collapsed steps, and two trials whether it is over.
    assert steps * BUSY[1] > 0.7 * 20


def test_a_run_that_starts_beside_another_program_goes_faster_when_that_ends() -> None:
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
