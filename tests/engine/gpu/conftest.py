"""A machine with a GPU and TensorRT, as it seems (tests/engine/gpu/fake)."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.compute import nvidia
from inference.engine.bundles.store import Store
from inference.engine.engines.choice import choose
from inference.engine.engines.engine import Resources
from tests.engine.gpu.machine import FAKE, forget


@pytest.fixture(scope="session")
def driver_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("driver")
    if (compiler := shutil.which("cc") or shutil.which("gcc")) is None:
        pytest.skip("There is no C compiler for the fake driver.")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", folder / "libcuda.so.1", FAKE / "libcuda.c"], check=True)
    (folder / "nvidia0").touch()
    return folder


@pytest.fixture
def gpu(driver_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with a GPU, as it seems, for this process and those that it starts."""
    monkeypatch.setattr(nvidia, "LIBRARY", str(driver_folder / "libcuda.so.1"))
    monkeypatch.setattr(nvidia, "DEVICES", (driver_folder / "nvidia0",))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(driver_folder))
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    monkeypatch.setenv("ISTHMUS_ENGINE", "tensorrt")
    monkeypatch.syspath_prepend(str(FAKE))
    nvidia.driver.cache_clear()
    yield
    nvidia.driver.cache_clear()
    forget()


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    return Resources(threads=1, device="auto", cache=tmp_path / "engines")


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("once")


@pytest.fixture
def prepared(gpu: None, once: Path, bundles: Store, resources: Resources) -> Resources:
    """With plans that were made before; by the process that makes them, for the first test that needs them."""
    if not (once / "engines").exists():
        choose("compact", bundles.current("compact"), Resources(1, "auto", once / "engines"))
    assert resources.cache is not None
    shutil.copytree(once / "engines", resources.cache)
    return resources
