"""The recurrent cells: the equations of each one, as its paper writes them.

Every cell uses two affine maps: one of its input x_t, and one of its own last output h_{t-1}:

    gates_x = W_x x_t     + b_x     W_x [G, E], b_x [G]
    gates_h = U   h_{t-1} + b_h     U   [G, H], b_h [G]

The maps are computed outside this module (`charnn.model.network`, `charnn.inference.stepper`),
because each is one matrix product for all gates. E is the size of the input, H the number of hidden
units; G is H times the number of gates, and the rows of the matrices are ordered gate by gate.
`Cell.step` is the remaining arithmetic: the same few operations for each of the H units. It returns
the values of the gates as well, for those who want to see them (`charnn.insight`).

Every part of the program uses these equations: NumPy samples with them
(`charnn.inference.stepper`), numba compiles them (`charnn.model.numba_cells`), and torch
differentiates them (`charnn.model.plain_layer`). `charnn.model.gradients` has their derivatives by
hand, for speed in training; a cell that is missing there is trained by autograd.

To add a cell, write a class and name it in `CELLS`. Its `step` may use + - * /, `one_minus`, `tanh`
and `sigmoid`, and nothing else. `equations` shows the same step to people (`charnn step`).
"""

from typing import ClassVar

from charnn.model.activations import Value, one_minus, sigmoid, tanh

# The values of the gates in the order of `Cell.gates`, and the parts of the hidden state in the
# order of `Cell.state`.
Step = tuple[tuple[Value, ...], tuple[Value, ...]]


class Cell:
    """The equations of a recurrent cell, and the names of its vectors.

    Attributes:
        gates: the names of the gates, in the order of the rows of W_x and U. The order is part of
            the checkpoint format; it is PyTorch's order for the cells that PyTorch has.
        state: the names of the vectors [H] that a step hands to the next step; the output h is
            first.
        peepholes: the names of the parameter vectors [H] that the cell has beside the affine maps.
        symbols: the letters of the gates in the papers, in the order of `gates`.
        equations: the equations of a step as text for people, in the order of the computation: a
            symbol, and the term that it equals. i_x and i_h are the sums of gate i (gates_x and
            gates_h), a prime marks a vector after the step, and p_i is a peephole. The tests
            compute them and compare the results with `step`.
        adds_gates: whether the cell uses only the sums of gates_x and gates_h, so that the
            gradients by both are equal.
        candidate: the gate that is a tanh in [-1, 1]: the new content. All others are sigmoids.
        memory_gate: the sigmoid gate that the old memory is multiplied by; "" for none.
    """

    gates: ClassVar[tuple[str, ...]]
    state: ClassVar[tuple[str, ...]] = ("h",)
    peepholes: ClassVar[tuple[str, ...]] = ()
    symbols: ClassVar[tuple[str, ...]]
    equations: ClassVar[dict[str, str]]
    adds_gates: ClassVar[bool] = True
    candidate: ClassVar[str]
    memory_gate: ClassVar[str] = ""

    @staticmethod
    def step(gates_x: Value, gates_h: Value, hidden_state: Value, peepholes: Value) -> Step:
        """Return the values of the gates, and the hidden state after the step.

        Args:
            gates_x: W_x x_t + b_x, one value [..., H] for each gate.
            gates_h: U h_{t-1} + b_h, one value [..., H] for each gate.
            hidden_state: the hidden state before the step, in the order of `state`.
            peepholes: the vectors that `Cell.peepholes` names, [H] each.
        """
        raise NotImplementedError


class Elman(Cell):
    """Simple recurrent network with tanh (Elman, "Finding structure in time", 1990)."""

    gates = ("h",)
    symbols = ("h",)
    equations: ClassVar = {"h'": "tanh(h_x + h_h)"}
    candidate = "h"

    @staticmethod
    def step(gates_x: Value, gates_h: Value, hidden_state: Value, peepholes: Value) -> Step:
        """Return h_t = tanh(W_x x_t + b_x + U h_{t-1} + b_h)."""
        h = tanh(gates_x[0] + gates_h[0])
        return (h,), (h,)


class GRU(Cell):
    """Gated recurrent unit (Cho et al. 2014).

    The reset gate r acts after the matrix product, as in cuDNN and PyTorch, so that one product
    computes all three gates. In the paper, r acts before the product.
    """

    gates = ("reset", "update", "new")
    symbols = ("r", "z", "n")
    equations: ClassVar = {
        "r": "sigmoid(r_x + r_h)",
        "z": "sigmoid(z_x + z_h)",
        "n": "tanh(n_x + r · n_h)",
        "h'": "(1 - z) · n + z · h",
    }
    adds_gates = False
    candidate = "new"
    memory_gate = "update"

    @staticmethod
    def step(gates_x: Value, gates_h: Value, hidden_state: Value, peepholes: Value) -> Step:
        """Return h_t = (1 - z) n + z h_{t-1}, with the candidate n = tanh(n_x + r n_h)."""
        r_x, z_x, n_x = gates_x
        r_h, z_h, n_h = gates_h
        h = hidden_state[0]
        # The reset gate scales the bias in n_h as well, so the two biases of n are not equivalent.
        r = sigmoid(r_x + r_h)
        z = sigmoid(z_x + z_h)
        n = tanh(n_x + r * n_h)
        return (r, z, n), (one_minus(z) * n + z * h,)


