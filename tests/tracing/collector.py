"""A small OTLP collector: takes what the exporter sends over HTTP, as protobuf, and shows it as trees."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status


@dataclass
class CollectedSpan:
    """Times in milliseconds since 1970."""

    name: str
    trace: str
    id: str
    parent: str
    kind: str
    start: float
    end: float
    service: str
    failed: bool
    attributes: dict[str, Any]
    children: list["CollectedSpan"] = field(default_factory=list)

    @property
    def ms(self) -> float:
        return self.end - self.start

    def below(self) -> Iterator["CollectedSpan"]:
        """Itself and all that are beneath it, in the order of their start."""
        yield self
        for child in self.children:
            yield from child.below()

    def one(self, name: str) -> "CollectedSpan":
        (found,) = [span for span in self.below() if span.name == name]
        return found


class Collector:
    """Context manager. `url` is what OTEL_EXPORTER_OTLP_ENDPOINT names."""

    def __init__(self) -> None:
        self.received: list[CollectedSpan] = []
        self.headers: list[dict[str, str]] = []
        self.refusing, self.refused = False, 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Collector":
        threading.Thread(target=self._server.serve_forever, name="collector", daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Answers 503 meanwhile, as a proxy does whose collector has stopped."""
        self.refusing = True
        try:
            yield
        finally:
            self.refusing = False

    def trace(self, id: str) -> list[CollectedSpan]:
        """The spans of a trace that have no parent in it, with what is beneath each."""
        spans = sorted((span for span in self.received if span.trace == id), key=lambda span: (span.start, -span.end))
        by_id = {span.id: span for span in spans}
        for span in spans:
            span.children = [child for child in spans if child.parent == span.id]
        return [span for span in spans if span.parent not in by_id]

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for of_resource in request.resource_spans:
            resource = {item.key: _value(item.value) for item in of_resource.resource.attributes}
            for of_scope in of_resource.scope_spans:
                self.received += [_span(span, resource["service.name"]) for span in of_scope.spans]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                status = 404 if self.path != "/v1/traces" else 503 if collector.refusing else 200
                if status == 200:
                    collector.headers.append({name.lower(): value for name, value in self.headers.items()})
                    collector.take(body)
                else:
                    collector.refused += 1
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        return Handler


def drawn(span: CollectedSpan, depth: int = 0, begin: float | None = None) -> Iterator[str]:
    """A tree as text: when each span begins after the first, and how long it takes."""
    begin = span.start if begin is None else begin
    failed = "  FAILED" * span.failed
    yield f"{span.start - begin:8.1f} {span.ms:8.1f} ms  {'  ' * depth}{span.name}{failed}  ({span.service})"
    for child in span.children:
        yield from drawn(child, depth + 1, begin)


def _span(span: ProtoSpan, service: str) -> CollectedSpan:
    return CollectedSpan(
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        ProtoSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        span.start_time_unix_nano / 1e6,
        span.end_time_unix_nano / 1e6,
        service,
        span.status.code == Status.STATUS_CODE_ERROR,
        {item.key: _value(item.value) for item in span.attributes},
    )


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))
