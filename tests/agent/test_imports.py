"""The agent runs on a board, where there is no Django, and perhaps no engine either. (Kombu looks for Django where it is
installed; that is kombu's affair.)
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devices import agent
from tests.agent.light_board import LIGHT_BOARD

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(agent.__file__).parents[1]  # of the checkout, or of an installed wheel
MODULES = [
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
    for folder in ("agent", "contract")
    for file in sorted((PACKAGE / folder).rglob("*.py"))
]
CAPABILITIES = ["inference.stages.capability", "federation.node.capability"]
MAKE_APP = """
import sys
from devices.agent import config, worker
at = dict(scheme="redis", host="x", port=1, db=0, username="u", password="p")
worker.make_app(config.Config("http://x", "a", "device", "", "", at)).finalize()
print([name for name in ("django.conf", "django.db", "webapp") if name in sys.modules])
"""
WITHOUT_SCIPY = """
import sys
from devices.agent import memory

memory.without_scipy()
import inference.stages.families
memory.give_back()
print([name for name in sys.modules if name.startswith("scipy.")])
"""


def output(code: str, **env: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_agent_runs_and_asks_its_capabilities_on_its_core_alone() -> None:
    """Neither Django nor torch, ONNX Runtime, OpenCV or Flower is installed."""
    assert len(MODULES) > 40
    output(f"{LIGHT_BOARD}\nimport {', '.join(MODULES + CAPABILITIES)}")


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    """Where all of it is installed."""
    names = LIGHT_BOARD.replace("sys.meta_path[:]", "_")
    loaded = "print(sorted(name for name in EXTRAS if name in sys.modules))"
    assert output(f"{names}\nimport {', '.join(MODULES + CAPABILITIES)}\n{loaded}") == "[]"


def test_celery_loads_no_django_even_where_the_environment_names_its_settings() -> None:
    assert output(MAKE_APP, DJANGO_SETTINGS_MODULE="webapp.settings") == "[]"


def test_what_answers_does_without_scipy() -> None:
    """40 MB of a board's memory; scikit-learn brings it along, for the worker that trains."""
    pytest.importorskip("torch")
    assert output(WITHOUT_SCIPY) == "[]"
