"""Every page, opened by a stranger, a member, an admin and an owner: the page, a login or a refusal, no endless redirect."""

from typing import Any

import pytest
from django.test import Client

from tests.architecture.test_every_page_asks_for_a_login import API, every_address, filled

PEOPLE = ("stranger", "member", "admin", "owner")
# Who else gets a page that is not for everybody; the address as urls.py has it.
ADMINS_ONLY = ("planner/", "planner/calls.csv", "audit/", "audit/audit.csv", "ratings/ratings.csv")
ADMINS_FOLDERS = ("retention/", "allowances/")
OWNERS_ONLY = ("admin/", "people/")
HOPS = 4
PAGES = [route for route in every_address() if not route.startswith(API)]


@pytest.fixture
def people(owner: Any, colleague: Any) -> dict[str, Client]:
    from webapp.accounts.models import User

    accounts = {"member": colleague, "admin": User.objects.create_user("admin", is_staff=True), "owner": owner}
    clients = {"stranger": Client()}
    for name, account in accounts.items():
        clients[name] = Client()
        clients[name].force_login(account)
    return clients


@pytest.mark.parametrize("person", PEOPLE)
def test_no_page_redirects_for_ever(people: dict[str, Client], person: str) -> None:
    for route in PAGES:
        if route == "logout/":
            continue
        path, hops = filled(route), 0
        while (answer := people[person].get(path)).status_code in (301, 302):
            path, hops = answer["Location"], hops + 1
            assert hops <= HOPS, f"{route} ends in a circle at {path}"
        assert answer.status_code != 500, f"{route}: {answer.status_code}"


@pytest.mark.parametrize("person", PEOPLE[1:])
def test_a_page_for_others_is_refused_in_the_sites_own_look(people: dict[str, Client], person: str) -> None:
    for route in PAGES:
        theirs = not route.startswith(OWNERS_ONLY) or person == "owner"
        theirs = theirs and (not (route in ADMINS_ONLY or route.startswith(ADMINS_FOLDERS)) or person != "member")
        if route == "logout/" or (theirs and route.startswith("admin/")):  # Django's own pages refuse what lacks a parameter
            continue
        answer = people[person].get(filled(route))
        if answer.status_code == 405 and not theirs:  # a button's address
            answer = people[person].post(filled(route))
        assert (answer.status_code == 403) is not theirs, f"{route} for {person}"
        if theirs:
            continue
        page = answer.content.decode()
        assert "Only" in page and 'aria-label="Pages"' in page, route


def test_a_script_gets_the_same_refusal_as_json(people: dict[str, Client]) -> None:
    answer = people["member"].get("/planner/", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "Only admins can open this page."


def test_the_address_of_the_login_leads_on_to_the_refusal(people: dict[str, Client]) -> None:
    answer = people["member"].get("/login/?next=/planner/", follow=True)
    assert answer.status_code == 403 and len(answer.redirect_chain) == 1


def test_an_expired_form_says_so_in_the_sites_own_look(owner: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    page = client.post("/account/", {"name": "script"})
    assert page.status_code == 403
    assert "This form has expired." in page.content.decode() and 'aria-label="Pages"' in page.content.decode()


def test_the_admin_site_edits_no_people_and_shows_no_secret(people: dict[str, Client]) -> None:
    for model in ("people/user", "people/apitoken", "otp_totp/totpdevice", "otp_static/staticdevice", "sessions/session"):
        assert people["owner"].get(f"/admin/{model}/").status_code == 404, model
