"""A client whose API responses are checked against the schema that the API publishes.

The checker knows the part of JSON Schema that pydantic writes; an unknown keyword is an error, so nothing passes unchecked.
"""

import json
import re
from functools import cache
from typing import Any

from django.test import Client

ROOT = "/api/v1/"
KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "null": (type(None),),
    "integer": (int,), "number": (int, float),
}  # fmt: skip
NOTES = {"title", "description", "default", "examples", "format", "type", "$defs", "required"}


@cache
def schema() -> dict[str, Any]:
    from webapp.api import api

    return json.loads(json.dumps(api.get_openapi_schema()))  # type: ignore[no-any-return]


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation at an address; None when the schema has none."""
    for template, operations in sorted(schema()["paths"].items(), key=lambda entry: "{" in entry[0]):
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path) and method.lower() in operations:
            return operations[method.lower()]  # type: ignore[no-any-return]
    return None


def _json(response: Any) -> Any:
    """Also of a streamed response, which can be read again."""
    if not response.streaming:
        return response.json()
    body = response.getvalue()
    response.streaming_content = [body]
    return json.loads(body)


def check_response(method: str, path: str, response: Any) -> None:
    """Raises AssertionError when a response is not as the schema describes it."""
    described = operation(method, path)
    if described is None:
        check(response.json(), {"$ref": "#/components/schemas/ErrorResponse"}, f"{method} {path}")
        return
    answers = described["responses"]
    assert str(response.status_code) in answers, f"{method} {path}: {response.status_code} is not described"
    content = answers[str(response.status_code)].get("content")
    if content is None:
        assert not response.content, f"{method} {path}: a body where none is described"
    elif "application/json" in content:
        check(_json(response), content["application/json"]["schema"], f"{method} {path}")
    else:
        assert response["Content-Type"].split(";")[0] in content


def check(value: Any, shape: dict[str, Any], where: str) -> None:
    """Raises AssertionError with the place where `value` is not of this shape."""
    if "$ref" in shape:
        check(value, schema()["components"]["schemas"][shape["$ref"].rpartition("/")[2]], where)
        return
    if "type" in shape:
        kind = shape["type"]
        fits = isinstance(value, KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))
        assert fits, f"{where} is {value!r}, not {kind}"
    for keyword, limit in shape.items():
        if keyword not in NOTES:
            KEYWORDS[keyword](value, limit, shape, where)
    if isinstance(value, dict):
        missing = set(shape.get("required", ())) - set(value)
        assert not missing, f"{where} lacks {missing}"


def _any_of(value: Any, shapes: list[dict[str, Any]], _: dict[str, Any], where: str) -> None:
    reasons = []
    for shape in shapes:
        try:
            return check(value, shape, where)
        except AssertionError as error:
            reasons.append(str(error))
    raise AssertionError("; ".join(reasons))


def _properties(value: Any, shapes: dict[str, Any], _: dict[str, Any], where: str) -> None:
    for name in set(shapes) & set(value):
        check(value[name], shapes[name], f"{where}.{name}")


def _additional(value: Any, allowed: bool | dict[str, Any], shape: dict[str, Any], where: str) -> None:
    others = set(value) - set(shape.get("properties", ()))
    assert allowed is not False or not others, f"{where} has {others} as well"
    if isinstance(allowed, dict):
        for name in others:
            check(value[name], allowed, f"{where}.{name}")


def _items(value: Any, shape: dict[str, Any], _: dict[str, Any], where: str) -> None:
    for place, item in enumerate(value):
        check(item, shape, f"{where}[{place}]")


def _tuple(value: Any, shapes: list[dict[str, Any]], _: dict[str, Any], where: str) -> None:
    for place, (item, shape) in enumerate(zip(value, shapes, strict=True)):
        check(item, shape, f"{where}[{place}]")


def _expect(holds: bool, value: Any, keyword: str, limit: Any, where: str) -> None:
    assert holds, f"{where} is {value!r}, which is against {keyword} {limit!r}"


KEYWORDS: dict[str, Any] = {
    "anyOf": _any_of,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "prefixItems": _tuple,
    "enum": lambda value, options, _, where: _expect(value in options, value, "enum", options, where),
    "const": lambda value, only, _, where: _expect(value == only, value, "const", only, where),
    "minimum": lambda value, least, _, where: _expect(value >= least, value, "minimum", least, where),
    "maximum": lambda value, most, _, where: _expect(value <= most, value, "maximum", most, where),
    "exclusiveMinimum": lambda value, least, _, where: _expect(value > least, value, "exclusiveMinimum", least, where),
    "exclusiveMaximum": lambda value, most, _, where: _expect(value < most, value, "exclusiveMaximum", most, where),
    "minItems": lambda value, least, _, where: _expect(len(value) >= least, value, "minItems", least, where),
    "maxItems": lambda value, most, _, where: _expect(len(value) <= most, value, "maxItems", most, where),
    "maxLength": lambda value, most, _, where: _expect(len(value) <= most, value, "maxLength", most, where),
    "pattern": lambda value, form, _, where: _expect(bool(re.search(form, value)), value, "pattern", form, where),
}


class CheckedClient(Client):
    """Django's test client; each response of the API must be as its schema says."""

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        path = request.get("PATH_INFO", "")
        # The schema itself is no operation, and neither are the addresses that only redirect.
        if path.startswith(ROOT) and path != f"{ROOT}openapi.json" and response.status_code not in (301, 302, 308):
            check_response(request["REQUEST_METHOD"], path, response)
        return response
