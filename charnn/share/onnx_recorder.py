"""A recorder of arithmetic: what is computed with its values becomes nodes of an ONNX graph.

A `Wire` takes part in + - *, tanh and sigmoid like a tensor. So the equations of the cells
(`charnn.model.cells`) write their graph themselves.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Recorder:
    """The nodes and constants of a graph, in the order in which they are computed."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, array: NDArray[Any]) -> "Wire":
        """Return an array that is stored in the graph."""
        from onnx.numpy_helper import from_array

        name = f"constant_{len(self.constants)}"
        self.constants.append(from_array(np.ascontiguousarray(array), name))
        return Wire(self, name)

    def node(self, operator: str, *inputs: "Wire | float | list[int]", **attributes: Any) -> "Wire":
        """Return the result of an operator of ONNX; numbers become constants."""
        return self.nodes_of(operator, 1, *inputs, **attributes)[0]

    def nodes_of(
        self, operator: str, outputs: int, *inputs: "Wire | float | list[int]", **attributes: Any
    ) -> list["Wire"]:
        """Return the results of an operator that has several."""
        from onnx.helper import make_node

        names = [self._wire(each).name for each in inputs]
        results = [f"value_{len(self.nodes)}_{number}" for number in range(outputs)]
        self.nodes.append(make_node(operator, names, results, **attributes))
        return [Wire(self, name) for name in results]

    def _wire(self, value: "Wire | float | list[int]") -> "Wire":
        if isinstance(value, Wire):
            return value
        is_list = isinstance(value, list)
        return self.constant(np.array(value, np.int64 if is_list else np.float32))


class Wire:
    """A value of the graph.

    Args:
        recorder: the graph.
        name: the name of the value in it.
    """

    # NumPy's numbers leave operations with a wire to the wire.
    __array_ufunc__ = None

    def __init__(self, recorder: Recorder, name: str) -> None:
        self.recorder, self.name = recorder, name

    def __add__(self, other: "Wire | float") -> "Wire":
        return self.recorder.node("Add", self, other)

    def __sub__(self, other: "Wire | float") -> "Wire":
        return self.recorder.node("Sub", self, other)

    def __rsub__(self, other: float) -> "Wire":
        return self.recorder.node("Sub", float(other), self)

    def __mul__(self, other: "Wire | float") -> "Wire":
        return self.recorder.node("Mul", self, other)

    def __matmul__(self, other: "Wire") -> "Wire":
        return self.recorder.node("MatMul", self, other)

    def tanh(self) -> "Wire":
        """Return the hyperbolic tangent."""
        return self.recorder.node("Tanh", self)

    def sigmoid(self) -> "Wire":
        """Return 1 / (1 + exp(-x))."""
        return self.recorder.node("Sigmoid", self)

    def named(self, name: str) -> "Wire":
        """Return the value under another name."""
        from onnx.helper import make_node

        self.recorder.nodes.append(make_node("Identity", [self.name], [name]))
        return Wire(self.recorder, name)
