"""People with a browser each, and codes of an authenticator app."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

PASSWORDS = {"owner": "correct horse", "colleague": "battery staple"}


@pytest.fixture(autouse=True)
def _fresh(redis_url: str) -> None:
    """Ending a session tells sockets through Redis; counters of failures live in the cache."""
    cache.clear()


@pytest.fixture
def log_in() -> Callable[..., Client]:
    """Through the login page, as a person does."""

    def log_in(name: str, password: str = "", **headers: Any) -> Client:
        client = Client(**headers)
        client.post("/login/", {"username": name, "password": password or PASSWORDS[name]})
        return client

    return log_in


def app_code(device: TOTPDevice, ahead: int = 0) -> str:
    """What the app shows now, or some steps of 30 s later."""
    totp = TOTP(device.bin_key)
    totp.time = time.time() + 30 * ahead
    return f"{totp.token():06d}"


def set_up(client: Client, user: Any) -> list[str]:
    """Turn two-factor login on in this browser; returns the recovery codes."""
    client.get("/account/two-factor/")
    device = TOTPDevice.objects.get(user=user)
    page = client.post("/account/two-factor/", {"code": app_code(device)})
    codes: list[str] = page.context["codes"]
    TOTPDevice.objects.filter(user=user).update(last_t=-1)  # as if the next code had come
    return codes


def logged_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200
