"""The agent runs on a board, where there is no Django. (Kombu looks for it where it is installed; that is kombu's affair.)"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = tuple(
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for folder in ("agent", "contract")
    for file in sorted((ROOT / "devices" / folder).rglob("*.py"))
)
BARE_BOARD = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("django", "channels", "ninja", "webapp"):
            raise ImportError(name + " is not on a board")

sys.meta_path.insert(0, Absent())
"""
MAKE_APP = """
import sys
from devices.agent import config, worker
at = dict(scheme="redis", host="x", port=1, db=0, username="u", password="p")
worker.make_app(config.Config("http://x", "a", "device", "", "", at)).finalize()
print([name for name in ("django.conf", "django.db", "webapp") if name in sys.modules])
"""


def output(code: str, **env: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("module", MODULES)
def test_the_agent_runs_where_there_is_no_django(module: str) -> None:
    output(f"{BARE_BOARD}\nimport {module}")


def test_the_stages_and_the_models_do_too() -> None:
    output(f"{BARE_BOARD}\nimport inference.stages.capability, inference.engine.runner")


def test_celery_loads_no_django_even_where_the_environment_names_its_settings() -> None:
    assert output(MAKE_APP, DJANGO_SETTINGS_MODULE="webapp.settings") == "[]"


def test_what_answers_does_without_scipy() -> None:
    """40 MB of a board's memory; scikit-learn brings it along, for the lane that trains."""
    code = (
        "import sys; from devices.agent import memory; memory.without_scipy(); import inference.stages.capability; "
        "memory.give_back(); "
    )
    assert output(f"{code}print([name for name in sys.modules if name.startswith('scipy.')])") == "[]"
