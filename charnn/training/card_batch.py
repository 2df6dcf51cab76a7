"""The rows of a batch that keep a GPU busy and fit into its memory, where the user sets none.

A recurrent layer takes the steps of a segment one after the other. With few rows, a GPU spends each
step on starting it, so more rows take no more time, until the product of a step takes as long as
its start. Rows cost updates, though: a small corpus needs these more than a full card.

The figures are estimates from the data sheets of cards, not measurements; `python -m
benchmarks.gpu` measures the speed at several numbers of rows.
"""

from charnn.model.config import ModelConfig
from charnn.training.recipe import GPU, MAX_GPU_ROWS

# The operations of a product that takes 10 microseconds, as long as its start, at 170 TFLOP/s.
BUSY_STEP = 1.7e9
# With fewer segments in an epoch, the batch has no more than the fewest rows.
FULL_EPOCH = 100
# The share of the memory that the activations of a segment may fill. The rest holds the weights
# with their gradients and moments, cuDNN's workspace, and what the estimate forgets.
SHARE = 0.5


def rows_for_card(model: ModelConfig, seq_len: int, tokens: int, memory: int) -> int:
    """Return the default number of rows of a batch on a GPU, a power of two.

    Args:
        model: the shape of the model.
        seq_len: the tokens of a segment.
        tokens: the tokens of the training part.
        memory: the bytes of the GPU's memory.
    """
    rows = MAX_GPU_ROWS
    step = 2 * model.gate_size * model.hidden_size
    while rows > GPU.batch_size and (
        rows * step > BUSY_STEP or tokens < FULL_EPOCH * rows * seq_len
    ):
        rows //= 2
    while rows > 1 and rows * row_bytes(model, seq_len) > SHARE * memory:
        rows //= 2
    return rows


def row_bytes(model: ModelConfig, seq_len: int) -> int:
    """Return about how many bytes training needs for a row of a segment, weights not counted."""
    # Each layer keeps its gates twice, its inputs and its states; the softmax keeps the logits in
    # two types, with their gradients; the pointer keeps some matrices of weights.
    layer = 2 * model.gate_size + 4 * model.hidden_size
    pointer = 6 * (model.pointer + seq_len) + 6 * model.pointer_width if model.pointer else 0
    numbers = model.num_layers * layer + 4 * model.vocab_size + pointer
    return 4 * seq_len * numbers
