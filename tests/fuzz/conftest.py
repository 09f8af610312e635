"""Hypothesis settings for fuzzing: deterministic, and short enough for every run."""

from hypothesis import HealthCheck, settings

settings.register_profile("isthmus", deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
settings.load_profile("isthmus")
