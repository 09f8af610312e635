"""Photos are read in processes of their own: few, bounded, replaced when they fail, and gone with their parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from inference.engine.photos.decoder_process import Decoded
from inference.engine.photos.decoders import Busy, PhotoDecoders
from inference.engine.photos.refusal import PhotoRefused
from tests.uploads.conftest import draw, saved

ROOT = Path(__file__).resolve().parents[2]
IMPORTS = (
    "import sys, inference.engine.photos.decoder_child; print([n for n in ('torch', 'django', 'celery') if n in sys.modules])"
)


@pytest.fixture
def decoders() -> Iterator[PhotoDecoders]:
    ours = PhotoDecoders(50_000_000, processes=1, waiting=4, seconds=20, patience_s=20)
    yield ours
    ours.close()


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Decoded]:
    def of(decoders: PhotoDecoders, data: bytes, who: str = "") -> Decoded:
        source = tmp_path / f"{threading.get_ident()}"
        source.write_bytes(data)
        return decoders.read(str(source), f"{source}.jpg", max_side=512, who=who)

    return of


def pid_of(decoders: PhotoDecoders) -> int:
    """Of the process that waits for the next photo."""
    return decoders._idle[0].pid


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def test_a_process_reads_one_photo_after_the_other(decoders: PhotoDecoders, read: Any) -> None:
    first = read(decoders, saved(draw(), "JPEG"))
    pid = pid_of(decoders)
    second = read(decoders, saved(draw(), "HEIC"))
    assert (first.width, first.source_format, second.source_format) == (96, "JPEG", "HEIC")
    assert pid_of(decoders) == pid


def test_a_photo_that_takes_too_long_is_refused_and_its_process_replaced(decoders: PhotoDecoders, read: Any) -> None:
    read(decoders, saved(draw(), "JPEG"))
    pid, decoders.seconds = pid_of(decoders), 0.3
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(PhotoRefused, match="takes too long"):
        read(decoders, saved(draw(), "PNG"))
    assert is_gone(pid)
    decoders.seconds = 20
    assert read(decoders, saved(draw(), "PNG")).source_format == "PNG"


def test_a_photo_that_takes_too_much_memory_is_refused(decoders: PhotoDecoders, read: Any) -> None:
    decoders.memory_bytes = 40 * 1024 * 1024
    with pytest.raises(PhotoRefused, match="too much memory"):
        read(decoders, saved(Image.new("RGB", (5000, 5000)), "PNG"))
    assert read(decoders, saved(draw(), "PNG")).source_format == "PNG"


def test_a_library_that_crashes_takes_only_its_process_along(decoders: PhotoDecoders, read: Any) -> None:
    read(decoders, saved(draw(), "JPEG"))
    pid = pid_of(decoders)
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (pid, signal.SIGSEGV)).start()
    threading.Timer(0.4, os.kill, (pid, signal.SIGCONT)).start()
    with pytest.raises(PhotoRefused, match="damaged"):
        read(decoders, saved(draw(), "PNG"))
    assert read(decoders, saved(draw(), "PNG")).source_format == "PNG"


def test_a_process_that_ended_while_it_was_idle_is_replaced(decoders: PhotoDecoders, read: Any) -> None:
    read(decoders, saved(draw(), "JPEG"))
    os.kill(pid := pid_of(decoders), signal.SIGKILL)
    assert eventually(lambda: is_gone(pid))
    assert read(decoders, saved(draw(), "PNG")).source_format == "PNG"


def test_when_too_many_wait_the_next_is_turned_away_at_once(decoders: PhotoDecoders, read: Any) -> None:
    read(decoders, saved(draw(), "JPEG"))
    os.kill(pid := pid_of(decoders), signal.SIGSTOP)
    threads = [threading.Thread(target=read, args=(decoders, saved(draw(), "PNG"), f"person {n}")) for n in range(5)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: len(decoders._queue) == decoders.waiting)
    started = time.monotonic()
    with pytest.raises(Busy):
        read(decoders, saved(draw(), "PNG"), "one more")
    assert time.monotonic() - started < 10, "half of the patience with which those before it wait"
    os.kill(pid, signal.SIGCONT)
    for thread in threads:
        thread.join(20)
    assert decoders._running == decoders._queue == []


def test_nobody_fills_the_queue_and_the_next_place_is_anothers(decoders: PhotoDecoders, read: Any) -> None:
    order: list[str] = []

    def one(who: str) -> None:
        read(decoders, saved(draw(), "PNG"), who)
        order.append(who)

    read(decoders, saved(draw(), "JPEG"))
    os.kill(pid := pid_of(decoders), signal.SIGSTOP)
    threads = []
    for n, who in enumerate(["many", "many", "many", "other"]):
        threads.append(threading.Thread(target=one, args=(who,)))
        threads[-1].start()
        assert eventually(lambda n=n: len(decoders._queue) + len(decoders._running) == n + 1)
    with pytest.raises(Busy):  # half of the places are taken
        read(decoders, saved(draw(), "PNG"), "many")
    os.kill(pid, signal.SIGCONT)
    for thread in threads:
        thread.join(20)
    assert order.index("other") == 1


def test_whoever_waits_too_long_is_turned_away(decoders: PhotoDecoders, read: Any) -> None:
    read(decoders, saved(draw(), "JPEG"))
    os.kill(pid := pid_of(decoders), signal.SIGSTOP)
    first = threading.Thread(target=read, args=(decoders, saved(draw(), "PNG")))
    first.start()
    assert eventually(lambda: bool(decoders._running))
    decoders.patience_s = 0.2
    with pytest.raises(Busy):
        read(decoders, saved(draw(), "PNG"))
    os.kill(pid, signal.SIGCONT)
    first.join(20)


@pytest.mark.parametrize("delay", [0, 0.4, 1.5])
def test_a_process_ends_with_its_parent_also_in_the_middle_of_a_photo(tmp_path: Path, delay: float) -> None:
    (tmp_path / "photo").write_bytes(saved(Image.new("RGB", (6900, 6900)), "PNG", compress_level=1))
    code = (
        "import threading, time\nfrom inference.engine.photos.decoders import PhotoDecoders\n"
        "from inference.engine.photos import decoder_process\n"
        "send = decoder_process.DecoderProcess._send\n"
        "def told(self, line):\n    send(self, line)\n    print(self.pid, flush=True)\n    time.sleep(60)\n"
        "decoder_process.DecoderProcess._send = told\n"
        f"PhotoDecoders(50_000_000).read({str(tmp_path / 'photo')!r}, {str(tmp_path / 'clean')!r}, max_side=2048)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    time.sleep(delay)
    os.kill(pid, signal.SIGSTOP)  # while it starts, or while it reads
    parent.kill()
    parent.wait()
    os.kill(pid, signal.SIGCONT)
    assert eventually(lambda: is_gone(pid), 3)


def test_a_process_knows_no_secret_and_loads_no_model(decoders: PhotoDecoders, read: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("SECRET_KEY", "the secret")
    read(decoders, saved(draw(), "JPEG"))
    environment = Path(f"/proc/{pid_of(decoders)}/environ").read_bytes()
    assert b"SECRET" not in environment and b"REDIS" not in environment
    done = subprocess.run([sys.executable, "-c", IMPORTS], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