class LSTM(Cell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) with a forget gate (Gers,
    Schmidhuber and Cummins 2000)."""

    gates = ("input", "forget", "cell", "output")
    state = ("h", "c")
    symbols = ("i", "f", "g", "o")
    equations: ClassVar = {
        "i": "sigmoid(i_x + i_h)",
        "f": "sigmoid(f_x + f_h)",
        "g": "tanh(g_x + g_h)",
        "o": "sigmoid(o_x + o_h)",
        "c'": "f · c + i · g",
        "h'": "o · tanh(c')",
    }
    candidate = "cell"
    memory_gate = "forget"

    @staticmethod
    def step(gates_x: Value, gates_h: Value, hidden_state: Value, peepholes: Value) -> Step:
        """Return h_t = o tanh(c_t) and c_t = f c_{t-1} + i g."""
        i_x, f_x, g_x, o_x = gates_x
        i_h, f_h, g_h, o_h = gates_h
        c = hidden_state[1]
        i = sigmoid(i_x + i_h)
        f = sigmoid(f_x + f_h)
        g = tanh(g_x + g_h)
        o = sigmoid(o_x + o_h)
        c_next = f * c + i * g
        return (i, f, g, o), (o * tanh(c_next), c_next)


class Peephole(Cell):
    """LSTM whose gates see the memory cell (Gers and Schmidhuber, "Recurrent nets that time and
    count", 2000).

    The input gate and the forget gate see c_{t-1}; the output gate sees c_t.
    """

    gates = LSTM.gates
    state = LSTM.state
    candidate = LSTM.candidate
    memory_gate = LSTM.memory_gate
    peepholes = ("peephole_input", "peephole_forget", "peephole_output")
    symbols = LSTM.symbols
    equations: ClassVar = {
        "i": "sigmoid(i_x + i_h + p_i · c)",
        "f": "sigmoid(f_x + f_h + p_f · c)",
        "g": "tanh(g_x + g_h)",
        "c'": "f · c + i · g",
        "o": "sigmoid(o_x + o_h + p_o · c')",
        "h'": "o · tanh(c')",
    }

    @staticmethod
    def step(gates_x: Value, gates_h: Value, hidden_state: Value, peepholes: Value) -> Step:
        """Return h_t = o tanh(c_t) and c_t = f c_{t-1} + i g; i, f and o depend on c as well."""
        i_x, f_x, g_x, o_x = gates_x
        i_h, f_h, g_h, o_h = gates_h
        p_i, p_f, p_o = peepholes
        c = hidden_state[1]
        i = sigmoid(i_x + i_h + p_i * c)
        f = sigmoid(f_x + f_h + p_f * c)
        g = tanh(g_x + g_h)
        c_next = f * c + i * g
        o = sigmoid(o_x + o_h + p_o * c_next)
        return (i, f, g, o), (o * tanh(c_next), c_next)


class Coupled(Cell):
    """LSTM with coupled input and forget gates, i = 1 - f ("CIFG" in Greff et al., "LSTM: a search
    space odyssey", 2017)."""

    gates = ("forget", "cell", "output")
    state = LSTM.state
    symbols = ("f", "g", "o")
    equations: ClassVar = {
        "f": "sigmoid(f_x + f_h)",
        "g": "tanh(g_x + g_h)",
        "o": "sigmoid(o_x + o_h)",
        "c'": "f · c + (1 - f) · g",
        "h'": "o · tanh(c')",
    }
    candidate = LSTM.candidate
    memory_gate = LSTM.memory_gate

    @staticmethod
    def step(gates_x: Value, gates_h: Value, hidden_state: Value, peepholes: Value) -> Step:
        """Return h_t = o tanh(c_t) and c_t = f c_{t-1} + (1 - f) g."""
        f_x, g_x, o_x = gates_x
        f_h, g_h, o_h = gates_h
        c = hidden_state[1]
        f = sigmoid(f_x + f_h)
        g = tanh(g_x + g_h)
        o = sigmoid(o_x + o_h)
        c_next = f * c + one_minus(f) * g
        return (f, g, o), (o * tanh(c_next), c_next)


# With equal numbers of parameters, `coupled` has the lowest loss after 800 updates (1.665 nats on
# tinyshakespeare), but `lstm` has the lowest after a minute (1.554), since oneDNN has a kernel for
# whole segments of an LSTM. So `lstm` is the default (benchmarks/quality.md).
CELLS: dict[str, type[Cell]] = {
    "lstm": LSTM,
    "gru": GRU,
    "rnn": Elman,
    "peephole": Peephole,
    "coupled": Coupled,
}
