"""Photos that are handed to a node directly: at an address that it signed, once, and within its time."""

import http.client
import json
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from devices.agent import uploads
from devices.agent.config import ConfigError
from devices.agent.sharing.waiting_photos import MAX_OWN
from devices.agent.uploads import UploadError, Uploads


@pytest.fixture(scope="module")
def listening() -> Uploads:
    return uploads.listening("http://127.0.0.1:8000", "127.0.0.1:0")


def put(url: str, data: bytes = b"a photo", method: str = "PUT", headers: dict[str, str] | None = None) -> tuple[int, Any, Any]:
    at = urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=5)
    connection.request(method, f"{at.path}?{at.query}", data, headers or {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if body else None, answer.headers


def test_a_photo_arrives_and_is_collected_once(listening: Uploads) -> None:
    url = listening.invite("p1", 60)
    assert put(url, b"\xff" * 500_000)[:2] == (201, {"bytes": 500_000})
    assert listening.collect("p1") == b"\xff" * 500_000
    with pytest.raises(UploadError, match="No photo was uploaded"):
        listening.collect("p1")


def test_an_address_takes_one_photo(listening: Uploads) -> None:
    url = listening.invite("p2", 60)
    assert put(url, b"first")[0] == 201
    assert put(url, b"second")[0] == 409
    assert listening.collect("p2") == b"first"
    assert put(url, b"third")[0] == 409


@pytest.mark.parametrize("change", [
    lambda url: url.replace("/photos/p3?", "/photos/p4?"),  # for another photo
    lambda url: url.replace("until=", "until=9"),  # for longer
    lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
    lambda url: url.partition("?")[0],
    lambda url: url.partition("&")[0] + "&signature=%C3%A9",
])  # fmt: skip
def test_what_it_did_not_sign_is_refused(listening: Uploads, change: Any) -> None:
    status, body, _ = put(change(listening.invite("p3", 60)))
    assert (status, body["message"]) == (403, "The signature of this address is invalid.")


def test_an_address_of_another_start_is_refused(listening: Uploads) -> None:
    other = Uploads()
    other.base = listening.base
    assert put(other.invite("p5", 60))[0] == 403


def test_an_address_ends(listening: Uploads) -> None:
    assert put(listening.invite("p6", -2))[0] == 410


def test_what_is_too_large_is_refused_before_it_is_read(listening: Uploads) -> None:
    headers = {"Content-Length": str(uploads.MAX_BYTES + 1)}
    assert put(listening.invite("p7", 60), b"", headers=headers)[0] == 413


def test_what_is_cut_short_is_not_kept(listening: Uploads) -> None:
    at = urlsplit(listening.invite("p8", 60))
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=5) as raw:
        raw.sendall(f"PUT {at.path}?{at.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this".encode())
        raw.shutdown(socket.SHUT_WR)
        assert b" 400 " in raw.recv(4096)
    with pytest.raises(UploadError):
        listening.collect("p8")


def test_a_page_of_another_origin_may_send_it(listening: Uploads) -> None:
    """What a browser asks before: of another origin, and of a private network from a public page."""
    status, _, headers = put(listening.invite("p9", 60), b"", "OPTIONS")
    assert status == 204
    assert (headers["Access-Control-Allow-Origin"], headers["Access-Control-Allow-Private-Network"]) == ("*", "true")


def test_of_one_person_only_the_latest_few_are_held(listening: Uploads) -> None:
    assert put(listening.invite("hers", 60, "b"))[0] == 201
    for n in range(MAX_OWN + 1):
        assert put(listening.invite(f"many{n}", 60, "a"))[0] == 201
    with pytest.raises(UploadError):
        listening.collect("many0")
    assert listening.collect(f"many{MAX_OWN}") == b"a photo"
    assert listening.collect("hers") == b"a photo", "another person's photo does not make room for his"


def test_what_all_people_hand_over_is_bounded(listening: Uploads) -> None:
    urls = {name: listening.invite(name, 60, name[0]) for name in ("a1", "a2", "b1", "b2", "c1")}
    assert [put(urls[name])[0] for name in ("a1", "a2", "b1", "b2")] == [201] * 4
    status, body, _ = put(urls["c1"])
    assert status == 503 and "try again" in body["message"]
    for name in ("a1", "a2", "b1", "b2"):
        listening.collect(name)
    assert put(urls["c1"])[0] == 201, "its address is not spent"


def test_what_nobody_collects_is_let_go(listening: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "WAITING_S", 0.05)
    assert put(listening.invite("late", 60))[0] == 201
    time.sleep(0.5)
    with pytest.raises(UploadError):
        listening.collect("late")


def test_nothing_else_is_served(listening: Uploads) -> None:
    assert put(f"{listening.base}/agent.json")[0] == 404
    assert put(f"{listening.base}/photos/p1", method="GET")[0] == 501


def test_without_the_setting_there_are_none() -> None:
    with pytest.raises(UploadError, match="takes no uploads"):
        uploads.listening("http://127.0.0.1:8000", "").invite("p", 60)


@pytest.mark.parametrize("told", ["8765", "127.0.0.1:http", "127.0.0.1:99999", "192.0.2.1:8765"])
def test_a_setting_that_cannot_be_is_a_sentence(told: str) -> None:
    with pytest.raises(ConfigError, match="ISTHMUS_UPLOADS"):
        uploads.listening("http://127.0.0.1:8000", told)


def test_everywhere_is_told_as_the_address_that_neighbours_see() -> None:
    made = uploads.listening("http://127.0.0.1:8000", "0.0.0.0:0")
    assert made.base.startswith("http://127.0.0.1:")
    assert put(made.invite("p", 60))[0] == 201


def test_one_address_takes_the_memory_of_one_photo(listening: Uploads) -> None:
    """The same address used several times at once: the first is received, the others are refused before their body."""
    url = urlsplit(listening.invite("p90", 60))
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: node\r\nContent-Length: 1000000\r\n\r\n".encode()
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=5) as first:
        first.sendall(head + b"x")
        time.sleep(0.2)
        with socket.create_connection((url.hostname or "", url.port or 0), timeout=5) as second:
            second.sendall(head)
            assert b" 409 " in second.recv(4096)
        first.sendall(b"x" * 999_999)
        assert b" 201 " in first.recv(4096)
    assert len(listening.collect("p90")) == 1_000_000


def test_headers_that_trickle_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SILENCE_S", 0.5)
    node = uploads.listening("http://127.0.0.1:8000", "127.0.0.1:0")
    at = urlsplit(node.base)
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=5) as connection:
        started = time.monotonic()
        connection.sendall(b"PUT /photos/p1 HTTP/1.1\r\n")
        while time.monotonic() - started < 5:
            try:
                connection.sendall(b"X")
            except OSError:
                break
            time.sleep(0.1)
        assert time.monotonic() - started < 3


def test_one_neighbour_cannot_hold_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    node = uploads.listening("http://127.0.0.1:8000", "127.0.0.1:0")
    at = urlsplit(node.base)
    held = [socket.create_connection((at.hostname or "", at.port or 0), timeout=5) for _ in range(uploads.MAX_OF_PEER + 1)]
    assert held[-1].recv(10) == b""
    for connection in held:
        connection.close()
