"""The whole ASGI application behind a real uvicorn, and a worker that takes questions as the cloud worker does."""

import base64
import io
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import openai
import pytest
from django.db import connection
from PIL import Image

from inference.answering.journal import claim_next
from inference.models import Turn
from tests.conftest import draw_photo
from tests.gate.conftest import serve as serve
from webapp.accounts.models import ApiToken


@dataclass
class Worker:
    """Claims the questions that wait, one after the other, and answers them by `answer`, which may raise UserError."""

    answer: Callable[[Turn], str] = lambda turn: f"You asked: {turn.question}"
    seconds: float = 0.0
    taken: list[Turn] = field(default_factory=list)
    ends: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        from webapp.live.errors import UserError
        from webapp.live.lease import LeaseLost

        while not self.ends.is_set():
            journal = claim_next()
            if journal is None:
                time.sleep(0.02)
                continue
            self.taken.append(journal.turn)
            with journal:
                try:
                    journal.phase("device")
                    self.ends.wait(self.seconds)
                    journal.answered(self.answer(journal.turn))
                except UserError as error:
                    journal.failed(error)
                except LeaseLost:
                    pass
        connection.close()


@pytest.fixture
def address(serve: Any, transactional_db: None, store: Any) -> str:
    from webapp.asgi import application

    return f"http://127.0.0.1:{serve(application)}"


@pytest.fixture
def worker(address: str) -> Iterator[Worker]:
    ours = Worker()
    thread = threading.Thread(target=ours.run)
    thread.start()
    yield ours
    ours.ends.set()
    thread.join(30)


@pytest.fixture
def token(owner: Any) -> str:
    return ApiToken.issue(owner, "program")[1]


@pytest.fixture
def client(address: str, token: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{address}/v1", api_key=token, max_retries=0, timeout=60) as ours:
        yield ours


def data_url(data: bytes, kind: str = "image/jpeg") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def drawn_as(kind: str, seed: int = 0) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(draw_photo(seed))).save(out, kind)
    return out.getvalue()


def asking(text: str, *urls: str) -> dict[str, Any]:
    """A message of the person."""
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return {"role": "user", "content": [*parts, {"type": "text", "text": text}] if parts else text}


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}
