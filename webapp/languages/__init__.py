"""The languages of the pages: English, in which they are written, and one for each catalogue in locale/."""

from hashlib import sha256
from pathlib import Path

from django.conf.locale import LANG_INFO
from django.utils import formats
from django.utils.functional import lazy

SOURCE = "en-gb"
FOLDER = Path(__file__).resolve().parents[2] / "locale"
SCRIPTS = "djangojs"  # the domain of what scripts say; Django's name for it


def available() -> list[tuple[str, str]]:
    """Code and own name of each language, as settings.LANGUAGES has them."""
    folders = sorted(file.parents[1].name for file in FOLDER.glob("*/LC_MESSAGES/django.mo"))
    codes = [name.lower().replace("_", "-") for name in folders]
    return [(SOURCE, "English"), *((code, LANG_INFO[code]["name_local"].capitalize()) for code in codes)]


def tag(code: str) -> str:
    """The code as HTML and JavaScript write it: `en`, `de`, `zh-Hans`, `pt-BR`."""
    language, _, variant = code.partition("-")
    if code == SOURCE or not variant:
        return language
    return f"{language}-{variant.title() if len(variant) > 2 else variant.upper()}"


def version(code: str) -> str:
    """Changes with the catalogue of the scripts, so that browsers may keep it; empty for the source language."""
    file = FOLDER / tag(code).replace("-", "_") / "LC_MESSAGES" / f"{SCRIPTS}.mo"
    return sha256(file.read_bytes()).hexdigest()[:12] if code != SOURCE and file.exists() else ""


def number(value: float, decimals: int, grouped: bool = True) -> str:
    """With the signs of the active language for decimals and, if `grouped`, for thousands."""
    signs = {",": formats.get_format("THOUSAND_SEPARATOR"), ".": formats.get_format("DECIMAL_SEPARATOR")}
    return f"{value:{',' if grouped else ''}.{decimals}f}".translate(str.maketrans(signs))


lazy_number = lazy(number, str)  # for the values of a UserError, which is worded where it is shown
