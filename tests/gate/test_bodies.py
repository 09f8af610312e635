"""How many bytes a stranger may send, and how slowly."""

import errno
import json
import os
import time
from contextlib import ExitStack
from typing import Any

import pytest

from tests.gate.conftest import Echo, Serve, answer_of, connected, post, sent_until_refused, status_of
from webapp.accounts.unread_request import is_logged_in
from webapp.gate import bodies, bounds
from webapp.gate.bodies import BoundedBodies

MB = 1024 * 1024
ANYWHERE = [
    "/login/",
    "/setup/",
    "/account/",
    "/admin/login/",
    "/no/such/page",
    "/api/v1/turns",
    "/api/v1/nodes/join",
    "/api/x",
]


async def a_person(scope: Any) -> bool:
    return True


async def a_stranger(scope: Any) -> bool:
    return False


@pytest.mark.parametrize("path", ANYWHERE)
def test_an_announced_body_of_100_mb_is_refused_before_it_is_sent(serve: Serve, echo: Echo, path: str) -> None:
    with connected(serve(BoundedBodies(echo, a_stranger))) as connection:
        connection.sendall(post(path, f"Content-Length: {100 * MB}"))
        answer = answer_of(connection)
    assert status_of(answer) == 413
    assert b"connection: close" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "too_large"
    assert not echo.scopes


@pytest.mark.parametrize("path", ANYWHERE)
def test_a_body_without_a_length_is_refused_once_it_is_too_long(serve: Serve, echo: Echo, path: str) -> None:
    with connected(serve(BoundedBodies(echo, a_stranger))) as connection:
        connection.sendall(post(path, "Transfer-Encoding: chunked"))
        sent = sent_until_refused(connection, 100 * MB, chunked=True)
        answer = answer_of(connection)
    assert sent < 20 * MB  # what the two kernels hold of it included
    assert status_of(answer) in (0, 413)
    assert echo.received <= bounds.bounds_of(path).body_bytes


def test_a_caller_that_stops_in_time_reads_the_refusal(serve: Serve, echo: Echo) -> None:
    too_much = bounds.PAGE_BYTES + 65536
    with connected(serve(BoundedBodies(echo, a_stranger))) as connection:
        connection.sendall(
            post("/login/", "Transfer-Encoding: chunked", body=b"%x\r\n%s\r\n0\r\n\r\n" % (too_much, b"x" * too_much))
        )
        answer = answer_of(connection)
    assert status_of(answer) == 413


@pytest.mark.parametrize("chunked", [True, False])
def test_a_photo_of_400_mb_is_refused_while_it_arrives(serve: Serve, echo: Echo, settings: Any, chunked: bool) -> None:
    with connected(serve(BoundedBodies(echo, a_person))) as connection:
        how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {400 * MB}"
        connection.sendall(post("/api/v1/photos", how))
        sent = sent_until_refused(connection, 400 * MB, chunked)
    assert echo.received <= settings.PHOTO_MAX_BYTES + bounds.ENVELOPE_BYTES
    assert sent <= settings.PHOTO_MAX_BYTES + 20 * MB


def test_a_photo_of_the_largest_size_is_taken(serve: Serve, echo: Echo, settings: Any) -> None:
    body = bytes(settings.PHOTO_MAX_BYTES)
    with connected(serve(BoundedBodies(echo, a_person))) as connection:
        connection.sendall(post("/api/v1/photos", f"Content-Length: {len(body)}", "Connection: close", body=body))
        assert answer_of(connection).endswith(str(len(body)).encode())


@pytest.mark.django_db
@pytest.mark.parametrize("path", sorted(bounds.UPLOADS))
@pytest.mark.parametrize(
    "proof", ["X-None: 1", "Authorization: Bearer isthmus_guess", "Cookie: isthmus_session=guessed-session-key"]
)
def test_is_logged_in_may_not_send_a_photo(serve: Serve, echo: Echo, transactional_db: None, path: str, proof: str) -> None:
    for how in (f"Content-Length: {2 * MB}", "Transfer-Encoding: chunked"):
        with connected(serve(BoundedBodies(echo, is_logged_in))) as connection:
            connection.sendall(post(path, how, proof))
            answer = answer_of(connection)
        assert status_of(answer) == 401
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "not_logged_in"
    assert not echo.scopes


