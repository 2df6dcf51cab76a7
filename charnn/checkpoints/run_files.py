"""The names of the files of a run, and of the folder that contains the runs.

`checkpoints/NAME/` contains `best.safetensors` (lowest validation loss), `last.safetensors` (the
state in which training stopped and from which it resumes), `previous.safetensors` (the former
`last.safetensors`) and `metrics.jsonl`. A run on a tune book also contains the training tunes, and
a run on lines or passages the hashes of them, so that samples can be compared with the training
documents even after the corpus has been deleted. The folder `tensorboard` is the log that `charnn
train --tensorboard` writes.
"""

from pathlib import Path

RUNS_FOLDER = Path("checkpoints")

BEST = "best.safetensors"
LAST = "last.safetensors"
PREVIOUS = "previous.safetensors"
METRICS = "metrics.jsonl"
TUNES = "tunes.abc.gz"
DOCUMENTS = "documents.npy"
LOCK = ".lock"
# The model in a folder that `charnn export-model --folder` wrote; such a folder is no run.
SHARED = "model.safetensors"
# A folder of files whose names begin with `EVENTS`.
TENSORBOARD, EVENTS = "tensorboard", "events.out.tfevents."

# In the order in which sampling tries them. Each is complete, so if one is damaged, the next one is
# used.
CHECKPOINTS = (BEST, LAST, PREVIOUS)
# All files of a run except the lock.
RUN_FILES = (*CHECKPOINTS, METRICS, TUNES, DOCUMENTS)


def run_names(folder: Path) -> list[str]:
    """Return the names of the folders in `folder` that contain a checkpoint, in order."""
    if not folder.is_dir():
        return []
    runs = (path.parent for name in CHECKPOINTS for path in folder.glob(f"*/{name}"))
    return sorted({run.name for run in runs})
