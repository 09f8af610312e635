"""How the API reads a request: JSON and fields whose text can be stored."""

from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from webapp.live.storable import storable


class StorableParser(Parser):
    """Raises UserError before any operation sees the text."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        return storable(super().parse_body(request))

    def parse_querydict(self, data: "MultiValueDict[str, Any]", list_fields: list[str], request: HttpRequest) -> dict[str, Any]:
        return storable(super().parse_querydict(data, list_fields, request))
