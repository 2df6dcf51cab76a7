"""Compiling in the background loses no warnings of other threads."""

import threading
import warnings

import numba
import pytest

from charnn.sampling.compiler_warnings import separate_warnings


def compile_a_function() -> None:
    numba.njit(lambda number: number + 1)(1)


def compile_apart() -> None:
    with separate_warnings():
        compile_a_function()


def test_only_the_compiling_thread_leaves_the_filters_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[str] = []
    enter = warnings.catch_warnings.__enter__

    def noted(manager: "warnings.catch_warnings[list[warnings.WarningMessage]]") -> object:
        threads.append(threading.current_thread().name)
        return enter(manager)

    monkeypatch.setattr(warnings.catch_warnings, "__enter__", noted)
    compiling = threading.Thread(target=compile_apart, name="apart")
    compiling.start()
    compiling.join()
    assert "apart" not in threads
    compile_a_function()
    assert threading.current_thread().name in threads
