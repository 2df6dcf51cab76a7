"""The meeting of processes that were just started, in a store that may remember earlier ones.

The store of torchrun outlives restarts, so it still has the addresses of processes that died. A
process that reads them waits for the dead: of 16 restarts, 6 succeeded at the first try. Nothing
that torchrun tells a process identifies the attempt: where one machine of two restarts its
processes after a crash, the other one counts no restart. So the processes agree on a name for
their attempt, under which they exchange everything else.
"""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex

from torch.distributed import Store, TCPStore  # type: ignore[attr-defined]

from charnn.errors import UsageError
from charnn.training.launchers import Launch

CONNECT = timedelta(seconds=60)
# torch waits in C++, where Python cannot act on a signal, so all long waits are loops here.
ANSWER = timedelta(seconds=10)
# The machines of a cluster may start their processes at different times.
MEET = timedelta(minutes=10)
POLL_SECONDS = 0.02
LONGEST_POLL_SECONDS = 0.5


def connect(launch: Launch) -> Store:
    """Return the store of the processes.

    Raises:
        UsageError: it does not answer.
    """
    hosts = launch.rank == 0 and not launch.is_hosted
    try:
        if not hosts:
            _wait_for_port(launch)
        store = TCPStore(
            launch.address,
            launch.port,
            launch.size,
            hosts,
            timeout=ANSWER,
            wait_for_workers=False,
        )
    except (OSError, RuntimeError) as problem:
        raise UsageError(
            f"no store answers at {launch.address}:{launch.port} "
            f"({str(problem).splitlines()[0]}). On one machine, start the processes with torchrun "
            "--standalone; on several, check the address in --rdzv-endpoint"
        ) from problem
    store.set_timeout(CONNECT)
    return store


def agree_on_name(store: Store, launch: Launch) -> str:
    """Return a name for this attempt of the processes, the same in all of them.

    Each process asks with a word that it has just drawn, and process 0 answers every word that it
    sees, those of dead processes as well, until each living one has confirmed the name.

    Raises:
        UsageError: a process does not come.
    """
    name = token_hex(8)
    if launch.rank:
        store.set(f"ask-{launch.rank}", name)
        _wait(store, f"answer-{name}", 0)
        agreed = store.get(f"answer-{name}").decode()
        store.set(f"met-{agreed}-{launch.rank}", "")
        return agreed
    until = time.monotonic() + MEET.total_seconds()
    missing = set(range(1, launch.size))
    while missing:
        for rank in sorted(missing):
            if store.check([f"met-{name}-{rank}"]):
                missing.remove(rank)
            elif store.check([f"ask-{rank}"]):
                store.set(f"answer-{store.get(f'ask-{rank}').decode()}", name)
        if missing and time.monotonic() > until:
            raise _absent(min(missing))
        time.sleep(POLL_SECONDS)
    return name


def _wait_for_port(launch: Launch) -> None:
    """Wait until the port of the store accepts connections.

    Raises:
        OSError: it has accepted none.
    """
    problem = OSError("no answer")
    for remaining in _polls(CONNECT):
        try:
            socket.create_connection((launch.address, launch.port), min(5, remaining)).close()
        except OSError as failure:
            problem = failure
        else:
            return
    raise problem


def _wait(store: Store, key: str, rank: int) -> None:
    for _ in _polls(MEET):
        if store.check([key]):
            return
    raise _absent(rank)


def _polls(limit: timedelta) -> Iterator[float]:
    """Yield the seconds that remain of a limit, in growing intervals, until it is over."""
    until, pause = time.monotonic() + limit.total_seconds(), POLL_SECONDS
    while (remaining := until - time.monotonic()) > 0:
        yield remaining
        time.sleep(pause)
        pause = min(1.2 * pause, LONGEST_POLL_SECONDS)


def _absent(rank: int) -> UsageError:
    return UsageError(
        f"process {rank} did not come within {MEET.total_seconds() / 60:g} minutes: start the "
        "same number of processes on all machines that --nnodes and --nproc-per-node name"
    )
