"""The catalogues of locale/ have every sentence of the source in every language, and are compiled."""

import re
from functools import cache

import pytest
from babel.messages.catalog import Catalog

from docs import make_catalogues
from docs.make_catalogues import FOLDER, PAGES, SCRIPTS, compiled, read, strings

LANGUAGES = ("de", "es", "fr", "zh_Hans")
# Of Python and JavaScript, of format_lazy, of `code`, and tags, which a translation keeps as they are.
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|`[^`]+`|<[^>]+>")
EACH = pytest.mark.parametrize("domain", [PAGES, SCRIPTS])
IN = pytest.mark.parametrize("language", LANGUAGES)


@cache
def source(domain: str) -> Catalog:
    return make_catalogues.template(domain)


def test_these_are_the_languages() -> None:
    assert {home.name for home in FOLDER.iterdir()} == set(LANGUAGES)


@EACH
@IN
def test_every_sentence_of_the_source_is_translated_and_no_other(domain: str, language: str) -> None:
    catalog = read(language, domain)
    wanted = {(message.context, message.id) for message in source(domain) if message.id}
    present = {(message.context, message.id) for message in catalog if message.id}
    assert not wanted - present, "run `make catalogues`, then translate"
    assert not present - wanted, "run `make catalogues`"
    assert not [message.id for message in catalog if not all(strings(message.string)) or message.fuzzy]


@EACH
@IN
def test_a_translation_has_the_placeholders_and_tags_of_its_sentence(domain: str, language: str) -> None:
    for message in read(language, domain):
        expected = set(PLACEHOLDER.findall(strings(message.id)[-1])) if message.id else set()
        for form in strings(message.string) if message.id else ():
            # A form for one thing may spell the number.
            assert expected - {"%(count)s"} <= set(PLACEHOLDER.findall(form)) <= expected, (message.id, form)


@EACH
@IN
def test_the_compiled_catalogue_is_that_of_the_text(domain: str, language: str) -> None:
    assert (FOLDER / language / "LC_MESSAGES" / f"{domain}.mo").read_bytes() == compiled(read(language, domain))


def test_extraction_reads_templates_scripts_modules_and_errors() -> None:
    pages = {message.id for message in source(PAGES)}
    assert {"Skip to content", "The language was saved.", "Too many failed logins from your address."} <= pages
    assert {"The quickest way that gives up little accuracy.", "There is no such photo.", "logged out"} <= pages
    scripts = {message.id for message in source(SCRIPTS)}
    assert {"Why this route", ("%(count)s day", "%(count)s days"), "No edge server is online."} <= scripts
