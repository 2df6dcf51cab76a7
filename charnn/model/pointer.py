"""A pointer over the recent past: attention that copies tokens which the text has already shown.

An LSTM does not learn to copy. So the network also points at earlier steps of the same document
whose hidden state was similar, and predicts the tokens that followed these steps. After reading
x_1 ... x_t, with the output h_t of the last layer:

    q_t   = W_q h_t          k_s = W_k h_s                 query and key, [D]
    a_ts  = beta cos(q_t, k_s)                             for the last M steps s < t
    b_t   = w_b h_t + c_b                                  the sentinel
    p(y)  = (e^{b_t} softmax(W h_t)_y + sum of e^{a_ts} over the s with x_{s+1} = y) / Z_t
    Z_t   = e^{b_t} + sum of e^{a_ts} over all s

The sentinel decides between the two: if no key is similar to the query, e^{b_t} dominates Z_t, and
the softmax predicts the token. This is the pointer sentinel mixture (Merity et al. 2016) with
learned queries and keys; the values are the tokens that followed, as in the neural cache (Grave,
Joulin and Usunier 2017). Cosines are bounded, so no maximum has to be subtracted before exp, and
they survive the rounding to eight bits (`charnn.inference.int8_pointer`).

Nothing is copied across documents: the pointer reaches back to the last `SEPARATOR` at most.
Between segments of truncated BPTT the keys are detached, as in Transformer-XL (Dai et al. 2019).

Shape suffixes: B rows of a batch, T steps of a segment, M steps of the memory, S = M + T steps in
all, D width of a key, H hidden units, V vocabulary.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize, one_hot

from charnn.model.config import MAX_SENTINEL, MAX_SHARPNESS
from charnn.model.pointer_segment import EMPTY, Memory, Segment
from charnn.model.target_mixture import TargetMixture

# The initial values of beta and of the sentinel: about half of the probability goes to the pointer
# where a hundred random keys compete with it.
SHARPNESS, SENTINEL = 12.0, 8.0
# Up to this number of distinct tokens, a product adds up their weights faster than `scatter_add`.
MAX_DISTINCT = 512
# Added up weights below this count as none: the logarithm of 0 has no derivative.
_TINY = 1e-30


class Pointer(nn.Module):
    """The parameters of a pointer, and its distribution.

    Args:
        hidden_size: hidden units H of the last layer.
        steps: the number M of steps that are remembered.
        width: the width D of queries and keys.
    """

    def __init__(self, hidden_size: int, steps: int, width: int) -> None:
        super().__init__()
        self.steps, self.width = steps, width
        self.query = nn.Parameter(torch.empty(width, hidden_size))
        self.key = nn.Parameter(torch.empty(width, hidden_size))
        self.sharpness = nn.Parameter(torch.empty(1))
        self.sentinel = nn.Linear(hidden_size, 1)

    def initialise(self) -> None:
        """Draw the initial parameters."""
        bound = self.query.shape[1] ** -0.5
        for matrix in (self.query, self.key):
            nn.init.uniform_(matrix, -bound, bound)
        nn.init.constant_(self.sharpness, SHARPNESS)
        nn.init.zeros_(self.sentinel.weight)
        nn.init.constant_(self.sentinel.bias, SENTINEL)

    def empty_memory(self, batch_size: int) -> Memory:
        """Return the memory before the first token."""
        keys = self.key.new_zeros(batch_size, self.steps, self.width)
        ids = torch.full((batch_size, self.steps), EMPTY, device=keys.device)
        return Memory(keys, ids)

    def target_log_probabilities(
        self, h_TBH: Tensor, ids_TB: Tensor, plain_TB: Tensor, targets_TB: Tensor, memory: Memory
    ) -> tuple[Tensor, Memory]:
        """Return log p of each target [T, B], and the memory after the segment.

        This takes a fraction of the time of `log_probabilities`, because it does not add up the
        copies of all V tokens.

        Args:
            h_TBH: the outputs of the last layer.
            ids_TB: the tokens that were read.
            plain_TB: the log-probability of each target by the softmax alone.
            targets_TB: the tokens to predict.
            memory: the memory before the segment.
        """
        segment = self._look_up(h_TBH, ids_TB, memory)
        log_p_BT: Tensor = TargetMixture.apply(  # type: ignore[no-untyped-call]
            segment.query_BTD,
            segment.key_BTD,
            segment.sentinel_TB.t(),
            plain_TB.t(),
            targets_TB.t(),
            segment,
        )
        return log_p_BT.t(), segment.memory()

    def log_probabilities(
        self, h_TBH: Tensor, ids_TB: Tensor, plain_TBV: Tensor, memory: Memory
    ) -> tuple[Tensor, Memory]:
        """Return log p of every token [T, B, V], and the memory after the segment.

        Args:
            h_TBH: the outputs of the last layer.
            ids_TB: the tokens that were read.
            plain_TBV: the log-probabilities by the softmax alone.
            memory: the memory before the segment.
        """
        segment = self._look_up(h_TBH, ids_TB, memory)
        copied_BTV = torch.zeros_like(plain_TBV.transpose(0, 1))
        totals = []
        for rows, first, bias in segment.blocks():
            weights = segment.weights(rows, first, bias)
            totals.append(weights.sum(-1))
            following = segment.following(rows, first).clamp_min(0)
            tokens, columns = torch.unique(following, return_inverse=True)
            if len(tokens) <= MAX_DISTINCT:
                is_token = one_hot(columns, len(tokens)).to(weights.dtype)
                copied_BTV[rows] = copied_BTV[rows].index_copy(2, tokens, weights @ is_token)
            else:
                index = following[:, None].expand(-1, weights.shape[1], -1)
                copied_BTV[rows] = copied_BTV[rows].scatter_add(2, index, weights)
        copied_TBV = copied_BTV.clamp_min(_TINY).log().transpose(0, 1)
        all_TB = torch.cat(totals).clamp_min(_TINY).log().t()
        sentinel_TB = segment.sentinel_TB
        mixed_TBV = torch.logaddexp(copied_TBV, sentinel_TB[..., None] + plain_TBV)
        log_probabilities = mixed_TBV - torch.logaddexp(all_TB, sentinel_TB)[..., None]
        return log_probabilities, segment.memory()

    def remember(self, h_TBH: Tensor, ids_TB: Tensor, memory: Memory) -> Memory:
        """Return the memory after a segment; the arguments are those of `log_probabilities`."""
        return self._look_up(h_TBH, ids_TB, memory).memory()

    def _look_up(self, h_TBH: Tensor, ids_TB: Tensor, memory: Memory) -> Segment:
        """Return the queries and keys of a segment, with the memory before it."""
        # One product for both, and one in each direction of the backward pass.
        both = linear(h_TBH, torch.cat([self.query, self.key]))
        query_TBD, key_TBD = (
            normalize(at_least_float32(part), dim=-1) for part in both.chunk(2, dim=-1)
        )
        sharpness = self.sharpness.clamp(0, MAX_SHARPNESS)
        # bf16 is too coarse for the sentinel, on which each probability depends.
        with torch.autocast(h_TBH.device.type, enabled=False):
            sentinel_TB = self.sentinel(at_least_float32(h_TBH)).squeeze(-1)
        sentinel_TB = sentinel_TB.clamp(-MAX_SENTINEL, MAX_SENTINEL)
        # Weights are e^{a_ts - beta}, which cannot overflow, so beta is taken off the sentinel.
        return Segment(
            query_BTD=(query_TBD * sharpness).transpose(0, 1),
            key_BTD=key_TBD.transpose(0, 1),
            before=memory,
            ids_BS=torch.cat([memory.ids_BM, ids_TB.t()], 1),
            shift=sharpness.detach(),
            sentinel_TB=sentinel_TB - sharpness.detach(),
        )


def at_least_float32(x: Tensor) -> Tensor:
    """Return x in float32, or in float64 if it has float64."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
