"""What the installer would do on each system: its dry run on that system's release files."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.agent.dry_run import SHELLS, Machine

NEEDED = "The agent needs Python 3.10 to 3.13; "
UV = "UV_PYTHON_INSTALL_DIR=/opt/python UV_PYTHON_BIN_DIR=/usr/local/bin ~/.local/bin/uv python install 3.12"
CPU, TORCH = "ONNX Runtime on the CPU", "torch on the GPU, ONNX Runtime on the CPU"
NO_GPU = f"{CPU}; the GPU is not used: its packages for JetPack 5.1 are for an older Python"
SMALL, LARGE, ALL = "onnx,reading", "onnx,reading,training", "onnx,reading,torch,training"
OWN_BUILD = (
    "TensorRT uses the GPU with JetPack's module: apt-get install python3-libnvinfer. "
    "ONNX Runtime does with a build for this JetPack: ISTHMUS_ONNXRUNTIME=FILE_OR_URL. "
    "The onnxruntime-gpu of the ordinary index cannot: it has no kernels for this board."
)
SIZE = "Training brings the ordinary torch, several GB; ISTHMUS_TRAINING=no leaves it out."
DISK = "2.0 GB are free for {prefix}; it takes up to 3.0 GB: apt-get clean, or --prefix on a larger disk."
SWAP = (
    "There is little memory and no swap: "
    "fallocate -l 4G /swapfile && chmod 600 /swapfile && mkswap /swapfile && swapon /swapfile"
)
ORIN = "NVIDIA Jetson Orin Nano"


class System(NamedTuple):
    release: str
    pythons: tuple[str, ...]  # the first is python3, in /usr/bin as well; the others are in PATH
    board: str
    system: str
    python: str
    engine: str
    extras: str
    advice: tuple[str, ...] = ()
    free_gb: int = 50


# fmt: off
SYSTEMS = {system.release: system for system in (
    System("jetpack-5.1", ("3.8", "3.11", "3.10"), "NVIDIA Jetson Xavier NX Developer Kit, 7.1 GB of memory",
           "JetPack 5.1 (R35.4.1)", "{bin}/python3.11 (3.11)", NO_GPU, SMALL),
    System("jetpack-6.2", ("3.10", "3.12"), f"{ORIN} Engineering Reference Developer Kit Super, 7.9 GB of memory",
           "JetPack 6.2 (R36.4.3)", "{root}/usr/bin/python3.10 (3.10)", CPU, LARGE, (OWN_BUILD, SIZE)),
    System("jetpack-7.1", ("3.12",), "NVIDIA Jetson AGX Thor Developer Kit, 131.8 GB of memory",
           "JetPack 7.1 (R38.4.0)", "{root}/usr/bin/python3.12 (3.12)", TORCH, ALL),
    System("jetpack-7.2", ("3.12",), f"{ORIN} Developer Kit, 7.9 GB of memory",
           "JetPack 7.2 (R39.2.0)", "{root}/usr/bin/python3.12 (3.12)", TORCH, ALL),
    System("ubuntu-22.04", ("3.10",), "aarch64, 16.6 GB of memory",
           "Ubuntu 22.04.5 LTS", "{bin}/python3 (3.10)", CPU, LARGE, (SIZE,)),
    System("ubuntu-24.04", ("3.12", "3.11"), "aarch64, 4.1 GB of memory",
           "Ubuntu 24.04.3 LTS", "{bin}/python3 (3.12)", CPU, SMALL),
    System("debian-11", ("3.9", "3.13"), "aarch64, 8.3 GB of memory",
           "Debian GNU/Linux 11 (bullseye)", "{bin}/python3.13 (3.13)", CPU, LARGE, (SIZE,)),
    System("debian-12", ("3.11",), "aarch64, 2.0 GB of memory",
           "Debian GNU/Linux 12 (bookworm)", "{bin}/python3 (3.11)", CPU, SMALL, (DISK, SWAP), free_gb=2),
    System("debian-13", ("3.13",), "aarch64, 33.5 GB of memory",
           "Debian GNU/Linux 13 (trixie)", "{bin}/python3 (3.13)", CPU, LARGE, (SIZE,)),
    System("raspberry-pi-os", ("3.11",), "Raspberry Pi 4 Model B Rev 1.4, 3.9 GB of memory",
           "Raspberry Pi OS, Debian GNU/Linux 12 (bookworm)", "{bin}/python3 (3.11)", CPU, SMALL),
)}
# fmt: on


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)
@pytest.mark.parametrize("name", SYSTEMS)
def test_each_system_gets_what_it_can_run(tmp_path: Path, name: str, shell: Path) -> None:
    system = SYSTEMS[name]
    machine = Machine(tmp_path, system.release, system.pythons, system.free_gb)
    done = machine.dry_run(shell=shell)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [
        ("Board", system.board),
        ("System", system.system),
        ("Python", f"{system.python}, with the system's packages"),
        ("Engine", system.engine),
        ("Packages", f"{{prefix}}/venv/bin/python -m pip install 'isthmus_agent.whl[{system.extras}]'"),
        ("Service", "/etc/systemd/system/isthmus-agent.service, with the settings in {prefix}/agent.env"),
        *(("Advice", sentence) for sentence in system.advice),
    ]
    assert done.stdout.splitlines() == [machine.filled_in(f"{title:<10}{text}") for title, text in rows]
    assert not machine.prefix.exists()


def test_a_jetpack_7_with_little_memory_computes_on_the_processor(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "jetpack-7.2", ("3.12",))
    machine.memory(kb=3600000)
    printed = machine.dry_run().stdout
    assert "Engine    ONNX Runtime on the CPU; torch on the GPU needs 8 GB of memory\n" in printed
    assert "whl[onnx,reading]'" in printed


@pytest.mark.parametrize(
    ("release", "python", "engine"),
    [("jetpack-6.2", "3.10", CPU), ("jetpack-7.1", "3.12", TORCH), ("jetpack-7.2", "3.12", TORCH)],
)
def test_jetpacks_tensorrt_is_used_where_its_module_is(tmp_path: Path, release: str, python: str, engine: str) -> None:
    machine = Machine(tmp_path, release, (python,))
    (machine.root / f"usr/lib/python{python}/dist-packages/tensorrt").mkdir(parents=True)
    printed = machine.dry_run().stdout
    assert f"Engine    TensorRT on the GPU, {engine}\n" in printed and "python3-libnvinfer" not in printed


def test_another_machine_with_a_driver_of_nvidia_gets_torch(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "ubuntu-22.04", ("3.10",))
    machine.put(machine.root / "proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module")
    printed = machine.dry_run().stdout
    assert "Engine    torch on the GPU, ONNX Runtime on the CPU\n" in printed and "[onnx,reading,torch,training]" in printed


def test_an_update_keeps_the_python_and_what_is_installed(tmp_path: Path) -> None:
    """Of a small machine, which would get neither torch nor training today."""
    machine = Machine(tmp_path, "debian-12", ("3.11", "3.12"))
    machine.put(machine.prefix / "venv/bin/python", (machine.bin / "python3.12").read_text())
    for package in ("torch", "flwr"):
        (machine.prefix / "venv/lib/python3.12/site-packages" / package).mkdir(parents=True)
    printed = machine.dry_run().stdout
    assert f"Python    {machine.prefix}/venv/bin/python (3.12)" in printed and "[onnx,reading,torch,training]" in printed


@pytest.mark.parametrize(("choice", "extras"), [("yes", "onnx,reading,training"), ("no", "onnx,reading")])
@pytest.mark.parametrize("release", ["debian-12", "debian-13"])
def test_the_owner_decides_about_training(tmp_path: Path, release: str, choice: str, extras: str) -> None:
    machine = Machine(tmp_path, release, ("3.13",))
    assert f"[{extras}]" in machine.dry_run(ISTHMUS_TRAINING=choice).stdout
    machine.prefix.mkdir()
    (machine.prefix / "agent.env").write_text(f'ISTHMUS_TRAINING="{choice}"\n')
    assert f"[{extras}]" in machine.dry_run().stdout


def test_a_jetpack_without_its_own_python_says_what_that_costs(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "jetpack-6.2", ("3.12",))
    printed = machine.dry_run().stdout
    assert "Engine    ONNX Runtime on the CPU; TensorRT is not used: it needs Python 3.10, which is missing\n" in printed


@pytest.mark.parametrize(
    ("release", "pythons", "start", "end"),
    [
        (
            "jetpack-5.1",
            ("3.8",),
            "python3 of JetPack 5.1 is 3.8. Either install one as root, with `curl ",
            "the GPU is used as well",
        ),
        (
            "debian-11",
            ("3.9",),
            "python3 of Debian GNU/Linux 11 (bullseye) is 3.9. Either upgrade to release 12 or newer, or ",
            UV,
        ),
        ("ubuntu-24.04", ("3.14",), "python3 of Ubuntu 24.04.3 LTS is 3.14. Please install one as root, with `curl ", UV),
        ("ubuntu-22.04", (), "python3 of Ubuntu 22.04.5 LTS is missing. Install it: ", "apt-get install python3 python3-venv"),
    ],
)
def test_without_a_python_it_fails_and_says_what_to_do(
    tmp_path: Path, release: str, pythons: tuple[str, ...], start: str, end: str
) -> None:
    done = Machine(tmp_path, release, pythons).dry_run()
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(NEEDED + start)
    assert done.stderr.replace("`", "").endswith(f"{end}; then run this again.\n")


def test_a_system_of_32_bits_is_refused(tmp_path: Path) -> None:
    done = Machine(tmp_path, "raspberry-pi-os", ("3.11",), bits=32).dry_run()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("There is no ONNX Runtime for 32 bits; install the 64-bit version of Raspberry Pi OS")


def test_a_missing_venv_is_said(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "debian-12", ("3.11",))
    machine.put(machine.bin / "python3", 'case "$1" in -V) echo Python 3.11.2 ;; -c) exit 1 ;; esac')
    assert machine.dry_run().stderr == "Python 3.11 lacks its venv: apt-get install python3.11-venv, then run this again.\n"


def test_builds_that_the_owner_names_are_installed(tmp_path: Path) -> None:
    torch, onnxruntime = "https://example.org/torch-2.8.0-cp310.whl", "https://example.org/onnxruntime_gpu-1.23.0%2Bcu126.whl"
    machine = Machine(tmp_path, "jetpack-6.2", ("3.10",))
    lines = machine.dry_run(ISTHMUS_TORCH=torch, ISTHMUS_ONNXRUNTIME=onnxruntime, ISTHMUS_TRAINING="no").stdout.splitlines()
    pip = f"Packages  {machine.prefix}/venv/bin/python -m pip install "
    assert f"Engine    torch of {torch}, ONNX Runtime of {onnxruntime}" in lines
    assert [line.removeprefix(pip) for line in lines if line.startswith(pip)] == [
        torch,
        "'isthmus_agent.whl[onnx,reading,torch]'",
        f"--no-deps {onnxruntime}",
    ]
    assert "onnxruntime-gpu" not in "".join(lines)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("onnxruntime-gpu", "must be a file with its whole path, or an address; no index has it by name."),
        ("/nowhere/onnxruntime.whl", "/nowhere/onnxruntime.whl is missing; name another, or none: ISTHMUS_ONNXRUNTIME=''."),
    ],
)
def test_a_build_by_its_name_alone_is_refused(tmp_path: Path, value: str, sentence: str) -> None:
    done = Machine(tmp_path, "jetpack-6.2", ("3.10",)).dry_run(ISTHMUS_ONNXRUNTIME=value)
    assert done.returncode == 1 and sentence in done.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_shellcheck_finds_nothing_in_the_script_as_boards_fetch_it(tmp_path: Path) -> None:
    script = Machine(tmp_path, "debian-12", ("3.11",)).script
    assert subprocess.run(["shellcheck", str(script)], capture_output=True, text=True, check=False).stdout == ""
