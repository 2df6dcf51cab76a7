"""The jobs that train: every cell and option of training, and what follows from a trained run."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from benchmarks.unchanged.captures import (
    SIZES,
    TIMES,
    Capture,
    figures,
    files,
    parameters,
    stdout,
)
from benchmarks.unchanged.job import PARAMETERS, Job, Step

CELLS = ("lstm", "gru", "rnn", "peephole", "coupled")
TRAIN = "--steps 60 --threads 1 --seed 0 --device cpu --batch-size 8 --seq-len 32"
SMALL = "--hidden-size 32 --embedding-size 16"
PLAIN = "--dropout 0 --weight-drop 0"
REGULARISED = (
    "--num-layers 2 --dropout 0.3 --weight-drop 0.2 --embedding-dropout 0.1 --ema 0.9 "
    "--weight-decay 0.1"
)
BEST, LAST = "checkpoints/run/best.safetensors", "checkpoints/run/last.safetensors"
EVENTS: dict[str, Capture] = {
    "events": figures,
    PARAMETERS: partial(parameters, names=[BEST, LAST]),
}


def training_jobs() -> Iterator[Job]:
    """Yield the jobs that train."""
    yield _trained("begun with folk", f"small.abc --init-from folk --transpose 1 {TRAIN}")
    yield _trained("the recipe's choice", "text.txt --steps 30 --threads 1 --precision fp32")
    yield _trained("the recipe's choice for tunes", "small.abc --steps 20 --threads 1")
    for cell in CELLS:
        yield from _cell_jobs(cell)
    yield from _option_jobs()


def _cell_jobs(cell: str) -> Iterator[Job]:
    """Yield jobs that train a cell and use the trained run."""
    text = f"text.txt {SMALL} {TRAIN}"
    quick = cell in ("lstm", "gru")
    yield _trained(
        cell,
        f"{text} {PLAIN} --precision fp32 --cell {cell}",
        then=[*_text_uses(), *_slow_text_uses()],
        quick=quick,
    )
    yield _trained(
        f"{cell}, regularised",
        f"{text} {REGULARISED} --precision fp32 --cell {cell}",
        then=_text_uses(),
        quick=cell == "lstm",
    )
    yield _trained(
        f"{cell}, ABC tokens",
        f"small.abc {SMALL} {TRAIN} --precision fp32 --cell {cell} --tokens abc",
        then=_tune_uses(),
        quick=cell == "lstm",
    )


def _option_jobs() -> Iterator[Job]:
    """Yield jobs that train with an option that the other jobs leave out."""
    text = f"text.txt {SMALL} {TRAIN}"
    for cell in ("lstm", "gru"):
        yield _trained(f"{cell}, bf16", f"{text} {PLAIN} --precision bf16 --cell {cell}")
    for name, options in (
        ("one-hot", "--one-hot --hidden-size 32"),
        ("gradient penalty", f"{SMALL} --gradient-penalty 0.1"),
        ("clipped by value", f"{SMALL} --clip-value 0.05"),
        ("clipped by norm", f"{SMALL} --clip 0.1 --lr 0.02"),
    ):
        yield _trained(name, f"text.txt {options} {TRAIN} {PLAIN} --precision fp32")
    # Without a held-out part there is no best checkpoint.
    yield _trained(
        "nothing held out",
        f"{text} --val-fraction 0 --save-every 25",
        first={"events": figures, PARAMETERS: partial(parameters, names=[LAST])},
    )
    yield _trained(
        "resumed",
        f"{text} {REGULARISED} --precision fp32".replace("--steps 60", "--steps 30"),
        then=[Step("train text.txt --name run --resume --steps 60 --threads 1 --json", EVENTS)],
        first={},
        quick=True,
    )


def _trained(
    name: str,
    arguments: str,
    *,
    then: Sequence[Step] = (),
    first: Mapping[str, Capture] = EVENTS,
    quick: bool = False,
) -> Job:
    """Return a job that trains a run, and takes the steps after it."""
    precision = "" if "--precision" in arguments else " --precision fp32"
    steps = [Step(f"train {arguments}{precision} --name run --json", first), *then]
    return Job(f"train {name}", steps, quick=quick)


def _text_uses() -> list[Step]:
    """Return the uses of a model of a text."""
    described = partial(figures, without=(*TIMES, *SIZES))
    return [
        Step("sample run --seed 3 --length 400", {"a sample": stdout}, samples_run=True),
        # 34 texts are computed side by side, by compiled code.
        Step(
            "sample run --seed 5 --num 34 --length 60 --json",
            {"34 samples": stdout},
            samples_run=True,
        ),
        Step("inspect run --json", {"inspect": described}),
        Step(
            "export-model run -o out.safetensors",
            {"exported": partial(parameters, names=["out.safetensors"])},
        ),
    ]


def _slow_text_uses() -> list[Step]:
    """Return the uses that take longer."""
    return [
        # After half a second, compiled code continues a text.
        Step("sample run --seed 4 --length 30000", {"a long sample": stdout}, samples_run=True),
        Step("evaluate run text.txt --held-out --dynamic --json", {"evaluate": figures}),
    ]


def _tune_uses() -> list[Step]:
    """Return the uses of a model of tunes."""
    return [
        Step("sample run --seed 3 --length 400", {"a sample": stdout}, samples_run=True),
        Step(
            "sample run --seed 4 --rhythm jig --bars off --length 400",
            {"bars off": stdout},
            samples_run=True,
        ),
        Step(
            "export-model run -o out.safetensors",
            {
                "exported": partial(parameters, names=["out.safetensors"]),
                "learned tunes": partial(files, pattern="checkpoints/run/tunes.abc.gz"),
            },
        ),
    ]
