"""OpenTelemetry is imported where an endpoint is set, and nowhere else."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from webapp import checks
from webapp.live import spans
from webapp.ops.traces import export

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
WEB = "import webapp.asgi"
WORKER = "import webapp.celery; from celery import signals; signals.worker_init.send(None)"
QUESTION = """
from webapp.live import spans
with spans.within("0af7651916cd43dd8448eb211c80319c"), spans.span("work"):
    pass
"""
SAY = "import sys; print(*sorted(name for name in sys.modules if name.startswith('opentelemetry')))"
HIDDEN = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
"""
# As pip says it, too.
ABSENT = """
from importlib import metadata
def version(name, known=metadata.version):
    if name.startswith("opentelemetry"):
        raise metadata.PackageNotFoundError(name)
    return known(name)
metadata.version = version
"""
EXPORTER = ROOT / "webapp" / "ops" / "traces" / "export.py"
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


def imported(tmp_path: Path, *code: str, **environment: str) -> set[str]:
    """The modules of OpenTelemetry that a process of the server has imported after this code."""
    setup = "import django; django.setup()"
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    env |= {"DJANGO_SETTINGS_MODULE": "webapp.settings", "ISTHMUS_VAR": str(tmp_path), **environment}
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*code[:-1], setup, code[-1], SAY])],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stdout.strip().rpartition("\n")[2].split())


def of_traces(modules: set[str]) -> set[str]:
    """Without what redis (metrics) and mcp (interfaces) import by themselves wherever it is installed."""
    return {
        name
        for name in modules
        if name.startswith(("opentelemetry.sdk.trace", "opentelemetry.exporter", "opentelemetry.proto"))
    }


def test_without_an_endpoint_nothing_is_imported(tmp_path: Path) -> None:
    assert not of_traces(imported(tmp_path, f"{WEB}\n{WORKER}\n{QUESTION}"))


def test_only_the_exporter_names_it_and_not_while_it_is_imported() -> None:
    for folder in ("webapp", "devices", "inference", "federation"):
        for file in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(file.read_text())
            statements = {node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)}
            named = {node for node in statements if "opentelemetry" in ast.unparse(node)}
            assert not named or file == EXPORTER, file
            assert not named & set(tree.body), file


def test_packages_that_are_not_installed_stop_nothing(tmp_path: Path) -> None:
    modules = imported(tmp_path, HIDDEN + ABSENT, WORKER + QUESTION, **ENDPOINT)
    assert not {name for name in modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))}


def test_with_an_endpoint_a_worker_has_them_before_its_first_question(tmp_path: Path) -> None:
    assert "opentelemetry.exporter.otlp.proto.http.trace_exporter" in imported(tmp_path, WORKER, **ENDPOINT)


def test_a_command_imports_them_when_a_span_ends(tmp_path: Path) -> None:
    before = "assert not [name for name in sys.modules if name.startswith('opentelemetry.exporter')]"
    assert of_traces(imported(tmp_path, f"import sys; {before}\n{QUESTION}", **ENDPOINT))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"OTLP_DISABLED": True}, ""),
        ({"OTLP_ENDPOINT": ""}, ""),
        ({"OTLP_PROTOCOL": "grpc"}, "Traces are sent as http/protobuf, and OTEL_EXPORTER_OTLP_PROTOCOL is grpc."),
        ({"OTLP_ENDPOINT": "collector:4318"}, "The OTLP endpoint must be an http:// or https:// address."),
        ({"OTLP_ENDPOINT": "http:///v1"}, "The OTLP endpoint must be an http:// or https:// address."),
        ({"OTLP_TRACES_ENDPOINT": "nowhere"}, "The OTLP endpoint must be an http:// or https:// address."),
    ],
)
def test_what_cannot_be_used_is_said_and_not_tried(changes: dict[str, Any], words: str, settings: Any) -> None:
    settings.OTLP_ENDPOINT = "http://127.0.0.1:9"
    for name, value in changes.items():
        setattr(settings, name, value)
    assert [warning.msg for warning in checks.traces_can_be_exported(None)] == [words] * bool(words)
    try:
        export.start()
        assert spans.are_collected() is not bool(changes)
    finally:
        spans.unregister()


def test_the_address_of_traces_is_taken_as_it_is(settings: Any) -> None:
    settings.OTLP_ENDPOINT = "http://collector:4318/"
    assert export.endpoint() == "http://collector:4318/v1/traces"
    settings.OTLP_TRACES_ENDPOINT = "https://other.example/traces"
    assert export.endpoint() == "https://other.example/traces"
