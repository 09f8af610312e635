"""The whole stack, started by the command of `make run`, with an owner account. For benches and tests."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

import httpx

from bench.harness.processes import age_s, children_of, command_of, free_port, kill, pids_below, pids_of, wait_for

ROOT = Path(__file__).resolve().parents[2]
OWNER, PASSWORD = "owner", "a long enough password"
START_S = 360  # a busy machine loads three sets of models
RESTARTER = "webapp.ops.restart"
RESTART_S = 60  # of a process that was killed: the pauses before its restarts grow
LAPSED_S = 8  # then nothing says any longer that the process before it is alive: neither its heartbeat nor its key in Redis


class Stack:
    """Context manager. `url`: the web app; `owner`: a logged-in HTTP client with the CSRF header set."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.var, self.port = folder / "var", free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "up.log"
        self.arguments = arguments or ("--slowdown", "2")
        self.env = {**os.environ, "ISTHMUS_VAR": str(self.var), "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
        # Exporting the models takes seconds: once for all stacks is enough.
        self.env.setdefault("ISTHMUS_BUNDLES", str(ROOT / "var" / "bundles"))
        # Benches measure answers, and tests look at them: each question is computed.
        self.env["ISTHMUS_REUSE_DAYS"] = "0"
        # The stack must not inherit what the tests' settings set for this process.
        for name in ("REDIS_URL", "DJANGO_SETTINGS_MODULE"):
            self.env.pop(name, None)

    def __enter__(self) -> "Stack":
        command = [sys.executable, "manage.py", "up", "--port", str(self.port), *self.arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(self.ready, START_S, "the stack was not ready", every=0.25)
            self.owner = self._sign_up()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(f"the stack did not stop: {self.output()[-2000:]}") from None

    def output(self) -> str:
        """Everything the stack has printed, without colour codes."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.log.read_text(errors="replace"))

    def ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the stack exited with {self.process.returncode}: {self.output()[-3000:]}")
        try:
            with urllib.request.urlopen(f"{self.url}/healthz/fleet", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def recovered(self) -> bool:
        """Whether it is ready with the processes that run now: one that was killed counts as online for some seconds more."""
        restarters = [pid for pid in pids_below(self.process.pid) if RESTARTER in command_of(pid)]
        running = [children_of(pid) for pid in restarters]
        return all(pids and age_s(pids[0]) > LAPSED_S for pids in running) and self.ready()

    def setup_token(self) -> str:
        return (self.var / "secrets" / "setup_token").read_text()

    def person(self, name: str, password: str = PASSWORD) -> httpx.Client:
        """A client logged in as an existing user."""
        client = httpx.Client(base_url=self.url, follow_redirects=True, timeout=30)
        client.get("/login/")
        form = {"username": name, "password": password, "csrfmiddlewaretoken": client.cookies["isthmus_csrf"]}
        client.post("/login/", data=form, headers={"Referer": self.url})
        assert client.get("/api/v1/conversations").status_code == 200, "the login was refused"
        client.headers.update({"X-CSRFToken": client.cookies["isthmus_csrf"], "Referer": self.url})
        return client

    def _sign_up(self) -> httpx.Client:
        with httpx.Client(base_url=self.url, timeout=60) as client:
            client.get("/setup/")
            form = {
                "token": self.setup_token(), "username": OWNER, "password1": PASSWORD, "password2": PASSWORD,
                "csrfmiddlewaretoken": client.cookies["isthmus_csrf"],
            }  # fmt: skip
            answer = client.post("/setup/", data=form, headers={"Referer": self.url})
            assert answer.status_code == 302, answer.text[:2000]
        return self.person(OWNER)

    def login(self, page: Any) -> None:
        """Log a browser page in as the owner."""
        page.goto(f"{self.url}/login/")
        page.fill("input[name=username]", OWNER)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit], input[type=submit]")
        page.wait_for_url(f"{self.url}/")

    def manage(self, *arguments: str, timeout: float = 180) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=timeout)

    def shell(self, code: str) -> str:
        """Run code in the stack's Django; returns what it printed last."""
        done = self.manage("shell", "--no-imports", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().rpartition("\n")[2]

    def ask(self, photo: Path, question: str, *arguments: str, timeout: float = 180) -> tuple[int, dict[str, Any], str]:
        """`manage.py ask … --json`: exit status, the object on the last line, stderr."""
        done = self.manage("ask", str(photo), question, "--json", *arguments, timeout=timeout)
        lines = done.stdout.strip().splitlines()
        return done.returncode, json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}, done.stderr

    def upload(self, photo: bytes, node: str = "") -> str:
        """Its id; it is placed on the node soon after."""
        form = {"node": node, "again": True}  # a photo of its own, whose features nobody holds
        answer = self.owner.post("/api/v1/photos", data=form, files={"photo": ("photo.jpg", photo, "image/jpeg")})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def put(self, question: str, **fields: Any) -> dict[str, Any]:
        """POST a question -> the new turn."""
        answer = self.owner.post("/api/v1/turns", json={"question": question, **fields})
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    def turn(self, pk: str) -> dict[str, Any]:
        return dict(self.owner.get(f"/api/v1/turns/{pk}").json())

    def finished(self, pk: str, seconds: float = 70) -> dict[str, Any]:
        """The turn once it is answered, failed or stopped, which it is a minute after its start at the latest."""
        turn: dict[str, Any] = {}

        def final() -> bool:
            turn.update(self.turn(pk))
            return turn.get("state") in ("answered", "failed", "stopped")  # a rate-limited response has no state

        wait_for(final, seconds, f"turn {pk} was not final", every=0.25)
        return turn

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query reads from its database; no process is started for it."""
        with closing(sqlite3.connect(f"file:{self.var / 'isthmus.sqlite3'}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query, values).fetchall()

    def placed(self, photo: str) -> dict[str, Any]:
        """What is known about the photo on each device that has it."""
        rows = self.rows("SELECT placed FROM inference_photo WHERE id = ?", UUID(photo).hex)
        return dict(json.loads(rows[0][0])) if rows else {}

    def worker(self, *words: str) -> int:
        """The worker process of this stack whose command line contains the words, not the supervisor that restarts it.

        Waits for one that was killed and is about to be started again.
        """
        pids: list[int] = []

        def runs() -> bool:
            own = set(pids_below(self.process.pid))
            pids[:] = [pid for pid in pids_of(*words) if pid in own and RESTARTER not in command_of(pid)]
            return bool(pids)

        wait_for(runs, RESTART_S, f"no process of the stack had {words} in its command line")
        return pids[0]

    def node(self, name: str) -> int:
        return self.worker("devices.agent", f"nodes/{name} ")

    def kill(self, pid: int) -> None:
        kill(pid)
