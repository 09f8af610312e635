"""The client: ask about one photo or about many, list the devices."""

import contextlib
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

from isthmus_client.answers import Answer, Device
from isthmus_client.errors import IsthmusError
from isthmus_client.http import Http

PhotoPath = str | os.PathLike[str]
CONNECT_S = 10.0
PATIENCE_S = 120.0  # of one question
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0  # between two looks at a question
PAGE = 200
FINAL = ("answered", "failed", "stopped")


class Client:
    """`url` is the address of the server, `token` a personal token from the account page. Use it with `with`, or close it."""

    def __init__(self, url: str, token: str, *, patience_s: float = PATIENCE_S) -> None:
        self._http, self._patience_s = Http(url, token, CONNECT_S), patience_s

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def ask(
        self,
        photo: PhotoPath | Sequence[PhotoPath] | None,
        question: str,
        *,
        policy: str = "fastest",
        conversation: str | None = None,
        node: str | None = None,
        fresh: bool = False,
    ) -> Answer:
        """The answer, once it is there. `photo` may be several, of which the answer speaks as the first, the second and so on.
        Without one the question is about those of the last question of `conversation`. `fresh`: computed, also where you asked
        the same about the same photo before.

        Raises IsthmusError; a question that nobody waits for any longer is stopped.
        """
        until = time.monotonic() + self._patience_s
        paths = [photo] if isinstance(photo, str | os.PathLike) else photo or []
        stored = [self._upload(Path(path), until) for path in paths]
        options: dict[str, str | bool | None] = {"policy": policy, "conversation": conversation, "node": node, "fresh": fresh}
        return self._ask(stored, question, until, options)

    def ask_many(
        self, questions: Iterable[tuple[PhotoPath, str]], *, policy: str = "fastest", at_once: int = 4, fresh: bool = False
    ) -> Iterator[Answer | IsthmusError]:
        """One result for each photo and question, in their order: the answer, or why there is none. Each photo is uploaded
        once, however many questions there are about it."""
        uploads = _Uploads(self)

        def ask(photo: PhotoPath, question: str) -> Answer | IsthmusError:
            until = time.monotonic() + self._patience_s
            try:
                return self._ask([uploads.of(Path(photo), until)], question, until, {"policy": policy, "fresh": fresh})
            except IsthmusError as error:
                return error

        with ThreadPoolExecutor(max(1, at_once)) as pool:
            yield from pool.map(lambda pair: ask(*pair), questions)

    def devices(self) -> list[Device]:
        """Devices and edge servers that have not been revoked."""
        listed: list[Device] = []
        while True:
            query = {"limit": PAGE, "offset": len(listed)}
            page = self._http.call("GET", "/nodes", time.monotonic() + self._patience_s, params=query)
            listed += [Device.of(raw) for raw in page["items"]]
            if not page["items"] or len(listed) >= page["total"]:
                return listed

    def _upload(self, photo: Path, until: float) -> str:
        try:
            data = photo.read_bytes()
        except OSError as error:
            raise IsthmusError("unreadable", f"{photo} cannot be read: {error.strerror}.", "Check its path.") from error
        return str(self._http.call("POST", "/photos", until, files={"photo": (photo.name, data)})["id"])

    def _ask(self, photos: list[str], question: str, until: float, options: dict[str, str | bool | None]) -> Answer:
        about = {"photos": photos} if len(photos) > 1 else {"photo": photos[0]} if photos else {}
        fields = {**about, **{name: value for name, value in options.items() if value is not None}}
        turn = self._http.call("POST", "/turns", until, json={"question": question, **fields})
        try:
            turn = self._ended(turn, until)
        except BaseException:
            with contextlib.suppress(IsthmusError):
                self._http.call("POST", f"/turns/{turn['id']}/stop", time.monotonic())
            raise
        if turn["state"] == "answered":
            return Answer.of(turn)
        reason = turn["error"] or {"code": "stopped", "message": "The question was stopped before an answer.", "next": ""}
        raise IsthmusError(reason["code"], reason["message"], reason["next"])

    def _ended(self, turn: Any, until: float) -> Any:
        pause_s = FIRST_PAUSE_S
        while turn["state"] not in FINAL:
            if time.monotonic() > until:
                message = f"No answer came within {self._patience_s:g} seconds."
                raise IsthmusError("too_slow", message, "Wait longer (patience_s), or ask again later.")
            time.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 1.3)
            turn = self._http.call("GET", f"/turns/{turn['id']}", until)
        return turn


class _Uploads:
    """One upload for each file, also where several threads ask about it at once."""

    def __init__(self, client: Client) -> None:
        self._client, self._stored = client, dict[Path, str]()
        self._lock = threading.Lock()

    def of(self, photo: Path, until: float) -> str:
        with self._lock:
            if photo not in self._stored:
                self._stored[photo] = self._client._upload(photo, until)
            return self._stored[photo]
