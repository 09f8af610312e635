"""The agent's home folder keeps secrets, survives a power cut and belongs to one agent."""

import stat
from pathlib import Path

import pytest

from devices.agent import config
from devices.agent.config import Config, ConfigError

AT = {"scheme": "redis", "host": "cloud", "port": 6379, "db": 0, "username": "node-a", "password": "pw"}
KEPT = Config("http://cloud:8000", "jetson-a", "device", "token", "digest", AT, "compact", 250_000, 4.0)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    config.save(tmp_path / "home", KEPT)
    assert config.load(tmp_path / "home") == KEPT


def test_only_its_own_account_can_read_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    config.save(home, KEPT)
    config.fingerprint(home)
    assert mode(home) == 0o700
    assert mode(home / "agent.json") == mode(home / "identity") == 0o600


def test_a_file_that_was_readable_before_is_not_afterwards(tmp_path: Path) -> None:
    (tmp_path / "agent.json.part").touch(0o644)
    config.save(tmp_path, KEPT)
    assert mode(tmp_path / "agent.json") == 0o600


def test_an_empty_home_says_how_to_join(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--code"):
        config.load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"server": 1}', '{"moon": 1}'])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "agent.json").write_text(text)
    with pytest.raises(ConfigError, match="join again"):
        config.load(tmp_path)


def test_the_fingerprint_stays_with_the_home(tmp_path: Path) -> None:
    first = config.fingerprint(tmp_path / "a")
    assert config.fingerprint(tmp_path / "a") == first
    assert config.fingerprint(tmp_path / "b") != first


def test_a_second_agent_in_one_home_is_refused(tmp_path: Path) -> None:
    lock_file = config.lock(tmp_path)
    with pytest.raises(ConfigError, match="already runs"):
        config.lock(tmp_path)
    lock_file.close()
    config.lock(tmp_path).close()


def test_the_address_of_redis_names_the_nodes_own_user() -> None:
    assert KEPT.redis_url == "redis://node-a:pw@cloud:6379/0"


def test_a_node_that_is_told_nothing_simulates_nothing() -> None:
    real = KEPT.with_simulated(None)
    assert (real.simulated_uplink_bytes_per_s, real.simulated_slowdown) == (None, 1.0)
