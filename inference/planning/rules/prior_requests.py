"""The requests of earlier messages, as this message may refer to them."""

from dataclasses import replace
from functools import lru_cache

from inference.planning.context import Context
from inference.planning.rules import followup
from inference.planning.rules.asides import requests_of, without_addresses
from inference.planning.rules.pronouns import PriorRequest, resolve
from inference.planning.rules.requests import Piece, pieces, task_of
from inference.planning.rules.wording import direct, regular


def prior_requests(context: Context) -> list[PriorRequest]:
    """Earlier messages as direct requests, so that a follow-up of a follow-up finds its noun too."""
    requests: list[PriorRequest] = []
    for number, question in enumerate(context.earlier):
        answer = context.answers[number] if number < len(context.answers) else ""
        for part in _parts(question):
            raw = part.raw.strip(" ,;:.!?")
            noun = followup.elliptic(raw)
            text = (followup.reuse(noun, [request.text for request in requests]) if noun else None) or direct(part.raw)
            if not followup.again(raw):
                requests.append(
                    PriorRequest(resolve(text, requests).question, names=task_of(text, is_question=False) == "classify")
                )
        if requests and answer:
            requests[-1] = replace(requests[-1], answer=answer.lower())
    return requests


@lru_cache(maxsize=1024)  # the same questions come before each one that follows
def _parts(question: str) -> tuple[Piece, ...]:
    return tuple(pieces(requests_of(regular(without_addresses(question).text)).text))
