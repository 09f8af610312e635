"""Scripts come with a personal token; only its hash is kept, and revoking it works at once."""

from typing import Any

from webapp.accounts.models import ApiToken


def _with(token: str) -> Any:
    from django.test import Client

    return Client(headers={"Authorization": f"Bearer {token}"})


def test_a_token_is_its_owner(owner: Any) -> None:
    _, plain = ApiToken.issue(owner, "script")
    assert _with(plain).get("/api/v1/conversations").status_code == 200


def test_the_page_shows_a_new_token_once_and_keeps_only_a_hash(client_of: Any, owner: Any) -> None:
    client = client_of(owner)
    made = client.post("/account/", {"name": "script"}).content.decode()
    plain = next(
        word for word in made.replace('"', " ").replace("<", " ").replace(">", " ").split() if word.startswith("isthmus_")
    )
    assert _with(plain).get("/api/v1/conversations").status_code == 200
    assert plain not in client.get("/account/").content.decode()
    assert plain not in str(ApiToken.objects.values_list("hash", "name"))


def test_a_revoked_token_is_refused_with_the_remedy(client_of: Any, owner: Any) -> None:
    token, plain = ApiToken.issue(owner, "script")
    client_of(owner).post(f"/account/tokens/{token.pk}/revoke/")
    answer = _with(plain).get("/api/v1/conversations")
    assert answer.status_code == 401 and "create a new token" in answer.json()["error"]["next"]


def test_a_colleague_cannot_revoke_it(client_of: Any, owner: Any, colleague: Any) -> None:
    token, plain = ApiToken.issue(owner, "script")
    assert client_of(colleague).post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert _with(plain).get("/api/v1/conversations").status_code == 200


def test_a_person_who_was_switched_off_has_no_token(owner: Any) -> None:
    _, plain = ApiToken.issue(owner, "script")
    owner.is_active = False
    owner.save()
    assert _with(plain).get("/api/v1/conversations").status_code == 401


def test_a_nameless_token_is_not_made(client_of: Any, owner: Any) -> None:
    assert "Give the token a name" in client_of(owner).post("/account/", {"name": " "}).content.decode()
    assert not ApiToken.objects.exists()
