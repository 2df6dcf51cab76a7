"""The fitted temperature of the softmax: how much of a loss is only overconfidence.

A network that overfits is overconfident on any other text. Dividing its logits by a temperature
that is fitted on held-out text corrects that (Guo et al. 2017, "On calibration of modern neural
networks"). The temperature is fitted on one half of the held-out part and judged on the other half,
so that no character counts whose loss was minimised.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import SEPARATOR
from charnn.evaluation.scored_part import Part, Rows, sampled_part, whole_part

# The temperatures that are tried; the optimum is interpolated. The inverses are evenly spaced,
# because the loss is convex in the inverse temperature.
TEMPERATURES = tuple(float(1 / inverse) for inverse in np.linspace(0.6, 1.32, 10))
# With fewer scored tokens, chance would decide on the temperature.
MIN_TOKENS_TO_FIT = 1000

SECOND_HALF = "second half of the held-out part; temperature fitted on the first half"
SECOND_HALF_OF_SAMPLE = "second half of the sample; temperature fitted on the first half"


@dataclass(frozen=True)
class Calibration:
    """The loss of some characters without and with a fitted temperature, in nats per character.

    Attributes:
        temperature: the fitted softmax temperature.
        nats_per_char: the loss without it.
        calibrated_nats_per_char: the loss with it.
        protocol: the characters that were scored, and those that the temperature was fitted on.
    """

    temperature: float
    nats_per_char: float
    calibrated_nats_per_char: float
    protocol: str


def second_half(ids: NDArray[Any], start: int) -> int:
    """Return the index at which the second half of `ids[start:]` begins.

    The second half begins with the document whose beginning is nearest to the middle. If no
    document begins in the two quarters around the middle, the second half begins in the middle.
    """
    scored = len(ids) - start
    middle, quarter = start + scored // 2, scored // 4
    first = middle - quarter
    begins = first + 1 + np.flatnonzero(ids[first : middle + quarter] == SEPARATOR)
    return int(begins[np.abs(begins - middle).argmin()]) if len(begins) else middle


def halves(ids: NDArray[Any], start: int, scored: int) -> tuple[Part, Part]:
    """Return the two halves of the held-out part, or of a sample of it.

    Args:
        ids: [N] the context, then the held-out part.
        start: the index of the first held-out id.
        scored: the number of ids to score in both halves together, see `sampled_part`.
    """
    end = len(ids)
    if scored >= end - start:
        middle = second_half(ids, start)
        return whole_part(start, middle), whole_part(middle, end)
    sample = sampled_part(start, end, scored)
    (rows,) = sample.groups
    first, second = (Rows(starts, rows.length) for starts in np.split(rows.starts, 2))
    return Part((first,), sample.protocol), Part((second,), sample.protocol)


def best_temperature(totals: NDArray[np.float64]) -> float:
    """Return the temperature with the lowest loss.

    Args:
        totals: the summed losses at `TEMPERATURES`.

    Returns:
        The temperature; 1 if a loss is not finite.
    """
    if not np.isfinite(totals).all():
        return 1.0
    # In 1 / temperature the loss is convex, and nearly a parabola around its minimum: take the
    # parabola through the three best points.
    inverse = 1 / np.array(TEMPERATURES)
    best = min(max(int(totals.argmin()), 1), len(totals) - 2)
    curvature, slope, _ = np.polyfit(inverse[best - 1 : best + 2], totals[best - 1 : best + 2], 2)
    # The curvature is 0 where every temperature has the loss 0, as in a text of one character.
    if curvature <= 0:
        return 1.0
    return float(1 / np.clip(-slope / (2 * curvature), inverse.min(), inverse.max()))
