"""ONNX Runtime reports nothing to its maker: it writes neither a number for this machine nor what it would send."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# As a node imports it, then as without us: the second shows that the first means something.
OURS, PLAIN = "from inference.engine.engines import onnx_engine", "import onnxruntime"


def files_of(tmp_path: Path, code: str) -> list[Path]:
    environment = {name: value for name, value in os.environ.items() if name not in ("ORT_DISABLE_TELEMETRY", "CI")}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**environment, "HOME": str(tmp_path)}, check=True)
    return [file for file in tmp_path.rglob("*") if file.is_file()]


def test_a_node_leaves_no_number_of_its_machine(tmp_path: Path) -> None:
    assert files_of(tmp_path, OURS) == []


def test_without_the_setting_there_would_be_one(tmp_path: Path) -> None:
    assert files_of(tmp_path, PLAIN) != []
