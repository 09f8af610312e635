"""Small files that decode to gigabytes, against the real stack: the web process stays small and answers at once."""

import struct
import threading
import time
import zlib
from pathlib import Path

import httpx
import pytest

from bench.harness.stack import Stack
from tests.conftest import draw_photo

BOMBS, SIDE = 12, 7000  # 49 megapixels: just allowed
MOST_MB, LIVE_S = 600, 2.0


def bomb() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packed = zlib.compressobj(9)
    rows = b"".join(packed.compress(bytes(1 + 3 * SIDE)) for _ in range(SIDE)) + packed.flush()
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


@pytest.mark.slow
def test_twelve_bombs_at_once_leave_the_web_process_small_and_quick(stack: Stack) -> None:
    web, data = stack.worker("uvicorn"), bomb()
    assert len(data) < 160_000
    answers: list[httpx.Response] = []

    def upload() -> None:
        with httpx.Client(base_url=stack.url, cookies=stack.owner.cookies, headers=stack.owner.headers, timeout=120) as client:
            answers.append(client.post("/api/v1/photos", files={"photo": ("bomb.png", data, "image/png")}))

    threads = [threading.Thread(target=upload) for _ in range(BOMBS)]
    for thread in threads:
        thread.start()
    most, slowest = 0.0, 0.0
    while any(thread.is_alive() for thread in threads):
        started = time.monotonic()
        assert httpx.get(f"{stack.url}/livez", timeout=30).status_code == 200
        slowest, most = max(slowest, time.monotonic() - started), max(most, resident_mb(web))
        time.sleep(0.1)
    print(f"web process at most {most:.0f} MB, /livez at most {slowest * 1000:.0f} ms")
    assert most < MOST_MB and slowest < LIVE_S
    assert len(answers) == BOMBS
    for answer in answers:
        assert answer.status_code == 201 or (answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0), answer.text
    assert [answer.status_code for answer in answers].count(201) >= 2
    assert stack.upload(draw_photo(40))  # and the next photo is read as ever
