"""The flow of the gradient with its picture, as a notebook shows it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from charnn.insight.gradient_figures import flow_figure
from charnn.insight.gradient_flow import GradientFlow
from charnn.insight.html_page import picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ShownFlow(GradientFlow):
    """The flow of the gradient through a model, see `GradientFlow`."""

    def figure(self) -> "Figure":
        """Return a picture: norms against distance, errors between characters, connectivity."""
        return flow_figure(self)

    def _repr_html_(self) -> str:
        return picture(self.figure(), f"The flow of the gradient through {self.name}")
