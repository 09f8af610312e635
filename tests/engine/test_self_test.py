"""`doctor` tries every engine of a node, and says which one is used and why the GPU is not."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devices.agent import config
from devices.agent.capabilities import Finding
from devices.agent.config import Config
from devices.compute import nvidia
from inference.engine import engines
from inference.engine.bundles.store import Store
from inference.engine.catalogue import Profile
from inference.engine.engines import NoEngine
from inference.engine.engines.engine import EngineType, Resources
from inference.engine.engines.onnx_engine import NOT_BUILT, OnnxEngine
from inference.stages import self_test

ROOT = Path(__file__).resolve().parents[2]
AT = {"scheme": "redis", "host": "127.0.0.1", "port": 9, "db": 0, "username": "u", "password": "p"}
NODE = Config("http://127.0.0.1:9", "jetson-a", "device", "token", "", AT)
AGREES = r"cpu, float32, \d+ ms a photo, agrees with the reference"


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, place in (("DEVICES", (tmp_path / "nvidia0",)), ("PCI", tmp_path), ("BOARD", tmp_path / "board")):
        monkeypatch.setattr(nvidia, name, place)


def findings(bundles: Store, profile: str = "compact") -> dict[str, Finding]:
    return {finding.what: finding for finding in self_test.findings(profile, bundles.current(profile), Resources(threads=1))}


@pytest.fixture
def only_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ENGINES", [kind for kind in engines.ENGINES if kind.name == "onnx"])


@pytest.mark.slow
def test_every_engine_is_tried_and_the_used_one_is_named(bundles: Store) -> None:
    lines = findings(bundles)
    assert list(lines) == ["engine onnx", "engine tensorrt", "engine torch", "engine", "gpu"]
    assert re.fullmatch(AGREES, lines["engine onnx"].state)
    assert re.fullmatch(AGREES, lines["engine torch"].state)
    assert lines["engine tensorrt"].state == "not used: tensorrt is not installed."
    assert lines["engine"].state == "onnx, the first that agrees; without a GPU the agent loads no other"
    assert lines["gpu"] == ("gpu", "not used: This machine has no NVIDIA GPU.", "")
    assert not any(finding.remedy for finding in lines.values())


class Wrong(OnnxEngine):
    """Its tower is off by a constant."""

    def __init__(self, profile: Profile, resources: Resources) -> None:
        super().__init__(profile, resources)
        vision, right = self.parts["classify"].networks.vision, self.parts["classify"].networks.vision.whole
        vision.whole = lambda pixels: right(pixels) + 1  # type: ignore[method-assign]


def test_an_engine_that_disagrees_says_how_far(bundles: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ENGINES", [EngineType("wrong", (), True, Wrong)])
    lines = findings(bundles)
    assert lines["engine wrong"].state.startswith("not used: Its classify.tokens differ from the reference by ")
    assert lines["engine"] == ("engine", "none can compute the compact models", self_test.NONE_WORKS)


def test_without_a_bundle_nothing_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_ENGINE", "torch")
    lines = findings(Store(tmp_path))
    assert lines["engine torch"].state.endswith("ms a photo, not compared, as there is no bundle here")
    assert lines["engine"].state == "torch, which ISTHMUS_ENGINE names"


@pytest.mark.parametrize(
    ("setting", "state", "remedy"),
    [
        ("cpu", "not used: ISTHMUS_DEVICE is cpu", ""),
        ("gpu", "not used: ISTHMUS_DEVICE is 'gpu'", "Set it to auto, cpu or cuda."),
        ("cuda", "not used: This machine has no NVIDIA GPU.", "Set ISTHMUS_DEVICE=auto."),
    ],
)
def test_the_setting_is_a_reason_too(
    setting: str, state: str, remedy: str, bundles: Store, only_onnx: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISTHMUS_DEVICE", setting)
    assert findings(bundles)["gpu"] == ("gpu", state, remedy)


def full(profile: Profile, resources: Resources) -> OnnxEngine:
    raise NoEngine("The GPU is not used: its memory is used up.")


@pytest.mark.parametrize(("setting", "remedy"), [("auto", ""), ("cuda", self_test.NOT_USED)])
def test_a_gpu_that_works_and_is_not_used_has_a_reason_from_every_engine(
    setting: str, remedy: str, bundles: Store, only_onnx: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nvidia0").touch()
    monkeypatch.setenv("ISTHMUS_DEVICE", setting)
    monkeypatch.setattr(nvidia, "obstacle", lambda: ("", ""))
    absent = EngineType("tensorrt", ("no_such_package",), True, full, nvidia.is_there)
    kinds = [*engines.ENGINES, absent, EngineType("full", (), True, full, nvidia.is_there)]
    monkeypatch.setattr(engines, "ENGINES", kinds)
    state = (
        f"not used. onnx: {NOT_BUILT} tensorrt: no_such_package is not installed. "
        "full: The GPU is not used: its memory is used up."
    )
    lines = findings(bundles)
    assert lines["gpu"] == ("gpu", state, remedy)
    assert lines["engine"].state == "onnx, the fastest of them"


def test_a_driver_that_does_not_work_has_its_remedy(
    bundles: Store, only_onnx: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(nvidia, "LIBRARY", "libnosuchdriver.so.1")
    nvidia.driver.cache_clear()
    gpu = findings(bundles)["gpu"]
    assert gpu.state.startswith("not used: The driver's library cannot be loaded (libnosuchdriver.so.1")
    assert gpu.remedy == "Restart the machine; if that does not help, install NVIDIA's driver again."


def test_models_that_nobody_knows_are_a_fault(bundles: Store) -> None:
    lines = findings(bundles, "huge")
    assert lines["engine"].remedy and list(lines) == ["engine"]


def test_the_command_prints_it_and_fails_for_what_is_wrong(
    bundles: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    config.save(home, NODE)
    shutil.copytree(bundles.root, home / "bundles")
    for name, value in (("ISTHMUS_ENGINE", "onnx"), ("ISTHMUS_TRAINING_LANE", "off"), ("ISTHMUS_DEVICE", "gpu")):
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-m", "devices.agent", "doctor", "--home", str(home)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert re.search(rf"^ok    engine onnx: {AGREES}$", done.stdout, re.MULTILINE), done.stdout + done.stderr
    assert "FAULT gpu: not used: ISTHMUS_DEVICE is 'gpu'\n      → Set it to auto, cpu or cuda.\n" in done.stdout
    assert done.returncode == 1
