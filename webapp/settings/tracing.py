"""Settings of logs and traces (webapp.ops.traces)."""

from webapp import env

LOG_FORMAT = env.choice("ISTHMUS_LOG_FORMAT", ("text", "json"))  # nodes read it too (devices.contract.log_lines)
# The names are OpenTelemetry's own, and so are those that its packages read by themselves (docs/tracing.md).
OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")
OTLP_TRACES_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
OTLP_HEADERS = env.text("OTEL_EXPORTER_OTLP_HEADERS")
OTLP_PROTOCOL = env.text("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
OTLP_DISABLED = env.flag("OTEL_SDK_DISABLED")
