"""The product of int8 rows with int8 hidden units, which takes most of the time of sampling.

Compilers widen int8 before they multiply, so numba's loop takes about twice as long as the
instruction for this product (`benchmarks/kernels.md`). Processors with VNNI (most x86 laptops since
2020) multiply 32 pairs of bytes and add up the products in one instruction, VPDPBUSD. This module
applies VPDPBUSD to four rows at a time, and so reads the weights as fast as the cache delivers
them.

VPDPBUSD multiplies unsigned bytes with signed bytes. So this module adds 128 to each hidden unit.
To make up for that, the sum of products of each matrix row starts at -128 times the sum of the
row's weights. Other processors run a loop that numba compiles. Both ways give the same sums.

Shape suffixes: R rows of a matrix, K columns.
"""

from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from charnn.inference.int8_pointer import PADDING
from charnn.model.numba_cache import compiled

_cpu_features = llvmlite.binding.get_host_cpu_features()
# LLVM 22 changed the operand types of the intrinsic. Where numba is configured to compile for
# another processor (NUMBA_CPU_NAME), the features of this processor do not count.
HAS_VNNI = (
    llvmlite.binding.llvm_version_info >= (22,)
    and not (config.CPU_NAME or config.CPU_FEATURES)
    and bool(
        _cpu_features.get("avxvnni")
        or (_cpu_features.get("avx512vnni") and _cpu_features.get("avx512vl"))
    )
)
if not HAS_VNNI:
    # LLVM then chooses vectors by the narrow type and not by the wide one: the plain loop takes
    # 0.6 of the time.
    llvmlite.binding.set_option("charnn", "--vectorizer-maximize-bandwidth")
# Rows and bytes that one iteration of the loop reads.
_ROWS, _BYTES = PADDING
# What is added to each hidden unit, see above.
SHIFT = 128 if HAS_VNNI else 0


def padded(int8_RK: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the matrix padded with zeros to a multiple of 4 rows and of 32 columns."""
    rows, columns = (
        -size % unit for size, unit in zip(int8_RK.shape, (_ROWS, _BYTES), strict=True)
    )
    return np.pad(int8_RK, ((0, rows), (0, columns)))


def initial_sums(int8_RK: NDArray[np.int8]) -> NDArray[np.int32]:
    """Return the start value of the sum of products of each matrix row, [R]."""
    sums: NDArray[np.int32] = -SHIFT * int8_RK.sum(axis=1, dtype=np.int32)
    return sums


@intrinsic
def _add_four_rows(typing: Any, weights: Any, hidden: Any, columns: Any, sums: Any) -> Any:
    """Add the dot products of four matrix rows with the hidden units to four sums.

    `weights`, `hidden` and `sums` are addresses. numba has no vector types, so the loop is written
    in LLVM's intermediate representation.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        weights, hidden, columns, sums = arguments
        byte, word = ir.IntType(8), ir.IntType(32)
        bytes_32, words_8 = ir.VectorType(byte, _BYTES), ir.VectorType(word, _BYTES // 4)
        shift = ir.Constant(bytes_32, [SHIFT] * _BYTES)
        multiply_add = builder.module.declare_intrinsic(
            "llvm.x86.avx512.vpdpbusd.256",
            (),
            ir.FunctionType(words_8, [words_8, bytes_32, bytes_32]),
        )
        add_up = builder.module.declare_intrinsic(
            "llvm.vector.reduce.add.v8i32", (), ir.FunctionType(word, [words_8])
        )

        def load(address: Any) -> Any:
            return builder.load(builder.inttoptr(address, bytes_32.as_pointer()), align=1)

        totals = [cgutils.alloca_once_value(builder, words_8(None)) for _ in range(_ROWS)]
        step = ir.Constant(columns.type, _BYTES)
        with cgutils.for_range(builder, builder.udiv(columns, step)) as loop:
            column = builder.mul(loop.index, step)
            # Flipping the highest bit adds 128 to a signed byte and makes it unsigned.
            unsigned = builder.xor(load(builder.add(hidden, column)), shift)
            for row, total in enumerate(totals):
                start = builder.add(weights, builder.mul(columns, ir.Constant(columns.type, row)))
                signed = load(builder.add(start, column))
                product = builder.call(multiply_add, [builder.load(total), unsigned, signed])
                builder.store(product, total)
        for row, total in enumerate(totals):
            address = builder.add(sums, ir.Constant(sums.type, 4 * row))
            pointer = builder.inttoptr(address, word.as_pointer())
            row_sum = builder.call(add_up, [builder.load(total)])
            builder.store(builder.add(builder.load(pointer), row_sum), pointer)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp, types.intp), generate


@compiled
def _add_products_vnni(int8_RK: Any, hidden_K: Any, sums_R: Any) -> None:
    """Add the dot product of each row with the hidden units to the row's sum.

    All arrays are padded (see `padded`).
    """
    rows, columns = int8_RK.shape
    for row in range(0, rows, _ROWS):
        _add_four_rows(
            int8_RK.ctypes.data + row * columns,
            hidden_K.ctypes.data,
            columns,
            sums_R.ctypes.data + 4 * row,
        )


@compiled
def _add_products_loop(int8_RK: Any, hidden_K: Any, sums_R: Any) -> None:
    """Add the dot product of each row with the hidden units to the row's sum, in a plain loop."""
    for row in range(int8_RK.shape[0]):
        total = sums_R[row]
        for k in range(int8_RK.shape[1]):
            total += np.int32(int8_RK[row, k]) * np.int32(hidden_K[k])
        sums_R[row] = total


add_products = _add_products_vnni if HAS_VNNI else _add_products_loop
