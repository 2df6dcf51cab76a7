"""The way of a process into the training: alone, or with those that torchrun started."""

from charnn.training.launchers import find_launch
from charnn.training.processes import ALONE, Processes


def join_processes() -> Processes:
    """Return the processes that train with this one.

    Raises:
        UsageError: the launcher of the processes is not torchrun, or they cannot meet.
    """
    launch = find_launch()
    if launch is None:
        return ALONE
    from charnn.training.process_group import ProcessGroup

    return ProcessGroup(launch)
