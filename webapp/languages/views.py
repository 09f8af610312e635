"""What scripts say in a language, and the choice of a language by somebody who is not logged in."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import JavaScriptCatalog, set_language

from webapp import languages

PACKAGE = "webapp"  # Django would add the catalogues of its own admin pages
YEAR_S = 365 * 24 * 3600


@login_not_required
@require_GET
def catalogue(request: HttpRequest, language: str) -> HttpResponse:
    """The sentences of scripts; its address changes with its content, so that browsers ask for it once."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        response = JavaScriptCatalog.as_view(domain=languages.SCRIPTS, packages=[PACKAGE])(request)
    seconds = YEAR_S if request.GET.get("v") == languages.version(language) else 0
    patch_cache_control(response, public=True, max_age=seconds)
    return response


choose = login_not_required(require_POST(set_language))
