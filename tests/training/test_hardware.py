"""The choice of the precision, by the processor's instructions and not by a stopwatch."""

import os
from typing import Any

import pytest
import torch

from charnn.errors import UsageError
from charnn.training.hardware import choose_precision, exact_and_fast


@pytest.mark.parametrize(
    ("capabilities", "precision"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, "bf16"),
        ({"avx512_bf16": False, "amx_bf16": True}, "bf16"),
        ({"avx2": True, "avx512_f": True, "avx512_bf16": False}, "fp32"),
        ({"architecture": "arm64", "bf16": True}, "fp32"),
    ],
)
def test_the_instructions_of_the_cpu_decide(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, Any], precision: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert choose_precision("auto", "cpu") == precision
    assert choose_precision("fp32", "cpu") == "fp32"


@pytest.mark.parametrize(("supported", "precision"), [(True, "bf16"), (False, "fp32")])
def test_an_older_torch(monkeypatch: pytest.MonkeyPatch, supported: bool, precision: str) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: supported, raising=False)
    assert choose_precision("auto", "cpu") == precision
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported")
    assert choose_precision("auto", "cpu") == "fp32"


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(UsageError, match="--precision"):
        choose_precision("fp16", "cpu")


def test_cuda_multiplies_in_tf32_and_repeats_its_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    backends: Any = torch.backends

    def settings() -> tuple[Any, ...]:
        cuda, cudnn = backends.cuda, backends.cudnn
        return cuda.matmul.fp32_precision, cudnn.rnn.fp32_precision, cudnn.deterministic

    before = settings()
    with exact_and_fast("cpu"):
        assert settings() == before
        assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    with exact_and_fast("cuda"):
        assert settings() == ("tf32", "tf32", True)
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert settings() == before
