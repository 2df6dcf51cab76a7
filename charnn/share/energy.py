"""The estimate of the energy that a run took, from its time and its machine.

    energy = time x (cores x 12 W + accelerators x 200 W)

12 W for a core and 200 W for an accelerator are the values of Green Algorithms (Lannelongue,
Grealey and Inouye 2021) for hardware of which nothing is known. Memory and the cooling of a
data centre are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CORE_WATTS, ACCELERATOR_WATTS = 12, 200
SOURCE = "https://doi.org/10.1002/advs.202100707"
_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class EnergyEstimate:
    """The energy of a run.

    Attributes:
        seconds: the time of training.
        cores: the number of processor cores that computed.
        accelerators: the number of GPUs.
        at_most: whether `cores` is the number of the machine, because that of the run is unknown.
    """

    seconds: float
    cores: int
    accelerators: int
    at_most: bool

    @property
    def watt_hours(self) -> float:
        """Return the energy in watt-hours."""
        watts = self.cores * CORE_WATTS + self.accelerators * ACCELERATOR_WATTS
        return self.seconds / _SECONDS_PER_HOUR * watts


def estimate_energy(metadata: Mapping[str, Any]) -> EnergyEstimate | None:
    """Return the estimate for a run; None if its metadata lacks the time or the machine."""
    seconds = metadata.get("trained", metadata.get("position", {})).get("seconds")
    sessions = metadata.get("sessions")
    if seconds is None or not sessions:
        return None
    machines = [session["machine"] for session in sessions]
    processes = max(1, int(metadata.get("processes", 1)))
    cores = processes * int(metadata.get("threads", 0))
    most = max(int(machine["cores"]) for machine in machines)
    accelerators = processes * any(machine.get("accelerator") for machine in machines)
    return EnergyEstimate(float(seconds), cores or most, accelerators, not cores)
