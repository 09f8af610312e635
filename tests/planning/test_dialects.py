"""Servers of chat completions know different parameters. What one refuses is left out, and remembered for a while."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from inference.planning.llm import dialect
from inference.planning.llm.dialect import Dialect, memory_of
from inference.planning.plan import MAX_STEPS
from tests.planning.chat_server import KEY, VALID, ChatHandler, ChatServer, Reply, calls, fails, plan_with, running_server, says

Refusal = Callable[[str, dict[str, Any]], tuple[int, object]]


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with running_server() as running:
        yield running


def form_of(request: dict[str, Any]) -> str:
    if "tools" in request:
        return "tool" if "tool_choice" in request else "offered"
    kind = request.get("response_format", {}).get("type", "text")
    return {"json_schema": "schema", "json_object": "object"}.get(kind, kind)


def _openai(name: str, request: dict[str, Any]) -> tuple[int, object]:
    message = f"Unsupported parameter: '{name}' is not supported with this model."
    return 400, {"error": {"message": message, "type": "invalid_request_error", "param": name, "code": "unsupported_parameter"}}


def _fastapi(name: str, request: dict[str, Any]) -> tuple[int, object]:
    """Repeats the whole request, as pydantic does."""
    problem = {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted", "input": request}
    return 422, {"detail": [problem]}


def _mistral(name: str, request: dict[str, Any]) -> tuple[int, object]:
    return 422, {"object": "error", "message": _fastapi(name, request)[1], "type": "invalid_request_error", "param": None}


def _sentence(name: str, request: dict[str, Any]) -> tuple[int, object]:
    return 400, {"error": f"'{name}.type' must be something else"}


def _nothing(name: str, request: dict[str, Any]) -> tuple[int, object]:
    return 400, {"error": {"message": "Bad request"}}


REFUSALS: dict[str, Refusal] = {"OpenAI": _openai, "FastAPI": _fastapi, "Mistral": _mistral, "a sentence": _sentence}


def knows(*forms: str, refusal: Refusal = _openai, **refused: bool) -> Reply:
    """A server that knows these forms of a request, and refuses the named parameters."""

    def reply(handler: ChatHandler, request: dict[str, Any]) -> None:
        form = form_of(request)
        name = next((name for name in refused if name in request), None)
        if name is None and form not in (*forms, "text"):
            name = "response_format" if "response_format" in request else "tool_choice" if form == "tool" else "tools"
        if name:
            status, body = refusal(name, request)
            return handler.send(status, json.dumps(body).encode())
        return (calls("plan", VALID) if form in ("tool", "offered") else says(VALID))(handler, request)

    return reply


def forms(server: ChatServer) -> list[str]:
    return [form_of(request) for request in server.asked]


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize(
    ("form", "probed"),
    [
        ("schema", ["schema"]),
        ("object", ["schema", "object"]),
        ("tool", ["schema", "object", "tool"]),
        ("offered", ["schema", "object", "tool", "offered"]),
        ("text", ["schema", "object", "tool", "offered", "text"]),
    ],
)
def test_the_best_form_that_a_server_knows_is_found_and_remembered(
    server: ChatServer, form: str, probed: list[str], refusal: Refusal
) -> None:
    for _ in range(2):
        planned = plan_with(server, knows(form, refusal=refusal))
        assert (planned.planner, planned.note, planned.plan.model_dump()) == ("llm", None, VALID)
    assert forms(server) == [*probed, form]


def test_a_refusal_that_names_nothing_leads_to_a_plain_request_at_once(server: ChatServer) -> None:
    for _ in range(2):
        assert plan_with(server, knows(refusal=_nothing)).planner == "llm"
    assert forms(server) == ["schema", "text", "text"]


def test_a_server_that_cannot_use_tools_may_say_so_with_a_500(server: ChatServer) -> None:
    def llama(name: str, request: dict[str, Any]) -> tuple[int, object]:
        if form_of(request) in ("tool", "offered"):
            return 500, {"error": {"code": 500, "message": "tools param requires --jinja flag", "type": "server_error"}}
        return _openai(name, request)

    assert plan_with(server, knows(refusal=llama)).planner == "llm"
    assert forms(server) == ["schema", "object", "tool", "text"]


def test_max_tokens_and_temperature_zero_are_always_sent(server: ChatServer) -> None:
    plan_with(server, knows("schema"), max_tokens=700)
    assert (server.asked[0]["max_tokens"], server.asked[0]["temperature"]) == (700, 0)


def test_a_server_that_wants_max_completion_tokens_and_no_temperature_gets_that_from_then_on(server: ChatServer) -> None:
    for _ in range(2):
        assert plan_with(server, knows("schema", max_tokens=True, temperature=True)).planner == "llm"
    bounds = [{name for name in asked if "token" in name or name == "temperature"} for asked in server.asked]
    assert bounds[0] == {"max_tokens", "temperature"}
    assert bounds[-2:] == [{"max_completion_tokens"}] * 2 and len(bounds) == 4
    assert forms(server) == ["schema"] * 4


def test_a_server_that_takes_neither_limit_is_asked_without(server: ChatServer) -> None:
    assert plan_with(server, knows("schema", max_tokens=True, max_completion_tokens=True)).planner == "llm"
    assert "max_completion_tokens" not in server.asked[-1]


def test_a_schema_is_bounded_until_the_server_refuses_bounds(server: ChatServer) -> None:
    def reply(handler: ChatHandler, request: dict[str, Any]) -> None:
        if "maxItems" in json.dumps(request["response_format"]):
            message = (
                "Invalid schema for response_format 'plan': In context=('properties', 'steps'), 'maxItems' is not permitted."
            )
            body = {"error": {"message": message, "param": "response_format", "code": None}}
            return handler.send(400, json.dumps(body).encode())
        return says(VALID)(handler, request)

    assert plan_with(server, reply).planner == "llm"
    first, second = (asked["response_format"]["json_schema"]["schema"] for asked in server.asked)
    assert first["properties"]["steps"]["maxItems"] == MAX_STEPS
    assert "m" not in {key[0] for key in _keys(second) if key.startswith(("max", "min"))}
    assert second["properties"]["steps"]["items"]["properties"]["task"]["enum"]


def _keys(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            yield key
            yield from _keys(value)


def test_what_was_learned_is_probed_again_after_a_while(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "PROBE_AGAIN_S", 0.0)
    plan_with(server, knows("object"))
    plan_with(server, knows("schema"))
    assert forms(server) == ["schema", "object", "schema"]


def test_what_one_model_refuses_is_not_believed_of_another(server: ChatServer) -> None:
    plan_with(server, knows("object"))
    assert memory_of(f"{server.url}/v1", "", "small-model").dialect() == Dialect("object")
    assert memory_of(f"{server.url}/v1", "", "another").dialect() == Dialect()


def test_a_refusal_is_not_remembered_before_something_was_accepted(server: ChatServer) -> None:
    assert plan_with(server, fails(400)).planner == "offline"
    assert memory_of(f"{server.url}/v1", "", "small-model").dialect() == Dialect()


@pytest.mark.parametrize("code", ["context_length_exceeded", "json_validate_failed", "content_filter"])
def test_a_refusal_of_this_message_is_no_reason_to_try_another_form(server: ChatServer, code: str) -> None:
    assert plan_with(server, fails(400, code)).planner == "offline"
    assert len(server.asked) == 1


def test_a_function_that_was_not_offered_is_not_believed(server: ChatServer) -> None:
    planned = plan_with(server, calls("delete_everything", {"steps": [], "why": "x"}), says(VALID))
    assert planned.plan.model_dump() == VALID and len(server.asked) == 2


@pytest.mark.parametrize(
    "body", [b"", b"[[[[[[[[[[[[1]]]]]]]]]]]]", b'{"detail": ' * 300, b'{"error": {"param": 7, "message": [null]}}', b"\xff"]
)
def test_a_refusal_in_any_shape_is_borne(server: ChatServer, body: bytes) -> None:
    assert plan_with(server, lambda handler, asked: handler.send(400, body)).planner == "offline"
    assert KEY not in str(memory_of.cache_info())
