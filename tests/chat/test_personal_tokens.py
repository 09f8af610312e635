"""Scripts authenticate with a personal token. Only its hash is stored, and revoking it takes effect at once."""

from typing import Any

from webapp.accounts.models import ApiToken


def _with(token: str) -> Any:
    from django.test import Client

    return Client(headers={"Authorization": f"Bearer {token}"})


def test_a_token_acts_as_its_owner(owner: Any) -> None:
    _, plain = ApiToken.issue(owner, "script")
    assert _with(plain).get("/api/v1/conversations").status_code == 200


def test_a_new_token_is_shown_once_and_stored_as_a_hash(client_of: Any, owner: Any) -> None:
    client = client_of(owner)
    page = client.post("/account/", {"name": "script"}).content.decode()
    plain = next(
        word for word in page.replace('"', " ").replace("<", " ").replace(">", " ").split() if word.startswith("isthmus_")
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


def test_the_token_of_a_deactivated_account_is_refused(owner: Any) -> None:
    _, plain = ApiToken.issue(owner, "script")
    owner.is_active = False
    owner.save()
    assert _with(plain).get("/api/v1/conversations").status_code == 401


def test_a_token_needs_a_name(client_of: Any, owner: Any) -> None:
    assert "Give the token a name" in client_of(owner).post("/account/", {"name": " "}).content.decode()
    assert not ApiToken.objects.exists()
