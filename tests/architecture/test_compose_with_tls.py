"""docker-compose.tls.yml over docker-compose.yml. The options for Redis are tried with a real one."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from bench.harness.processes import free_port, wait_for
from tests.architecture.test_every_setting_is_documented import read_by_the_code
from webapp.ops import private_redis

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.tls.yml").read_text()


class Overriding(yaml.SafeLoader):
    """Reads `!override` as the value that replaces the other file's."""


Overriding.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))
TLS: dict[str, Any] = yaml.load(TEXT, Overriding)
PLAIN: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_it_adds_only_a_proxy() -> None:
    assert set(TLS["services"]) - set(PLAIN["services"]) == {"proxy"}


def test_every_service_with_the_address_of_redis_has_its_certificate() -> None:
    clients = {name for name, service in PLAIN["services"].items() if "redis_url" in service.get("secrets", [])}
    assert clients == {
        name for name, service in TLS["services"].items() if "redis_certificate" in service.get("secrets", [])
    } - {"redis"}


def test_only_redis_has_its_key_and_the_documented_command_creates_it() -> None:
    assert [name for name, service in TLS["services"].items() if "redis_key" in service.get("secrets", [])] == ["redis"]
    for name, entry in TLS["secrets"].items():
        assert entry["file"] == f"./secrets/{name}.txt"
        assert f"secrets/{name}.txt" in TEXT.partition("\nservices:")[0]


def test_every_web_process_is_told_the_same() -> None:
    web = {key: value for key, value in TLS["services"]["web"].items() if key != "ports"}
    assert TLS["services"]["web-more"] == web


def test_every_port_respects_the_address_to_listen_on() -> None:
    for service in TLS["services"].values():
        assert all(re.match(r"\$\{(PLAIN_)?BIND:-", port) for port in service.get("ports", []))


def test_the_unencrypted_port_is_closed_to_others() -> None:
    assert TEXT.count("ports: !override") == 2
    assert TLS["services"]["web"]["ports"] == ["${PLAIN_BIND:-127.0.0.1}:${PORT:-8000}:8000"]
    assert TLS["services"]["balancer"]["ports"] == ["${PLAIN_BIND:-127.0.0.1}:${BALANCER_PORT:-8080}:8080"]


def test_the_comment_keeps_the_file_in_force() -> None:
    assert "COMPOSE_FILE=docker-compose.yml:docker-compose.tls.yml" in TEXT
    named = set(re.findall(r"^#   (ISTHMUS_\w+)=", TEXT, re.M))
    assert named - {"ISTHMUS_NAME"} <= read_by_the_code()


def test_redis_accepts_the_options_through_the_variable_of_the_plain_file() -> None:
    assert PLAIN["services"]["redis"]["command"][-1].rstrip().endswith("$${REDIS_OPTIONS:-}")


def test_the_certificate_of_the_comment_serves_the_name_redis(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = "".join(re.findall(r"^#   (openssl.*?);$", TEXT, re.M | re.S)).replace("\\\n#", "")
    (tmp_path / "secrets").mkdir()
    subprocess.run(["sh", "-c", command.replace("NAME", "board.lan")], cwd=tmp_path, check=True, capture_output=True)
    options = TLS["services"]["redis"]["environment"]["REDIS_OPTIONS"]
    port = free_port()
    options = re.sub(r"/run/secrets/(\w+)", rf"{tmp_path}/secrets/\1.txt", options).replace("6379", str(port))
    with subprocess.Popen(
        [private_redis.binary(), *options.split(), "--save", ""], cwd=tmp_path, stdout=subprocess.PIPE
    ) as server:
        trusted = f"ssl_cert_reqs=required&ssl_ca_certs={tmp_path}/secrets/redis_certificate.txt&ssl_check_hostname=false"
        try:
            wait_for(lambda: server.poll() is not None or _answers(f"rediss://127.0.0.1:{port}/0?{trusted}"), 15, "no Redis")
            if server.poll() is not None:
                pytest.skip("this redis-server was built without TLS")
            assert not _answers(f"redis://127.0.0.1:{port}/0")
        finally:
            server.terminate()


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=3) as client:
            return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
