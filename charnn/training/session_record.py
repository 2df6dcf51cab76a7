"""The record of a training session: its command and its machine, for the card of a shared model.

A run that is resumed has several sessions. A record contains no path, no user and no host name,
because an exported model keeps it.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from charnn.corpus.catalogue import CATALOGUE
from charnn.training.training_config import option_name
from charnn.version import __version__

# Options that do not change the model.
_NOT_RECORDED = ("name", "out", "tensorboard", "save_every")
MAX_NAMES = 5  # of a corpus
# A run on a cluster may be resumed any number of times.
MAX_SESSIONS = 50

Record = dict[str, Any]


def session_record(names: Sequence[str], options: Mapping[str, Any], device: str) -> Record:
    """Return the record of a session.

    Args:
        names: the corpus, as the user names it.
        options: the options of the command.
        device: the device that trains.
    """
    shown = [name if name in CATALOGUE else Path(name).name for name in names[:MAX_NAMES]]
    if len(names) > MAX_NAMES:
        shown.append("...")
    words = []
    for name, value in options.items():
        if value in (None, False) or name in _NOT_RECORDED:
            continue
        # The folder of another run means nothing elsewhere.
        text = Path(value).name if name == "init_from" else str(value)
        words += [option_name(name)] if value is True else [option_name(name), text]
    return {"corpus": shown, "options": words, "machine": machine(device), "charnn": __version__}


def with_session(earlier: Sequence[Record], record: Record) -> list[Record]:
    """Return the records of a run with one more; the same command is recorded once in a row."""
    if earlier and earlier[-1] == record:
        return list(earlier)
    return [*earlier, record][-MAX_SESSIONS:]


def machine(device: str) -> dict[str, Any]:
    """Return the kind of this machine: system, processor, number of cores, accelerator, torch."""
    accelerator = ""
    if device == "cuda":
        accelerator = torch.cuda.get_device_name()
    elif device != "cpu":
        accelerator = device
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "accelerator": accelerator,
        "torch": torch.__version__,
    }


def _processor() -> str:
    """Return the name of the processor; an empty text where the system does not tell it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
