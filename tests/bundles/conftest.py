"""A server of tiny bundles, a node's store, and the node fetching into it; and the API as a node calls it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from inference.answering import cloud_queue
from inference.bundles import exporting
from inference.engine.bundles.fetch import fetch
from inference.engine.bundles.store import Store
from inference.stages.bundle_source import ROOT
from tests.bundles.server import FIRST, BundleServer, contents, joined, serving, write_bundle


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BundleServer]:
    with serving(write_bundle(tmp_path / "server" / FIRST, contents())) as running:
        yield running


@pytest.fixture
def node(tmp_path: Path) -> Store:
    return Store(tmp_path / "node" / "bundles")


@pytest.fixture
def get(server: BundleServer, node: Store) -> Callable[[], Path]:
    def fetched_and_used() -> Path:
        place = fetch("compact", node, server.source(), pause=lambda seconds: None)
        node.use("compact", place.name)
        return place

    return fetched_and_used


@pytest.fixture
def api(settings: Any, tmp_path: Path, redis_url: str, db: None) -> Iterator[None]:
    """Bundles in a folder of this test, and no memory of earlier requests."""
    settings.BUNDLES_DIR = tmp_path / "bundles"
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def token(api: None) -> str:
    return joined("jetson-a")


@pytest.fixture
def call(token: str) -> Callable[..., Any]:
    def get(path: str, bearer: str = token, **headers: str) -> Any:
        return Client().get(f"{ROOT}{path}", headers={"Authorization": f"Bearer {bearer}", **headers})

    return get


@pytest.fixture
def requested(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Exports that were queued."""
    profiles: list[str] = []
    monkeypatch.setattr(cloud_queue, "export", lambda name: profiles.append(name) or True)
    return profiles


@pytest.fixture
def bundle(monkeypatch: pytest.MonkeyPatch, api: None) -> Path:
    """A tiny one that is current, also by what it was made from."""
    monkeypatch.setattr(exporting, "made_from", lambda profile: FIRST)
    folder = write_bundle(exporting.store().folder("compact", FIRST), contents())
    exporting.store().use("compact", FIRST)
    return folder
