"""Train peers on the same text beside charnn.

The peers are minGRU-pytorch (`pip install minGRU-pytorch`), with about as many weights as charnn's
default model, and the transformer of `transformer.py`, with its own shape and batch size. Models
learn different amounts from a character, so these speeds do not rank the models; `quality_time.py`
compares the losses.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import asdict

from benchmarks.child import Contender, Pace, contenders, take_turns
from benchmarks.figures import Figure, ratios
from benchmarks.setting import Setting, on
from benchmarks.training import BATCH, Shape

SHAPE = Shape("lstm", 1, 384)
DIM, DEPTH = 120, 4  # about 0.73 million parameters, as charnn's default model


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield the characters a second of each peer, and the ratio of charnn's speed."""
    threads, text = setting.cores, str(setting.text)
    own = asdict(SHAPE) | BATCH | {"text": text, "device": "cpu", "threads": threads}
    rivals = {
        f"charnn, {SHAPE}": Contender("program:train", setting, own, threads=threads),
        "transformer, 4 x 128": Contender(
            "transformer:train", setting, {"text": text}, threads=threads
        ),
    }
    if importlib.util.find_spec("minGRU_pytorch"):
        for precision in ("fp32", "bf16"):
            rivals[f"minGRU-pytorch, {DEPTH} x {DIM}, {precision}"] = Contender(
                "peers:train_mingru",
                setting,
                {"text": text, "precision": precision},
                threads=threads,
            )
    with contenders(rivals) as ready:
        speeds = take_turns(ready, setting)
    charnn, *others = speeds
    yield Figure(charnn, on(threads), speeds[charnn], "characters/s")
    for other in others:
        yield Figure(other, on(threads), speeds[other], "characters/s")
        yield Figure(f"charnn / {other}", on(threads), ratios(speeds[charnn], speeds[other]), "x")
    if len(others) == 1:
        yield Figure("minGRU-pytorch is not installed", "", [], "")


def train_mingru(pace: Pace, text: str, precision: str) -> None:
    """Contender: minGRU's language model, trained by its own loss on consecutive windows."""
    import torch
    from minGRU_pytorch.minLM import minLM

    from benchmarks.textbook import read_ids, windows

    ids, vocab_size = read_ids(text)
    model = minLM(num_tokens=vocab_size, dim=DIM, depth=DEPTH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    pace.worth = BATCH["batch_size"] * BATCH["seq_len"]
    for _, (x, y, _) in zip(pace, windows(ids, **BATCH), strict=False):
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = model(torch.cat([x, y[:, -1:]], dim=1), return_loss=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
