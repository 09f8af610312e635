"""The grammar of conditions: which requests wait for which answer."""

import pytest

from inference.planning.offline import Context, plan, plan_offline
from inference.planning.phrasing.condition import asked
from inference.planning.phrasing.conditional import Clause, clauses

PHOTO = Context(has_photo=True)


@pytest.mark.parametrize(("condition", "question", "is_true"), [
    ("the gate isn't shut", "is the gate shut", False),
    ("there's a bike in the hallway", "is there a bike in the hallway", True),
    ("there is nobody in the lab", "is there anybody in the lab", False),
    ("no lamp is lit", "is any lamp lit", False),
    ("nobody is at the desk", "is anybody at the desk", False),
    ("you don't see a guard", "is there a guard", False),
    ("he's got a beard", "has he a beard", True),
    ("the ice looks solid", "tell me whether the ice looks solid", True),
])  # fmt: skip
def test_a_condition_as_a_question(condition: str, question: str, is_true: bool) -> None:
    assert asked(condition) == (question, is_true)


@pytest.mark.parametrize(("message", "wanted"), [
    ("if the pan is smoking say what's in it, otherwise don't bother",
     [Clause("is the pan smoking"), Clause("say what's in it", (0, "yes"))]),
    ("Unless the door is shut, tell me who is in it",
     [Clause("is the door shut"), Clause("tell me who is in it", (0, "no"))]),
    ("count the eggs if there are any",
     [Clause("are there any eggs"), Clause("count the eggs", (0, "yes"))]),
    ("no helmet on the rider? then what is on his head",
     [Clause("is there helmet on the rider"), Clause("what is on his head", (0, "no"))]),
    ("should the tray be empty name the animal next to it",
     [Clause("is the tray empty"), Clause("name the animal next to it", (0, "yes"))]),
    ("Is the door open? If so is anybody in it? If so what are they wearing?",
     [Clause("Is the door open?"), Clause("is anybody in it", (0, "yes")), Clause("what are they wearing", (1, "yes"))]),
    ("Is my parcel there? Where exactly, if so?",
     [Clause("Is my parcel there?"), Clause("Where exactly", (0, "yes"))]),
    ("If it's a cat, what breed? If it's a dog, how old is it?",
     [Clause("is it a cat or a dog"), Clause("what breed", (0, "cat")), Clause("how old is it", (0, "dog"))]),
    ("is there a lid? if not, tell me the colour, else read it",
     [Clause("is there a lid?"), Clause("tell me the colour", (0, "no")), Clause("read it", (0, "yes"))]),
])  # fmt: skip
def test_requests_and_what_they_wait_for(message: str, wanted: list[Clause]) -> None:
    assert clauses(message) == wanted


@pytest.mark.parametrize("message", [
    "Tell me if the kettle is on.", "What is in this photo?", "Check whether the seal is broken", "I wonder if it is a wasp",
    "", "if", "if so", "if " * 300,
])  # fmt: skip
def test_what_has_no_condition(message: str) -> None:
    assert clauses(message) == []


def test_a_plan_has_the_conditions_of_its_message() -> None:
    steps = plan("only when the seal is broken, count the bottles", PHOTO).steps
    assert [(step.question, step.only_if and step.only_if.answer) for step in steps] == [
        ("is the seal broken?", None), ("how many bottles are there?", "yes"),
    ]  # fmt: skip


def test_a_run_may_wait_for_an_answer() -> None:
    steps = plan("if the weld is finished put it through run 4", Context(True, models=("run 4",))).steps
    assert [(step.task, step.model, step.after) for step in steps] == [("vqa", "", []), ("classify", "run 4", [1])]


def test_a_deed_that_nobody_here_can_do_leaves_its_condition() -> None:
    planned = plan_offline("Call an ambulance if he is bleeding.", PHOTO, None, 0.0)
    assert [step.question for step in planned.plan.steps] == ["is he bleeding?"] and planned.remark
