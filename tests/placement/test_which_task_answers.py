"""Which task answers a question: what the table of the profile says, shown in the plan."""

import json
from pathlib import Path

import pytest

from inference.engine import catalogue
from inference.engine.catalogue import Profile
from inference.engine.questions import choice_table
from inference.placement import task_choice
from inference.planning.plan import Plan, PlanStep

TABLE = {
    "naming": {"animal": "classify", "clothing": "vqa"},
    "either_or": {"animal": "classify"},
    "presence": {
        "animal": {"offset": 0.5, "classifier": 0.8, "questions": 0.5},
        "dog": {"offset": 0.0, "classifier": 2.0, "questions": 0.0},
        "unnamed": {"offset": -1.0, "classifier": 0.0, "questions": 0.7},
    },
}


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    (tmp_path / choice_table.FILE).write_text(json.dumps(TABLE))
    return Profile("measured", {task: tmp_path / task for task in ("classify", "caption", "vqa")}, {})


def asked(task: str, question: str, profile: Profile) -> tuple[str, list[str]]:
    plan, sentences = task_choice.best_tasks(Plan(steps=[PlanStep(id=1, task=task, question=question)], why="w"), profile)
    return plan.steps[0].task, sentences


@pytest.mark.parametrize(
    ("task", "question", "better"),
    [
        ("vqa", "is it a cat or a dog?", "classify"),
        ("vqa", "what animal is on the sofa?", "classify"),
        ("classify", "what clothing is this?", "vqa"),
    ],
)
def test_a_question_goes_to_the_task_that_knows_better_and_the_plan_says_so(
    profile: Profile, task: str, question: str, better: str
) -> None:
    chosen, sentences = asked(task, question, profile)
    assert chosen == better
    assert question in sentences[0]


@pytest.mark.parametrize(
    ("task", "question"),
    [
        ("vqa", "is there a dog?"),
        ("vqa", "isn't there a zebra?"),
        ("vqa", "is she smiling?"),
        ("vqa", "is it a man or a woman?"),
        ("vqa", "what colour is the dog?"),
        ("classify", "what animal is it?"),
    ],
)
def test_any_other_stays_where_it_is(profile: Profile, task: str, question: str) -> None:
    assert asked(task, question, profile) == (task, [])


def test_a_step_that_waits_for_another_answer_stays(profile: Profile) -> None:
    first = PlanStep(id=1, task="classify")
    step = PlanStep(id=2, task="vqa", question="is there a {1}?", after=[1])
    plan, sentences = task_choice.best_tasks(Plan(steps=[first, step], why="w"), profile)
    assert [one.task for one in plan.steps] == ["classify", "vqa"]
    assert not sentences


def test_without_a_table_the_classifier_names_and_the_question_model_answers() -> None:
    table = choice_table.read(None)
    assert (table.names("animal"), table.chooses("animal")) == ("classify", "vqa")
    assert table.presence("zebra", "animal").probability(classifier=9.0, questions=0.0) == 0.5


def test_whether_a_thing_is_there_is_weighed_by_its_word_else_by_its_kind(profile: Profile) -> None:
    table = choice_table.of(profile)
    assert table.presence("dog", "animal").probability(classifier=2.0, questions=-9.0) > 0.95
    zebra = table.presence("zebra", "animal")
    assert zebra.probability(2.0, 2.0) > zebra.probability(2.0, -2.0) > zebra.probability(-2.0, -2.0)
    assert table.presence("smile", choice_table.UNNAMED).probability(0.0, 0.0) < 0.3


def test_the_bundled_table_names_tasks_that_exist_and_no_model_speaks_against_itself() -> None:
    table = choice_table.of(catalogue.profile("compact"))
    assert {*table.naming.values(), *table.either_or.values()} <= {"classify", "vqa"}
    assert min(min(row.classifier, row.questions) for row in table.presences.values()) >= 0


BIRDS = task_choice.Learnt("run 3", ("robin", "wren", "great tit"), 0.8)
OTHER_BIRDS = task_choice.Learnt("run 5", ("Robin", "wren"), 0.9)


def chosen_of(question: str, profile: Profile, *learnt: task_choice.Learnt, task: str = "vqa") -> tuple[PlanStep, list[str]]:
    plan = Plan(steps=[PlanStep(id=1, task=task, question=question)], why="w")
    chosen, sentences = task_choice.best_tasks(plan, profile, learnt)
    return chosen.steps[0], sentences


def test_a_classifier_of_ones_own_is_asked_about_its_own_classes(profile: Profile) -> None:
    step, sentences = chosen_of("is it a robin or a great-tit?", profile, BIRDS, OTHER_BIRDS)
    assert (step.task, step.model, step.question) == ("classify", "run 3", "")
    assert "robin, wren and great tit" in sentences[0] and "0.80" in sentences[0]


def test_of_several_that_know_the_more_accurate_is_asked(profile: Profile) -> None:
    assert chosen_of("is it a robin or a wren?", profile, BIRDS, OTHER_BIRDS)[0].model == "run 5"


@pytest.mark.parametrize("question", ["is it a robin or a cat?", "is there a robin?", "what is this?", "is it red or blue?"])
def test_it_is_asked_nothing_else(profile: Profile, question: str) -> None:
    assert not chosen_of(question, profile, BIRDS)[0].model


def test_a_run_that_somebody_named_stays(profile: Profile) -> None:
    plan = Plan(steps=[PlanStep(id=1, task="classify", model="run 9")], why="w")
    assert task_choice.best_tasks(plan, profile, [BIRDS])[0].steps[0].model == "run 9"
