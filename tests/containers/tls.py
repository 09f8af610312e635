"""From plain ports to encrypted ones, with nodes that had joined before; then to another certificate."""

import json
import socket
import time
from pathlib import Path
from typing import Any

from tests.containers.answering import QUESTION
from tests.containers.first_start import NODES, join, visitor
from tests.containers.project import FILES, NAME, PORT, Project, command_in
from tests.containers.visitor import Visitor, draw_photo
from tests.transcript import Failed, Transcript, require, wait_until

TLS_FILE = "docker-compose.tls.yml"


def follow_to_tls(project: Project, transcript: Transcript) -> None:
    transcript.chapter("TLS")
    wait_until(lambda: visitor(project).ready(*NODES), 60, "every node is online")
    with transcript.check("the documented command makes the certificate, and .env names the file"):
        project.shell(command_in(TLS_FILE, "openssl").replace("NAME", NAME))
        settings = dict(line.split("=", 1) for line in command_in(TLS_FILE, "COMPOSE_FILE").replace("NAME", NAME).splitlines())
        settings = {name.replace(NAME, "NAME"): value for name, value in settings.items()}
        settings["COMPOSE_FILE"] += f":{FILES[1]}"
        settings["ISTHMUS_HOSTS"] = f"{NAME},{project.address}"
        project.configure(**settings, CADDY_OPTIONS="--internal-certs", PLAIN_BIND=project.address)
    with transcript.check("everything starts with it"):
        project.compose("up", "--detach", "--wait", "web", "cloud", "beat", "proxy", "redis", seconds=400)
        wait_until(lambda: _made(project), 60, "Caddy has made its authority")
        project.shell(command_in(TLS_FILE, "docker compose cp"))
        project.compose("up", "--detach", "--wait", "web", seconds=200)
        wait_until(lambda: person(project).status("/healthz") == 200, 120, "the web app is ready over https")
    with transcript.check("the web app answers over https with a certificate of Caddy's authority"):
        owner = person(project)
        owner.log_in()
        require("Strict-Transport-Security" in owner.get("/").headers, "browsers are told to stay with https")
    with transcript.check("Redis is encrypted"):
        require(not _plain_redis(project.address), "an unencrypted PING gets no answer")
    with transcript.check("nodes inside and outside follow without being joined again") as notes:
        for service in ("edge", "device", "board"):
            wait_until(lambda name=service: _scheme(project, name) == "rediss", 200, f"{service} uses Redis over TLS", every=3)
        wait_until(lambda: owner.ready(*NODES), 900, "every node is online")
        known = config(project, "board")
        require((known["redis"]["host"], known["redis"]["port"]) == (NAME, 6379), "and its new port")
        notes.append(f"the edge at {config(project, 'edge')['redis']['host']}, the board at {known['redis']['host']}")
    with transcript.check("the board moves to the https address as well"):
        wait_until(
            lambda: config(project, "board")["server"] == f"https://{NAME}", 180, "its server is the new address", every=3
        )
    with transcript.check("the unencrypted port closes, and every port is where BIND says"):
        project.configure(PLAIN_BIND=None)
        project.compose("up", "--detach", "--wait", "web", seconds=200)
        require(Visitor(NAME, project.address, PORT).status("/livez") == 0, f"nothing answers at {project.address}:{PORT}")
        hosts = {
            port["URL"] for row in project.containers().values() for port in row["Publishers"] or [] if port["PublishedPort"]
        }
        require(hosts == {project.address, "127.0.0.1"}, f"ports are published at {project.address} and loopback, not {hosts}")
        wait_until(lambda: owner.ready(*NODES), 900, "every node is online")
    with transcript.check("a node joins with `docker compose run … join`, and the file stays in force"):
        before = set(project.containers())
        join(project, "edge", "--name", "edge-2", "--tier", "edge", dependencies=True)
        require(before <= set(project.containers()), "nothing is recreated")
        require(not _plain_redis(project.address), "Redis is still encrypted")
    with transcript.check("a question to the board outside is answered"):
        photo = owner.upload(draw_photo(400)).json()["id"]
        owner.ask(QUESTION, photo=photo, node="board-1", route="split")
    with transcript.check("another authority of Redis reaches every node") as notes:
        project.shell(command_in(TLS_FILE, "openssl").replace("NAME", NAME))
        project.compose("restart", "redis", "web", "cloud", "beat", seconds=200)
        started = time.monotonic()
        authority = project.secret("redis_certificate")
        wait_until(lambda: _authority(project, "board") == authority, 200, "the board has the new certificate", every=3)
        wait_until(lambda: owner.status("/healthz/fleet") == 200 and owner.ready(*NODES), 900, "every node is online")
        owner.ask(QUESTION, photo=owner.upload(draw_photo(401)).json()["id"], node="board-1", route="split")
        notes.append(f"answered after {time.monotonic() - started:.0f} s")


def _made(project: Project) -> bool:
    try:
        project.inside("proxy", "test", "-s", "/data/caddy/pki/authorities/local/root.crt")
    except Failed:
        return False
    return True


def person(project: Project) -> Visitor:
    return Visitor(NAME, project.address, 443, project.folder / "secrets" / "public_ca.txt")


def config(project: Project, service: str) -> dict[str, Any]:
    """What a node has stored; the files are its own account's."""
    config: dict[str, Any] = json.loads(project.inside(service, "cat", "/node/1/agent.json"))
    return config


def _scheme(project: Project, service: str) -> str:
    return str(config(project, service)["redis"]["scheme"])


def _authority(project: Project, service: str) -> str:
    file = Path(config(project, service)["redis"]["ca_file"])
    return project.inside(service, "cat", str(file)).strip()


def _plain_redis(address: str) -> bool:
    with socket.create_connection((address, 6379), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        try:
            return connection.recv(64)[:1] in (b"+", b"-")
        except OSError:
            return False
