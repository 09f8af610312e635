"""Answers about the models that this installation has."""

from devices import model_choice
from inference.answering import trained_models
from inference.answering.system_questions.question import Question
from inference.engine import catalogue
from inference.engine.hub import fetch
from inference.formatting import bytes_text, list_text


def available(question: Question) -> str:
    chosen = model_choice.active()
    profile = catalogue.profile(chosen)
    named = list_text([profile.models[task] for task in profile.tasks])
    others = [_other(name) for name in catalogue.PROFILES if name != chosen]
    runs = trained_models.names(question.person)
    own = f"A question can also name the classifier of {list_text(runs)}." if runs else "You have no trained classifier yet."
    return " ".join([f"The {chosen} models answer now: {named}.", *others, own])


def _other(name: str) -> str:
    if not catalogue.missing(catalogue.profile(name)):
        return f"An administrator can switch to the {name} models on the Models page."
    size = f" ({bytes_text(fetch.required_bytes())})" if name == "paper" else ""
    return f"The {name} models are not on this server; an administrator can fetch them{size} on the Models page."
