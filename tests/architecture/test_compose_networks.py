"""Who reaches whom in docker-compose.yml. Nothing is run."""

import subprocess
from pathlib import Path

import yaml

from tests.architecture.test_compose import ROOT, SERVICES


def test_nodes_and_prometheus_reach_every_web_process_by_one_name_and_the_balancer_each_by_its_own() -> None:
    """Docker resolves a name in the networks of whoever asks."""
    more = SERVICES["web-more"]["networks"]
    aliases = {name: set((options or {}).get("aliases", [])) for name, options in more.items()}
    assert aliases == {"default": {"web"}, "monitoring": {"web"}, "data": set(), "balanced": set()}
    assert set(aliases) == set(SERVICES["web"]["networks"])
    assert SERVICES["balancer"]["networks"] == ["balanced"]
    assert SERVICES["balancer"]["environment"]["WEBS"] == "web:8000 web-more:8000"


def test_prometheus_gets_its_configuration_with_the_names_of_the_services(tmp_path: Path) -> None:
    script, _, start = SERVICES["prometheus"]["command"][0].partition("exec prometheus")
    script = script.replace("> /tmp/", f"> {tmp_path}/").replace(
        "/etc/isthmus/prometheus.yml", f"{ROOT}/docs/monitoring/prometheus.yml"
    )
    subprocess.run([*SERVICES["prometheus"]["entrypoint"], script], check=True)
    written = yaml.safe_load((tmp_path / "prometheus.yml").read_text())
    (job,) = written["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["web:8000"]}]
    assert job["authorization"]["credentials_file"] == "/run/secrets/metrics_token"
    assert written["rule_files"] == ["/etc/isthmus/alerts.yml"]
    assert "--config.file=/tmp/prometheus.yml" in start and "prometheus:/prometheus" in SERVICES["prometheus"]["volumes"]
    assert set(SERVICES["web"]["networks"]) & set(SERVICES["prometheus"]["networks"]) == {"monitoring"}
