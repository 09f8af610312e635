"""System checks that run when Isthmus starts; each has its remedy as hint."""

import os

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from webapp.ops.traces import export


@register(Tags.security)
def hosts_are_named(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ISTHMUS_HOSTS contains *, which disables the origin check of websockets.",
            hint="List the host names that people use, separated by commas.",
            id="isthmus.E001",
        )
    ]


@register(Tags.security)
def secrets_are_private(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    folder = settings.VAR_DIR / "secrets"
    readable = [file for file in folder.glob("*") if file.stat().st_mode & 0o077] if os.name == "posix" else []
    return [
        Error(f"{file} is readable by other users of this machine.", hint=f"chmod 600 {file}", id="isthmus.E002")
        for file in readable
    ]


@register(Tags.security)
def https_needs_a_proxy(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if not settings.HTTPS or settings.PROXIES:
        return []
    return [
        Warning(
            "ISTHMUS_HTTPS is on, but ISTHMUS_PROXIES lists no proxy, so no request counts as encrypted.",
            hint="Set ISTHMUS_PROXIES to the address, network or host name of the proxy that ends TLS.",
            id="isthmus.W001",
        )
    ]


@register()
def kept_kinds_exist(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    from webapp.ops.retention.kinds import BY_NAME  # it has models, and checks are registered before those may be imported

    names = [name for name, kind in BY_NAME.items() if kind.fixed is None]
    return [
        Error(
            f"ISTHMUS_KEEP_DAYS names “{name}”, which is no kind of data.", hint=f"Use {', '.join(names)}.", id="isthmus.E006"
        )
        for name in settings.KEEP_DAYS
        if name not in names
    ]


@register()
def planner_is_configured(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    planner = settings.PLANNER
    if not planner["model"] or planner["api_key"] or planner["base_url"]:
        return []
    return [
        Error(
            "ISTHMUS_PLANNER_MODEL is set, but neither ISTHMUS_PLANNER_KEY nor ISTHMUS_PLANNER_URL is.",
            hint="Set the key (or ISTHMUS_PLANNER_KEY_FILE), or remove the model to plan offline.",
            id="isthmus.E003",
        )
    ]


@register()
def planner_has_bounds(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    planner, deadline = settings.PLANNER, settings.TURN_DEADLINE_S
    errors: list[CheckMessage] = []
    if not 0 < planner["timeout_s"] < deadline:
        hint = f"Choose more than 0 and less than ISTHMUS_TURN_DEADLINE, {deadline}; the default is 8."
        errors.append(Error("ISTHMUS_PLANNER_TIMEOUT_S leaves no time to answer.", hint=hint, id="isthmus.E004"))
    if planner["max_tokens"] < 1:
        hint = "Choose at least 1; the default is 2048."
        errors.append(Error("ISTHMUS_PLANNER_MAX_TOKENS must be positive.", hint=hint, id="isthmus.E005"))
    return errors


@register()
def traces_can_be_exported(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if not export.endpoint() or settings.OTLP_DISABLED or not (obstacle := export.obstacle()):
        return []
    hint = "See docs/tracing.md, or remove OTEL_EXPORTER_OTLP_ENDPOINT."
    return [Warning(obstacle, hint=hint, id="isthmus.W003")]
