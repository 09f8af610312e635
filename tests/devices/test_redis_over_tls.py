"""Redis over TLS: the cloud, a node with its own user, and certificates that are not trusted."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync
from celery import Celery
from channels_redis.pubsub import RedisPubSubChannelLayer

from bench.harness.processes import free_port, wait_for
from devices.agent import config, worker
from devices.contract import protocol
from webapp.ops import private_redis

SELF_SIGNED = (
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=redis -addext "
    "subjectAltName=IP:127.0.0.1"
)


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """URL (as in REDIS_URL) and certificate of a Redis that accepts only TLS."""
    openssl, folder = shutil.which("openssl"), tmp_path_factory.mktemp("tls")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    certificate, key, port = folder / "certificate.pem", folder / "key.pem", free_port()
    subprocess.run(
        [openssl, *SELF_SIGNED.split(), "-out", str(certificate), "-keyout", str(key)], check=True, capture_output=True
    )
    command = [private_redis.binary(), "--port", "0", "--bind", "127.0.0.1", "--save", "", "--requirepass", "owner"]
    command += ["--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
    command += ["--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "no"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as server:
        url = f"rediss://:owner@127.0.0.1:{port}/0?ssl_cert_reqs=required&ssl_ca_certs={certificate}"
        try:
            wait_for(lambda: server.poll() is not None or _answers(url), 15, "Redis did not start")
            if server.poll() is not None:
                pytest.skip("this redis-server was built without TLS")
            yield url, certificate
        finally:
            server.terminate()


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture
def node_config(encrypted: tuple[str, Path], settings: Any, joined: Any, tmp_path: Path) -> config.Config:
    """The configuration of a board that fetched its credentials from a server whose Redis uses TLS."""
    settings.REDIS_URL = encrypted[0]
    board = joined()
    redis_access = board.get("/me/credentials").json()["redis"]
    assert redis_access["ca"] == encrypted[1].read_text()
    saved = config.Config("https://server", "jetson-a", "device", board.token, "", config.write_ca_file(tmp_path, redis_access))
    config.save(tmp_path, saved)
    return config.load(tmp_path)


def test_a_node_receives_the_authority_and_stores_it_in_its_home(node_config: config.Config, tmp_path: Path) -> None:
    assert node_config.redis is not None
    assert [Path(node_config.redis["ca_file"])] == list(tmp_path.glob("redis-ca-*.pem"))
    assert "ca" not in node_config.redis
    with redis.Redis.from_url(node_config.redis_url) as client:
        assert client.llen("jetson-a:stages") == 0
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.get("jetson-b:blob:x")


def test_celery_takes_and_answers_a_job(node_config: config.Config, settings: Any) -> None:
    node = worker.make_app(node_config)
    cloud = Celery("cloud", broker=settings.REDIS_URL, backend=settings.REDIS_URL, set_as_current=False)
    cloud.conf.update(broker_transport_options={"global_keyprefix": "jetson-a:"}, task_default_queue=protocol.ANSWERING)
    cloud.send_task("stages.echo", kwargs={"word": "hello"})
    with node.connection() as connection:
        message = connection.SimpleQueue(protocol.ANSWERING, no_ack=True).get(timeout=5)
    assert message.headers["task"] == "stages.echo"
    node.backend.store_result("1", {"echo": "hello"}, "SUCCESS")
    assert node.backend.get_result("1") == {"echo": "hello"}


def test_the_sockets_groups_work(encrypted: tuple[str, Path]) -> None:
    async def through() -> Any:
        layer = RedisPubSubChannelLayer(hosts=[encrypted[0]])
        channel = await layer.new_channel()
        await layer.group_add("devices", channel)
        await layer.group_send("devices", {"type": "live.event"})
        return await layer.receive(channel)

    assert async_to_sync(through)() == {"type": "live.event"}


def test_an_untrusted_server_does_not_get_the_password(node_config: config.Config) -> None:
    assert node_config.redis is not None
    unknown = config.Config("https://server", "jetson-a", "device", "", "", {**node_config.redis, "ca_file": None})
    with pytest.raises(redis.ConnectionError, match=r"(?i)certificate"), redis.Redis.from_url(unknown.redis_url) as client:
        client.ping()


def test_a_name_that_is_not_in_the_certificate_is_refused(node_config: config.Config) -> None:
    assert node_config.redis is not None
    other = config.Config("https://server", "jetson-a", "device", "", "", {**node_config.redis, "host": "localhost"})
    with pytest.raises(redis.ConnectionError, match=r"(?i)certificate"), redis.Redis.from_url(other.redis_url) as client:
        client.ping()


def test_without_tls_no_authority_is_sent_or_stored(joined: Any, tmp_path: Path) -> None:
    redis_access = joined().get("/me/credentials").json()["redis"]
    assert redis_access["ca"] is None
    saved = config.write_ca_file(tmp_path, redis_access)
    assert config.Config("http://server", "jetson-a", "device", "", "", saved).redis_url.endswith(f":{redis_access['port']}/0")
    assert not list(tmp_path.glob("*.pem"))
