"""What every request is checked for, and headers on every response."""

from collections.abc import Callable
from itertools import chain

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from webapp.errors import error_response
from webapp.live.storable import UNSTORABLE, is_storable

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class StorableText:
    """Refuse addresses and forms with text that no database can store. JSON is checked where it is parsed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A cookie may spell NUL as an escape. Refusing it would lock a browser out that has one; without it, it logs in again.
        for name in [name for name, value in request.COOKIES.items() if not is_storable(value)]:
            del request.COOKIES[name]
        if not is_storable([request.path, *request.GET, *chain.from_iterable(request.GET.lists())]):
            return error_response(request, UNSTORABLE)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, named: object
    ) -> HttpResponse | None:
        if request.method == "GET" or request.content_type not in FORMS or request.path.startswith("/api/"):
            return None
        names = [upload.name for upload in request.FILES.values()]
        return (
            None if is_storable([*names, *chain.from_iterable(request.POST.lists())]) else error_response(request, UNSTORABLE)
        )


class ContentSecurityPolicy:
    """No inline scripts and nothing from other hosts, so that injected text cannot run."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        return response
