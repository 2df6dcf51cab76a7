"""The weights of a recurrent layer: a module for the cells that torch lacks, and initial values."""

import torch
from torch import nn

from charnn.model.cells import Cell


class Layer(nn.Module):
    """The parameters of a recurrent layer for which torch has no module.

    The parameters have the names that torch's modules use, so that a checkpoint has one format for
    all cells. The peepholes have the names in `Cell.peepholes`.

    Args:
        cell: the equations.
        input_size: width of the input; None for the first layer of a one-hot model, whose input
            weights are the rows of the embedding.
        hidden_size: hidden units.
    """

    def __init__(self, cell: type[Cell], input_size: int | None, hidden_size: int) -> None:
        super().__init__()
        gate_size = len(cell.gates) * hidden_size
        if input_size is not None:
            self.weight_ih_l0 = nn.Parameter(torch.empty(gate_size, input_size))
        self.weight_hh_l0 = nn.Parameter(torch.empty(gate_size, hidden_size))
        self.bias_ih_l0 = nn.Parameter(torch.empty(gate_size))
        self.bias_hh_l0 = nn.Parameter(torch.empty(gate_size))
        for name in cell.peepholes:
            self.register_parameter(name, nn.Parameter(torch.empty(hidden_size)))


@torch.no_grad()
def initialise_layer(layer: nn.Module, hidden_size: int) -> None:
    """Initialise the weights of a recurrent layer from torch's global random generator."""
    bound = hidden_size**-0.5
    for name, parameter in layer.named_parameters():
        if name.startswith("weight_hh"):
            # Each gate has a square block; the whole matrix cannot preserve lengths.
            for block in torch.split(parameter, hidden_size):
                nn.init.orthogonal_(block)
        elif name.startswith("weight_ih"):
            nn.init.uniform_(parameter, -bound, bound)
        else:
            # A forget bias of 1, as is usual, loses in short runs (benchmarks/quality.md).
            nn.init.zeros_(parameter)
