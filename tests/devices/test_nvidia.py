"""Why this machine's GPU cannot be used, in a sentence, and what to do about it."""

import os
from pathlib import Path

import pytest

from devices.compute import nvidia
from devices.compute.nvidia import Driver, DriverError


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer without a GPU; each test puts something into its folder."""
    monkeypatch.setattr(nvidia, "DEVICES", (tmp_path / "nvidia0", tmp_path / "nvhost-gpu"))
    monkeypatch.setattr(nvidia, "PCI", tmp_path / "pci")
    monkeypatch.setattr(nvidia, "BOARD", tmp_path / "compatible")
    monkeypatch.setattr(nvidia, "LIBRARY", str(tmp_path / "libcuda.so.1"))
    nvidia.driver.cache_clear()
    return tmp_path


def card(machine: Path, vendor: str, kind: str) -> None:
    folder = machine / "pci" / f"0000:{vendor}:{kind}"
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(f"{vendor}\n")
    (folder / "class").write_text(f"{kind}\n")


def test_without_a_gpu_there_is_nothing_to_do(machine: Path) -> None:
    card(machine, "0x8086", "0x030000")  # another vendor's display
    card(machine, "0x10de", "0x040300")  # the sound of an NVIDIA card
    assert nvidia.obstacle() == ("This machine has no NVIDIA GPU.", "")
    assert not nvidia.is_there()


def test_a_card_without_its_driver(machine: Path) -> None:
    card(machine, "0x10de", "0x030200")
    why, remedy = nvidia.obstacle()
    assert (why, remedy[:24]) == (
        "There is an NVIDIA GPU in this machine, and its driver is not loaded.",
        "Install NVIDIA's driver,",
    )


def test_a_jetson_in_a_container_that_hides_its_gpu(machine: Path) -> None:
    (machine / "compatible").write_bytes(b"nvidia,p3768-0000+p3767-0005-super\0nvidia,p3767-0005\0nvidia,tegra234\0")
    assert nvidia.obstacle() == (
        "This Jetson's GPU is not to be seen here.",
        "In a container, start it with `--runtime nvidia`.",
    )


def test_an_account_that_may_not_use_the_gpu(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(machine / "nvhost-gpu")
    monkeypatch.setattr(Path, "is_char_device", Path.is_fifo)
    monkeypatch.setattr(Path, "group", lambda self: "video")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may everything
    assert nvidia.obstacle() == (
        f"This account may not use {machine / 'nvhost-gpu'}.",
        "Add it to the group video: usermod -aG video ACCOUNT.",
    )


def test_a_driver_whose_library_is_missing(machine: Path) -> None:
    (machine / "nvidia0").touch()
    assert nvidia.is_there()
    why, remedy = nvidia.obstacle()
    assert why.startswith("The driver's library cannot be loaded (") and "No such file" in why
    assert remedy == "Restart the machine; if that does not help, install NVIDIA's driver again."


def test_a_library_that_is_not_the_drivers(machine: Path) -> None:
    import ctypes.util

    other = ctypes.util.find_library("m")
    with pytest.raises(DriverError, match=r"The driver's library cannot be loaded \(.*cuInit"):
        Driver(other or "libm.so.6")
