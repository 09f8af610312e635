"""The published schema: complete, readable, reachable, and free of names that only the source knows."""

import re
from typing import Any

from django.test import Client

from tests.openapi import schema
from webapp.accounts.models import ApiToken


def operations() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, at_path in schema()["paths"].items()
        for method, operation in at_path.items()
    }


def success(operation: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """One status, or 200 beside 201 for what was there already, with the same shape."""
    *others, status = sorted(status for status in operation["responses"] if status.startswith("2"))
    response = operation["responses"][status]
    assert others in ([], ["200"]) and all(operation["responses"][other]["content"] == response["content"] for other in others)
    return status, response


def test_every_operation_says_what_it_returns() -> None:
    for name, operation in operations().items():
        status, response = success(operation)
        if status == "204":
            assert "content" not in response, name
            continue
        (content,) = response["content"].values()
        shape = content["schema"]
        shape = shape["items"] if shape.get("type") == "array" else shape
        assert "$ref" in shape or shape.get("format") == "binary", f"{name}: a named schema, a list of them, or a file"


def test_every_operation_has_a_name_a_caller_would_use_and_a_summary() -> None:
    tags = {tag["name"] for tag in schema()["tags"]}
    for name, operation in operations().items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"]), name
        assert not operation["operationId"].startswith(("webapp", "devices_", "federation_", "inference")), name
        summary = operation["summary"]
        assert summary[0].isupper() and " " in summary and not summary.endswith("."), name
        assert operation["tags"] and set(operation["tags"]) <= tags, name


def test_every_error_has_the_one_shape_and_a_reason() -> None:
    for name, operation in operations().items():
        errors = {status: response for status, response in operation["responses"].items() if status >= "400"}
        assert {"401", "422", "429", "500", "503"} <= set(errors), name
        for status, response in errors.items():
            shape = response["content"]["application/json"]["schema"]
            assert shape == {"$ref": "#/components/schemas/ErrorResponse"}, f"{name}, {status}"
            assert response["description"].startswith("`"), f"{name}: {status} names no code"


def test_operation_names_are_unique() -> None:
    names = [operation["operationId"] for operation in operations().values()]
    assert len(names) == len(set(names)) >= 45


def test_every_list_comes_in_bounded_pages() -> None:
    lists = [operation for operation in operations().values() if operation["operationId"].startswith("list_")]
    assert len(lists) >= 8
    for operation in lists:
        bounds = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}
        assert bounds["limit"]["maximum"] == 200 and bounds["offset"]["minimum"] == 0
        name = success(operation)[1]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert {"items", "total", "limit", "offset"} == set(schema()["components"]["schemas"][name]["properties"])


def test_no_response_is_just_any_object() -> None:
    free = {
        f"{name}.{field}"
        for name, shape in schema()["components"]["schemas"].items()
        for field, described in shape.get("properties", {}).items()
        if described.get("type") == "object" and described.get("additionalProperties", True) is True
        if not described.keys() & {"properties", "patternProperties", "propertyNames"}
    }
    assert free == {"Event.receipt", "Watch.settings"}, "which devices.contract.watches describes"


def test_the_schema_is_open_to_a_session_and_to_a_personal_token(owner: Any, client_of: Any) -> None:
    _, plain = ApiToken.issue(owner, "script")
    path = "/api/v1/openapi.json"
    assert client_of(owner).get(path).json()["info"]["title"] == "Isthmus"
    assert Client(headers={"Authorization": f"Bearer {plain}"}).get(path).status_code == 200


def test_the_schema_is_closed_to_strangers(stranger: Client) -> None:
    answer = stranger.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_logged_in")


def test_the_documentation_loads_nothing_from_elsewhere(owner: Any, client_of: Any) -> None:
    page = client_of(owner).get("/api/docs").content.decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses and all(address.startswith("/static/") for address in addresses)
    assert "/api/v1/openapi.json" in page


def test_the_documentation_has_one_address(owner: Any, client_of: Any, stranger: Client) -> None:
    assert client_of(owner).get("/api/v1/docs").headers["Location"] == "/api/docs"
    assert stranger.get("/api/docs").headers["Location"].startswith("/login/")
