"""What deploy/ holds is accepted by those who read it, and says what the code, docker-compose.yml and docs/settings.md say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import kubernetes_validate
import pytest
import yaml
from django.urls import resolve

from bench.harness.processes import free_port, wait_for
from inference.answering import cloud_queue
from tests.architecture.test_every_setting_is_documented import documented
from webapp.gate.refusals import RETRY_AFTER_S, TOO_MANY_CONNECTIONS
from webapp.gate.shapes import ours
from webapp.ops import clock, serving

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES, SYSTEMD = ROOT / "deploy" / "kubernetes", ROOT / "deploy" / "systemd"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
FOLDERS = sorted(file.parent for file in KUBERNETES.rglob("kustomization.yaml"))
RESOURCES = [
    resource
    for file in sorted(KUBERNETES.rglob("*.yaml"))
    if file.name != "kustomization.yaml"
    for resource in yaml.safe_load_all(file.read_text())
]
WORKLOADS = [resource for resource in RESOURCES if resource["kind"] in ("Deployment", "StatefulSet", "Job")]
OURS = [workload for workload in WORKLOADS if workload["metadata"]["name"].split("-")[1] in ("web", "cloud", "beat", "migrate")]
BY_NAME = {workload["metadata"]["name"].removeprefix("isthmus-"): workload for workload in WORKLOADS}


def name_of(resource: dict[str, Any]) -> str:
    return f"{resource['kind']}/{resource['metadata']['name']}"


def pod(workload: dict[str, Any]) -> dict[str, Any]:
    return dict(workload["spec"]["template"]["spec"])


def container(workload: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod(workload)["containers"]
    return dict(only)


@pytest.mark.parametrize("resource", RESOURCES, ids=name_of)
@pytest.mark.parametrize("version", ["1.29", "1.33"])
def test_kubernetes_accepts_every_resource(resource: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(resource, version, strict=True)


def test_a_mistake_in_a_resource_is_noticed() -> None:
    web = BY_NAME["web"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**web, "spec": {**web["spec"], "replica": 2}}, "1.33", strict=True)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(KUBERNETES)))
def test_every_file_that_a_folder_names_exists_and_every_file_is_named(folder: Path) -> None:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    named = {entry for key in ("resources", "components") for entry in kustomization.get(key, [])}
    assert named and all((folder / entry).exists() for entry in named)
    assert {file.name for file in folder.glob("*.yaml")} - named == {"kustomization.yaml"}


def test_kustomize_builds_the_example() -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("There is no kubectl here; the files themselves are checked by the other tests.")
    built = subprocess.run(["kubectl", "kustomize", KUBERNETES / "example"], capture_output=True, text=True, check=True).stdout
    resources = list(yaml.safe_load_all(built))
    assert {name_of(workload) for workload in WORKLOADS} < {name_of(resource) for resource in resources}
    assert {resource["metadata"]["namespace"] for resource in resources} == {"isthmus"}
    for resource in resources:
        kubernetes_validate.validate(resource, "1.33", strict=True)


@pytest.mark.parametrize("workload", [one for one in WORKLOADS if one["kind"] != "Job"], ids=name_of)
def test_selectors_match_the_labels_of_their_pods(workload: dict[str, Any]) -> None:
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("service", [one for one in RESOURCES if one["kind"] == "Service"], ids=name_of)
def test_every_service_leads_to_a_port_of_one_workload(service: dict[str, Any]) -> None:
    selector = service["spec"]["selector"].items()
    (workload,) = (one for one in WORKLOADS if selector <= one["spec"]["template"]["metadata"]["labels"].items())
    ports = {port["name"]: port["containerPort"] for port in container(workload)["ports"]}
    assert all(ports[port["targetPort"]] == port["port"] for port in service["spec"]["ports"])


def test_the_ingress_leads_to_the_web_app_and_leaves_sockets_open() -> None:
    (ingress,) = (one for one in RESOURCES if one["kind"] == "Ingress")
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend == {"name": "isthmus-web", "port": {"name": "http"}}
    assert int(ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-read-timeout"]) >= 3600


def test_every_setting_is_documented_and_no_secret_is_written_down() -> None:
    literals: list[str] = []
    for folder in FOLDERS:
        for generator in yaml.safe_load((folder / "kustomization.yaml").read_text()).get("configMapGenerator", []):
            literals += generator["literals"]
    names = [literal.partition("=")[0] for literal in literals]
    assert {name.removesuffix("_FILE") for name in names} <= set(documented())
    secret = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|REDIS_URL")
    assert [name for name in names if secret.search(name) and not name.endswith("_FILE")] == []
    assert not [one for one in RESOURCES if one["kind"] == "Secret"]


@pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)
def test_no_pod_has_more_rights_than_it_needs(workload: dict[str, Any]) -> None:
    spec, own = pod(workload), container(workload)["securityContext"]
    assert spec["automountServiceAccountToken"] is False and spec["securityContext"]["runAsNonRoot"] is True
    assert own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"] and own["capabilities"] == {"drop": ["ALL"]}
    mounted, there = {one["name"] for one in container(workload)["volumeMounts"]}, {one["name"] for one in spec["volumes"]}
    there |= {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
    assert mounted == there


def test_probes_ask_for_addresses_and_keys_that_exist() -> None:
    own = {name: container(BY_NAME[name]) for name in ("web", "cloud", "beat")}
    paths = [probe["httpGet"]["path"] for key, probe in own["web"].items() if key.endswith("Probe")]
    assert len(paths) == 3 and all(resolve(path) for path in paths)
    hosts = yaml.safe_load((KUBERNETES / "base" / "kustomization.yaml").read_text())["configMapGenerator"][0]["literals"][0]
    assert own["web"]["readinessProbe"]["httpGet"]["httpHeaders"][0]["value"] in hosts.partition("=")[2].split(",")
    assert cloud_queue.ALIVE_KEY in own["cloud"]["startupProbe"]["exec"]["command"]
    assert clock.ALIVE_KEY in own["beat"]["livenessProbe"]["exec"]["command"]


def test_everything_starts_as_in_compose() -> None:
    assert {container(one)["image"] for one in OURS} == {"isthmus"} and COMPOSE["web"]["image"].endswith("isthmus}")
    for name in ("cloud", "beat", "migrate"):
        assert container(BY_NAME[name])["command"] == COMPOSE[name]["command"]
    assert "command" not in container(BY_NAME["web"]), "the image has it"
    for name in ("redis", "postgres"):
        assert container(BY_NAME[name])["image"] == COMPOSE[name]["image"]
    theirs, ours = (
        " ".join(command[-1].replace("\\\n", " ").split()) for command in (COMPOSE["redis"]["command"], redis_command())
    )
    assert ours == theirs.replace("$$", "$").replace("/run/secrets/", "/run/secrets/isthmus/").replace(
        " ${REDIS_OPTIONS:-}", ""
    )


def redis_command() -> list[str]:
    return list(container(BY_NAME["redis"])["command"])


def test_the_clock_is_never_there_twice() -> None:
    spec = BY_NAME["beat"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", sorted(SYSTEMD.glob("*.service")), ids=lambda file: file.name)
def test_systemd_accepts_the_units(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/isthmus/.venv/bin/python", sys.executable))
    command = ["systemd-analyze", "verify", "--man=no", str(copy)]
    env = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, [line for line in done.stderr.splitlines() if unit.stem.split("@")[0] in line]) == (0, [])


def test_the_units_start_what_compose_starts() -> None:
    def words(unit: str) -> list[str]:
        text = (SYSTEMD / unit).read_text().replace("\\\n", " ")
        start = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)
        assert start is not None
        return start[1].replace("/opt/isthmus/.venv/bin/python", "python").split()

    assert words("isthmus.service") == serving.command("python", "127.0.0.1", 8000)
    assert words("isthmus-worker@.service") == COMPOSE["cloud"]["command"]
    assert words("isthmus-clock.service") == COMPOSE["beat"]["command"]


@pytest.mark.skipif(shutil.which("caddy") is None, reason="Caddy is not installed")
def test_caddy_accepts_its_file() -> None:
    file = ROOT / "deploy" / "scale" / "Caddyfile"
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("caddy") is None, reason="Caddy is not installed")
@pytest.mark.long
def test_where_no_web_process_is_ready_the_proxy_says_so_as_they_do(tmp_path: Path) -> None:
    port = free_port()
    env = {**os.environ, "WEBS": f"127.0.0.1:{free_port()}", "BALANCER_PORT": str(port), "HOME": str(tmp_path)}
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(ROOT / "deploy" / "scale" / "Caddyfile")]
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as caddy:
        try:
            wait_for(lambda: answer(port).status_code == 503, 30, "the proxy did not notice that its web process is away")
            body, expected = answer(port).json()["error"], ours(TOO_MANY_CONNECTIONS)["error"]
            assert body.keys() == expected.keys() and body["code"] == expected["code"]
            assert answer(port).headers["retry-after"] == str(RETRY_AFTER_S)
        finally:
            caddy.terminate()


def answer(port: int) -> httpx.Response:
    """600 where nothing answers."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v1/conversations", timeout=20)
    except httpx.TransportError:
        return httpx.Response(600)
