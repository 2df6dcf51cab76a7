"""The flow of the gradient through time: how much error of a loss reaches each earlier step.

`GradientFlow` holds the figures. The pictures are in `gradient_figures`, the page in
`gradient_page`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import CorpusError, UsageError
from charnn.insight.read_text import ReadText

# The losses whose errors are measured, spread over the text.
LOSSES = 100
# They lie in stretches of the text, each of which is read once.
STRETCHES, MAX_HOP = 10, 32
DEFAULT_DISTANCE = 100
MAX_DISTANCE = 2000
# The characters of a window: the errors between all of them are W^2 / 2 numbers.
WINDOW = 100
# The lengths of segments whose loss of error is shown.
SEGMENTS = (4, 8, 16, 32, 64, 128, 256)
VANISHED = 1e-3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ErrorWindow:
    """The errors between the steps of a stretch of text.

    Attributes:
        places: the number in the text of the character that is predicted after each of the W
            steps, from 1.
        pieces: the characters that are read at each of the W steps.
        targets: the characters that are predicted after each step.
        states: the length of dL_t/dh_tau (and of dL_t/dc_tau) by name, [W, W]: a row for each
            t, a column for each tau. It is 0 where tau > t.
        inputs: the length of dL_t/dx_tau, [W, W]: how much the input at tau matters to the
            prediction at t. Madsen ("Visualizing memorization in RNNs", 2019) calls it
            connectivity.
    """

    places: NDArray[np.int64]
    pieces: tuple[str, ...]
    targets: tuple[str, ...]
    states: dict[str, Floats]
    inputs: Floats


@dataclass(frozen=True)
class GradientFlow:
    """The error of single losses against the distance that it flows back.

    Attributes:
        name: the name of the model.
        states: the length of dL_t/dh_tau (and of dL_t/dc_tau in cells with a memory cell) by name,
            [R, D + 1]: a row for each loss L_t, a column for each distance t - tau. The vectors of
            all layers are joined.
        window: the errors between all characters of a stretch of text.
    """

    name: str
    states: dict[str, Floats]
    window: ErrorWindow

    @property
    def distance(self) -> NDArray[np.int64]:
        """Return the distances t - tau, 0 to D."""
        return np.arange(self.states["h"].shape[1])

    def norm(self, state: str = "h") -> Floats:
        """Return the median over all losses, [D + 1]."""
        return self.band(0.5, state)

    def band(self, share: float, state: str = "h") -> Floats:
        """Return the length that this share of the losses does not exceed, [D + 1]."""
        quantile: Floats = np.quantile(self.states[state], share, axis=0)
        return quantile

    def eta(self, state: str = "h") -> float:
        """Return the factor per step: eta^(t - tau) fitted to the median by least squares.

        The fit is a line through the logarithms of all distances. 0 if the error is 0 everywhere
        but at distance 0.
        """
        norm = self.norm(state)
        (places,) = np.nonzero(norm > 0)
        if len(places) < 2:
            return 0.0
        slope = np.polyfit(places, np.log(norm[places]), 1)[0]
        return float(np.exp(slope))

    def bound(self, state: str = "h") -> Floats:
        """Return C eta^(t - tau) with the smallest C for which no median is above it, [D + 1]."""
        eta, norm = self.eta(state), self.norm(state)
        if eta == 0:
            return norm
        decay = self.distance * np.log(eta)
        with np.errstate(divide="ignore"):
            return np.exp(decay + (np.log(norm) - decay).max())  # type: ignore[no-any-return]

    def vanishing_distance(self, share: float = VANISHED, state: str = "h") -> int | None:
        """Return the first distance from which on the median is below a share of its start.

        None if the error does not fall so far within the measured distances.
        """
        norm = self.norm(state)
        above = np.nonzero(norm >= share * norm[0])[0]
        first = int(above[-1]) + 1 if len(above) else 0
        return first if first < len(norm) else None

    def cut_off(self, seq_len: int) -> float | None:
        """Return the share of the error that segments of this length cut off.

        Truncated backpropagation through time sends the error of a loss back to the beginning of
        its segment. The share is of the lengths of dL_t/dh_tau, summed over all measured distances,
        for losses at all places of a segment. None if the segment is longer than the distances.
        """
        mean = self.states["h"].mean(0)
        if seq_len > len(mean) or not mean.sum():
            return None
        return float(1 - (np.cumsum(mean) / mean.sum())[:seq_len].mean())


def measure_flow(
    checkpoint: Checkpoint, text: ReadText, name: str, distance: int | None, at: int | None
) -> GradientFlow:
    """Return the flow of the gradient through a model on a text.

    Args:
        checkpoint: the model.
        text: the text, see `check_places`.
        name: the name of the model.
        distance: the largest distance t - tau; None for `DEFAULT_DISTANCE`, or less in a short
            text.
        at: the number of the character whose prediction the window ends with, from 1; None for the
            last character of the first stretch.
    """
    from charnn.insight.error_norms import error_norms, exact_network

    network = exact_network(checkpoint)
    read_N = text.with_start(checkpoint.start_token_id)
    reach = _reach(len(text.ids), distance)
    lasts_SK = _loss_steps(reach, len(text.ids))
    found = error_norms(network, read_N, lasts_SK - reach, lasts_SK)
    # Layers are joined, and the step of the loss comes first.
    states = {part: _joined(norms)[:, ::-1] for part, norms in found.states.items()}
    last = text.token_at(at) if at else min(WINDOW, len(text.ids) - 1)
    begin = max(1, last + 1 - WINDOW)
    steps_SK = np.arange(begin, last + 1)[None]
    between = error_norms(network, read_N, np.full_like(steps_SK, begin), steps_SK)
    window = ErrorWindow(
        text.character_ends()[begin : last + 1],
        text.pieces[begin - 1 : last],
        text.pieces[begin : last + 1],
        {part: _joined(norms) for part, norms in between.states.items()},
        between.inputs_BT,
    )
    return GradientFlow(name, states, window)


def check_places(text: ReadText, distance: int | None, at: int | None) -> None:
    """Refuse a text that is shorter than a distance or a place in it.

    Raises:
        UsageError: the distance or the place is out of range.
        CorpusError: the text is too short.
    """
    if distance is not None and not 1 <= distance <= MAX_DISTANCE:
        raise UsageError(f"--distance must lie in 1..{MAX_DISTANCE}, not {distance}")
    length = len(text.text)
    if len(text.ids) < 2:
        raise CorpusError("the text has one character, but an error flows from one to another")
    if distance is not None and distance >= len(text.ids):
        raise CorpusError(
            f"the text is too short for --distance {distance}: it has {len(text.ids):,} "
            "characters. Name a longer text or a smaller distance"
        )
    if at is not None and not 2 <= at <= length:
        raise UsageError(f"--at must lie in 2..{length}, the characters of the text, not {at}")


def flow_json(flow: GradientFlow) -> dict[str, Any]:
    """Return the figures of a flow as JSON values."""
    value: dict[str, Any] = {
        "distance": flow.distance.tolist(),
        "norm": flow.norm().tolist(),
        "low": flow.band(0.25).tolist(),
        "high": flow.band(0.75).tolist(),
        "eta": flow.eta(),
        "vanishing_distance": flow.vanishing_distance(),
        "cut_off": {str(length): flow.cut_off(length) for length in SEGMENTS},
    }
    if "c" in flow.states:
        value["cell_norm"] = flow.norm("c").tolist()
        value["cell_eta"] = flow.eta("c")
    return value


def window_json(window: ErrorWindow) -> dict[str, Any]:
    """Return the errors between characters as JSON values; row t has t + 1 numbers."""

    def rows(errors: Floats) -> list[list[float]]:
        return [row[: step + 1].tolist() for step, row in enumerate(errors)]

    return {
        "places": window.places.tolist(),
        "read": list(window.pieces),
        "predicted": list(window.targets),
        "states": {name: rows(errors) for name, errors in window.states.items()},
        "inputs": rows(window.inputs),
    }


def _reach(tokens: int, distance: int | None) -> int:
    """Return the largest distance; without a wish, it leaves half of a short text for losses."""
    return distance or max(1, min(DEFAULT_DISTANCE, tokens // 2))


def _loss_steps(first: int, end: int) -> NDArray[np.int64]:
    """Return the steps of about `LOSSES` losses from `first` to `end`, in stretches of the text."""
    count = end - first
    if count < LOSSES:
        return np.arange(first, end)[None]
    hop = min(MAX_HOP, count // LOSSES)
    within = hop * np.arange(LOSSES // STRETCHES)
    starts = np.linspace(first, end - 1 - within[-1], STRETCHES).astype(np.int64)
    return starts[:, None] + within


def _joined(norms_BLT: Floats) -> Floats:
    """Return the lengths of the joined vectors of all layers, [B, T]."""
    lengths: Floats = np.sqrt(np.square(norms_BLT).sum(1))
    return lengths
