"""People who keep asking while something is restarted, and what became of their questions."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

FINAL = ("answered", "failed", "stopped")
ASK_AGAIN_S = 0.5  # after a request that was not answered
PAUSE_S = 1.0


@dataclass
class Asked:
    """One question: the id under which the server stored it, and what requests for it were answered before that was known."""

    text: str
    id: str = ""
    refusals: list[str] = field(default_factory=list)


class Asking:
    """Context manager: asks a question a second in one conversation until it is left, each in words of its own.

    A request that is refused is repeated, as a person would: where no reply came, after a look at the conversation.
    """

    def __init__(self, clients: list[httpx.Client], photo: str, **fields: Any) -> None:
        self.clients, self.photo, self.fields = clients, photo, fields
        self.asked: list[Asked] = []
        self.conversation = ""
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
        asked = {"question": question.text, "photo": self.photo, "conversation": self.conversation or None, **self.fields}
        while not question.id:
            try:
                answer = client.post("/api/v1/turns", json=asked)
            except httpx.TransportError as error:
                question.refusals.append(repr(error))
            else:
                if answer.status_code == 202:
                    question.id, self.conversation = str(answer.json()["id"]), str(answer.json()["conversation"])
                    return
                question.refusals.append(f"{answer.status_code} {answer.text[:200]}")
            time.sleep(ASK_AGAIN_S)
            question.id = self._stored(question, client)

    def _stored(self, question: Asked, client: httpx.Client) -> str:
        """Its id if the conversation has it, once that can be read."""
        while self.conversation:
            try:
                turns = list(_turns_of(self.conversation, client))
            except (httpx.TransportError, ValueError, KeyError):
                time.sleep(ASK_AGAIN_S)
            else:
                return next((str(turn["id"]) for turn in turns if turn["question"] == question.text), "")
        return ""


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
    """Once every question has ended. Doubled is what the conversation has twice, and a turn with a step twice."""
    until = time.monotonic() + seconds
    for question in asking.asked:
        turn = _final(client, question.id, until)
        assert turn.get("state") in FINAL, f"{question} did not end within {seconds:g} s: {turn}"
    turns = list(_turns_of(asking.conversation, client))
    doubled = [text for text, count in Counter(turn["question"] for turn in turns).items() if count > 1]
    doubled += [turn["question"] for turn in turns if len({step["id"] for step in turn["steps"]}) < len(turn["steps"])]
    return Outcome(
        len(asking.asked),
        sum(turn["state"] == "answered" for turn in turns),
        [f"{turn['question']} {turn['error']}" for turn in turns if turn["state"] != "answered"],
        doubled,
        sum(len(question.refusals) for question in asking.asked),
        max(_seconds(turn) for turn in turns),
    )


def _turns_of(conversation: str, client: httpx.Client) -> Iterator[dict[str, Any]]:
    offset, total = 0, 1
    while offset < total:
        page = client.get(f"/api/v1/conversations/{conversation}/turns", params={"limit": 50, "offset": offset}).json()
        yield from page["items"]
        offset, total = offset + 50, page["total"]


def _seconds(turn: dict[str, Any]) -> float:
    began, ended = (datetime.fromisoformat(turn[name].replace("Z", "+00:00")) for name in ("created", "finished"))
    return (ended - began).total_seconds()


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
