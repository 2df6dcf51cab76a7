"""The files of docs/scale start what exists: syntax, and options of charnn and torchrun."""

import importlib.util
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers import PROJECT
from tests.test_docs import OPTIONS

SCRIPT, JOB = (PROJECT / "docs" / "scale" / name for name in ("charnn.sbatch", "charnn-job.yaml"))
PAGE = PROJECT / "docs" / "scale.md"


def torchrun_calls(path: Path) -> list[list[str]]:
    """Return the words of each call of torchrun in a file that go with it."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    if path == JOB:  # a folded scalar: each line break is a space
        text = re.sub(r"\n +(?=--|-m |exec |\$)", " ", text)
    return [shlex.split(call) for call in re.findall(r"torchrun(?= .* charnn train )(.*)", text)]


@pytest.mark.parametrize("path", [SCRIPT, JOB, PAGE], ids=lambda path: path.name)
def test_every_option_exists(path: Path) -> None:
    spec = importlib.util.find_spec("torch")
    assert spec is not None
    assert spec.origin is not None
    launcher = Path(spec.origin).parent / "distributed" / "run.py"
    known = set(re.findall(r'"(--?[a-z][a-z0-9-]*)"', launcher.read_text(encoding="utf-8")))
    calls = torchrun_calls(path)
    assert calls
    for words in calls:
        middle = words.index("-m")
        assert words[middle : middle + 4] == ["-m", "charnn", "train", "corpus.txt"]
        options = [word for word in words if word.startswith("--")]
        mine = [word for word in words[middle + 1 :] if word.startswith("--")]
        assert set(mine) <= OPTIONS["train"]
        assert set(options[: len(options) - len(mine)]) <= known


def test_the_rows_can_be_shared() -> None:
    """Each process has the same number of rows, on two nodes with eight GPUs."""
    for path in (SCRIPT, JOB):
        [words] = torchrun_calls(path)
        assert int(words[words.index("--batch-size") + 1]) % 16 == 0


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_script_is_one_of_bash() -> None:
    subprocess.run(["bash", "-n", SCRIPT], check=True)
    script = SCRIPT.read_text(encoding="utf-8")
    assert "#SBATCH --nodes=2" in script
    # Since Slurm 22.05, srun does not inherit this option from the job.
    assert 'srun --cpus-per-task "$SLURM_CPUS_PER_TASK" torchrun' in script


def test_the_job_is_yaml() -> None:
    yaml = pytest.importorskip("yaml")
    service, policy, job = yaml.safe_load_all(JOB.read_text(encoding="utf-8"))
    assert [each["kind"] for each in (service, policy, job)] == ["Service", "NetworkPolicy", "Job"]
    label = {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
    selector = "=".join(*label.items())
    assert f"kubectl logs --follow --prefix --selector {selector}" in PAGE.read_text("utf-8")
    assert service["spec"]["selector"] == label == policy["spec"]["podSelector"]["matchLabels"]
    pod = job["spec"]["template"]["spec"]
    assert pod["subdomain"] == service["metadata"]["name"]
    [container] = pod["containers"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    assert f"--rdzv-endpoint {label.popitem()[1]}-0.charnn:" in container["command"][-1]
