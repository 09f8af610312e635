"""Somebody who asks one question after the other over the API, and waits for each answer on the socket."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx
import websockets
from websockets.typing import Origin

from bench.harness.photo import photo
from bench.harness.stack import PASSWORD, Stack

QUESTIONS = ("What is the dog doing?", "Describe this photo.", "What is in this photo?", "What colour is the car?")
PHOTOS = 4  # of each person
ANSWER_S = 120.0
IN_A_CONVERSATION = 50  # questions; then the next conversation begins, as people's do


@dataclass
class Answer:
    """`at`: seconds of the monotonic clock when it came."""

    at: float
    ms: float
    answered: bool


@dataclass
class Person:
    stack: Stack
    client: httpx.Client
    photos: list[str]
    answers: list[Answer] = field(default_factory=list)

    async def ask(self, wanted: Callable[[], bool]) -> None:
        """Until no more answers are wanted."""
        subjects = zip(itertools.cycle(QUESTIONS), itertools.cycle(self.photos[1:] + self.photos[:1]), strict=False)
        while wanted():
            await self._converse(itertools.islice(subjects, IN_A_CONVERSATION), wanted)

    async def _converse(self, subjects: Iterable[tuple[str, str]], wanted: Callable[[], bool]) -> None:
        """The conversation begins with a question that is not counted."""
        conversation = (await asyncio.to_thread(self.put, QUESTIONS[0], self.photos[0]))["conversation"]
        cookie = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        address = self.stack.url.replace("http", "ws") + f"/ws/chat/{conversation}/"
        async with websockets.connect(address, additional_headers={"Cookie": cookie}, origin=Origin(self.stack.url)) as socket:
            await socket.recv()  # the snapshot
            for question, about in subjects:
                if not wanted():
                    return
                started = time.monotonic()
                turn = (await asyncio.to_thread(self.put, question, about, conversation))["id"]
                state = await asyncio.wait_for(_end_of(turn, socket), ANSWER_S)
                now = time.monotonic()
                self.answers.append(Answer(now, (now - started) * 1000, state == "answered"))

    def put(self, question: str, about: str, conversation: str | None = None) -> dict[str, Any]:
        """The new turn. Asked afresh, so that no earlier answer is used again."""
        body = {"question": question, "photo": about, "conversation": conversation, "fresh": True}
        answer = self.client.post("/api/v1/turns", json=body)
        answer.raise_for_status()
        turn: dict[str, Any] = answer.json()
        return turn


async def _end_of(turn: str, socket: websockets.ClientConnection) -> str:
    while True:
        event: dict[str, Any] = json.loads(await socket.recv())
        if event.get("turn") == turn and event["type"] == "turn.answer":
            return str(event["state"])


def people(stack: Stack, count: int) -> list[Person]:
    """Accounts created as an administrator does in the shell, logged in, each with photos."""
    names = [f"person-{number}" for number in range(count)]
    create = f"[User.objects.create_user(name, password={PASSWORD!r}) for name in {names!r}]"
    done = stack.manage("shell", "-c", f"from webapp.accounts.models import User; {create}")
    assert done.returncode == 0, done.stderr
    return [_enter(stack, name, number) for number, name in enumerate(names)]


def _enter(stack: Stack, name: str, number: int) -> Person:
    client = stack.person(name)
    photos = [_upload(client, photo(number * PHOTOS + of_person)) for of_person in range(PHOTOS)]
    return Person(stack, client, photos)


def _upload(client: httpx.Client, data: bytes) -> str:
    answer = client.post("/api/v1/photos", files={"photo": ("photo.jpg", data, "image/jpeg")})
    answer.raise_for_status()
    return str(answer.json()["id"])
