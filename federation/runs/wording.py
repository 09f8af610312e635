"""A stored specification in words, for pages, model cards and exports."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, ngettext, pgettext

from federation.app.datasets import registry as datasets
from federation.runs import choices
from federation.runs.spec import field_of


def labels(spec: Mapping[str, Any]) -> dict[str, str]:
    """The names that people read for the choices of a run."""
    return {field: choices.label(field, spec[field]) for field in ("dataset", "model", "strategy", "partition")}


def tested_on(spec: Mapping[str, Any]) -> str:
    """What every accuracy of the run was measured on."""
    return next((dataset.tested_on for dataset in datasets.DATASETS if dataset.name == spec["dataset"]), "")


def title(spec: Mapping[str, Any]) -> str:
    """In the language of the page; everything else here is English, for cards and exports too."""
    names = {field: gettext(name) for field, name in labels(spec).items()}
    clients = ngettext("%(count)s client", "%(count)s clients", spec["clients"]) % {"count": spec["clients"]}
    parts = [names["dataset"], names["strategy"], clients]
    parts += [f"{names['partition']} {spec['alpha']:g}"] if spec["partition"] == "dirichlet" else []
    width = ngettext("%(bits)s bit", "%(bits)s bits", 1 if spec["bits"] == 1 else 2) % {"bits": f"{spec['bits'] or 0:g}"}
    parts += [width] if spec["compression"] != "none" else [gettext("uncompressed")]
    parts += [gettext("secure sum")] if spec["secure_aggregation"] else []
    return ", ".join(parts + ([pgettext("a run", "private")] if spec["privacy"] else []))


def bits(spec: Mapping[str, Any]) -> str:
    return f"{spec['bits']:g} {'bit' if spec['bits'] == 1 else 'bits'}"


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listing(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every field of a stored specification with its value."""
    names = labels(values)
    rows = []
    for name, value in values.items():
        field = field_of(name)
        rows.append((str(field.title if field else name), names.get(name) or _shown(value)))
    return rows


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {inner}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "off" if value is None else str(value)
