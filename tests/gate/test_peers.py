"""Whose word is believed about who calls."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.gate.conftest import Echo, Serve, answer_of, connected, status_of
from webapp.gate.peers import Proxies, RealPeer, client_of, group

ROOT = Path(__file__).resolve().parents[2]


def get(*headers: str) -> bytes:
    return "\r\n".join(["GET / HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]).encode()


def seen(serve: Serve, echo: Echo, *headers: str) -> dict[str, Any]:
    with connected(serve(RealPeer(echo))) as connection:
        connection.sendall(get(*headers))
        assert status_of(answer_of(connection)) == 200
    return dict(echo.scopes[-1])


CLAIM = ("X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "Forwarded: for=1.2.3.4", "X-Forwarded-Host: evil.example")


def test_a_stranger_is_not_believed(serve: Serve, echo: Echo, settings: Any) -> None:
    settings.PROXIES = ["10.0.0.0/8"]
    scope = seen(serve, echo, *CLAIM)
    assert (scope["client"][0], scope["scheme"]) == ("127.0.0.1", "http")
    assert not [name for name, _ in scope["headers"] if b"forwarded" in name]


@pytest.mark.parametrize("proxies", [["127.0.0.1"], ["127.0.0.0/8"], ["10.1.1.1", "localhost"]])
def test_a_configured_proxy_is_believed(serve: Serve, echo: Echo, settings: Any, proxies: list[str]) -> None:
    settings.PROXIES = proxies
    scope = seen(serve, echo, *CLAIM)
    assert (scope["client"][0], scope["scheme"]) == ("203.0.113.9", "https")
    assert not [name for name, _ in scope["headers"] if b"forwarded" in name]


def test_what_a_caller_wrote_before_the_proxy_did_is_not_believed(serve: Serve, echo: Echo, settings: Any) -> None:
    settings.PROXIES = ["127.0.0.1", "10.0.0.1"]
    claims = ("X-Forwarded-For: 1.1.1.1, 198.51.100.7", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https, http")
    scope = seen(serve, echo, *claims)
    assert (scope["client"][0], scope["scheme"]) == ("198.51.100.7", "http")


@pytest.mark.parametrize(
    ("header", "client"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("nonsense", "10.0.0.1"),
        ("", "10.0.0.1"),
        ("198.51.100.7, nonsense", "10.0.0.1"),
        ("10.0.0.2, 10.0.0.1", "10.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy(settings: Any, header: str, client: str) -> None:
    settings.PROXIES = ["10.0.0.0/24"]
    assert client_of(header, "10.0.0.1") == client


def test_a_name_that_has_no_address_yet_is_not_believed(settings: Any) -> None:
    settings.PROXIES = ["proxy.invalid"]
    assert not Proxies().includes("127.0.0.1")


def test_an_ipv6_caller_is_its_network(settings: Any) -> None:
    assert group("2001:db8:1:2::1") == group("2001:db8:1:2:ffff::9") != group("2001:db8:1:3::1")
    assert group("::ffff:192.0.2.1") == "192.0.2.1"


def test_behind_a_proxy_the_bound_holds_for_each_caller(serve: Serve, settings: Any) -> None:
    import asyncio

    settings.PROXIES, settings.GATE_PEER_CONNECTIONS = ["127.0.0.1"], 2

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(1)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    port = serve(RealPeer(slow))
    connections = [connected(port) for _ in range(4)]
    for number, connection in enumerate(connections):
        connection.sendall(get(f"X-Forwarded-For: 203.0.113.{9 if number < 3 else 10}"))
    answers = [answer_of(connection) for connection in connections]
    assert sorted(status_of(answer) for answer in answers[:3]) == [200, 200, 429]
    assert status_of(answers[3]) == 200
    refused = next(answer for answer in answers if status_of(answer) == 429)
    assert json.loads(refused.partition(b"\r\n\r\n")[2])["error"]["code"] == "too_many_connections"
    for connection in connections:
        connection.close()


def test_over_tls_a_browser_is_told_to_use_nothing_else(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 100
    answer = Client().get("/livez", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=100"
    claimed = Client().get("/livez", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in claimed


@pytest.mark.parametrize(("https", "seconds"), [("1", 31536000), ("0", 0)])
def test_that_is_on_with_https_only(https: str, seconds: int, tmp_path: Path) -> None:
    env = {**os.environ, "ISTHMUS_HTTPS": https, "ISTHMUS_VAR": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:1"}
    code = "from webapp import settings as s; print(s.SECURE_HSTS_SECONDS, hasattr(s, 'SECURE_PROXY_SSL_HEADER'))"
    shown = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.split() == [str(seconds), "False"]
