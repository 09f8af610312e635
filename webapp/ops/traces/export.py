"""Spans to an OTLP endpoint over HTTP, in batches, from a thread of their own: nothing waits for them.

The packages are optional (requirements-traces.txt), and imported only where an endpoint is set and a first span ends. A
collector that is away costs its spans and one line in the log.
"""

import atexit
import logging
import os
import sys
import threading
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from devices.agent import VERSION
from webapp.live import spans
from webapp.live.spans import Span

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

log = logging.getLogger(__name__)
PACKAGES = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
PATH = "v1/traces"
FLUSH_S = 1.0  # at its end a process waits so long for its last spans to be sent


def endpoint() -> str:
    """Where spans go; empty where none do. As the specification of OTLP has it, that for traces is taken as it is."""
    base = settings.OTLP_ENDPOINT
    return settings.OTLP_TRACES_ENDPOINT or (f"{base.rstrip('/')}/{PATH}" if base else "")


def obstacle() -> str:
    """Why nothing is exported although an endpoint is set; empty where all is well. Imports nothing."""
    address = urlsplit(endpoint())
    if address.scheme not in ("http", "https") or not address.netloc:
        return "The OTLP endpoint must be an http:// or https:// address."
    if settings.OTLP_PROTOCOL != "http/protobuf":
        return f"Traces are sent as http/protobuf, and OTEL_EXPORTER_OTLP_PROTOCOL is {settings.OTLP_PROTOCOL}."
    missing = "The packages that export traces are not installed: pip install -r requirements-traces.txt."
    return "" if _are_installed() else missing


def _are_installed() -> bool:
    """By what pip says: looking for a module would import what it is in."""
    try:
        return all(metadata.version(package) for package in PACKAGES)
    except metadata.PackageNotFoundError:
        return False


class Exporter:
    """What a process exports with. The packages are imported when it is first needed, or earlier by `prepare`."""

    def __init__(self, role: str) -> None:
        self.role = role  # what the process is: web, worker, run or command
        self._lock = threading.Lock()
        self._processor: SpanProcessor | None = None
        self._resource: Resource | None = None

    def prepare(self) -> None:
        """A variable of OpenTelemetry's that cannot be used is said once, and then nothing is exported."""
        with self._lock:
            if self._processor is not None:
                return
            try:
                self._processor, self._resource = _make_processor(), _make_resource(self.role)
            except ValueError as error:
                spans.unregister()
                log.error("traces are not exported: %s", error)
            else:
                atexit.register(self.close)

    def close(self) -> None:
        """Not waiting for as long as the SDK would try: nobody waits for a collector that is away."""
        atexit.unregister(self.close)
        if self._processor is not None:
            last = threading.Thread(target=self._processor.shutdown, name="traces", daemon=True)
            last.start()
            last.join(FLUSH_S)

    def collect(self, span: Span) -> None:
        if self._processor is None:
            self.prepare()
        if self._processor is not None and self._resource is not None:
            self._processor.on_end(_readable(span, self._resource))


_exporters: list[Exporter] = []


def start() -> None:
    """Export from now on, where an endpoint is set. In every process of the server, when Django is ready."""
    if not endpoint() or settings.OTLP_DISABLED or obstacle():
        return
    # Federation knows nothing of what is above it, so its process does not say what it is.
    exporter = Exporter("run" if sys.argv[1:2] == ["federate"] else "command")
    _exporters[:] = [exporter]
    spans.register(exporter.collect)


def be(role: str) -> None:
    """What this process is. It is about to export: it imports now what that takes."""
    for exporter in _exporters:
        exporter.role = role
        exporter.prepare()


def _make_processor() -> "SpanProcessor":
    """Raises ValueError."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
    from opentelemetry.util.re import parse_env_headers

    host = urlsplit(endpoint()).hostname  # the rest of the address may hold a password

    class QuietExporter(OTLPSpanExporter):  # type: ignore[misc]
        """Says once that the collector is away, and once that it is back."""

        is_away = False

        def export(self, spans: "Sequence[ReadableSpan]") -> "SpanExportResult":
            result = super().export(spans)
            if (is_away := result is not SpanExportResult.SUCCESS) != self.is_away:
                self.is_away = is_away
                state = "takes no traces; they are lost" if is_away else "takes traces again"
                log.warning("%s %s", host, state)
            return result

    headers = parse_env_headers(settings.OTLP_HEADERS, liberal=True)
    return BatchSpanProcessor(QuietExporter(endpoint=endpoint(), headers=headers or None))


def _make_resource(role: str) -> "Resource":
    from opentelemetry.sdk.resources import Resource

    # What the standard variables say comes first; without them each kind of process is a service of its own.
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    name = {} if named else {"service.name": f"isthmus-{role}"}
    return Resource.create({"service.namespace": "isthmus", "service.version": VERSION, "process.pid": os.getpid(), **name})


def _readable(span: Span, resource: "Resource") -> "ReadableSpan":
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    def place(id: str) -> SpanContext:
        return SpanContext(int(span.trace, 16), int(id, 16), False, TraceFlags(TraceFlags.SAMPLED))

    failure = {"error.type": span.error} if span.error else {}
    return ReadableSpan(
        span.name,
        context=place(span.id),
        parent=place(span.parent) if span.parent else None,
        resource=resource,
        attributes={**span.attributes, **failure},
        kind=SpanKind[span.kind.upper()],
        status=Status(StatusCode.ERROR) if span.error else Status(),
        start_time=span.started_ns,
        end_time=span.ended_ns,
        instrumentation_scope=InstrumentationScope("isthmus", VERSION),
    )
