"""The units of a model that are tied to features of a text that it reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.insight.clamped_units import unit_values
from charnn.insight.feature_ties import FeatureTies, choose_places, find_ties
from charnn.insight.named_features import NamedFeature, at_tokens
from charnn.insight.read_text import ReadText
from charnn.insight.unit_names import Unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Neurons:
    """The units of a model that are tied to features of a text.

    Attributes:
        hidden_size: the number of units of a layer.
        tokens: the number of tokens of the text.
        features: the features that vary in the text, those with the closest unit first; features
            without a unit that counts as found are last.
    """

    hidden_size: int
    tokens: int
    features: tuple[FeatureTies, ...]

    def unit(self, number: int) -> Unit:
        """Return the unit with a number, counted over all layers."""
        return Unit(*divmod(number, self.hidden_size))

    @property
    def found(self) -> list[Unit]:
        """Return the closest unit of each feature, each unit once."""
        units = (self.unit(each.best.unit) for each in self.features if each.found)
        return list(dict.fromkeys(units))

    def figure(self) -> "Figure":
        """Return a picture of the mean of the closest units in each class of their features."""
        from charnn.insight.neuron_figure import draw_means

        found = [each for each in self.features if each.found]
        return draw_means([(each, str(self.unit(each.best.unit))) for each in found], self.tokens)

    def rows(self) -> list[list[str]]:
        """Return a row for each feature that has a unit: the feature, the unit, three figures.

        The figures are the share of the unit's variance that the feature explains, the largest
        share by chance, and the number of units found.
        """
        return [
            [
                each.feature,
                str(self.unit(each.best.unit)),
                f"{100 * each.best.share:.1f} %",
                f"{100 * each.chance:.1f} %",
                f"{len(each.found):,}",
            ]
            for each in self.features
            if each.found
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the features with the ten closest units of each as a JSON object."""
        return {
            "tokens": self.tokens,
            "features": [
                {
                    "feature": each.feature,
                    "classes": list(each.labels),
                    "chance": round(each.chance, 6),
                    "found": len(each.found),
                    "units": [
                        {
                            "unit": str(self.unit(tie.unit)),
                            "share": round(tie.share, 6),
                            "whole_share": round(tie.whole_share, 6),
                            "means": [
                                None if np.isnan(mean) else round(mean, 6) for mean in tie.means
                            ],
                        }
                        for tie in each.found[:10]
                    ],
                }
                for each in self.features
            ],
        }


def read_neurons(checkpoint: Checkpoint, text: ReadText) -> Neurons:
    """Return the units that are tied to the features of a text.

    Raises:
        CorpusError: the text is too short.
    """
    config = checkpoint.config
    places = choose_places(len(text.ids), config.num_layers * config.hidden_size)
    values = _values_at(checkpoint, text, places)
    features = [at_tokens(each, text) for each in _features(checkpoint, text.text)]
    halves = [_at_places(feature, places) for feature in features]
    ids = text.ids.astype(np.int64)
    ties = find_ties(values, (ids[places[0]], ids[places[1]]), halves)
    ties.sort(key=lambda each: (not each.found, -each.best.share))
    return Neurons(config.hidden_size, len(text.ids), tuple(ties))


def _features(checkpoint: Checkpoint, text: str) -> list[NamedFeature]:
    if checkpoint.metadata.get("tunes"):
        from charnn.insight.features_of_tunes import tune_features

        return tune_features(text)
    from charnn.insight.features_of_texts import text_features

    return text_features(text)


def _at_places(
    feature: NamedFeature, places: Sequence[NDArray[np.int64]]
) -> tuple[NamedFeature, NamedFeature]:
    name, labels = feature.name, feature.labels
    first, second = (NamedFeature(name, labels, feature.classes[each]) for each in places)
    return first, second


def _values_at(
    checkpoint: Checkpoint, text: ReadText, places: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the values of all units at the places of each half, [P, N].

    The rest of the trace is not kept, so the memory does not grow with the text.
    """
    from charnn.insight.text_trace import fast_rows, trace_chunks

    cell, units = (
        checkpoint.config.cell,
        checkpoint.config.num_layers * checkpoint.config.hidden_size,
    )
    values = tuple(np.empty((len(each), units), np.float32) for each in places)
    rows = fast_rows(len(text.ids))
    for chunk in trace_chunks(checkpoint, text, rows, most="states"):
        values_TN = unit_values(cell, chunk.states).reshape(len(chunk), units)
        for target, each in zip(values, places, strict=True):
            begin, end = np.searchsorted(each, (chunk.begin, chunk.begin + len(chunk)))
            target[begin:end] = values_TN[each[begin:end] - chunk.begin]
    return values[0], values[1]
