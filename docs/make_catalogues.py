"""Bring the catalogues in locale/ up to date with the sentences of the source, and compile them: `make catalogues`.

Needs no gettext tools. docs/translating.md says how to translate, and how to add a language: `make catalogues ARGS=pt-BR`.
"""

import argparse
import ast
import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import django
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "locale"
PACKAGES = ("webapp", "inference", "devices", "federation")
PAGES, SCRIPTS = "django", "djangojs"
WIDTH = 110
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


# Calls with sentences in these places.
SENTENCES = {"UserError": (1, 2), "PhotoRefused": (1, 2), "too_many": (0,), "not_found": (0,), "record": (1,), "Kind": (1,)}
UNSHOWN = ("gate/refusals.py", "consumer.py", "consumers.py", "devices/api.py")  # sent before or beside Django's requests
UNSHOWN_FOLDERS = {"management", "doors"}  # what programs read is English
STORED = ("inference/answering", "inference/model_jobs", "inference/scheduling", "federation/runs")


class Message(NamedTuple):
    id: str | tuple[str, ...]
    context: str | None
    place: str  # the file


def of_pages() -> Iterator[Message]:
    """What Python modules and templates say, and the labels of closed lists, which are kept where no Django is."""
    from federation import form_fields
    from federation.app.datasets.registry import DATASETS
    from webapp import page_data

    for folder in PACKAGES:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield from _messages("python", file, file.read_text())
            yield from _errors(file)
    for file in sorted((ROOT / "templates").rglob("*.*")):
        source = templatize(file.read_text(), origin=str(file))
        yield from _messages("python", file, "\n".join(line.strip() for line in source.splitlines()))
    for text in (*page_data.english(), *form_fields.english(), *(data.tested_on for data in DATASETS)):
        yield Message(text, None, "labels of closed lists")


def of_scripts() -> Iterator[Message]:
    """What scripts say, and what is stored in English before a page shows it: errors, actions, work on models."""
    for folder in STORED:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield from _errors(file)
    for file in sorted((ROOT / "static" / "js").rglob("*.js")):
        yield from _messages("javascript", file, file.read_text())


def _messages(method: str, file: Path, source: str) -> Iterator[Message]:
    options = {"encoding": "utf-8", "parse_template_string": True}
    for _, text, _, context in extract(method, BytesIO(source.encode()), KEYWORDS, options=options):
        if text:
            yield Message(text if isinstance(text, str) else tuple(text), context, str(file.relative_to(ROOT)))


def _errors(file: Path) -> Iterator[Message]:
    """Sentences that are translated where they are shown: of errors, and the actions of the audit trail."""
    if str(file).endswith(UNSHOWN) or UNSHOWN_FOLDERS & set(file.relative_to(ROOT).parts):
        return
    for call in ast.walk(ast.parse(file.read_text())):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        for position in SENTENCES.get(name, ()):
            value = call.args[position] if position < len(call.args) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                text = f"There is no such {value.value}." if name == "not_found" else value.value
                yield Message(text, None, str(file.relative_to(ROOT)))


def template(domain: str) -> Catalog:
    """The sentences of the source, without translations."""
    catalog = Catalog(project="Isthmus", charset="utf-8", fuzzy=False)
    for message in of_pages() if domain == PAGES else of_scripts():
        catalog.add(message.id, locations=[(message.place, 0)], context=message.context, flags=_flags(message.id))
    return catalog


def _flags(text: str | tuple[str, ...]) -> list[str]:
    return ["python-format"] if "%(" in str(text) else []


def read(folder: str, domain: str) -> Catalog:
    file = FOLDER / folder / "LC_MESSAGES" / f"{domain}.po"
    if not file.exists():
        return Catalog(locale=folder, domain=domain)
    with file.open("rb") as source:
        return read_po(source, locale=folder, domain=domain)


def compiled(catalog: Catalog) -> bytes:
    """As a .mo file."""
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def update(folder: str, domain: str) -> int:
    """Write the .po and the .mo of one language; returns how many sentences lack a translation."""
    catalog = read(folder, domain)
    catalog.update(template(domain), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    catalog.header_comment = f"# {Locale.parse(folder).english_name} translations of Isthmus."
    catalog.project, catalog.version, catalog.msgid_bugs_address, catalog.last_translator = "Isthmus", "1", "", ""
    catalog.language_team, catalog.revision_date = "", catalog.creation_date  # so that it changes with its sentences only
    home = FOLDER / folder / "LC_MESSAGES"
    home.mkdir(parents=True, exist_ok=True)
    with (home / f"{domain}.po").open("wb") as out:
        write_po(out, catalog, width=WIDTH, omit_header=False, sort_by_file=False, include_lineno=False)
    (home / f"{domain}.mo").write_bytes(compiled(read(folder, domain)))
    return sum(1 for message in catalog if message.id and not all(strings(message.string)))


def strings(text: object) -> tuple[str, ...]:
    """The forms of a sentence: one, or one for each plural form."""
    return tuple(text) if isinstance(text, list | tuple) else (str(text or ""),)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", nargs="*", help="a new one, as its code: pt-BR, ja")
    django.setup()
    new = [code.replace("-", "_") for code in parser.parse_args().language]
    for folder in sorted({*new, *(home.name for home in FOLDER.glob("*") if home.is_dir())}):
        for domain in (PAGES, SCRIPTS):
            print(f"{folder} {domain}: {update(folder, domain)} sentences without a translation")  # noqa: T201


if __name__ == "__main__":
    main()
