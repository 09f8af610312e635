"""The whole stack as a large installation has it: sentinels, PostgreSQL, two web processes and two cloud workers, one proxy."""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from bench.harness.processes import free_port, wait_for
from bench.harness.stack import OWNER, PASSWORD, ROOT, Stack
from tests.postgres.server import Postgres, postgres
from tests.scaling.sentinels import Group, group
from webapp.ops import serving

CADDYFILE = ROOT / "deploy" / "scale" / "Caddyfile"


class Scaled:
    """`webs`: addresses of the web processes; `url`: of the proxy, or of the first of them where none is installed."""

    def __init__(self, stack: Stack, redis: Group, database: Postgres) -> None:
        self.stack, self.redis, self.database = stack, redis, database
        self.webs = [stack.url]
        self.url = stack.url
        self.behind_proxy = False

    def person(self, url: str = "") -> httpx.Client:
        """The owner's client, at the proxy or at one web process."""
        url = url or self.url
        client = httpx.Client(base_url=url, follow_redirects=True, timeout=60)
        client.get("/login/")
        form = {"username": OWNER, "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["isthmus_csrf"]}
        client.post("/login/", data=form, headers={"Referer": url})
        client.headers.update({"X-CSRFToken": client.cookies["isthmus_csrf"], "Referer": url})
        assert client.get("/api/v1/conversations").status_code == 200, "the login was refused"
        return client


@contextmanager
def scaled(folder: Path, installed: Path) -> Iterator[Scaled]:
    with ExitStack() as running:
        redis = running.enter_context(group(folder, replicas=2))  # two tests kill a master
        database = running.enter_context(postgres(installed))
        stack = Stack(folder, "--no-redis", "--slowdown", "2")
        port, proxy = free_port(), free_port()
        stack.env |= {
            "REDIS_URL": redis.url,
            "POSTGRES_HOST": str(database.folder),
            "POSTGRES_USER": "isthmus",
            "POSTGRES_DB": "postgres",
            "ISTHMUS_ORIGINS": f"http://127.0.0.1:{proxy}",
            "ISTHMUS_PROXIES": "127.0.0.1",
        }
        running.enter_context(stack)
        whole = Scaled(stack, redis, database)
        plan = json.loads((stack.var / "run" / "processes.json").read_text())
        env = {**stack.env, **plan["env"]}
        second = serving.command(sys.executable, "127.0.0.1", port)
        worker = [word for word in plan["processes"]["cloud"] if word != "--clock"]
        log = running.enter_context((folder / "more.log").open("wb"))
        for command in (second, worker):
            running.enter_context(_process(command, env, log.fileno()))
        whole.webs.append(f"http://127.0.0.1:{port}")
        if caddy := shutil.which("caddy"):
            webs = " ".join(url.removeprefix("http://") for url in whole.webs)
            command = [caddy, "run", "--adapter", "caddyfile", "--config", str(CADDYFILE)]
            own = {**os.environ, "WEBS": webs, "BALANCER_PORT": str(proxy), "HOME": str(folder)}
            running.enter_context(_process(command, own, log.fileno()))
            whole.url, whole.behind_proxy = f"http://127.0.0.1:{proxy}", True
        for url in (*whole.webs, whole.url):
            wait_for(lambda url=url: _answers(url), 300, f"{url} did not answer", every=0.5)  # type: ignore[misc]
        yield whole


@contextmanager
def _process(command: list[str], env: dict[str, str], log: int) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
