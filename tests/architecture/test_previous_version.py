"""A database made by the previous version (previous_version.sql) migrates, and today's code reads everything in it."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="module")
def content(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What today's code reads from the migrated database."""
    var = tmp_path_factory.mktemp("previous")
    (var / "static").mkdir()
    with sqlite3.connect(var / "isthmus.sqlite3") as database:
        database.executescript((HERE / "previous_version.sql").read_text())
    database.close()
    settings = {"ISTHMUS_VAR": str(var), "REDIS_URL": redis_url, "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    env = {**os.environ, **settings, "PYTHONPATH": str(ROOT)}
    for command in (["manage.py", "migrate", "--no-input"], ["-m", "tests.architecture.read_previous_version"]):
        done = subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_every_page_opens(content: dict[str, Any]) -> None:
    assert set(content["pages"].values()) == {200}, content["pages"]


def test_the_conversation_has_its_answers_and_receipts(content: dict[str, Any]) -> None:
    assert content["answers"] == [
        "I am not sure. My best guesses: speedboat, wing or warplane.",
        "I am not sure, but I think it shows this: a boy in a red shirt is flying in the air. Is it outdoors: no.",
    ]
    assert content["routes"] == ["split", "split", "split"]
    assert min(content["candidates"]) > 10


def test_nodes_keep_their_sensors_and_a_long_silence_is_no_news(content: dict[str, Any]) -> None:
    assert content["nodes"] == {slug: ["offline", "offline", 51.5] for slug in ("edge-1", "jetson-a", "jetson-b")}


def test_readings_are_found_under_their_keys(content: dict[str, Any]) -> None:
    count, mean = content["readings"]
    assert count > 20
    assert mean["memory_used_mb"] == 2048.5 and mean["temperature_c"] == 51.5
    assert "power_w" not in mean
    assert content["samples"] > 0


def test_the_run_has_its_rounds_and_clients(content: dict[str, Any]) -> None:
    run = content["run"]
    assert (run["state"], run["why"], len(run["holdings"]["clients"])) == ("done", {"rounds": "for two rounds"}, 2)
    assert [row["accuracy"] for row in run["rounds"]] == [0.3, 0.6]
    assert [client["state"] for row in run["rounds"] for client in row["clients"]] == ["ok", "ok", "ok", "late"]


def test_the_audit_trail_of_a_node_is_carried_over(content: dict[str, Any]) -> None:
    assert content["audit"] == [
        ["2025-11-29T03:54:15.965089+00:00", "jetson-a", "joined"],
        ["2025-11-29T03:54:08.784589+00:00", "the server", "code made"],
    ]
