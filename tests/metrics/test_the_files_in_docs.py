"""docs/monitoring against the code and against Prometheus' own tools: every metric is explained, and none is invented."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.metrics.prometheus import DOCS, NAMES, alert_rules, panel_queries, tool
from webapp.ops.metrics.counted import COUNTED
from webapp.ops.metrics.metric import Metric
from webapp.ops.metrics.read import READ

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*COUNTED, *READ)}
SUFFIXES = re.compile(r"_(bucket|count|sum)$")
PAGE = (DOCS.parent / "monitoring.md").read_text()
# Not for a chart: whether one has to look at the fleet's size, and a label for each version.
NOT_ON_THE_DASHBOARD = {"isthmus_info", "isthmus_nodes_left_out"}


def used(text: str) -> set[str]:
    names = set(NAMES.findall(text))
    return {plain if (plain := SUFFIXES.sub("", name)) in METRICS else name for name in names}


def test_every_metric_is_explained_with_its_labels_and_its_kind() -> None:
    rows = dict(re.findall(r"^\| `(isthmus_\w+)` \|(.*)\|$", PAGE, re.MULTILINE))
    assert set(rows) == set(METRICS)
    for name, row in rows.items():
        labels, kind, meaning, answers = (cell.strip() for cell in re.split(r"(?<!\\)\|", row))
        assert re.findall(r"`(\w+)`", labels) == list(METRICS[name].labels), name
        assert kind == METRICS[name].kind, name
        assert meaning and answers, name


@pytest.mark.parametrize("file", ["alerts.yml", "grafana.json"])
def test_only_metrics_that_exist_are_asked_for(file: str) -> None:
    text = (DOCS / file).read_text()
    if file == "alerts.yml":
        text = " ".join(rule["expr"] for rule in alert_rules())
    assert used(text) - set(METRICS) == set()


def test_every_metric_is_on_the_dashboard() -> None:
    assert set(METRICS) - used(" ".join(query.expression for query in panel_queries())) == NOT_ON_THE_DASHBOARD


def test_the_dashboard_can_be_imported() -> None:
    board = json.loads((DOCS / "grafana.json").read_text())
    assert (board["uid"], board["title"], board.get("id")) == ("isthmus", "Isthmus", None)
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(numbers) == len(set(numbers)) > 50
    for panel in board["panels"]:
        if panel["type"] == "row":
            continue
        assert panel["title"] and panel["targets"] and panel["fieldConfig"]["defaults"].get("unit", "text"), panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])
    variables = {variable["name"] for variable in board["templating"]["list"]}
    asked = set(
        re.findall(r"\$\{?([a-z]+)\}?(?!_)", " ".join(t["expr"] for p in board["panels"] for t in p.get("targets", ())))
    )
    assert asked <= variables == {"datasource", "node"}


def test_panels_do_not_overlap() -> None:
    cells: dict[tuple[int, int], str] = {}
    for panel in json.loads((DOCS / "grafana.json").read_text())["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in cells, f"{panel['title']} and {cells[x, y]}"
                assert x < 24
                cells[x, y] = panel["title"]


def test_every_alert_is_explained_and_says_what_to_do() -> None:
    named = set(re.findall(r"`(Isthmus\w+)`", PAGE))
    assert named == {rule["alert"] for rule in alert_rules()}
    for rule in alert_rules():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_promtool_accepts_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "docs" / "monitoring").mkdir(parents=True)
    (tmp_path / "var" / "secrets").mkdir(parents=True)
    (tmp_path / "var" / "secrets" / "metrics_token").write_text("secret")
    for name in ("prometheus.yml", "alerts.yml"):
        (tmp_path / "docs" / "monitoring" / name).write_text((DOCS / name).read_text())
    file = str(tmp_path / "docs" / "monitoring" / "prometheus.yml")
    done = subprocess.run([tool("promtool"), "check", "config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{len(alert_rules())} rules found" in done.stdout


def test_every_alert_fires_when_it_should_and_not_before() -> None:
    file = Path(__file__).parent / "alerts_test.yml"
    done = subprocess.run([tool("promtool"), "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = file.read_text()
    assert not [rule["alert"] for rule in alert_rules() if rule["alert"] not in text]


def test_every_metric_of_an_alert_is_in_its_test_with_labels_that_exist() -> None:
    tests = yaml.safe_load((Path(__file__).parent / "alerts_test.yml").read_text())["tests"]
    for series in (entry["series"] for test in tests for entry in test["input_series"]):
        name = re.match(r"\w+", series)
        assert name is not None
        if (metric := METRICS.get(SUFFIXES.sub("", name[0]))) is None:
            assert name[0] == "up"
            continue
        assert set(re.findall(r"(\w+)=", series)) <= {*metric.labels, "le"}, series
