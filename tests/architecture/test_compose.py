"""docker-compose.yml against the code it starts. Nothing is run, so these tests need no Docker."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from inference.answering import cloud_queue
from tests.architecture.test_every_setting_is_documented import documented, read_by_the_code
from webapp.management.commands import up
from webapp.ops import clock, private_redis, serving

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("web", "web-more", "cloud", "beat", "migrate", "edge", "device")
SERVER, NODES = ("web", "web-more", "cloud", "beat", "migrate"), ("edge", "device")
# What runs on a node; a setting read there has to reach the containers of nodes.
ON_NODES = (
    "devices/agent",
    "devices/compute",
    "devices/contract",
    "inference/engine",
    "inference/stages",
    "federation/app",
    "federation/node",
)
FIXED_BY_THE_IMAGE = {"ISTHMUS_VAR", "ISTHMUS_DATA"}
FIXED_BY_COMPOSE = {"POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER"}  # the service `postgres` has the defaults
NOT_HERE = {
    "DEBUG",  # for developers
    "ISTHMUS_REDIS_PASSWORD",  # of the Redis that `make run` starts
    "ISTHMUS_VAPID_KEY",  # made in the volume that all containers of the server share
}


def test_every_part_of_the_product_is_a_service() -> None:
    assert set(SERVICES) == {*OURS, "balancer", "redis", "postgres", "prometheus"}
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert profiles == {"device": ["device"], "prometheus": ["monitoring"], "web-more": ["scale"], "balancer": ["scale"]}


def test_the_log_of_each_container_is_bounded() -> None:
    assert {service.get("logging", {}).get("options", {}).get("max-size") for service in SERVICES.values()} == {"10m"}


def test_only_the_web_app_is_published_to_others() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"web", "balancer", "prometheus"}
    assert SERVICES["balancer"]["ports"] == ["${BIND:-127.0.0.1}:${BALANCER_PORT:-8080}:8080"]
    assert SERVICES["web"]["ports"] == ["${BIND:-127.0.0.1}:${PORT:-8000}:8000"]
    assert SERVICES["prometheus"]["ports"] == ["127.0.0.1:${PROMETHEUS_PORT:-9090}:9090"]  # its pages ask for no login


def test_every_variable_is_a_setting_that_exists() -> None:
    known = read_by_the_code() | {"HF_HUB_OFFLINE", "OMP_NUM_THREADS"}
    given = {name for service in OURS for name in SERVICES[service]["environment"]}
    assert {name.removesuffix("_FILE") for name in given} - known == set()


@pytest.mark.parametrize("service", SERVER)
def test_every_documented_setting_reaches_every_container_of_the_server(service: str) -> None:
    given = {name.removesuffix("_FILE") for name in SERVICES[service]["environment"]}
    of_nodes = read_by_the_code(*ON_NODES) - read_by_the_code("webapp")
    assert set(documented()) - given - FIXED_BY_THE_IMAGE - FIXED_BY_COMPOSE - NOT_HERE - of_nodes == set()


@pytest.mark.parametrize("service", NODES)
def test_every_setting_that_a_node_reads_reaches_it(service: str) -> None:
    assert read_by_the_code(*ON_NODES) - set(SERVICES[service]["environment"]) - FIXED_BY_THE_IMAGE == set()


def test_the_image_fixes_what_compose_does_not_pass() -> None:
    assert all(f"{name}=" in (ROOT / "Dockerfile").read_text() for name in FIXED_BY_THE_IMAGE)


def test_no_default_is_repeated() -> None:
    composed = {
        "ISTHMUS_HOSTS",
        "ISTHMUS_PUBLIC_URL",
        "POSTGRES_HOST",
        "HF_HUB_OFFLINE",
        "ISTHMUS_PROFILE",
    }  # of a node: another
    for service in OURS:
        given = {name for name, value in SERVICES[service]["environment"].items() if value is not None}
        assert {name for name in given if not name.endswith("_FILE")} <= composed


def test_data_sets_lie_where_the_server_writes_and_nodes_read() -> None:
    assert "data:/data" in SERVICES["web"]["volumes"]
    assert all("data:/data:ro" in SERVICES[name]["volumes"] for name in NODES)
    assert "ISTHMUS_DATA=/data" in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("name", NODES)
def test_replicas_of_a_node_take_homes_of_their_own_and_say_whether_they_work(name: str) -> None:
    node = SERVICES[name]
    assert [*node["entrypoint"], *node["command"]] == ["python", "-m", "devices.agent", "run", "--homes", "/node"]
    assert node["healthcheck"]["test"][1:] == ["python", "-m", "devices.agent", "health", "--homes", "/node"]
    assert f"{name}:/node" in node["volumes"]


def test_what_is_local_stays_out_of_git_and_of_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env*", "docker-compose*", "secrets", "var", "backup"} <= set(ignored)
    names = [".env", "docker-compose.override.yml", "secrets/x.txt", "backup/x"]
    shown = subprocess.run(["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True, check=False)
    assert shown.stdout.split() == names


def test_the_file_holds_no_secret() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN(?!S)|KEY|REDIS_URL", name):
                assert name.endswith("_FILE"), name
                assert value.removeprefix("/run/secrets/") in service["secrets"]


def test_redis_has_the_limits_of_the_one_that_make_run_starts() -> None:
    command = " ".join(SERVICES["redis"]["command"][-1].replace("\\", " ").replace("'", "").split())
    assert [limit for limit in private_redis.LIMITS if f"--{limit}" not in command] == []


def test_every_secret_comes_from_a_file_that_git_ignores() -> None:
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    assert {entry["file"] for entry in COMPOSE["secrets"].values()} == {f"./secrets/{name}.txt" for name in used}
    assert "secrets/" in (ROOT / ".gitignore").read_text().split()
    assert "secrets" in (ROOT / ".dockerignore").read_text().split()


def test_the_documented_command_creates_every_secret() -> None:
    comment = (ROOT / "docker-compose.yml").read_text().partition("name: isthmus")[0]
    assert not [name for name in COMPOSE["secrets"] if name not in comment]


@pytest.mark.parametrize("name", ["edge", "device"])
def test_a_node_gets_no_secret_and_no_way_to_the_database(name: str) -> None:
    node = SERVICES[name]
    assert "secrets" not in node
    assert "data" not in node.get("networks", ["default"])
    assert SERVICES["postgres"]["networks"] == ["data"]


def test_every_condition_a_service_waits_for_can_be_met() -> None:
    for name, service in SERVICES.items():
        for other, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                # The image's own check is of the web app.
                assert "healthcheck" in SERVICES[other] or other == "web", f"{name} waits for {other}, which has no check"
            else:
                assert (other, wanted["condition"]) == ("migrate", "service_completed_successfully")


def test_every_named_volume_is_declared_and_used() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    files = {name for name in used if name.startswith("./")}
    assert used - files == set(COMPOSE["volumes"])
    assert files == {"./docs/monitoring", "./deploy/scale/Caddyfile"} and all((ROOT / file).exists() for file in files)


def test_web_and_cloud_see_the_same_photos() -> None:
    assert "var:/var/lib/isthmus" in SERVICES["web"]["volumes"]
    assert "var:/var/lib/isthmus" in SERVICES["cloud"]["volumes"]


def test_the_cloud_worker_starts_as_it_does_on_one_machine_but_without_the_clock(planned: dict[str, list[str]]) -> None:
    command = supervised("cloud")
    assert flags(planned["cloud"][1:]) - flags(command[1:]) == {"--clock"}
    assert flags(command[1:]) < flags(planned["cloud"][1:])


def test_a_cloud_worker_that_hangs_is_restarted_as_on_one_machine() -> None:
    """Docker restarts what ends, not what is unhealthy."""
    command = SERVICES["cloud"]["command"]
    assert command[: command.index("--")] == [
        *("python", "-m", "webapp.ops.restart", "--parent", "1", "--stalled", f"{up.STALLED_S:g}")
    ]


def test_the_clock_is_a_service_of_its_own(planned: dict[str, list[str]]) -> None:
    command = SERVICES["beat"]["command"]
    assert command[: command.index("beat")] == supervised("cloud")[: command.index("beat")]


def test_one_service_builds_the_image_and_the_others_never_pull_it() -> None:
    assert {name for name, service in SERVICES.items() if "build" in service} == {"web"}
    assert {name for name in OURS if SERVICES[name].get("pull_policy") != "never"} == {"web"}
    assert {SERVICES[name]["image"] for name in OURS} == {"${ISTHMUS_IMAGE:-isthmus}"}


def test_the_web_app_starts_as_it_does_on_one_machine(planned: dict[str, list[str]]) -> None:
    command = re.search(r"^CMD (\[.*?\])$", (ROOT / "Dockerfile").read_text().replace("\\\n", ""), re.MULTILINE)
    assert command is not None
    differing = flags(yaml.safe_load(command[1])[1:]) ^ flags(planned["web"][1:])
    assert {option.partition("=")[0] for option in differing} == {"--host"}


def test_the_health_checks_use_existing_addresses_and_keys() -> None:
    assert "/healthz'" in (ROOT / "Dockerfile").read_text()
    assert cloud_queue.ALIVE_KEY in str(SERVICES["cloud"]["healthcheck"])
    assert clock.ALIVE_KEY in str(SERVICES["beat"]["healthcheck"])


def test_the_image_runs_as_an_unprivileged_user() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER isthmus"]
    assert lines.index(users[0]) > lines.index("COPY . .")


@pytest.fixture
def planned(db: None, settings: Any, tmp_path: Path) -> dict[str, list[str]]:
    """What `up` would start."""
    from webapp.ops.private_redis import PrivateRedis

    settings.VAR_DIR = tmp_path
    redis = PrivateRedis("redis-server", tmp_path / "redis.conf", 6379, "p")
    return dict(up._plan(redis, up._devices(1, "", 1.0), "127.0.0.1", 8000)["processes"])


def supervised(service: str) -> list[str]:
    """The command of a service without the supervisor before it."""
    return list((command := SERVICES[service]["command"])[command.index("--") + 1 :])


def flags(command: list[str]) -> set[str]:
    """`--pool threads` and `--pool=threads` are the same, and so are `-A` and `--app`."""
    words = " ".join("--app" if word == "-A" else word for word in command)
    return set(re.sub(r"(--[a-z-]+) (?=[^-])(?!worker)", r"\1=", words).split())


def test_the_image_serves_the_app_as_make_run_does() -> None:
    last = (ROOT / "Dockerfile").read_text().rpartition("\nCMD ")[2].replace("\\\n", " ")
    assert json.loads(last) == serving.command("python", "0.0.0.0", 8000)