def test_a_person_is_known_by_session_and_by_token(transactional_db: None, owner: Any, client_of: Any, settings: Any) -> None:
    from webapp.accounts.models import ApiToken
    from webapp.accounts.unread_request import _is_logged_in

    name = settings.SESSION_COOKIE_NAME
    session = client_of(owner).cookies[name].value
    _, token = ApiToken.issue(owner, "script")
    assert _is_logged_in("", f"{name}={session}")
    assert _is_logged_in(f"Bearer {token}", "")
    owner.is_active = False
    owner.save()
    assert not _is_logged_in("", f"{name}={session}")
    assert not _is_logged_in(f"Bearer {token}", "")
    assert not _is_logged_in("", f'{name}="\\000\\000\\000\\000\\000\\000\\000\\000"')


@pytest.mark.parametrize("how", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_body_that_stops_half_way_ends_in_408(serve: Serve, echo: Echo, settings: Any, how: str) -> None:
    settings.GATE_IDLE_S = 0.3
    with connected(serve(BoundedBodies(echo, a_stranger))) as connection:
        connection.sendall(post("/login/", how, body=b"3\r\nabc\r\n"))
        started = time.monotonic()
        assert status_of(answer_of(connection)) == 408
        assert time.monotonic() - started < 12


def test_a_body_that_trickles_ends_in_408(serve: Serve, echo: Echo, settings: Any) -> None:
    settings.GATE_BODY_S = 0.5
    with connected(serve(BoundedBodies(echo, a_stranger))) as connection:
        connection.sendall(post("/login/", "Content-Length: 1000"))
        for _ in range(12):
            try:
                connection.sendall(b"a")
            except OSError:
                break
            time.sleep(0.1)
        assert status_of(answer_of(connection)) == 408


def test_all_bodies_together_are_bounded_and_given_back(serve: Serve, echo: Echo, settings: Any) -> None:
    settings.GATE_BODIES_BYTES, settings.GATE_IDLE_S = 1000 * bodies.PEER_SHARE, 0.5
    gate = BoundedBodies(echo, a_stranger)
    port = serve(gate)
    with ExitStack() as open_ones:
        sockets = [open_ones.enter_context(connected(port)) for _ in range(2)]
        for connection in sockets:
            connection.sendall(post("/login/", "Content-Length: 500", body=b"x" * 400))
        time.sleep(0.2)
        assert gate.strangers.total == 1000
        with connected(port) as late:
            late.sendall(post("/login/", "Content-Length: 10"))
            answer = answer_of(late)
            assert (status_of(answer), b"retry-after" in answer) == (503, True)
        assert [status_of(answer_of(connection)) for connection in sockets] == [408, 408]
    assert gate.strangers.total == 0
    with connected(port) as connection:
        connection.sendall(post("/login/", "Content-Length: 5", "Connection: close", body=b"hello"))
        assert status_of(answer_of(connection)) == 200


def test_a_caller_that_hangs_up_gives_its_bytes_back(serve: Serve, echo: Echo) -> None:
    gate = BoundedBodies(echo, a_stranger)
    with connected(serve(gate)) as connection:
        connection.sendall(post("/login/", "Content-Length: 500", body=b"x"))
        time.sleep(0.2)
        assert gate.strangers.total == 500
    time.sleep(0.3)
    assert gate.strangers.total == 0


def test_a_body_that_cannot_be_stored_on_the_way_is_507(serve: Serve) -> None:
    async def store(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with connected(serve(BoundedBodies(store, a_stranger))) as connection:
        connection.sendall(post("/login/", "Content-Length: 5", body=b"hello"))
        answer = answer_of(connection)
    assert status_of(answer) == 507
    assert b'"disk_full"' in answer
