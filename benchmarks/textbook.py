"""The tutorial's character model in stock PyTorch: the loops that charnn is compared with.

`nn.Embedding`, `nn.LSTM` (or `nn.GRU`, `nn.RNN`) and `nn.Linear`. Training uses AdamW on
consecutive segments with the hidden state carried; sampling calls the same module for one character
at a time.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.child import Pace

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class CharRNN(nn.Module):
    """A model of characters: token ids -> embedding -> recurrent layers -> logits of the next
    token."""

    def __init__(
        self, vocab_size: int, cell: str, num_layers: int, hidden_size: int, embedding_size: int
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_size)
        self.rnn = CELLS[cell](embedding_size, hidden_size, num_layers, batch_first=True)
        self.head = nn.Linear(hidden_size, vocab_size)

    def forward(self, x: Tensor, hidden: Any = None) -> tuple[Tensor, Any]:
        """Return the logits [B, T, V] of the tokens after x [B, T], and the state after the
        segment."""
        output, hidden = self.rnn(self.embedding(x), hidden)
        return self.head(output), hidden


def read_ids(text: str) -> tuple[Tensor, int]:
    """Return the characters of a file as token ids, and the size of the vocabulary."""
    content = Path(text).read_text(encoding="utf-8")
    ids = {character: number for number, character in enumerate(sorted(set(content)))}
    return torch.tensor([ids[character] for character in content]), len(ids)


def windows(ids: Tensor, batch_size: int, seq_len: int) -> Iterator[tuple[Tensor, Tensor, bool]]:
    """Yield inputs and targets [B, T] without end; each row continues its last segment, except for
    the first segment of an epoch, which is marked."""
    columns = (len(ids) - 1) // batch_size
    rows = ids[: batch_size * columns].view(batch_size, columns)
    targets = ids[1 : batch_size * columns + 1].view(batch_size, columns)
    while True:
        for begin in range(0, columns - seq_len + 1, seq_len):
            end = begin + seq_len
            yield rows[:, begin:end], targets[:, begin:end], begin == 0


def train(
    pace: Pace,
    text: str,
    *,
    precision: str,
    batch_size: int,
    seq_len: int,
    device: str,
    **shape: Any,
) -> None:
    """Contender: training, in characters a second."""
    ids, vocab_size = read_ids(text)
    model = CharRNN(vocab_size, **shape).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    autocast = torch.autocast(device, torch.bfloat16) if precision == "bf16" else nullcontext()
    hidden: Any = None
    pace.worth = batch_size * seq_len
    pace.settle = torch.cuda.synchronize if device == "cuda" else pace.settle
    for _, (x, y, is_first) in zip(pace, windows(ids, batch_size, seq_len), strict=False):
        hidden = None if is_first else detached(hidden)
        optimizer.zero_grad()
        with autocast:
            logits, hidden = model(x.to(device), hidden)
            loss = criterion(logits.flatten(0, 1), y.to(device).flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def detached(hidden: Any) -> Any:
    """Return the same hidden state, cut from the graph."""
    if isinstance(hidden, tuple):
        return tuple(part.detach() for part in hidden)
    return hidden.detach()


@torch.no_grad()
def sample(pace: Pace, text: str, *, device: str, temperature: float = 0.8, **shape: Any) -> None:
    """Contender: one stream of text, in characters a second."""
    _, vocab_size = read_ids(text)
    model = CharRNN(vocab_size, **shape).to(device).eval()
    x, hidden = torch.tensor([[0]], device=device), None
    for _ in pace:
        logits, hidden = model(x, hidden)
        probabilities = torch.softmax(logits[0, -1] / temperature, dim=-1)
        x = torch.tensor([[torch.multinomial(probabilities, 1).item()]], device=device)
