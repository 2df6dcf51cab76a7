"""Run `charnn train` with one change that has no option, to measure its worth.

`python -m benchmarks.switches carry train corpus.txt ...` trains without carrying the hidden state.
"""

import sys
from collections.abc import Callable
from typing import Any


def main() -> None:
    """Make the change that the first argument names, and run charnn with the other arguments."""
    name, *arguments = sys.argv[1:]
    sys.argv = ["charnn", *arguments]
    SWITCHES[name]()
    from charnn.cli import main

    main()


def carry() -> None:
    """Begin every segment with a zero state and an empty memory."""
    from charnn.training import trainer

    trainer.reset_rows_in_turn = lambda state, step: state.reset(  # type: ignore[attr-defined]
        _all_rows(state)
    )


def memory() -> None:
    """Clear the pointer's memory after every segment, so that it points within a segment only."""
    from charnn.training import trainer

    in_turn = trainer.reset_rows_in_turn  # type: ignore[attr-defined]

    def cleared(state: Any, step: int) -> Any:
        state = in_turn(state, step)
        return state._replace(memory=state.memory.reset(_all_rows(state)))

    trainer.reset_rows_in_turn = cleared  # type: ignore[attr-defined]


def _all_rows(state: Any) -> Any:
    """Return True for each row of a batch, as a tensor [B]."""
    import torch

    first = state.layers[0][0]
    return torch.ones(len(first), dtype=torch.bool, device=first.device)


def resets() -> None:
    """Never restart a row within its text."""
    from charnn.training import trainer

    trainer.reset_rows_in_turn = lambda state, step: state  # type: ignore[attr-defined]


def order() -> None:
    """Read the documents in the same order in every epoch."""
    from charnn.training import assembly

    assembly.DocumentOrder = lambda ids, seed: None  # type: ignore


def schedule() -> None:
    """Keep the learning rate constant after the warm-up."""
    from charnn.training import schedule, trainer

    annealed = schedule.learning_rate
    trainer.learning_rate = lambda progress, peak: annealed(  # type: ignore[attr-defined]
        min(progress, schedule.WARM_UP), peak
    )


def forget_bias() -> None:
    """Initialise the bias of the forget gate to 1 (Jozefowicz, Zaremba and Sutskever 2015)."""
    _initialise_biases(lambda biases: biases["forget"].fill_(1))


def chrono() -> None:
    """Initialise the bias of the forget gate to log u, with u uniform from 1 to 63 for each unit,
    and the bias of the input gate to -log u: chrono initialisation (Tallec and Ollivier 2018), for
    the 64 steps of a segment."""

    def spread(biases: dict[str, Any]) -> None:
        biases["input"].copy_(-biases["forget"].uniform_(1, 63).log_())

    _initialise_biases(spread)


def _initialise_biases(change: Callable[[dict[str, Any]], object]) -> None:
    """Let `change` set the initial biases of each layer, [H] by name of the gate."""
    import torch

    from charnn.model.network import Network

    initialise = Network.initialise

    def changed(self: Network) -> None:
        initialise(self)
        with torch.no_grad():
            for layer in self.layers:
                blocks = layer.get_parameter("bias_ih_l0").split(self.config.hidden_size)
                change(dict(zip(self.cell.gates, blocks, strict=True)))

    Network.initialise = changed  # type: ignore[method-assign]


def orthogonal() -> None:
    """Initialise recurrent weights uniformly in +-1 / sqrt(hidden_size), as torch's modules do."""
    from torch import nn

    nn.init.orthogonal_ = lambda block: nn.init.uniform_(  # type: ignore[assignment]
        block, -(block.size(-1) ** -0.5), block.size(-1) ** -0.5
    )


SWITCHES: dict[str, Callable[[], None]] = {
    switch.__name__: switch
    for switch in (carry, memory, resets, order, schedule, forget_bias, chrono, orthogonal)
}

if __name__ == "__main__":
    main()
