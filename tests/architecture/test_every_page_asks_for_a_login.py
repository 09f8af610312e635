"""Every address of the site is closed to strangers, except the few in this list."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

OPEN = {
    "setup/",  # leads to the login once there is an owner
    "login/",
    "login/code/",  # leads to the login without the right password before
    "password/forgotten/",
    "password/forgotten/sent/",
    "password/<str:uidb64>/<str:token>/",  # the link itself is the secret
    "invitation/<str:secret>/",
    "logout/",
    "languages/choose/",
    "service-worker.js",  # the same file for everybody
    "offline/",  # stored in browsers, and names nobody
    "languages/<str:language>.js",
    "admin/login/",  # leads to the login
    "healthz",
    "healthz/fleet",
    "livez",
    "metrics",  # asks for a token of its own: tests/metrics
    "devices/install.sh",  # a board has no account; there is no secret in it
    "devices/agent.whl",
    "devices/agent/<str:name>",
}
# These check for themselves, with a token or a session; see test_the_api_asks_for_a_login.
API = "api/"
SAMPLES = {"uuid": "6f1f0f1e-2b4f-4c7e-9a55-0123456789ab", "int": "1", "slug": "jetson-a", "path": "x", "str": "x"}


def addresses(patterns: Any, before: str = "") -> Iterator[str]:
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route


def every_address() -> list[str]:
    return sorted(
        {route for route in addresses(get_resolver().url_patterns) if not route.startswith("admin/") or "<" not in route}
    )


def filled(route: str) -> str:
    plain = re.sub(r"<(?:(\w+):)?\w+>", lambda match: SAMPLES[match[1] or "str"], route)
    return "/" + re.sub(r"\(\?P<\w+>[^)]*\)|[\^$\\?]", "", plain)


@pytest.mark.parametrize("route", [route for route in every_address() if route not in OPEN and not route.startswith(API)])
def test_a_stranger_is_sent_to_the_login(route: str, stranger: Any) -> None:
    answer = stranger.get(filled(route))
    assert answer.status_code == 302
    assert answer["Location"].startswith(("/login/", "/admin/login/"))


def test_a_stranger_changes_nothing_by_posting(stranger: Any) -> None:
    for route in every_address():
        if route not in OPEN and not route.startswith(API):
            answer = stranger.post(filled(route))
            assert (answer.status_code, answer.headers.get("Location", "").split("?")[0]) in {
                (302, "/login/"),
                (302, "/admin/login/"),
            }, route


def test_the_open_addresses_exist() -> None:
    assert set(every_address()) >= OPEN


def _filled(path: str) -> str:
    """Every place in a path of the API with something that may stand there."""
    return re.sub(r"\{\w+\}", SAMPLES["uuid"], path.replace("{number}", SAMPLES["int"]))


def test_the_api_asks_for_a_login(stranger: Any) -> None:
    from webapp.api import api

    checked = 0
    for path, operations in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].items():
        if path.startswith("/api/v1/nodes/me") or path == "/api/v1/nodes/join":
            continue  # a node's own token and code
        for method in operations:
            answer = stranger.generic(method.upper(), _filled(path), "{}", "application/json")
            assert answer.status_code in (401, 403), f"{method} {path}: {answer.status_code}"
            checked += 1
    assert checked >= 8


@pytest.mark.parametrize("path", ["/api/v1/nodes/me", "/api/v1/nodes/me/credentials"])
def test_a_node_without_a_token_is_refused(path: str, stranger: Any) -> None:
    assert stranger.get(path).status_code == 401
