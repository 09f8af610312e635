"""Small files that decode to gigabytes, against a web process as it is served: it stays small and answers at once."""

import os
import shutil
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bench.harness.processes import free_port, wait_for
from tests.conftest import draw_photo
from webapp.ops import serving

ROOT = Path(__file__).resolve().parents[2]
BOMBS, SIDE = 12, 7000  # 49 megapixels: just allowed
MOST_MB, LIVE_S = 600, 2.0
PASSWORD = "a long enough password"


def bomb() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packed = zlib.compressobj(9)
    rows = b"".join(packed.compress(bytes(1 + 3 * SIDE)) for _ in range(SIDE)) + packed.flush()
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


@dataclass
class Web:
    url: str
    pid: int
    cookies: httpx.Cookies

    def client(self) -> httpx.Client:
        headers = {"X-CSRFToken": self.cookies["isthmus_csrf"], "Referer": self.url}
        return httpx.Client(base_url=self.url, cookies=self.cookies, headers=headers, timeout=120)

    def upload(self, data: bytes) -> httpx.Response:
        with self.client() as client:
            return client.post("/api/v1/photos", files={"photo": ("photo", data)})


@pytest.fixture
def web(tmp_path: Path, redis_url: str, migrated: Path) -> Iterator[Web]:
    """The web process alone, with its owner logged in."""
    env = {**os.environ, "ISTHMUS_VAR": str(tmp_path), "REDIS_URL": redis_url, "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    shutil.copy(migrated, tmp_path / "isthmus.sqlite3")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            serving.command(sys.executable, "127.0.0.1", port), cwd=ROOT, env=env, stdout=log, stderr=log
        )
    try:
        wait_for(lambda: _lives(url), 60, "the web process did not start", every=0.2)
        with httpx.Client(base_url=url, follow_redirects=True) as client:
            client.get("/setup/")
            secrets = {
                "token": (tmp_path / "secrets" / "setup_token").read_text(),
                "csrfmiddlewaretoken": client.cookies["isthmus_csrf"],
            }
            person = {"username": "owner", "password1": PASSWORD, "password2": PASSWORD}
            client.post("/setup/", data={**secrets, **person}, headers={"Referer": url})
            login = {"username": "owner", "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["isthmus_csrf"]}
            client.post("/login/", data=login, headers={"Referer": url})
            yield Web(url, process.pid, client.cookies)
    finally:
        process.terminate()
        process.wait(20)


def _lives(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.slow
@pytest.mark.long
def test_twelve_bombs_at_once_leave_the_web_process_small_and_quick(web: Web) -> None:
    data, answers = bomb(), list[httpx.Response]()
    assert len(data) < 160_000
    assert web.upload(draw_photo(39)).status_code == 201
    threads = [threading.Thread(target=lambda: answers.append(web.upload(data))) for _ in range(BOMBS)]
    for thread in threads:
        thread.start()
    most, times = 0.0, []
    with httpx.Client(base_url=web.url, timeout=30) as client:
        while any(thread.is_alive() for thread in threads):
            started = time.monotonic()
            assert client.get("/livez").status_code == 200
            times.append(time.monotonic() - started)
            most = max(most, resident_mb(web.pid))
            time.sleep(0.1)
    usual = sorted(times)[int(0.95 * len(times))]  # a single one may wait for this machine, which may do other things
    print(f"web process at most {most:.0f} MB, /livez {1000 * usual:.0f} ms (p95), {[a.status_code for a in answers]}")
    assert most < MOST_MB and usual < LIVE_S
    assert len(answers) == BOMBS
    for answer in answers:
        assert answer.status_code in (200, 201) or (answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0), (
            answer.text
        )
    assert sum(answer.status_code in (200, 201) for answer in answers) >= 2  # 200: the same photo is stored once
    assert web.upload(draw_photo(40)).status_code == 201  # and the next photo is read as ever
