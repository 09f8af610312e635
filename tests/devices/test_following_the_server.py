"""Nodes that have joined learn another address of the server, of Redis, or another authority, with their heartbeat."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.agent import config
from devices.agent.config import Config
from devices.agent.home import addresses
from devices.agent.server import Server
from devices.contract.heartbeat import Access
from tests.devices.test_redis_over_tls import encrypted

__all__ = ["encrypted"]


@pytest.fixture
def node(board: Callable[..., Any], tmp_path: Path) -> Any:
    """A board whose home is `tmp_path`, and the server's address as it knows it."""
    device = board()
    config.save(tmp_path, device.config())
    return device


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The addresses at which the server answers; the others refuse the connection."""
    known: set[str] = set()

    def get(server: Server, path: str) -> dict[str, Any]:
        if server.url not in known:
            raise addresses.Unreachable("nothing listens there")
        return {}

    monkeypatch.setattr(Server, "get", get)
    yield known


def offer(device: Any, home: Path) -> Access | None:
    reply = device.beat(access=config.load(home).access).json()
    return Access.model_validate(reply["access"]) if "access" in reply else None


def addresses_offered() -> Access:
    from devices.registry import addresses as of_server

    return of_server.present()


def follow(device: Any, home: Path) -> Config | None:
    """One heartbeat and what the agent makes of its reply."""
    access = offer(device, home)
    return addresses.adopt(home, access) if access else None


def test_a_node_that_knows_the_present_addresses_is_offered_none(node: Any, tmp_path: Path) -> None:
    assert follow(node, tmp_path) is None  # it stores the digest and goes on as it was
    assert offer(node, tmp_path) is None


def test_an_agent_that_reports_no_address_is_offered_none(node: Any) -> None:
    assert "access" not in node.beat().json()


def test_redis_under_another_name_is_used_from_then_on(node: Any, settings: Any, tmp_path: Path) -> None:
    follow(node, tmp_path)
    settings.NODE_REDIS_HOST = "localhost"
    moved = follow(node, tmp_path)
    assert moved is not None
    assert moved.redis == {**node.config().redis, "host": "localhost"}
    assert config.load(tmp_path) == moved
    assert offer(node, tmp_path) is None


def test_an_address_of_redis_that_does_not_work_from_here_changes_nothing(node: Any, settings: Any, tmp_path: Path) -> None:
    follow(node, tmp_path)
    settings.NODE_REDIS_HOST = "nowhere.invalid:1"
    before = config.load(tmp_path)
    assert follow(node, tmp_path) is None
    assert config.load(tmp_path).redis == before.redis


def test_a_node_beside_the_server_joins_although_only_boards_reach_the_address_for_nodes(
    board: Callable[..., Any], settings: Any, tmp_path: Path
) -> None:
    settings.NODE_REDIS_HOST = "boards-only.invalid:6379"
    access = addresses_offered()
    device = board()
    node = device.config()
    credentials = addresses.reachable(
        tmp_path, Config(**{**vars(node), "redis": None}), access.redis, node.redis["username"], node.redis["password"]
    )
    assert credentials == node.redis


def test_a_node_beside_the_server_keeps_the_name_it_knows(
    encrypted: tuple[str, Path], node: Any, settings: Any, tmp_path: Path
) -> None:
    """Redis changes to TLS under a name that only boards can resolve."""
    from devices.registry import acl

    settings.REDIS_URL = encrypted[0]
    acl.reconcile()
    stored = config.load(tmp_path)
    port = int(encrypted[0].rpartition(":")[2].partition("/")[0])
    config.save(tmp_path, Config(**{**vars(stored), "redis": {**(stored.redis or {}), "port": port}}))
    settings.NODE_REDIS_HOST = f"boards-only.invalid:{port}"
    moved = follow(node, tmp_path)
    assert moved is not None
    assert moved.redis is not None
    assert (moved.redis["scheme"], moved.redis["host"], moved.redis["port"]) == ("rediss", "127.0.0.1", port)
    assert Path(moved.redis["ca_file"]).read_text() == encrypted[1].read_text()


def test_another_authority_of_redis_is_learnt(encrypted: tuple[str, Path], node: Any, settings: Any, tmp_path: Path) -> None:
    from devices.registry import acl

    settings.REDIS_URL = encrypted[0]
    acl.reconcile()
    stored = config.load(tmp_path)
    port = int(encrypted[0].rpartition(":")[2].partition("/")[0])
    old = config.write_authority(tmp_path, "redis", "-----BEGIN CERTIFICATE-----\nold\n-----END CERTIFICATE-----\n")
    at = {**(stored.redis or {}), "scheme": "rediss", "port": port, "ca_file": old}
    config.save(tmp_path, Config(**{**vars(stored), "redis": at}))
    moved = follow(node, tmp_path)
    assert moved is not None
    assert moved.redis is not None
    assert Path(moved.redis["ca_file"]).read_text() == encrypted[1].read_text()
    assert moved.redis["ca_file"] != old


def at(home: Path, server: str, public_url: str) -> None:
    config.save(home, Config(**{**vars(config.load(home)), "server": server, "public_url": public_url}))


def test_a_node_that_joined_at_the_public_address_moves_with_it(
    node: Any, settings: Any, tmp_path: Path, answering: set[str]
) -> None:
    at(tmp_path, "http://old.example", "http://old.example")
    settings.PUBLIC_URL = "https://new.example/"
    answering.add("https://new.example")
    moved = follow(node, tmp_path)
    assert moved is not None
    assert moved.server == "https://new.example"


def test_a_public_address_that_does_not_answer_yet_is_kept_in_reserve(
    node: Any, settings: Any, tmp_path: Path, answering: set[str]
) -> None:
    at(tmp_path, "http://old.example", "http://old.example")
    settings.PUBLIC_URL = "https://new.example"
    assert follow(node, tmp_path) is None
    assert config.load(tmp_path).server == "http://old.example"
    assert addresses.adopt(tmp_path, None) is None
    answering.add("https://new.example")
    moved = addresses.adopt(tmp_path, None)  # the old one does not answer any more
    assert moved is not None
    assert moved.server == "https://new.example"


def test_a_node_moves_to_a_public_address_that_answers_later(
    node: Any, settings: Any, tmp_path: Path, answering: set[str]
) -> None:
    """Its certificate may be one that the node learns to trust a little later."""
    at(tmp_path, "http://old.example", "http://old.example")
    settings.PUBLIC_URL = "https://new.example"
    assert follow(node, tmp_path) is None
    answering.add("https://new.example")
    moved = follow(node, tmp_path)
    assert moved is not None
    assert moved.server == "https://new.example"


def test_a_node_that_joined_at_another_address_keeps_it_while_it_answers(
    node: Any, settings: Any, tmp_path: Path, answering: set[str]
) -> None:
    at(tmp_path, "http://web:8000", "http://old.example")
    settings.PUBLIC_URL = "https://new.example"
    answering.add("https://new.example")
    assert follow(node, tmp_path) is None
    assert config.load(tmp_path).server == "http://web:8000"


def test_the_authority_of_the_public_address_is_stored_and_trusted(
    node: Any, settings: Any, tmp_path: Path, encrypted: tuple[str, Path]
) -> None:
    settings.PUBLIC_CA = encrypted[1].read_text()
    moved = follow(node, tmp_path)
    assert moved is not None
    assert Path(moved.server_ca).read_text() == settings.PUBLIC_CA


def test_a_file_that_is_no_authority_is_not_stored(node: Any, settings: Any, tmp_path: Path) -> None:
    settings.PUBLIC_CA = "not a certificate"
    assert follow(node, tmp_path) is None
    assert config.load(tmp_path).server_ca == ""
