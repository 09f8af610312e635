"""System checks: what must not be so when Isthmus starts, with the remedy as hint."""

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def hosts_are_named(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ISTHMUS_HOSTS contains *, which switches the origin check of the websockets off.",
            hint="List the host names people use, separated by commas.",
            id="isthmus.E001",
        )
    ]


@register(Tags.security)
def secrets_are_private(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    folder = settings.VAR_DIR / "secrets"
    loose = [file for file in folder.glob("*") if file.stat().st_mode & 0o077] if os.name == "posix" else []
    return [
        Error(f"{file} can be read by other people on this machine.", hint=f"chmod 600 {file}", id="isthmus.E002")
        for file in loose
    ]


@register()
def planner_is_whole(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    planner = settings.PLANNER
    if not planner["model"] or planner["api_key"] or planner["base_url"]:
        return []
    return [
        Error(
            "ISTHMUS_PLANNER_MODEL is set, but neither ISTHMUS_PLANNER_KEY nor ISTHMUS_PLANNER_URL.",
            hint="Set the key (or ISTHMUS_PLANNER_KEY_FILE), or remove the model to plan offline.",
            id="isthmus.E003",
        )
    ]
