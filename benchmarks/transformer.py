"""The transformer that nanoGPT trains on a CPU, in plain torch, with its published recipe.

4 layers, 4 heads, width 128, context 64, batch size 12, 2,000 steps, no dropout, fp32. Pre-norm
blocks without biases, learned positions, the head tied to the embedding. AdamW 0.9/0.99 with weight
decay 0.1 on matrices, clipping at 1, learning rate 1e-3 with 100 steps of warm-up and a cosine to a
tenth (nanoGPT's README, "I only have a macbook").
"""

import json
import math
import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

from benchmarks.child import Pace
from benchmarks.textbook import read_ids

LAYERS, HEADS, WIDTH, CONTEXT, BATCH = 4, 4, 128, 64, 12
STEPS, WARM_UP, PEAK, SWEEP_EVERY = 2000, 100, 1e-3, 250


class Block(nn.Module):
    """Attention and a feed-forward network, each added to its input."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = (nn.LayerNorm(WIDTH, bias=False) for _ in range(2))
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.attended = nn.Linear(WIDTH, WIDTH, bias=False)
        self.wide = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, T, WIDTH] to [B, T, WIDTH]."""
        B, T, _ = x.shape
        heads = self.qkv(self.norm_1(x)).view(B, T, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(*heads, is_causal=True)
        x = x + self.attended(mixed.transpose(1, 2).reshape(B, T, WIDTH))
        return x + self.narrow(nn.functional.gelu(self.wide(self.norm_2(x))))


class Transformer(nn.Module):
    """A model of the next token from at most `CONTEXT` tokens."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.symbols = nn.Embedding(vocab_size, WIDTH)
        self.positions = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        self.head = nn.Linear(WIDTH, vocab_size, bias=False)
        self.head.weight = self.symbols.weight
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                last = name.endswith(("attended.weight", "narrow.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * LAYERS) if last else 0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits [B, T, V] of the tokens after x [B, T]."""
        positions = torch.arange(x.shape[1])
        return self.head(self.norm(self.blocks(self.symbols(x) + self.positions(positions))))


def updates(model: Transformer, ids: Tensor) -> Iterator[int]:
    """Make updates without end; yield the number of each."""
    matrices = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    vectors = [parameter for parameter in model.parameters() if parameter.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        betas=(0.9, 0.99),
        fused=True,
    )
    step = 0
    while True:
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        begins = torch.randint(len(ids) - CONTEXT, (BATCH,))
        x = torch.stack([ids[begin : begin + CONTEXT] for begin in begins])
        y = torch.stack([ids[begin + 1 : begin + 1 + CONTEXT] for begin in begins])
        loss = cross_entropy(model(x).flatten(0, 1), y.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        yield step


def rate(step: int) -> float:
    """Return the learning rate of a step."""
    if step < WARM_UP:
        return PEAK * (step + 1) / (WARM_UP + 1)
    share = min(1.0, (step - WARM_UP) / (STEPS - WARM_UP))
    return PEAK * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * share)))


@torch.no_grad()
def sweep(model: Transformer, ids: Tensor, stride: int = CONTEXT) -> float:
    """Return the loss in nats per character over `ids`, each scored once, without the first and an
    incomplete last window.

    Windows begin `stride` apart, and the last `stride` characters of each are scored. A smaller
    stride gives each character more context and takes longer.
    """
    total, counted = 0.0, 0
    for group in ids.unfold(0, CONTEXT + 1, stride).split(256):
        logits = model(group[:, :-1]).transpose(1, 2)
        losses = cross_entropy(logits, group[:, 1:], reduction="none")[:, -stride:]
        total += losses.double().sum().item()
        counted += losses.numel()
    return total / counted


def train(pace: Pace, text: str) -> None:
    """Contender: training, in characters a second."""
    ids, vocab_size = read_ids(text)
    pace.worth = BATCH * CONTEXT
    for _ in zip(pace, updates(Transformer(vocab_size), ids), strict=False):
        pass


def run(text: str, steps: str) -> None:
    """Print as JSON the seconds of `steps` updates, without anything else, and the losses over the
    last tenth of the text along the way."""
    ids, vocab_size = read_ids(text)
    cut = len(ids) * 9 // 10
    torch.manual_seed(0)
    model = Transformer(vocab_size)
    seconds, sweeps, begin = 0.0, [], time.perf_counter()
    for step in updates(model, ids[:cut]):
        if step % SWEEP_EVERY == 0 or step == int(steps):
            seconds += time.perf_counter() - begin
            sweeps.append({"step": step, "seconds": seconds, "loss": sweep(model, ids[cut - 1 :])})
            begin = time.perf_counter()
        if step == int(steps):
            break
    nearer = sweep(model, ids[cut - 1 :], stride=CONTEXT // 4)
    print(json.dumps({"seconds": seconds, "sweeps": sweeps, "with_more_context": nearer}))
