"""Requests that name the classifier of a training run: "classify this with run 12"."""

import re

NO_RUN = "There is no finished {run} to classify with{instead}."
_RUN = re.compile(
    r"(?:,? ?\b(?:according to|using|use|with|by|via|through|from|of|let|have|ask|get|and|once|the|model|classifier)\b)*"
    r" ?\brun (?:number |no\.? ?)?(\d+)\b(?! ?(?:rounds?|epochs?|times|clients?|steps))(?:'s (?:model|opinion|view))?"
)
_SAYS = re.compile(
    r"\b(?:say|says|think|thinks|call|label|identify|name|classify|classified|recogni[sz]e|tell|guess|what this is|what it is)\b"
)


def names(text: str) -> list[str]:
    """The runs a request names, as plans name them: "run 12"."""
    return [f"run {number}" for number in _RUN.findall(text)]


def without(text: str) -> str:
    """The request without the runs and the words that attach them."""
    return _RUN.sub(" ", text).strip()


def asks_for_a_name(text: str) -> bool:
    return bool(_SAYS.search(text))
