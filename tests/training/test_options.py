"""The description of the options: complete, and the same as the code that it describes."""

import subprocess
import sys
from dataclasses import fields

import pytest

from charnn.corpus import scan
from charnn.corpus.transpose_augmentation import parse_key_range
from charnn.errors import UsageError
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from charnn.training.options import (
    CELL_CHOICES,
    TOKEN_CHOICES,
    TRANSPOSE_CHOICES,
    TrainingOptions,
    check_names_and_choices,
    described_options,
    given,
)
from charnn.training.training_config import Budget, TrainingConfig
from tests.helpers import environment


def test_the_choices_are_those_of_the_code() -> None:
    assert set(CELL_CHOICES) == CELLS.keys()
    assert set(TOKEN_CHOICES) == set(scan.TOKEN_CHOICES)
    for choice in TRANSPOSE_CHOICES:
        assert parse_key_range(choice)
    with pytest.raises(UsageError):
        parse_key_range(str(int(TRANSPOSE_CHOICES[-2]) + 1))


def test_every_field_of_the_configurations_has_an_option() -> None:
    configured = {
        field.name for each in (ModelConfig, Budget, TrainingConfig) for field in fields(each)
    }
    options = set(TrainingOptions.__annotations__)
    assert options - configured == {"preset", "one_hot"}
    assert configured - options == {"vocab_size", "pointer_width", "budget", "shuffle"}


def test_every_help_is_a_sentence_with_its_default() -> None:
    without_default = {
        "resume",
        "init_from",
        "one_hot",
        "epochs",
        "steps",
        "clip_value",
        "tensorboard",
    }
    for name, _, option in described_options():
        assert option.help[0].isupper()
        assert option.help.endswith(".")
        assert ("default: " in option.help) == (name not in without_default), name


def test_the_default_share_held_out_is_the_one_in_the_help() -> None:
    described = {name: option for name, _, option in described_options()}
    assert f"(default: {scan.DEFAULT_VAL_FRACTION})" in described["val_fraction"].help


def test_an_option_that_does_not_exist_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'hiden_size'"):
        check_names_and_choices({"hiden_size": 3})


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("cell", "lstmm", "--cell lstmm is unknown. Did you mean lstm? (lstm, gru, rnn,"),
        ("device", "gpu", "--device gpu is unknown."),
        ("preset", "huge", "--preset huge is unknown. Choose one of auto, tiny,"),
        ("tokens", "ABC", "--tokens ABC is unknown."),
    ],
)
def test_an_unknown_choice_names_the_choices(option: str, value: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_names_and_choices({option: value})
    assert str(caught.value).startswith(message)


def test_an_option_that_is_none_is_not_set() -> None:
    check_names_and_choices({"cell": None, "transpose": 2})
    assert given({"cell": None, "lr": 0.0}, "cell", "lr", "clip") == {"lr": 0.0}


def test_the_description_needs_neither_torch_nor_numpy() -> None:
    code = (
        "import sys, charnn.training.options; "
        "print(*{'torch', 'numpy', 'music21'} & sys.modules.keys())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == ""
