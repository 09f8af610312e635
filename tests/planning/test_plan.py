"""What a plan may be: a closed list of tasks, numbered steps, no circle, bounded texts."""

from typing import Any

import pytest
from pydantic import ValidationError

from inference.planning.plan import MAX_QUESTION, MAX_STEPS, Plan, PlanStep, json_schema, task_names


def _plan(*steps: dict[str, Any], why: str = "because") -> Plan:
    return Plan.model_validate({"steps": list(steps), "why": why})


def test_a_plan_is_read_and_written_as_the_contract_has_it() -> None:
    step = {
        "id": 1,
        "task": "vqa",
        "question": "what is the dog doing?",
        "after": [],
        "model": "",
        "before": 0,
        "only_if": None,
    }
    data = {"steps": [step], "why": "it was asked"}
    assert Plan.model_validate(data).model_dump() == data


def test_a_missing_question_is_empty_because_it_is_stored_as_text() -> None:
    assert _plan({"id": 1, "task": "caption", "question": None}).steps[0].question == ""


def test_a_question_that_no_model_reads_is_dropped() -> None:
    assert _plan({"id": 1, "task": "classify", "question": "which?"}).steps[0].question == ""


def test_control_characters_become_spaces() -> None:
    assert _plan({"id": 1, "task": "vqa", "question": "is\x00there\n a dog?"}).steps[0].question == "is there a dog?"


def test_no_steps_are_a_plan_if_it_says_why() -> None:
    assert _plan(why="Add a photo.").steps == []


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ([{"id": 1, "task": "detect"}], "classify"),
        ([{"id": 1, "task": "vqa"}], "needs a question"),
        ([{"id": 1, "task": "vqa", "question": "   "}], "needs a question"),
        ([{"id": 1, "task": "vqa", "question": "a" * (MAX_QUESTION + 1)}], "at most"),
        ([{"id": 2, "task": "caption"}], "1, 2, 3"),
        ([{"id": 1, "task": "caption"}, {"id": 1, "task": "classify"}], "1, 2, 3"),
        ([{"id": 1, "task": "caption", "after": [1]}], "before it"),
        ([{"id": 1, "task": "caption", "after": [2]}, {"id": 2, "task": "classify", "after": [1]}], "before it"),
        ([{"id": 1, "task": "caption", "after": [7]}], "before it"),
        ([{"id": 1, "task": "caption", "after": [0]}], "before it"),
        ([{"id": 1, "task": "caption"}, {"id": 2, "task": "caption"}], "the same"),
        ([{"id": 1, "task": "caption", "tool": "shell"}], "Extra inputs"),
        ([{"id": n, "task": "vqa", "question": f"{n}?"} for n in range(1, MAX_STEPS + 2)], "at most"),
    ],
)
def test_what_is_no_plan_is_refused(steps: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        _plan(*steps)


@pytest.mark.parametrize("why", ["", "  ", "x" * 501])
def test_a_plan_without_a_bounded_reason_is_refused(why: str) -> None:
    with pytest.raises(ValidationError):
        _plan({"id": 1, "task": "caption"}, why=why)


def test_the_schema_for_the_llm_names_the_same_fields_and_tasks_and_is_strict() -> None:
    plan_schema = json_schema()
    step = plan_schema["properties"]["steps"]["items"]
    for schema, model in ((plan_schema, Plan), (step, PlanStep)):
        assert set(schema["properties"]) == set(schema["required"]) == set(model.model_fields)
        assert schema["additionalProperties"] is False
    assert step["properties"]["task"]["enum"] == list(task_names())
