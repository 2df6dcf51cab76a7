"""Run `charnn train` with one feature switched off that has no option, to measure its worth.

`python -m benchmarks.switches carry train corpus.txt ...` trains without carrying the hidden state.
"""

import sys
from collections.abc import Callable


def main() -> None:
    """Switch off the feature of the first argument, and run charnn with the other arguments."""
    name, *arguments = sys.argv[1:]
    sys.argv = ["charnn", *arguments]
    SWITCHES[name]()
    from charnn.cli import main

    main()


def carry() -> None:
    """Begin every segment with a zero state."""
    from charnn.training import trainer

    trainer.reset_rows_in_turn = lambda hidden_state, step: [  # type: ignore[attr-defined]
        tuple(part.new_zeros(part.shape) for part in layer) for layer in hidden_state
    ]


def resets() -> None:
    """Never restart a row within its text."""
    from charnn.training import trainer

    trainer.reset_rows_in_turn = lambda hidden_state, step: hidden_state  # type: ignore[attr-defined]


def schedule() -> None:
    """Keep the learning rate constant after the warm-up."""
    from charnn.training import schedule, trainer

    annealed = schedule.learning_rate
    trainer.learning_rate = lambda progress, peak: annealed(  # type: ignore[attr-defined]
        min(progress, schedule.WARM_UP), peak
    )


def forget_bias() -> None:
    """Start the forget gate of an LSTM half open, with a bias of zero."""
    import torch

    from charnn.model.network import Network

    initialise = Network.initialise

    def half_open(self: Network) -> None:
        initialise(self)
        with torch.no_grad():
            for layer in self.layers:
                layer.bias_ih_l0.zero_()

    Network.initialise = half_open  # type: ignore[method-assign]


def orthogonal() -> None:
    """Initialise recurrent weights uniformly in +-1 / sqrt(hidden_size), as torch's modules do."""
    from torch import nn

    nn.init.orthogonal_ = lambda block: nn.init.uniform_(  # type: ignore[assignment]
        block, -(block.size(-1) ** -0.5), block.size(-1) ** -0.5
    )


SWITCHES: dict[str, Callable[[], None]] = {
    switch.__name__: switch for switch in (carry, resets, schedule, forget_bias, orthogonal)
}

if __name__ == "__main__":
    main()
