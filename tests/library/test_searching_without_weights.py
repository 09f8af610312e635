"""An installation without the weights of the search says so, and works otherwise."""

from pathlib import Path

import pytest
from django.test import Client

from inference.search import text
from tests.library.conftest import LIBRARY

pytestmark = pytest.mark.django_db


def test_it_says_what_is_missing(api: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(text, "FILE", tmp_path / "text.safetensors")
    answer = api.get(f"{LIBRARY}/search", {"q": "a dog"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "search_without_model")
    assert '"search": false' in api.get("/library/").content.decode()
