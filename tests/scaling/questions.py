"""People who keep asking while something is restarted, and what became of their questions."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

FINAL = ("answered", "failed", "stopped")
ASK_AGAIN_S = 0.5  # after a request that was not answered
PAUSE_S = 1.0


@dataclass
class Asked:
    """`seen`: the ids under which the server has accepted it; more than one would be a question asked twice."""

    text: str
    id: str = ""
    refusals: list[str] = field(default_factory=list)


class Asking:
    """Context manager: asks one question a second until it is left. Each has words of its own, by which it is found again.

    A request that fails is repeated, as a page does; the key of the request keeps it from being a second question.
    """

    def __init__(self, clients: list[httpx.Client], photo: str, **fields: Any) -> None:
        self.clients, self.photo, self.fields = clients, photo, fields
        self.asked: list[Asked] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Asking":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        self._thread.join(120)
        assert not self._thread.is_alive(), "a question could not be asked within two minutes"

    def _run(self) -> None:
        while not self._ending.is_set():
            number = len(self.asked)
            question = Asked(f"Is there a number {number} in this photo?")
            self.asked.append(question)
            self._ask(question, self.clients[number % len(self.clients)])
            self._ending.wait(PAUSE_S)

    def _ask(self, question: Asked, client: httpx.Client) -> None:
        while not question.id:
            try:
                answer = client.post("/api/v1/turns", json={"question": question.text, "photo": self.photo, **self.fields})
            except httpx.TransportError as error:
                question.refusals.append(repr(error))
            else:
                if answer.status_code == 202:
                    question.id = str(answer.json()["id"])
                    return
                question.refusals.append(f"{answer.status_code} {answer.text[:200]}")
            time.sleep(ASK_AGAIN_S)


@dataclass(frozen=True)
class Outcome:
    asked: int
    answered: int
    failed: list[str]  # why
    doubled: list[str]  # what was stored or computed twice
    refused_at_first: int
    slowest_s: float

    def __str__(self) -> str:
        return (
            f"{self.asked} asked, {self.answered} answered, {len(self.failed)} lost, {len(self.doubled)} doubled; "
            f"{self.refused_at_first} requests repeated; the slowest answer took {self.slowest_s:.1f} s"
        )


def outcome(asking: Asking, client: httpx.Client, seconds: float) -> Outcome:
    """Once every question has ended, which is waited for."""
    until, turns = time.monotonic() + seconds, {}
    for question in asking.asked:
        turn = turns[question.text] = _final(client, question.id, until)
        assert turn.get("state") in FINAL, f"{question} did not end within {seconds:g} s: {turn}"
    questions = Counter(turn["question"] for turn in turns.values())
    doubled = [text for text, count in questions.items() if count > 1]
    for turn in turns.values():
        numbers = [step["number"] if "number" in step else step.get("id") for step in turn.get("steps", [])]
        doubled += [turn["question"] for count in Counter(numbers).values() if count > 1]
    return Outcome(
        len(turns),
        sum(turn["state"] == "answered" for turn in turns.values()),
        [f"{turn['question']} {turn.get('error')}" for turn in turns.values() if turn["state"] != "answered"],
        doubled,
        sum(len(question.refusals) for question in asking.asked),
        max((turn.get("total_ms") or 0) / 1000 for turn in turns.values()),
    )


def _final(client: httpx.Client, pk: str, until: float) -> dict[str, Any]:
    turn: dict[str, Any] = {}
    while time.monotonic() < until:
        try:
            turn = client.get(f"/api/v1/turns/{pk}").json()
        except (httpx.TransportError, ValueError):
            turn = {}
        if turn.get("state") in FINAL:
            break
        time.sleep(0.5)
    return turn
