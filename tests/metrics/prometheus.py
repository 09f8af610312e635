"""A real Prometheus with the configuration, the alerts and the dashboard of docs/monitoring."""

import json
import math
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import pytest
import yaml

from bench.harness.processes import free_port, wait_for

DOCS = Path(__file__).resolve().parents[2] / "docs" / "monitoring"
NAMES = re.compile(r"\bisthmus_[a-z_]+")
# What Grafana puts in the place of its variables.
VARIABLES = {"$__rate_interval": "1m", "$node": ".*"}
# What this machine has no sensor for, a language model that is not configured, errors that do not happen.
MAYBE_ABSENT = {
    "isthmus_node_temperature_celsius",
    "isthmus_node_power_watts",
    "isthmus_node_gpu_ratio",
    "isthmus_planner_calls_total",
    "isthmus_planner_tokens_total",
    "isthmus_planner_call_seconds_bucket",
    "isthmus_planner_cost_total",
    "isthmus_planner_daily_budget",
    "isthmus_question_errors_total",
}


def tool(name: str) -> str:
    """The path of prometheus or promtool; without it the test is skipped, and fails in CI."""
    if path := shutil.which(name):
        return path
    sentence = f"No {name} on this machine: apt-get install prometheus."
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@dataclass(frozen=True)
class Query:
    panel: str
    expression: str


def panel_queries() -> Iterator[Query]:
    """Of the dashboard, as Grafana sends them."""
    for panel in json.loads((DOCS / "grafana.json").read_text())["panels"]:
        for target in panel.get("targets", ()):
            expression = target["expr"]
            for name, text in VARIABLES.items():
                expression = expression.replace(name, text)
            yield Query(panel["title"], expression)


def alert_rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load((DOCS / "alerts.yml").read_text())["groups"] for rule in group["rules"]]


class Reader:
    """Asks a running Prometheus."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, trust_env=False)

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The samples that an expression has now. Raises AssertionError with Prometheus' own words."""
        answer = self.http.get("/api/v1/query", params={"query": expression}).json()
        assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
        result = answer["data"]["result"]
        return [{"value": result}] if answer["data"]["resultType"] == "scalar" else list(result)

    def number(self, expression: str) -> float:
        """Of an expression that has one sample."""
        (sample,) = self.ask(expression)
        return float(sample["value"][1])

    def rules(self) -> list[dict[str, Any]]:
        """As Prometheus last evaluated them."""
        groups = self.http.get("/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def scraped(self, since: float | None = None) -> None:
        """Returns after each target was scraped anew."""
        start = time.time() if since is None else since

        def all_are() -> bool:
            targets = self.http.get("/api/v1/targets").json()["data"]["activeTargets"]
            samples = self.ask("timestamp(up)")
            fresh = [float(sample["value"][1]) > start for sample in samples]
            return bool(targets) and len(fresh) == len(targets) and all(fresh) and all(t["health"] == "up" for t in targets)

        try:
            wait_for(all_are, 60, "Prometheus did not scrape its targets")
        except AssertionError as error:
            targets = self.http.get("/api/v1/targets").json()["data"]["activeTargets"]
            raise AssertionError(f"{error}: {[target['lastError'] for target in targets]}") from None


class Prometheus(Reader):
    """Context manager. Scrapes `targets` (host:port) every other second, with the token in a file."""

    def __init__(self, folder: Path, token: Path, *targets: str) -> None:
        super().__init__(f"http://127.0.0.1:{free_port()}")
        self.folder = folder
        config = yaml.safe_load((DOCS / "prometheus.yml").read_text())
        config["global"] = dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), "2s")
        config["rule_files"] = [str(DOCS / name) for name in config["rule_files"]]
        (job,) = config["scrape_configs"]
        job["authorization"]["credentials_file"] = str(token)
        job["static_configs"] = [{"targets": list(targets)}]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))

    def __enter__(self) -> "Prometheus":
        command = [
            tool("prometheus"), f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address={self.url.removeprefix('http://')}", "--log.level=warn",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, cwd=self.folder)
        try:
            wait_for(self._ready, 60, "Prometheus did not start")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(30)

    def _ready(self) -> bool:
        try:
            return self.http.get("/-/ready").status_code == 200
        except httpx.TransportError:
            return False


def panels_without_answer(prometheus: Reader) -> list[str]:
    """Panels of the dashboard for which Prometheus has nothing, or infinity, although it should."""
    without = []
    for query in panel_queries():
        values = [float(sample["value"][1]) for sample in prometheus.ask(query.expression)]
        is_missing = not values and not set(NAMES.findall(query.expression)) & MAYBE_ABSENT
        if is_missing or any(map(math.isinf, values)):
            without.append(f"{query.panel}: {query.expression}")
    return without


def rules_with_errors(prometheus: Reader) -> list[str]:
    """Alerts of docs/monitoring that are not loaded, or that cannot be evaluated."""
    rules = {rule["name"]: rule for rule in prometheus.rules()}
    missing = {str(rule["alert"]) for rule in alert_rules()} - set(rules)
    return sorted(missing | {name for name, rule in rules.items() if rule["health"] != "ok" or rule.get("lastError")})
