"""Pages of models, taken apart for the tests, and run by Node."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from charnn.share.model_page import model_page

Settings = dict[str, Any]
Call = tuple[str, Sequence[Any]]  # a function in JavaScript, and its arguments
USUAL: Settings = {"length": 2000, "prime": "", "stop": "", "temperature": 0.8}
USUAL |= {"topK": 0, "topP": 1, "minP": 0}


@dataclass(frozen=True)
class TakenApart:
    """The parts of a page.

    Attributes:
        policy: the content security policy.
        scripts: the code that the page runs itself.
        elements: the texts of the other script elements, by id.
        rest: the page without all of these.
    """

    policy: str
    scripts: list[str]
    elements: dict[str, str]
    rest: str

    @property
    def data(self) -> dict[str, Any]:
        """Return what the scripts know of the model."""
        data: dict[str, Any] = json.loads(self.elements["data"])
        return data


def taken_apart(page: bytes) -> TakenApart:
    """Return the parts of a page."""
    text = page.decode()
    found = re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL)
    elements = {
        name[1]: content
        for attributes, content in found
        if (name := re.search(r'id="(\w+)"', attributes))
    }
    scripts = [content for attributes, content in found if not attributes]
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    rest = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    return TakenApart(unescape(policy[1]), scripts, elements, rest)


def run_pages(
    jobs: Sequence[tuple[Checkpoint, Sequence[Settings], Sequence[Call]]],
) -> list[dict[str, Any]]:
    """Return what the worker writes on the page of each model, and the results of calls there."""
    work = []
    for checkpoint, settings, calls in jobs:
        page = taken_apart(model_page(Path("m.safetensors"), checkpoint))
        work.append(
            {
                "data": page.data,
                "worker": page.elements["worker"],
                "weights": page.elements["weights"],
                "settings": settings,
                "calls": calls,
            }
        )
    return _run(work)


def call_scripts(names: Sequence[str], calls: Sequence[Call]) -> list[Any]:
    """Return the results of calls in some scripts of pages."""
    folder = files("charnn.share").joinpath("pages")
    code = "".join(folder.joinpath(name).read_text("utf-8") for name in names)
    results: list[Any] = _run([{"worker": code, "settings": [], "calls": calls}])[0]["results"]
    return results


def _run(work: list[dict[str, Any]]) -> list[dict[str, Any]]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node, which runs the scripts of the page")
    ended = subprocess.run(
        [node, str(Path(__file__).with_name("run_page.js"))],
        input=json.dumps(work),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    results: list[dict[str, Any]] = json.loads(ended.stdout)
    return results


def texts_of(checkpoint: Checkpoint, settings: Sequence[Settings]) -> list[str]:
    """Return the texts that `charnn sample` writes with the settings of a page."""
    sampler, texts = Sampler(checkpoint), []
    for each in settings:
        params = SamplingParams(each["temperature"], each["topK"], each["topP"], each["minP"])
        seed, length, prime = each["seed"], each["length"], each["prime"]
        pieces = sampler.stream(params, seed=seed, length=length, prime=prime, stop=each["stop"])
        texts.append(prime + "".join(pieces))
    return texts
