"""The probability of the target by a network with a pointer, with derivatives written by hand."""

from typing import Any

import torch
from torch import Tensor

from charnn.model.pointer_segment import Segment

# A smaller sum counts as this one: the logarithm of 0 is not finite.
_TINY = 1e-37


class TargetMixture(torch.autograd.Function):
    """The log-probability of each target, with its derivatives.

    With S_t the sum of the weights e^{a_ts - beta} of the steps with x_{s+1} = y_t:

        log p(y_t) = log(S_t + e^{b_t - beta} softmax_y) - log(sum of all weights + e^{b_t - beta})

    The derivatives are computed together with the values, while the weights of a few rows are in
    the cache of a core: they are products of the same weights with the keys. So the weights, M + T
    for each step, are neither stored nor computed twice.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query_BTD: Tensor,
        key_BTD: Tensor,
        sentinel_BT: Tensor,
        plain_BT: Tensor,
        targets_BT: Tensor,
        segment: Segment,
    ) -> Tensor:
        """Return the log-probabilities [B, T]."""
        length = key_BTD.shape[1]
        sentinel_BT1 = sentinel_BT.exp().unsqueeze(-1)
        plain_BT1 = sentinel_BT1 * plain_BT.exp().unsqueeze(-1)
        results: list[tuple[Tensor, ...]] = []
        for rows, first, bias in segment.blocks():
            weights = segment.weights(rows, first, bias)
            other_token = segment.following(rows, first)[:, None] != targets_BT[rows, :, None]
            copied = weights.masked_fill(other_token, 0)
            mixed = copied.sum(-1, keepdim=True).add_(plain_BT1[rows]).clamp_min_(_TINY)
            total = weights.sum(-1, keepdim=True).add_(sentinel_BT1[rows]).clamp_min_(_TINY)
            # The derivative of log p with respect to the scores a_ts, in place.
            slopes = copied.div_(mixed).addcdiv_(weights, total, value=-1).to(segment.dtype)
            query_slopes = slopes @ segment.keys_BSD[rows, first:]
            # The keys of the memory are detached: only those of the segment get a gradient.
            results.append((mixed, total, query_slopes, slopes[..., -length:].clone()))
        mixed_BT1, total_BT1, *all_slopes = map(torch.cat, zip(*results, strict=True))
        plain_share_BT1 = plain_BT1 / mixed_BT1
        sentinel_slope_BT1 = plain_share_BT1 - sentinel_BT1 / total_BT1
        ctx.save_for_backward(query_BTD, plain_share_BT1, sentinel_slope_BT1, *all_slopes)
        return (mixed_BT1.log() - total_BT1.log()).squeeze(-1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of the queries, the segment's keys, the sentinel and the softmax."""
        query_BTD, plain_share_BT1, sentinel_slope_BT1, query_slopes, slopes = ctx.saved_tensors
        upstream_BT1 = gradients[0].unsqueeze(-1)
        weighted_query = (upstream_BT1 * query_BTD).to(slopes.dtype)
        return (
            upstream_BT1 * query_slopes,
            (slopes.transpose(1, 2) @ weighted_query).to(query_BTD.dtype),
            (upstream_BT1 * sentinel_slope_BT1).squeeze(-1),
            (upstream_BT1 * plain_share_BT1).squeeze(-1),
            None,
            None,
        )
