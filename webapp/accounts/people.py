"""What owners do with accounts, and what ends access at once. Each change is a row of the audit trail."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from webapp.accounts import audit
from webapp.accounts.logins import second_factor, sessions
from webapp.accounts.models import ApiToken, User
from webapp.accounts.roles import Role, role_of, set_role
from webapp.live import groups
from webapp.live.errors import UserError
from webapp.live.publish import recheck

LAST_OWNER = UserError(
    "last_owner", "This is the only owner.", "Make somebody else an owner first.", 409
)  # nobody could manage people any more


def named(username: str) -> User:
    """Raises UserError."""
    person = User.objects.humans().filter(username=username).first()
    if person is None:
        raise UserError("not_found", f"There is no account “{username[:40]}”.", "`manage.py people list` names them.", 404)
    return person


def change_role(person: User, role: Role) -> None:
    """Takes effect with the next request. Raises UserError for the last owner."""
    before = role_of(person)
    if role == before:
        return
    with transaction.atomic():
        _keep_an_owner(person)
        set_role(person, role)
        person.save(update_fields=["is_superuser", "is_staff"])
        audit.record(None, "role changed", _subject(person), f"from {before} to {role}")
    recheck(groups.person(person.pk))


def change_limits(person: User, storage_limit_mb: int | None, turn_limit: int | None) -> None:
    """None: the installation's default."""
    if (storage_limit_mb, turn_limit) == (person.storage_limit_mb, person.turn_limit):
        return
    person.storage_limit_mb, person.turn_limit = storage_limit_mb, turn_limit
    person.save(update_fields=["storage_limit_mb", "turn_limit"])
    storage = "default" if storage_limit_mb is None else f"{storage_limit_mb} MB"
    turns = "default" if turn_limit is None else turn_limit
    audit.record(None, "limits changed", _subject(person), f"storage {storage}, questions at once {turns}")


def deactivate(person: User) -> None:
    """No login any more; sessions, sockets and personal tokens end at once. Photos and answers stay. Raises UserError."""
    with transaction.atomic():
        _keep_an_owner(person)
        person.is_active = False
        person.save(update_fields=["is_active"])
        tokens = ApiToken.objects.filter(owner=person).delete()[0]
        audit.record(None, "account deactivated", _subject(person), f"{tokens} token{'' if tokens == 1 else 's'} revoked")
    sessions.end_all(person)


def reactivate(person: User) -> None:
    person.is_active = True
    person.save(update_fields=["is_active"])
    audit.record(None, "account reactivated", _subject(person))


def reset_path(person: User) -> str:
    """The path of a one-use link with which the person chooses a new password. Raises UserError."""
    if not person.is_active:
        raise UserError("inactive", "This account is deactivated.", "Reactivate it first.", 409)
    audit.record(None, "reset link created", _subject(person), f"valid {settings.PASSWORD_RESET_TIMEOUT // 3600} hours")
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return reverse("reset_password", args=(uid, default_token_generator.make_token(person)))


def password_changed(person: User, action: str, this_session: str | None = None) -> None:
    """End the sessions in which somebody may sit who knew the old password."""
    sessions.end_all(person, but=this_session)
    audit.record(person, action, _subject(person))


def remove_second_factor(person: User) -> bool:
    """For somebody who lost their app and their recovery codes. Their sessions end. False if it was not on."""
    if not second_factor.remove(person):
        return False
    sessions.end_all(person)
    audit.record(None, "second factor removed", _subject(person))
    return True


def require_second_factor(for_whom: str) -> None:
    if for_whom != second_factor.policy():
        second_factor.set_policy(for_whom)
        audit.record(None, "second factor required", "system:login", f"for {for_whom}")
        for pk in User.objects.humans().filter(is_active=True).values_list("pk", flat=True):
            recheck(groups.person(pk))


def _keep_an_owner(person: User) -> None:
    others = User.objects.humans().select_for_update().filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
    if person.is_superuser and person.is_active and not others:
        raise LAST_OWNER


def _subject(person: User) -> str:
    return f"user:{person.get_username()}"
