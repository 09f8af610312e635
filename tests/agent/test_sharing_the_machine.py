"""What the agent leaves to others of the machine that it shares: GPUs, and cores."""

import os
import subprocess
import sys

import pytest

from devices.agent.sharing import machine


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Those of this process come back afterwards."""
    for name in ("OPENBLAS_NUM_THREADS", "ISTHMUS_DEVICE", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


def test_one_gpu_of_several_is_the_only_one_that_the_process_sees(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("ISTHMUS_DEVICE", "cuda:1")
    machine.confine()
    assert (os.environ["CUDA_VISIBLE_DEVICES"], os.environ["ISTHMUS_DEVICE"]) == ("1", "cuda")
    machine.confine()  # as after a restart, which keeps the environment
    assert (os.environ["CUDA_VISIBLE_DEVICES"], os.environ["ISTHMUS_DEVICE"]) == ("1", "cuda")


@pytest.mark.parametrize("setting", ["", "auto", "cpu", "cuda", "cuda:", "cuda:x", "cuda:1,2"])
def test_other_settings_hide_no_gpu(variables: pytest.MonkeyPatch, setting: str) -> None:
    variables.setenv("ISTHMUS_DEVICE", setting)
    machine.confine()
    assert "CUDA_VISIBLE_DEVICES" not in os.environ and os.environ["ISTHMUS_DEVICE"] == setting


def test_numpy_computes_with_one_thread_unless_somebody_says_otherwise(variables: pytest.MonkeyPatch) -> None:
    machine.confine()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    variables.setenv("OPENBLAS_NUM_THREADS", "3")
    machine.confine()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "3"


def test_the_agent_does_so_before_numpy_is_imported() -> None:
    """Afterwards it would be too late: the library reads its variables once."""
    script = (
        "import os, sys\n"
        "from devices.agent import __main__ as agent\n"
        "assert 'numpy' not in sys.modules\n"
        "agent.main(['health', '--home', '/nonexistent'])\n"
        "print(os.environ['OPENBLAS_NUM_THREADS'])\n"
    )
    variables = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "1"
