"""The recurrent cells, each one small class: its equations as a paper writes them, and its shape.

A cell is written here and nowhere else. `step` is run by NumPy and by numba to write (see
`charnn.inference.stepper` and `charnn.inference.numba_stepper`), and by torch to learn: derivatives
follow from it (see `charnn.model.fused_layer`). To add one, write its class and name it in `CELLS`.

What the input and the output before add to the gates, x = W_ih x + b_ih and r = W_hh h + b_hh, are
products, computed outside; what is left is one equation a unit, the same for all: H units side by
side, or one. So `step` may use + - * /, `ONE`, `tanh` and `sigmoid`, and nothing else.
"""

from typing import ClassVar, NamedTuple

from charnn.model.activations import ONE, Value, sigmoid, tanh


class _Vectors(NamedTuple):
    own: Value


class Cell(_Vectors):
    """The equations of a recurrent cell; an instance of it holds a cell's own parameters, if only
    for numba, which tells the cells apart by the types of instances.

    Attributes:
        gates: the blocks of x and r, each of H values, in the order of the matrices' rows.
        state: what is remembered of each unit, the output first.
        parameters: of the cell's own: vectors of H values.
        open_gate: the gate whose bias starts at 1, so that much is remembered from the first
            (Jozefowicz et al. 2015); None if there is none.
    """

    gates: ClassVar[tuple[str, ...]]
    state: ClassVar[tuple[str, ...]] = ("h",)
    parameters: ClassVar[tuple[str, ...]] = ()
    unit_bias_gate: ClassVar[str | None] = None

    @staticmethod
    def step(x: Value, r: Value, state: Value, own: Value) -> tuple[Value, ...]:
        """The state after a step.

        Args:
            x: what the input adds to each gate.
            r: what the output before adds to each gate.
            state: the state before.
            own: the cell's own parameters.
        """
        raise NotImplementedError


class Elman(Cell):
    """Elman's simple recurrent network ("Finding structure in time", 1990), with tanh."""

    gates = ("h",)

    @staticmethod
    def step(x: Value, r: Value, state: Value, own: Value) -> tuple[Value, ...]:
        """h' = tanh(x + r)."""
        return (tanh(x[0] + r[0]),)


class GRU(Cell):
    """Gated recurrent unit (Cho et al. 2014), reset after the product as in cuDNN and PyTorch."""

    gates = ("reset", "update", "new")

    @staticmethod
    def step(x: Value, r: Value, state: Value, own: Value) -> tuple[Value, ...]:
        """n = tanh(x + reset r), h' = (1 - z) n + z h."""
        reset = sigmoid(x[0] + r[0])
        z = sigmoid(x[1] + r[1])
        n = tanh(x[2] + reset * r[2])
        return ((ONE - z) * n + z * state[0],)


class LSTM(Cell):
    """LSTM (Hochreiter & Schmidhuber 1997) with forget gate (Gers, Schmidhuber & Cummins 2000)."""

    gates = ("input", "forget", "cell", "output")
    state = ("h", "c")
    unit_bias_gate = "forget"

    @staticmethod
    def step(x: Value, r: Value, state: Value, own: Value) -> tuple[Value, ...]:
        """c' = f c + i g, h' = o tanh(c')."""
        i, f = sigmoid(x[0] + r[0]), sigmoid(x[1] + r[1])
        g, o = tanh(x[2] + r[2]), sigmoid(x[3] + r[3])
        c = f * state[1] + i * g
        return (o * tanh(c), c)


class Peephole(Cell):
    """LSTM whose gates see its memory (Gers & Schmidhuber, "Recurrent nets that time and count",
    2000): the input and forget gates that before the step, the output gate that after it."""

    gates = LSTM.gates
    state = LSTM.state
    parameters = ("peephole_input", "peephole_forget", "peephole_output")
    unit_bias_gate = "forget"

    @staticmethod
    def step(x: Value, r: Value, state: Value, own: Value) -> tuple[Value, ...]:
        """i and f with p c, o with p c' in the sigmoid; else as the LSTM."""
        i = sigmoid(x[0] + r[0] + own[0] * state[1])
        f = sigmoid(x[1] + r[1] + own[1] * state[1])
        g = tanh(x[2] + r[2])
        c = f * state[1] + i * g
        o = sigmoid(x[3] + r[3] + own[2] * c)
        return (o * tanh(c), c)


class Coupled(Cell):
    """LSTM that takes in as much as it forgets: "CIFG" in Greff et al., "LSTM: a search space
    odyssey" (2017)."""

    gates = ("forget", "cell", "output")
    state = LSTM.state
    unit_bias_gate = "forget"

    @staticmethod
    def step(x: Value, r: Value, state: Value, own: Value) -> tuple[Value, ...]:
        """c' = f c + (1 - f) g, h' = o tanh(c')."""
        f, g, o = sigmoid(x[0] + r[0]), tanh(x[1] + r[1]), sigmoid(x[2] + r[2])
        c = f * state[1] + (ONE - f) * g
        return (o * tanh(c), c)


CELLS: dict[str, type[Cell]] = {
    "lstm": LSTM,
    "gru": GRU,
    "rnn": Elman,
    "peephole": Peephole,
    "coupled": Coupled,
}
