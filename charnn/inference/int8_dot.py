"""Rows of eight-bit weights times levels: the product on which writing spends its time.

Compilers widen small numbers before they multiply them. Processors with VNNI (most x86 laptops
since 2020) multiply 32 pairs of bytes and sum them up at once, here four rows at a time, which
reads the weights as fast as the cache gives them. What they multiply with must be 0 to 255, though,
so levels are moved up by 128, and the sums begin as much lower. Others take the loop that the
compiler makes the best of. Both give the same sums.
"""

from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

_features = llvmlite.binding.get_host_cpu_features()
# Before version 22, LLVM's function for the instruction had other types; and whoever tells numba
# which processor to compile for may mean another than this one.
HAS_VNNI = (
    llvmlite.binding.llvm_version_info >= (22,)
    and not (config.CPU_NAME or config.CPU_FEATURES)
    and bool(
        _features.get("avxvnni") or (_features.get("avx512vnni") and _features.get("avx512vl"))
    )
)
if not HAS_VNNI:
    # Lets LLVM multiply 32 pairs at once in the plain loop, too, if not by one instruction.
    llvmlite.binding.set_option("charnn", "--vectorizer-maximize-bandwidth")
_ROWS, _BYTES = 4, 32
_BYTE, _WORD = ir.IntType(8), ir.IntType(32)


def padded(whole_RK: NDArray[np.int8]) -> NDArray[np.int8]:
    """With so many rows and columns of zeros that no loop has an odd end."""
    rows, columns = (
        -size % part for size, part in zip(whole_RK.shape, (_ROWS, _BYTES), strict=True)
    )
    return np.pad(whole_RK, ((0, rows), (0, columns)))


def beginnings(whole_RK: NDArray[np.int8]) -> NDArray[np.int32]:
    """What the sum of each row begins with, [R]."""
    shift = 128 if HAS_VNNI else 0
    begin: NDArray[np.int32] = -shift * whole_RK.sum(axis=1, dtype=np.int32)
    return begin


@intrinsic
def _four_rows(typing: Any, whole: Any, levels: Any, columns: Any, sums: Any) -> Any:
    """Add to four sums the products of four rows of bytes at the addresses given."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole, levels, columns, sums = arguments
        bytes_, words = ir.VectorType(_BYTE, _BYTES), ir.VectorType(_WORD, _BYTES // 4)
        shift = ir.Constant(bytes_, [128] * _BYTES)
        multiply = builder.module.declare_intrinsic(
            "llvm.x86.avx512.vpdpbusd.256", (), ir.FunctionType(words, [words, bytes_, bytes_])
        )
        add_up = builder.module.declare_intrinsic(
            "llvm.vector.reduce.add.v8i32", (), ir.FunctionType(_WORD, [words])
        )

        def read(address: Any) -> Any:
            return builder.load(builder.inttoptr(address, bytes_.as_pointer()), align=1)

        totals = [cgutils.alloca_once_value(builder, words(None)) for _ in range(_ROWS)]
        step = ir.Constant(columns.type, _BYTES)
        with cgutils.for_range(builder, builder.udiv(columns, step)) as loop:
            place = builder.mul(loop.index, step)
            moved_up = builder.xor(read(builder.add(levels, place)), shift)
            for row, total in enumerate(totals):
                begin = builder.add(whole, builder.mul(columns, ir.Constant(columns.type, row)))
                weights = read(builder.add(begin, place))
                builder.store(
                    builder.call(multiply, [builder.load(total), moved_up, weights]), total
                )
        for row, total in enumerate(totals):
            address = builder.add(sums, ir.Constant(sums.type, 4 * row))
            pointer = builder.inttoptr(address, _WORD.as_pointer())
            added = builder.add(builder.load(pointer), builder.call(add_up, [builder.load(total)]))
            builder.store(added, pointer)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp, types.intp), generate


@njit(cache=True, nogil=True, error_model="numpy")
def _with_vnni(whole: Any, levels: Any, sums: Any) -> None:
    """Add to the sums [R] the products of rows [R, K] with levels [K]; see `padded`."""
    rows, columns = whole.shape
    for row in range(0, rows, _ROWS):
        _four_rows(
            whole.ctypes.data + row * columns,
            levels.ctypes.data,
            columns,
            sums.ctypes.data + 4 * row,
        )


@njit(cache=True, nogil=True, error_model="numpy")
def _with_loops(whole: Any, levels: Any, sums: Any) -> None:
    """Add to the sums [R] the products of rows [R, K] with levels [K]."""
    for row in range(whole.shape[0]):
        total = sums[row]
        for k in range(whole.shape[1]):
            total += np.int32(whole[row, k]) * np.int32(levels[k])
        sums[row] = total


add_products = _with_vnni if HAS_VNNI else _with_loops
