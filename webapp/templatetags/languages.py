"""The language of a page, for its <html>, its scripts and the choice of another one."""

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language

from webapp import languages

register = template.Library()


@register.simple_tag(name="languages")
def all_languages() -> list[tuple[str, str]]:
    """Code and own name of each."""
    return list(settings.LANGUAGES)


@register.simple_tag
def html_language() -> str:
    return languages.tag(get_language() or languages.SOURCE)


@register.simple_tag
def catalogue_address() -> str:
    """Where the sentences of scripts are; empty for English, which they contain themselves."""
    code = get_language() or languages.SOURCE
    version = languages.version(code)
    return f"{reverse('catalogue', args=(code,))}?v={version}" if version else ""


@register.filter
def language_tag(code: str) -> str:
    return languages.tag(code)
