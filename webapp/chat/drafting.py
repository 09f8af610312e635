"""Turn a training request in chat into a draft run, which its owner confirms on the run's page."""

from typing import Any

from django.urls import reverse

from federation.runs import lifecycle
from inference.models import Turn


def draft_run(turn: Turn, spec: dict[str, Any], why: dict[str, str]) -> str:
    return reverse("federation:run", args=[lifecycle.draft(turn.owner, spec, why, turn).pk])
