"""Every table has a kind of retention, or goes with one that has, or is named here with the reason why it does not grow."""

from collections.abc import Iterable, Iterator

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import CASCADE, Model

from webapp.ops.retention.contents import Content, Several, Table
from webapp.ops.retention.kinds import KINDS

pytestmark = pytest.mark.django_db
CODE, MODELS = "one for each table of the program", "a few for each set of models that this version has"
OF_ACCOUNTS, OF_NODES = "a few for each account, and deleted with it", "a few for each node, and deleted with it"
DO_NOT_GROW = {
    "auth.Group": "nobody makes any: roles are fields of accounts",
    "auth.Group_permissions": "nobody makes any",
    "auth.Permission": CODE,
    "axes.AccessFailureLog": "switched off in the settings",
    "axes.AccessLog": "switched off in the settings: the audit trail has the logins",
    "contenttypes.ContentType": CODE,
    "devices.CameraRule": OF_NODES,
    "devices.CameraRule_people": OF_NODES,
    "devices.ExportedModels": MODELS,
    "devices.Node": "added by administrators; one that is revoked stays, and is shown as such",
    "devices.NodeTag": OF_NODES,
    "devices.ProfileChoice": "one each time that an administrator chooses other models",
    "inference.Album": "made and deleted by people",
    "inference.Allowance": OF_ACCOUNTS,
    "inference.MethodAgreement": MODELS,
    "inference.NodeProfile": OF_NODES,
    "inference.PhotoTrace": "one for each node that has a photo, deleted when that has deleted it",
    "notifications.Browser": OF_ACCOUNTS,
    "notifications.Preferences": OF_ACCOUNTS,
    "notifications.Rule": OF_ACCOUNTS,
    "otp_static.StaticDevice": OF_ACCOUNTS,
    "otp_static.StaticToken": OF_ACCOUNTS,
    "otp_totp.TOTPDevice": OF_ACCOUNTS,
    "people.ApiToken": "at most 50 for each account",
    "people.LoginPolicy": "one row",
    "people.User": "made and deleted by administrators",
    "people.User_groups": "nobody makes any",
    "people.User_user_permissions": "nobody makes any",
    "retention.Period": "one for each kind",
    "watches.Watch": "made and deleted by people",
}


def _tables(content: Content) -> Iterator[type[Model]]:
    if isinstance(content, Several):
        for part in content.contents:
            yield from _tables(part)
    elif isinstance(content, Table):
        yield content.rows().model
        yield from (rows.model for rows in content.parts())


def _with_dependents(tables: Iterable[type[Model]]) -> set[type[Model]]:
    """With all whose rows are deleted with a row of one of these."""
    reached = {table._meta.concrete_model for table in tables}
    while more := {model for model in apps.get_models(include_auto_created=True) if _goes_with(model, reached)} - reached:
        reached |= more
    return reached


def _goes_with(model: type[Model], others: set[type[Model]]) -> bool:
    keys = (field for field in model._meta.fields if field.remote_field is not None)
    return any(key.remote_field.on_delete is CASCADE and key.remote_field.model in others for key in keys)


def test_every_table_has_a_kind_or_a_reason() -> None:
    with_kind = _with_dependents(table for kind in KINDS for table in _tables(kind.content))
    every = {model._meta.concrete_model for model in apps.get_models(include_auto_created=True)}
    without = {model._meta.label for model in every - with_kind}
    assert without == DO_NOT_GROW.keys()


def test_logs_of_logins_that_would_grow_are_switched_off() -> None:
    assert settings.AXES_DISABLE_ACCESS_LOG and not settings.AXES_ENABLE_ACCESS_FAILURE_LOG
