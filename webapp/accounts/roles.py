"""What a person may do: members use what is theirs, admins also manage nodes, owners also manage people and settings."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, get_args

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy, gettext_noop

from webapp.accounts.models import User

Role = Literal["member", "admin", "owner"]
ROLES: tuple[Role, ...] = get_args(Role)
NAMES: dict[Role, Any] = {"member": gettext_lazy("member"), "admin": gettext_lazy("admin"), "owner": gettext_lazy("owner")}
P = ParamSpec("P")
Answer = TypeVar("Answer", bound=HttpResponseBase)
View = Callable[Concatenate[HttpRequest, P], Answer]


def role_of(user: User) -> Role:
    return "owner" if user.is_superuser else "admin" if user.is_staff else "member"


def set_role(user: User, role: Role) -> None:
    """Without saving."""
    user.is_superuser, user.is_staff = role == "owner", role in ("owner", "admin")


def admins_only(view: View[P, Answer]) -> View[P, Answer]:
    """Others get a page that says so: redirecting somebody who is logged in to the login page would never end."""
    return _only("is_staff", gettext_noop("Only admins can open this page."), view)


def owners_only(view: View[P, Answer]) -> View[P, Answer]:
    return _only("is_superuser", gettext_noop("Only owners can open this page."), view)


def _only(flag: str, sentence: str, view: View[P, Answer]) -> View[P, Answer]:
    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **named: P.kwargs) -> Answer:
        if not getattr(request.user, flag, False):
            raise PermissionDenied(sentence)
        return view(request, *args, **named)

    return checked
