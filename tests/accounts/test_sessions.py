"""A person sees where they are logged in and ends it; an ended session opens nothing any more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tests.accounts.conftest import logged_in
from webapp.accounts.logins import sessions
from webapp.accounts.models import ApiToken, OpenSession

LogIn = Callable[..., Client]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_the_page_lists_every_session_with_browser_and_address(owner: Any, log_in: LogIn) -> None:
    laptop = log_in("owner", REMOTE_ADDR="10.0.0.1", headers={"User-Agent": FIREFOX})
    log_in("owner", REMOTE_ADDR="10.0.0.2", headers={"User-Agent": "curl/8"})
    rows = laptop.get("/account/").context["sessions"]
    assert [(row["device"], row["address"], row["this"]) for row in rows] == [
        ("Firefox on Linux", "10.0.0.1", True),
        ("curl", "10.0.0.2", False),
    ]


def test_one_session_is_ended_and_the_others_stay(owner: Any, log_in: LogIn) -> None:
    laptop, phone, desk = log_in("owner"), log_in("owner"), log_in("owner")
    pk = OpenSession.objects.get(session_id=phone.session.session_key).pk
    laptop.post(f"/account/sessions/{pk}/end/")
    assert [logged_in(client) for client in (laptop, phone, desk)] == [True, False, True]


def test_all_others_are_ended_at_once_even_those_that_were_never_noted(owner: Any, log_in: LogIn) -> None:
    laptop, phone, unnoted = log_in("owner"), log_in("owner"), Client()
    unnoted.force_login(owner)
    assert not OpenSession.objects.filter(session_id=unnoted.session.session_key).exists()
    laptop.post("/account/sessions/end/")
    assert [logged_in(client) for client in (laptop, phone, unnoted)] == [True, False, False]


def test_nobody_ends_somebody_elses_session(owner: Any, colleague: Any, log_in: LogIn) -> None:
    theirs, mine = log_in("owner"), log_in("colleague")
    pk = OpenSession.objects.get(person=owner).pk
    mine.post(f"/account/sessions/{pk}/end/")
    assert logged_in(theirs)


def test_the_key_of_a_session_is_not_on_the_page(owner: Any, log_in: LogIn) -> None:
    laptop = log_in("owner")
    assert laptop.session.session_key not in laptop.get("/account/").content.decode()


def test_an_ended_session_leaves_no_row(owner: Any, log_in: LogIn) -> None:
    laptop = log_in("owner")
    laptop.get("/account/")
    assert OpenSession.objects.count() == 1
    laptop.post("/logout/")
    assert OpenSession.objects.count() == 0
    log_in("owner")
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    assert sessions.of(owner, None) == []


def test_a_script_with_a_token_is_no_session(owner: Any) -> None:
    _, plain = ApiToken.issue(owner, "script")
    assert Client(headers={"Authorization": f"Bearer {plain}"}).get("/api/v1/conversations").status_code == 200
    assert not OpenSession.objects.exists()


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("python-requests/2.32", "python-requests"),
        ("", "Unknown device"),
    ],
)
def test_a_browser_is_named_as_people_know_it(agent: str, device: str) -> None:
    assert sessions.device(agent) == device


def test_a_request_costs_one_query_more_than_its_session_and_person(
    owner: Any, log_in: LogIn, django_assert_num_queries: Any
) -> None:
    """Whether a second factor is required; the use of a session is written down once a minute."""
    client = log_in("owner")
    client.get("/curves/")
    with django_assert_num_queries(3):
        assert client.get("/curves/").status_code == 200
