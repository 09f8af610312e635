"""Traces of questions and training runs to a collector, in the words of OpenTelemetry, where an endpoint is set."""
