"""Nothing waits for a collector: not a span, not the end of a process; and the log says it once."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bench.harness.processes import free_port
from webapp.live import spans
from webapp.ops.traces.export import Exporter

ROOT = Path(__file__).resolve().parents[2]
COUNT = 5000
PROGRAM = f"""
import django, time
django.setup()
from webapp.live import spans
from webapp.ops.traces import export
export.be("worker")
started = time.perf_counter()
with spans.within("0af7651916cd43dd8448eb211c80319c"):
    for number in range({COUNT}):
        with spans.span("work"):
            pass
print(1e6 * (time.perf_counter() - started) / {COUNT}, flush=True)
time.sleep(4)
print("end", time.time())
"""


def test_spans_cost_next_to_nothing_and_the_process_ends(tmp_path: Path) -> None:
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "ISTHMUS_VAR": str(tmp_path),
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    ended = time.time()
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.split("\n")[:2]
    assert float(first) < 2000, "microseconds for a span, on a machine however busy"
    assert ended - float(last.removeprefix("end ")) < 5, "the process waited for the collector"
    warnings = [line for line in done.stderr.splitlines() if "takes no traces" in line]
    assert len(warnings) == 1 and "127.0.0.1" in warnings[0] and "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "100000"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no header"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere"),
    ],
)
def test_a_variable_that_cannot_be_used_stops_no_question(
    name: str, value: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    settings.OTLP_ENDPOINT = f"http://secret:password@127.0.0.1:{free_port()}"
    settings.OTLP_HEADERS = os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "")
    exporter = Exporter("worker")
    spans.register(exporter.collect)
    try:
        with spans.within("0af7651916cd43dd8448eb211c80319c"), spans.span("work"):
            pass
    finally:
        spans.unregister()
        exporter.close()
