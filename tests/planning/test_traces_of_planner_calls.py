"""A call of the planning model is a span with the names of OpenTelemetry's conventions for generative AI, and belongs to its
question."""

from typing import Any
from uuid import UUID

import pytest

from devices import dispatch
from inference.answering import planner_usage
from inference.models import PlannerCall
from inference.planning.llm.llm_calls import Call
from webapp.live import spans
from webapp.live.spans import Span

pytestmark = pytest.mark.django_db
TURN = UUID("0af76519-16cd-43dd-8448-eb211c80319c")
CALL = Call("gpt-small", "plan", "ok", 500, 40, 812.0, 0.002)
PLANNER = {"base_url": "https://models.example:8443/v1", "azure_api_version": "", "max_tokens": 2048}


@pytest.fixture(autouse=True)
def planner(settings: Any) -> None:
    settings.PLANNER = {**settings.PLANNER, **PLANNER}


def recorded(call: Call, collected: list[Span]) -> Span:
    with spans.within(TURN.hex), spans.span("plan") as plan:
        planner_usage.usage_log().record(call)
    (span,) = [span for span in collected if span.parent == plan.id]
    return span


def test_its_attributes_are_those_of_the_conventions(collected: list[Span]) -> None:
    span = recorded(CALL, collected)
    assert (span.name, span.kind, span.error) == ("chat gpt-small", "client", "")
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-small",
        "gen_ai.request.max_tokens": 2048,
        "gen_ai.usage.input_tokens": 500,
        "gen_ai.usage.output_tokens": 40,
        "server.address": "models.example",
        "server.port": 8443,
    }
    assert {name: span.attributes[name] for name in expected} == expected
    assert (span.ended_ns - span.started_ns) / 1e6 == pytest.approx(812)


def test_a_call_that_failed_says_how(collected: list[Span]) -> None:
    assert recorded(Call("gpt-small", "plan", "http 429", 0, 0, 20.0, 0.0), collected).error == "http 429"


def test_azure_is_named(collected: list[Span], settings: Any) -> None:
    settings.PLANNER = {**settings.PLANNER, "azure_api_version": "2024-10-21"}
    assert recorded(CALL, collected).attributes["gen_ai.provider.name"] == "azure.ai.openai"


@pytest.mark.parametrize(("url", "place"), [("", ("api.openai.com", 443)), ("http://10.0.0.7/v1", ("10.0.0.7", 80))])
def test_its_server_is_where_the_package_asks(url: str, place: tuple[str, int], collected: list[Span], settings: Any) -> None:
    settings.PLANNER = {**settings.PLANNER, "base_url": url}
    span = recorded(CALL, collected)
    assert (span.attributes["server.address"], span.attributes["server.port"]) == place


@pytest.mark.parametrize("url", ["http://host:port/v1", "http://[::1/v1"])
def test_an_address_that_is_none_loses_no_call(url: str, collected: list[Span], settings: Any) -> None:
    settings.PLANNER = {**settings.PLANNER, "base_url": url}
    assert recorded(CALL, collected).attributes["gen_ai.request.model"] == "gpt-small"


def test_its_row_names_the_question(owner: Any) -> None:
    with dispatch.on_behalf_of(owner.pk, turn=TURN):
        planner_usage.usage_log().record(CALL)
    planner_usage.usage_log().record(CALL)
    assert list(PlannerCall.objects.order_by("pk").values_list("turn", flat=True)) == [TURN, None]
