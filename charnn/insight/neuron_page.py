"""The page of the units that are tied to features."""

from charnn.insight.html_page import html_page, picture, table
from charnn.insight.read_neurons import Neurons


def neurons_page(neurons: Neurons, name: str) -> bytes:
    """Return the page: the closest unit of each feature, and its mean in each class."""
    head = ["feature", "unit", "explained", "by chance", "units found"]
    body = table(head, neurons.rows(), "Closest units, measured on the other half of the text")
    body += picture(
        neurons.figure(),
        "One plot a feature: the mean of its closest unit in each class. The table has the units.",
    )
    return html_page(f"Neurons of {name}", body)
